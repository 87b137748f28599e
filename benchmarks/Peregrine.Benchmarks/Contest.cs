namespace Peregrine.Benchmarks;

/// <summary>What one turn of an alternative gave.</summary>
/// <param name="Value">In the row's unit, for one operation.</param>
/// <param name="Allocated">Managed bytes for one operation.</param>
internal readonly record struct Sample(double Value, double Allocated = 0);

/// <summary>One alternative of a contest and what its turns gave.</summary>
internal sealed class Entrant(string name, Func<Sample>? turn)
{
    public string Name => name;
    public bool IsMissing => turn is null;
    public List<Sample> Samples { get; } = [];
    public double Median => Statistics.Median(Samples.Select(static sample => sample.Value));

    public Sample Turn() => turn!();
}

/// <summary>
/// Alternatives that take turns, round after round, so that whatever the machine does meanwhile happens to all of them: the ratio within a round is
/// the result, its median over the rounds is what is told. Who goes first changes from round to round.
/// </summary>
internal sealed class Contest(BenchContext context)
{
    private const int WarmUpRounds = 2;

    private readonly List<Entrant> _entrants = [];

    /// <summary>Adds an alternative; null says that it is not installed here.</summary>
    public Entrant Add(string name, Func<Sample>? turn)
    {
        Entrant entrant = new(name, turn);
        _entrants.Add(entrant);
        return entrant;
    }

    public void Run()
    {
        Entrant[] present = [.. _entrants.Where(static entrant => !entrant.IsMissing)];
        for (int round = -WarmUpRounds; round < context.Rounds; round++)
        {
            for (int i = 0; i < present.Length; i++)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                Entrant entrant = present[(i + round + WarmUpRounds) % present.Length];
                Sample sample = entrant.Turn();
                if (round >= 0) entrant.Samples.Add(sample);
            }
        }
    }

    /// <summary>The row of one entrant against others, each with the ratio it shall reach.</summary>
    public static BenchRow Row(string name, string unit, Entrant ours, params ReadOnlySpan<(Entrant Yardstick, double? Goal)> yardsticks)
    {
        List<Versus> versus = [];
        foreach ((Entrant yardstick, double? goal) in yardsticks)
        {
            versus.Add(yardstick.IsMissing
                ? new Versus(yardstick.Name, null, null, goal)
                : new Versus(yardstick.Name, yardstick.Median, Statistics.Median(yardstick.Samples.Zip(ours.Samples, static (theirs, own) => theirs.Value / own.Value)), goal));
        }
        return new BenchRow(name, unit, ours.Median, Statistics.Percentile(ours.Samples.Select(static sample => sample.Value), 0.99), Statistics.Median(ours.Samples.Select(static sample => sample.Allocated)))
        {
            Versus = versus,
        };
    }
}

/// <summary>Of a handful of measurements.</summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return 0;
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The smallest value that the given part of all does not exceed.</summary>
    public static double Percentile(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
