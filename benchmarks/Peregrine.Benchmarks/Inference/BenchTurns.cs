using Peregrine.Benchmarks.Feed;

namespace Peregrine.Benchmarks.Inference;

/// <summary>Turns of a contest that each run a model for about two milliseconds of processor time.</summary>
internal static class BenchTurns
{
    private const double TurnMicros = 2_000;

    /// <param name="run">Runs the model so often.</param>
    public static Func<Sample> Of(Action<int> run)
    {
        for (int i = 0; i < 30; i++) run(100); // Until everything is compiled.
        long began = Processor.ThreadNanos;
        run(100);
        int runs = (int)Math.Clamp(TurnMicros * 1_000 * 100 / Math.Max(Processor.ThreadNanos - began, 1), 20, 100_000);
        return () => Timed(runs, run);
    }

    private static Sample Timed(int runs, Action<int> run)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        long began = Processor.ThreadNanos;
        run(runs);
        double nanos = Processor.ThreadNanos - began;
        return new Sample(nanos / runs, (double)(GC.GetAllocatedBytesForCurrentThread() - before) / runs);
    }
}
