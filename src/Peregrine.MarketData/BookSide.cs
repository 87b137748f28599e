using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// One side of a book: a ladder of ticks near the best price, where nine of ten changes fall, and beyond it the far levels in a sorted array. Every far level is worse than
/// every one of the ladder. Where the ticks are unknown or too fine, or a price lies beside them, there is no ladder.
/// </summary>
internal sealed class BookSide
{
    private readonly long _sign;
    private readonly SortedLevels _far;
    private readonly PriceLadder? _ladder;
    private LadderUse _use;

    /// <param name="side">Buy: the highest price is best. Sell: the lowest.</param>
    /// <param name="capacity">Far levels there is room for at first.</param>
    /// <param name="tickSize">All prices are multiples of it; zero where that is not known.</param>
    public BookSide(Side side, int capacity, Price tickSize)
    {
        _sign = side.Sign();
        if (tickSize.Raw > 0) _ladder = new PriceLadder(tickSize.Raw, _sign);
        _far = new SortedLevels(capacity);
    }

    private enum LadderUse : byte
    {
        /// <summary>The first level decides.</summary>
        Undecided = 0,

        /// <summary>Every level lies on the grid of ticks; those in the ladder's window lie there.</summary>
        Used = 1,

        /// <summary>All levels are far ones.</summary>
        NotUsed = 2,
    }

    public int Count => _far.Count + (_use == LadderUse.Used ? _ladder!.Count : 0);

    public bool IsEmpty => Best.Quantity.Raw == 0;

    /// <summary>The best level, all zero where there is none.</summary>
    public Level Best { get; private set; }

    public void Clear()
    {
        _far.Clear();
        _use = LadderUse.Undecided;
        Best = default;
    }

    public void Apply(Price price, Quantity quantity) => Apply([new Level(price, quantity)]);

    /// <summary>Replaces everything. Levels may come in any order; of two at one price the last counts.</summary>
    public void Load(ReadOnlySpan<Level> levels)
    {
        Clear();
        if (!IsBestFirst(levels))
        {
            Apply(levels);
            return;
        }
        if (levels.Length == 0) return;
        Decide(levels[0].Price.Raw);
        for (int i = levels.Length - 1; i >= 0; i--) Apply(in levels[i]); // The worst first: each far one then goes to the end.
        Settle();
    }

    /// <summary>Sets levels; one without quantity goes. They may come in any order, quickest best first, as the exchange sends them.</summary>
    public void Apply(ReadOnlySpan<Level> levels)
    {
        if (_use == LadderUse.Undecided && levels.Length > 0) Decide(levels[0].Price.Raw);
        for (int done = 0; done < levels.Length; done++)
        {
            if (_use == LadderUse.Used) done += _ladder!.Apply(levels[done..]);
            if (done < levels.Length) Apply(in levels[done]);
        }
        Settle();
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Span<Level> destination)
    {
        int near = _use == LadderUse.Used ? _ladder!.Top(destination) : 0;
        return near + _far.Top(destination[near..], _sign);
    }

    private bool IsBestFirst(ReadOnlySpan<Level> levels)
    {
        for (int i = 1; i < levels.Length; i++)
            if (_sign * levels[i].Price.Raw >= _sign * levels[i - 1].Price.Raw) return false;
        return true;
    }

    private void Decide(long price) => _use = _ladder is not null && _ladder.TryPlace(price) ? LadderUse.Used : LadderUse.NotUsed;

    /// <summary>Sets one level, wherever it lies.</summary>
    private void Apply(in Level level)
    {
        (long price, long quantity) = (level.Price.Raw, level.Quantity.Raw);
        if (_use == LadderUse.Used)
        {
            if (!_ladder!.TryTick(price, out long tick))
            {
                GoWithoutLadder(); // The rules that we know are not those of this book.
            }
            else if (_ladder.Covers(tick, out bool isBetter))
            {
                _ladder.Set(tick, quantity);
                return;
            }
            else if (isBetter)
            {
                if (quantity <= 0) return;
                _ladder.Raise(tick, _far);
                _ladder.Set(tick, quantity);
                return;
            }
        }
        _far.Apply(_sign * price, quantity);
    }

    private void GoWithoutLadder()
    {
        _ladder!.Spill(_far);
        _use = LadderUse.NotUsed;
    }

    /// <summary>Sees to it that the best level is in the window, with room for the next ones, and known.</summary>
    private void Settle()
    {
        if (_use == LadderUse.Used && _far.Count > 0 && _ladder!.IsLow) Lower();
        if (Count == 0) Best = default;
        else if (_use == LadderUse.Used) Best = _ladder!.Best;
        else Best = new Level(new Price(_sign * _far.BestKey), new Quantity(_far.BestQuantity));
    }

    private void Lower()
    {
        long best = _ladder!.Count > 0 ? _ladder.BestTick : _ladder.Tick(_far.BestKey);
        if (PriceLadder.IsUseful(Math.Abs(best))) _ladder.Lower(best, _far);
        else GoWithoutLadder();
    }
}
