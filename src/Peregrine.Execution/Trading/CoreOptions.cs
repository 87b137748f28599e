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

    /// <summary>Whether the account is compared with our ledger, and nothing is ordered until they agree. Recordings of earlier versions did not.</summary>
    public bool Reconciles { get; init; }

    /// <summary>What to do with an order that has our prefix and that nothing of ours knows.</summary>
    public OrphanPolicy Orphans { get; init; } = OrphanPolicy.Cancel;

    public BracketOptions Bracket { get; init; } = new();
}

/// <summary>What becomes of orders with our prefix that neither this process nor the journal knows.</summary>
public enum OrphanPolicy : byte
{
    /// <summary>They are followed, counted as exposure, and cancelled.</summary>
    Cancel = 0,

    /// <summary>They are followed and counted as exposure like any other.</summary>
    Adopt = 1,
}

/// <summary>
/// Barriers around a position, those of the triple-barrier labels: a profit and a loss as an OCO that rests at the exchange, and a time after which the position
/// is closed. They hold when the box is dead. Zero basis points on either side switch the OCO off; zero seconds the time.
/// </summary>
public sealed record BracketOptions
{
    public int ProfitBasisPoints { get; init; }
    public int LossBasisPoints { get; init; }
    public int Seconds { get; init; }

    public bool Rests => ProfitBasisPoints > 0 && LossBasisPoints > 0;
}

/// <summary>What a person can tell the core (Plain.A of a Command event).</summary>
public enum CoreOrder
{
    None = 0,

    /// <summary>No new orders. With a symbol (the event's) or a strategy (C) it holds for that alone, as do the next two.</summary>
    Halt = 1,

    /// <summary>Only orders that bring positions nearer to zero.</summary>
    ReduceOnly = 2,

    /// <summary>Trade again: only a person says so.</summary>
    Arm = 3,

    /// <summary>No new orders, and every open one is cancelled; asked again each second until none is left.</summary>
    CancelAll = 4,

    /// <summary>The same, and positions are closed with collared orders.</summary>
    Flatten = 5,

    /// <summary>Compare the account with our ledger now.</summary>
    Reconcile = 6,

    /// <summary>Compare, and take what the account holds as right.</summary>
    AcceptBalances = 7,
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

    /// <summary>An OCO, OTO or OTOCO.</summary>
    PlaceList = 7,

    /// <summary>A round of questions about the account; Round is its number.</summary>
    Reconcile = 8,

    /// <summary>People should hear of something; Alert says what.</summary>
    Alert = 9,

    /// <summary>The symbol's rules and state are to be read anew.</summary>
    Rules = 10,
}

/// <summary>What people should hear of.</summary>
public enum CoreAlert : byte
{
    None = 0,

    /// <summary>The account's level rose; Reason says why.</summary>
    Halted = 1,

    /// <summary>An order that had been given up lives, or filled.</summary>
    LateFill = 2,

    /// <summary>An order with our prefix that nothing of ours knew.</summary>
    Orphan = 3,

    /// <summary>A position could not be protected, and is being closed.</summary>
    Unprotected = 4,

    /// <summary>A person armed.</summary>
    Armed = 5,

    /// <summary>A symbol or strategy alone was narrowed.</summary>
    Narrowed = 6,

    /// <summary>The exchange refused several orders of a symbol in a row.</summary>
    Refused = 7,
}

/// <summary>One request of the core, by value.</summary>
public struct CoreRequest
{
    public CoreRequestKind Kind;
    public Common.SymbolId Symbol;
    public Common.Orders.OrderIntent Intent;

    /// <summary>Place: the order only brings the position nearer to zero.</summary>
    public bool Closes;

    public Common.Orders.CancelIntent Cancel;
    public Common.Orders.ClientOrderId ClientId;

    /// <summary>PlaceList: the whole list.</summary>
    public Common.Orders.OrderListIntent List;

    public long Round;
    public CoreAlert Alert;
    public HaltReason Reason;

    /// <summary>Renew: which stream of the symbol.</summary>
    public Common.Events.EventKind Stream;
}
