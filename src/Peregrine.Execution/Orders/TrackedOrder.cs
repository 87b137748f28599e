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

    public long NextQueryNanos;
    public long CancelSentNanos;
    public int Queries;

    /// <summary>Answers that said it does not exist, counted only past the window in which it still could appear.</summary>
    public int Absences;

    public int StrategyId;
    public SymbolId Symbol;
    public Side Side;
    public OrderType Type;
    public TimeInForce TimeInForce;
    public OrderStatus Status;

    public readonly bool IsOpen => Status is OrderStatus.Intent or OrderStatus.Sent or OrderStatus.New or OrderStatus.PartiallyFilled or OrderStatus.Unknown;

    /// <summary>What may still fill: all of it while its fate is unknown.</summary>
    public readonly Quantity Remaining => IsOpen ? Quantity - Booked : Quantity.Zero;
}
