using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Strategy.Features;

/// <summary>The ordered list of features that options stand for, and its canonical text. Cold code.</summary>
internal static class FeatureList
{
    public static IEnumerable<FeatureSpec> Of(FeatureOptions options)
    {
        int bar = options.RsiBarMilliseconds;
        yield return new FeatureSpec($"rsi_{options.RsiPeriod}_{Duration(bar)}", FeatureKind.Rsi, options.RsiPeriod, "percent", bar, bar * (options.RsiPeriod + 1), 50, 0, 100);
        foreach (int levels in options.ImbalanceLevels)
            yield return new FeatureSpec($"imbalance_{levels}", FeatureKind.Imbalance, levels, "ratio", 0, 0, 0, -1, 1);
        yield return new FeatureSpec("micro_price", FeatureKind.MicroPrice, 0, "spreads", 0, 0, 0, -0.5f, 0.5f);
        yield return new FeatureSpec("spread", FeatureKind.Spread, 0, "bp", 0, 0, 0, 0, 1_000);
        foreach (int seconds in options.FlowSeconds)
            yield return new FeatureSpec($"flow_{Duration(seconds * 1_000)}", FeatureKind.Flow, 0, "ratio", seconds * 1_000, Math.Min(seconds, 5) * 1_000, 0, -1, 1);
        int volatility = options.VolatilitySeconds;
        yield return new FeatureSpec($"volatility_{Duration(volatility * 1_000)}", FeatureKind.Volatility, 0, "bp", volatility * 1_000, 11_000, 0, 0, 1_000);
        foreach (int seconds in options.ReturnSeconds)
            yield return new FeatureSpec($"return_{Duration(seconds * 1_000)}", FeatureKind.Return, 0, "volatilities", seconds * 1_000, Math.Max(11, seconds + 1) * 1_000, 0, -6, 6);
        int rate = options.TradeRateSeconds;
        yield return new FeatureSpec($"trade_rate_{Duration(rate * 1_000)}", FeatureKind.TradeRate, 0, "trades/s", rate * 1_000, Math.Min(rate, 5) * 1_000, 0, 0, 10_000);
    }

    public static string ToJson(IEnumerable<FeatureSpec> specs)
    {
        var json = new StringBuilder("[");
        foreach (FeatureSpec spec in specs)
        {
            if (json.Length > 1) json.Append(',');
            json.Append(CultureInfo.InvariantCulture, $"{{\"name\":\"{spec.Name}\",\"kind\":\"{KindText(spec.Kind)}\",\"parameter\":{spec.Parameter},\"unit\":\"{spec.Unit}\",");
            json.Append(CultureInfo.InvariantCulture, $"\"window_ms\":{spec.WindowMilliseconds},\"warm_up_ms\":{spec.WarmUpMilliseconds},\"missing\":{spec.Missing},");
            json.Append(CultureInfo.InvariantCulture, $"\"lowest\":{spec.Lowest},\"highest\":{spec.Highest},\"revision\":{spec.Revision}}}");
        }
        return json.Append(']').ToString();
    }

    public static string HashOf(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));

    private static string Duration(int milliseconds) => milliseconds % 1_000 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1_000}s")
        : string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");

    private static string KindText(FeatureKind kind) => kind switch
    {
        FeatureKind.Rsi => "rsi",
        FeatureKind.Imbalance => "imbalance",
        FeatureKind.MicroPrice => "micro_price",
        FeatureKind.Spread => "spread",
        FeatureKind.Flow => "flow",
        FeatureKind.Volatility => "volatility",
        FeatureKind.Return => "return",
        FeatureKind.TradeRate => "trade_rate",
        _ => "none",
    };
}
