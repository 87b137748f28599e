namespace Peregrine.Benchmarks;

/// <summary>One figure of ours and the yardsticks beside it.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">Of <paramref name="Median"/> and <paramref name="P99"/>: ns/row, bytes/event, …</param>
/// <param name="Median">Over the rounds.</param>
/// <param name="P99">The slowest percent of the rounds; of few rounds the slowest.</param>
/// <param name="Allocated">Managed bytes for each operation, on the thread that did it.</param>
public sealed record BenchRow(string Name, string Unit, double Median, double P99, double Allocated)
{
    /// <summary>Yardsticks measured in the same run.</summary>
    public IReadOnlyList<Versus> Versus { get; init; } = [];

    /// <summary>What the figure itself shall reach: at least, or at most where less is better. Null for none.</summary>
    public double? Goal { get; init; }

    /// <summary>Whether more is better (events a second) rather than less (nanoseconds, bytes).</summary>
    public bool MoreIsBetter { get; init; }

    /// <summary>Why the row could not be measured; its numbers mean nothing then.</summary>
    public string? Skipped { get; init; }

    /// <summary>How the single measurements are spread; null where they are rounds.</summary>
    public Distribution? Spread { get; init; }

    /// <summary>What a reader should know about how it was measured.</summary>
    public string Note { get; init; } = "";

    /// <summary>Whether the row and its yardsticks reach their goals; null where there is none, or nothing to hold against it.</summary>
    public bool? Met
    {
        get
        {
            if (Skipped is not null) return null;
            bool?[] all = [.. Versus.Select(static one => one.Met), Goal is { } goal ? (MoreIsBetter ? Median >= goal : Median <= goal) : null];
            return all.Any(static met => met == false) ? false : all.Any(static met => met == true) ? true : null;
        }
    }

    /// <summary>A row that could not be measured here.</summary>
    public static BenchRow Skip(string name, string unit, string reason) => new(name, unit, 0, 0, 0) { Skipped = reason };
}

/// <summary>A yardstick.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Median">In the row's unit; null where it is not installed.</param>
/// <param name="Ratio">Yardstick ÷ ours, the median of the rounds' ratios (ours ÷ yardstick where more is better): above 1 ours is better.</param>
/// <param name="Goal">What the ratio shall reach; null for none.</param>
public sealed record Versus(string Name, double? Median, double? Ratio, double? Goal = null)
{
    public bool? Met => Goal is { } goal && Ratio is { } ratio ? ratio >= goal : null;
}
