using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>The resting orders of one symbol by price, as deep as they are known. Says nothing about whether they are right: that is <see cref="SymbolBook"/>.</summary>
public sealed class OrderBook
{
    private readonly BookSide _bids;
    private readonly BookSide _asks;

    /// <param name="capacity">Levels of each side there is room for before memory grows (by doubling); a power of two, at most 65,536.</param>
    /// <param name="tickSize">All prices are multiples of it, which makes the levels near the best quicker; zero where that is not known.</param>
    public OrderBook(int capacity = 2_048, Price tickSize = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, SortedLevels.LevelsMax);
        if (!System.Numerics.BitOperations.IsPow2(capacity)) throw new ArgumentException($"{capacity} is not a power of two.", nameof(capacity));
        _bids = new BookSide(Side.Buy, capacity, tickSize);
        _asks = new BookSide(Side.Sell, capacity, tickSize);
    }

    /// <summary>The highest bid, all zero where there is none.</summary>
    public Level BestBid => _bids.Best;

    /// <summary>The lowest ask, all zero where there is none.</summary>
    public Level BestAsk => _asks.Best;

    /// <summary>Grows whenever a level may have changed.</summary>
    public long Revision { get; private set; }

    /// <summary>Whether the best bid is not below the best ask: no exchange's book is ever so.</summary>
    public bool IsCrossed => HasBothSides && _bids.Best.Price >= _asks.Best.Price;

    /// <summary>Whether somebody bids and somebody asks.</summary>
    public bool HasBothSides => !_bids.IsEmpty && !_asks.IsEmpty;

    /// <summary>The best level of a side (Buy: bids, Sell: asks), all zero where there is none.</summary>
    public Level Best(Side side) => Of(side).Best;

    public int Count(Side side) => Of(side).Count;

    /// <summary>Sets the quantity at a price; zero removes the level, and removing one that is not there is normal.</summary>
    public void Apply(Side side, Price price, Quantity quantity)
    {
        Revision++;
        Of(side).Apply(price, quantity);
    }

    /// <summary>Applies the levels of a diff.</summary>
    public void Apply(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks)
    {
        Revision++;
        _bids.Apply(bids);
        _asks.Apply(asks);
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Side side, Span<Level> destination) => Of(side).Top(destination);

    /// <summary>Replaces everything. Levels may come in any order; of two at one price the last counts.</summary>
    public void Load(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks)
    {
        Revision++;
        _bids.Load(bids);
        _asks.Load(asks);
    }

    public void Clear()
    {
        Revision++;
        _bids.Clear();
        _asks.Clear();
    }

    private BookSide Of(Side side) => side switch
    {
        Side.Buy => _bids,
        Side.Sell => _asks,
        _ => throw new ArgumentOutOfRangeException(nameof(side), side, "A book has a buy side and a sell side."),
    };
}
