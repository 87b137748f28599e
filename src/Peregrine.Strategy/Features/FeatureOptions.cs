namespace Peregrine.Strategy.Features;

/// <summary>Which features there are. Any change makes another schema, and a model trained on the old one no longer fits.</summary>
public sealed record FeatureOptions
{
    /// <summary>Length of a bar of the RSI in milliseconds, 100 to 3,600,000.</summary>
    public int RsiBarMilliseconds { get; init; } = 1_000;

    /// <summary>Bars that the RSI smooths over, 2 to 1,000.</summary>
    public int RsiPeriod { get; init; } = 14;

    /// <summary>Levels that each imbalance adds up, each 1 to 20.</summary>
    public IReadOnlyList<int> ImbalanceLevels { get; init; } = [1, 5, 10, 20];

    /// <summary>Windows of the trade flow in seconds, each 1 to 300.</summary>
    public IReadOnlyList<int> FlowSeconds { get; init; } = [1, 5, 30];

    /// <summary>Window of the realised volatility in seconds, 10 to 3,600.</summary>
    public int VolatilitySeconds { get; init; } = 60;

    /// <summary>Windows of the returns in seconds, each 1 to 60.</summary>
    public IReadOnlyList<int> ReturnSeconds { get; init; } = [1, 5];

    /// <summary>Window of the trade rate in seconds, 1 to 300.</summary>
    public int TradeRateSeconds { get; init; } = 5;

    /// <summary>The first setting that is out of bounds, as "Name: value is not in lowest..highest"; null when all are sound.</summary>
    public string? FindError() =>
        Check(nameof(RsiBarMilliseconds), RsiBarMilliseconds, 100, 3_600_000)
        ?? Check(nameof(RsiPeriod), RsiPeriod, 2, 1_000)
        ?? Check(nameof(ImbalanceLevels), ImbalanceLevels, 1, 20)
        ?? Check(nameof(FlowSeconds), FlowSeconds, 1, 300)
        ?? Check(nameof(VolatilitySeconds), VolatilitySeconds, 10, 3_600)
        ?? Check(nameof(ReturnSeconds), ReturnSeconds, 1, 60)
        ?? Check(nameof(TradeRateSeconds), TradeRateSeconds, 1, 300);

    private static string? Check(string name, IReadOnlyList<int> values, int lowest, int highest)
    {
        if (values.Distinct().Count() != values.Count) return $"{name}: a value stands there twice";
        return values.Select(value => Check(name, value, lowest, highest)).FirstOrDefault(error => error is not null);
    }

    private static string? Check(string name, int value, int lowest, int highest) =>
        value >= lowest && value <= highest ? null : $"{name}: {value} is not in {lowest}..{highest}";
}
