namespace Peregrine.Strategy.Features;

/// <summary>What a feature measures. The formulas stand in docs/features.md.</summary>
public enum FeatureKind : byte
{
    None = 0,

    /// <summary>Wilder's relative strength index of bar closes, 0 to 100.</summary>
    Rsi = 1,

    /// <summary>Bid less ask quantity over their sum, on the best levels.</summary>
    Imbalance = 2,

    /// <summary>Micro-price less mid, in spreads.</summary>
    MicroPrice = 3,

    /// <summary>Best ask less best bid, in basis points of the mid.</summary>
    Spread = 4,

    /// <summary>Bought less sold quantity over their sum, in a window.</summary>
    Flow = 5,

    /// <summary>Root mean square of one-second mid returns in a window, in basis points.</summary>
    Volatility = 6,

    /// <summary>Mid return over a window, in units of the volatility of that window.</summary>
    Return = 7,

    /// <summary>Trades each second in a window.</summary>
    TradeRate = 8,
}

/// <summary>A feature as it is declared: everything that a model trained on it relies on.</summary>
/// <param name="Name">Its column name.</param>
/// <param name="Kind">What it measures.</param>
/// <param name="Parameter">Levels of an imbalance, period of an RSI, otherwise 0.</param>
/// <param name="Unit">What its numbers count.</param>
/// <param name="WindowMilliseconds">How far back it looks (the bar of an RSI), 0 for now.</param>
/// <param name="WarmUpMilliseconds">Time from its first input until it is meant seriously.</param>
/// <param name="Missing">Its value where there is nothing to compute it from: the NaN policy.</param>
/// <param name="Lowest">Values below are set to it.</param>
/// <param name="Highest">Values above are set to it.</param>
/// <param name="Revision">Grows when its formula changes.</param>
public sealed record FeatureSpec(
    string Name, FeatureKind Kind, int Parameter, string Unit, int WindowMilliseconds, int WarmUpMilliseconds,
    float Missing, float Lowest, float Highest, int Revision = 1);
