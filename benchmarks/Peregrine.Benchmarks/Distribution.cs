using System.Globalization;

namespace Peregrine.Benchmarks;

/// <summary>How single measurements of a row are spread: for latencies, whose median alone says little.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="P90">Nine of ten are not above it.</param>
/// <param name="Buckets">How many lie above the bound before and at or below this one; in the row's unit, doubling from bound to bound.</param>
public sealed record Distribution(int Count, double P90, IReadOnlyList<(double UpTo, int Count)> Buckets)
{
    private const double FirstBound = 50;

    internal static Distribution Of(IReadOnlyCollection<double> values)
    {
        List<(double, int)> buckets = [];
        double below = 0;
        for (double bound = FirstBound; values.Count > 0 && below < values.Max(); below = bound, bound *= 2) buckets.Add((bound, values.Count(value => value > below && value <= bound)));
        return new Distribution(values.Count, Statistics.Percentile(values, 0.9), buckets);
    }

    /// <summary>In one line: p90, and the buckets that hold something.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Count} measured, p90 {P90:F0}; up to {string.Join(", ", Buckets.Where(static bucket => bucket.Count > 0).Select(static bucket => string.Create(CultureInfo.InvariantCulture, $"{bucket.UpTo:F0}: {bucket.Count}")))}");
}
