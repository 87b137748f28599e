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

    /// <summary>The same for one symbol.</summary>
    public int MaxOpenOrdersPerSymbol { get; init; } = 4;

    /// <summary>Most that positions and open orders of all symbols may be worth together, in the quote asset; zero for no bound.</summary>
    public Notional MaxGrossExposure { get; init; } = Notional.Parse("10000");

    /// <summary>Farthest an order price may be from the mid, in basis points.</summary>
    public int PriceCollarBasisPoints { get; init; } = 50;

    /// <summary>
    /// Farthest that the mid may be from what it was half a minute to a minute ago, and from the last trade, in percent: beyond it there is no price, until it has
    /// lasted so long. 0 for no bound.
    /// </summary>
    public int MaxPriceJumpPercent { get; init; } = 20;

    /// <summary>Oldest book data that may be traded on, milliseconds.</summary>
    public int MaxDataAgeMillis { get; init; } = 3_000;

    /// <summary>New orders a minute, over all symbols.</summary>
    public int MaxOrdersPerMinute { get; init; } = 120;

    /// <summary>The same side, price and quantity in one symbol within so many milliseconds is a duplicate; 0 for never.</summary>
    public int DuplicateWindowMillis { get; init; } = 400;

    /// <summary>Orders in a row without any fill that stop a symbol until a person looks; 0 for no bound.</summary>
    public int MaxOrdersWithoutFill { get; init; } = 200;

    /// <summary>Farthest that the exchange's clock may be from ours, its uncertainty included, milliseconds.</summary>
    public int MaxClockOffsetMillis { get; init; } = 250;

    /// <summary>Oldest answer of a model that may be acted on, milliseconds.</summary>
    public int MaxModelAgeMillis { get; init; } = 60_000;

    /// <summary>Loss since midnight (UTC), realised and unrealised, that leaves only reducing orders, in the quote asset; kept over restarts. Zero for no bound.</summary>
    public Notional MaxDailyLoss { get; init; } = Notional.Parse("250");

    /// <summary>Fall from the highest result ever that leaves only reducing orders; kept over restarts. Zero for no bound.</summary>
    public Notional MaxDrawdown { get; init; } = Notional.Parse("500");

    /// <summary>Loss of one strategy that leaves it only reducing orders; zero for no bound.</summary>
    public Notional MaxStrategyLoss { get; init; }

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
