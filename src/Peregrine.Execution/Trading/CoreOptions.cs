using Peregrine.Execution.Risk;

namespace Peregrine.Execution.Trading;

/// <summary>How the core turns targets into orders. Part of what a replay needs, so it is recorded with every session.</summary>
public sealed record CoreOptions
{
    /// <summary>False: books and features only, no strategy and no order (mode record).</summary>
    public bool Trades { get; init; }

    public RiskLimits Limits { get; init; } = new();

    /// <summary>How far through the opposite best price an order may reach, basis points. Every order is a limit order, immediate or cancel.</summary>
    public int ReachBasisPoints { get; init; } = 5;

    /// <summary>Least time between two orders of a symbol, milliseconds.</summary>
    public int OrderPauseMillis { get; init; } = 500;
}

/// <summary>What a person can tell the core (Plain.A of a Command event).</summary>
public enum CoreOrder
{
    None = 0,

    /// <summary>No new orders.</summary>
    Halt = 1,

    /// <summary>Only orders that bring positions nearer to zero.</summary>
    ReduceOnly = 2,

    /// <summary>Trade again: only a person says so.</summary>
    Arm = 3,

    /// <summary>No new orders, and every open one is cancelled; asked again each second until none is left.</summary>
    CancelAll = 4,
}

/// <summary>What the core asks the shell to do.</summary>
public enum CoreRequestKind : byte
{
    None = 0,
    Place = 1,
    Cancel = 2,
    Query = 3,
    Snapshot = 4,

    /// <summary>An order reached its end: the journal may forget it.</summary>
    OrderEnded = 5,

    /// <summary>A stream of the symbol brings nothing new: it needs another connection.</summary>
    Renew = 6,
}

/// <summary>One request of the core, by value.</summary>
public struct CoreRequest
{
    public CoreRequestKind Kind;
    public Common.SymbolId Symbol;
    public Common.Orders.OrderIntent Intent;
    public Common.Orders.CancelIntent Cancel;
    public Common.Orders.ClientOrderId ClientId;

    /// <summary>Renew: which stream of the symbol.</summary>
    public Common.Events.EventKind Stream;
}
