using Peregrine.Common;

namespace Peregrine.Execution.Risk;

/// <summary>What a person allows. Every limit holds per symbol unless it says otherwise; the defaults are small on purpose.</summary>
public sealed record RiskLimits
{
    /// <summary>Most that one order may be worth, in the quote asset.</summary>
    public Notional MaxOrderNotional { get; init; } = Notional.Parse("1000");

    /// <summary>Most base asset in one order; zero for no bound beside the notional.</summary>
    public Quantity MaxOrderQuantity { get; init; }

    /// <summary>Most that position and open orders may be worth together.</summary>
    public Notional MaxPositionNotional { get; init; } = Notional.Parse("5000");

    /// <summary>Orders open or of unknown fate at the same time, over all symbols.</summary>
    public int MaxOpenOrders { get; init; } = 8;

    /// <summary>Farthest an order price may be from the mid, in basis points.</summary>
    public int PriceCollarBasisPoints { get; init; } = 50;

    /// <summary>Oldest book data that may be traded on, milliseconds.</summary>
    public int MaxDataAgeMillis { get; init; } = 3_000;

    /// <summary>New orders a minute, over all symbols.</summary>
    public int MaxOrdersPerMinute { get; init; } = 120;

    /// <summary>Realised and unrealised loss that stops new risk, in the quote asset, over all symbols and over all live sessions of the state folder.</summary>
    public Notional MaxLoss { get; init; } = Notional.Parse("500");
}

/// <summary>Whether new risk is welcome.</summary>
public enum TradingState : byte
{
    /// <summary>The careful default: no orders but cancels.</summary>
    Halted = 0,
    ReduceOnly = 1,
    Active = 2,
}
