using System.Diagnostics;
using System.Globalization;

using Peregrine.Research.WholeSystem;

using Xunit;

namespace Peregrine.Research.Tests;

public sealed class WholeSystemTests(ITestOutputHelper output)
{
    private const int Seeds = 1_000;

    private static int SeedCount => Environment.GetEnvironmentVariable("PEREGRINE_SOAK") is null ? Seeds : 20 * Seeds;

    [Fact]
    public void Row_62_the_same_seed_gives_the_same_run()
    {
        int differ = 0;
        for (ulong seed = 1; seed <= 5; seed++)
        {
            SimulationResult first = SystemSimulation.Run(new SimulationOptions { Seed = seed, Minutes = 5 }), second = SystemSimulation.Run(new SimulationOptions { Seed = seed, Minutes = 5 });
            if (first.Hash != second.Hash || first.Events != second.Events) differ++;
            Assert.True(first.Orders > 0, $"seed {seed}: the run must trade to prove anything");
        }
        Assert.NotEqual(SystemSimulation.Run(new SimulationOptions { Seed = 1, Minutes = 1 }).Hash, SystemSimulation.Run(new SimulationOptions { Seed = 2, Minutes = 1 }).Hash);
        output.WriteLine($"row 62: 5 seeds run twice, {differ} differ");
        Assert.Equal(0, differ);
    }

    [Fact]
    public void Row_50_whatever_fails_every_invariant_holds_and_every_run_ends_flat_and_reconciled()
    {
        ulong next = 0;
        long orders = 0, fills = 0, faults = 0, restarts = 0, events = 0;
        List<SimulationResult> bad = [];
        Lock gate = new();
        long began = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount)).Select(_ => new Thread(Work))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"row 50: {SeedCount} seeds of 10 virtual minutes, {faults:N0} faults, {restarts:N0} deaths, {orders:N0} orders, {fills:N0} fills, {events:N0} events, {bad.Count} seeds with a violation, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s"));
        Assert.True(bad.Count == 0, string.Join("\n", bad.Take(10).Select(static run => $"{run.Command}\n  {string.Join("\n  ", run.Violations)}")));
        Assert.True(orders > SeedCount && fills > SeedCount, "the runs must trade to prove anything");

        void Work()
        {
            while (true)
            {
                ulong seed = Interlocked.Increment(ref next);
                if (seed > (ulong)SeedCount) return;
                SimulationResult run = SystemSimulation.Run(new SimulationOptions { Seed = seed });
                lock (gate)
                {
                    (orders, fills, restarts, events) = (orders + run.Orders, fills + run.Fills, restarts + run.Restarts, events + run.Events);
                    faults += run.Faults.Values.Sum();
                    if (run.Violations.Count > 0) bad.Add(run);
                }
            }
        }
    }
}
