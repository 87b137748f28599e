namespace Peregrine.Execution.Risk;

/// <summary>Why trading was stopped or narrowed. B of a Command event.</summary>
public enum HaltReason : byte
{
    None = 0,

    /// <summary>A person said so.</summary>
    Operator = 1,

    /// <summary>The process is ending; not latched.</summary>
    Stopping = 2,

    /// <summary>What an earlier process latched still holds.</summary>
    Latched = 3,

    /// <summary>The disk is almost full: an order whose fate cannot be written down must not be sent.</summary>
    Disk = 4,

    /// <summary>The account holds something else than our ledger, and no trade explains it.</summary>
    Balances = 5,
    DailyLoss = 6,
    Drawdown = 7,

    /// <summary>One strategy lost more than it may.</summary>
    StrategyLoss = 8,

    /// <summary>Order after order without a fill.</summary>
    OrdersWithoutFill = 9,

    /// <summary>The guard process found the trader frozen and cancelled its orders.</summary>
    Guard = 10,

    /// <summary>The API key may do what a trading key must not, or could not be checked.</summary>
    Key = 11,

    /// <summary>An order that was given up as never having arrived filled after all.</summary>
    LateFill = 12,
}

/// <summary>The kill switch, in levels that only rise until a person arms again.</summary>
public enum KillLevel : byte
{
    None = 0,

    /// <summary>Only orders that bring positions nearer to zero.</summary>
    ReduceOnly = 1,

    /// <summary>No new orders; what rests stays.</summary>
    HaltNew = 2,

    /// <summary>No new orders, and every open one of ours is cancelled until none is left.</summary>
    CancelAll = 3,

    /// <summary>The same, and then positions are closed with collared orders.</summary>
    Flatten = 4,
}
