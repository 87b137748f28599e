using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Orders;

/// <summary>One of our orders from intent to end. What was booked never shrinks, and an end is final.</summary>
public struct TrackedOrder
{
    public ClientOrderId ClientId;
    public long Sequence;
    public long ExchangeOrderId;
    public Price Price;
    public Quantity Quantity;

    /// <summary>Filled and booked so far, with its exact value in 1e-8 quote units.</summary>
    public Quantity Booked;
    public long BookedQuoteUnits;

    public long SentNanos;

    /// <summary>When its fate became unknown; 0 when it is not.</summary>
    public long UnknownSinceNanos;

    /// <summary>When it came to its end; 0 while it is open.</summary>
    public long EndedNanos;

    public long NextQueryNanos;
    public int Queries;

    /// <summary>What distinct trades told so far: never more than the exchange filled, and often all of it before any sum is told.</summary>
    public Quantity Traded;
    public long TradedQuoteUnits;

    /// <summary>The last round of questions in which the exchange listed it as open.</summary>
    public long SeenRound;

    /// <summary>Where a stop order becomes active; zero for others.</summary>
    public Price StopPrice;

    /// <summary>Orders of one list share a number; 0 for an order of its own.</summary>
    public long ListNumber;

    /// <summary>Answers that said it does not exist, counted only past the window in which it still could appear.</summary>
    public int Absences;

    public int StrategyId;
    public SymbolId Symbol;
    public Side Side;
    public OrderType Type;
    public TimeInForce TimeInForce;
    public OrderStatus Status;
    public ListRole ListRole;

    public readonly bool IsOpen => Status is OrderStatus.Intent or OrderStatus.Sent or OrderStatus.New or OrderStatus.PartiallyFilled or OrderStatus.Unknown;

    /// <summary>Whether it was given up only because nobody knew it: it is watched for a day, for a fill may still come.</summary>
    public readonly bool IsWatched(long nowNanos) => Status == OrderStatus.Absent && nowNanos - EndedNanos < OrderManager.WatchNanos;

    /// <summary>What may still fill: all of it while its fate is unknown.</summary>
    public readonly Quantity Remaining => IsOpen ? Quantity - Booked : Quantity.Zero;
}
