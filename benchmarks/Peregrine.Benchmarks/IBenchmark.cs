namespace Peregrine.Benchmarks;

/// <summary>One question about speed or size, answered by a row or a few. A room's page is the list of its benchmarks (<see cref="Rooms"/>).</summary>
public interface IBenchmark
{
    /// <summary>What it measures, for the progress line.</summary>
    string Name { get; }

    /// <summary>Measures and returns the rows.</summary>
    IReadOnlyList<BenchRow> Measure(BenchContext context);
}
