using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Storage.Tests;

/// <summary>The same program as a child that records until it is killed: it begins here, before any test runner does.</summary>
internal static class ChildRecorder
{
    private const string Variable = "PEREGRINE_STORAGE_CHILD";

    [ModuleInitializer]
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder) return;
        Record(folder);
        Environment.Exit(0);
    }

    public static Process Start(string folder)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add(typeof(ChildRecorder).Assembly.Location);
        start.Environment[Variable] = folder;
        return Process.Start(start)!;
    }

    /// <summary>About 2,000 events a second; says "published acknowledged" after each commit.</summary>
    private static void Record(string folder)
    {
        using RotatingPool pool = RotatingPool.Open(folder, TimeProvider.System);
        EventRing ring = new(1 << 14, 1 << 20, pool.LastSequence + 1);
        using Recorder recorder = new(ring.Subscribe(), pool, Rig.Table(), TimeProvider.System);
        EventSourceOfChance chance = new((int)pool.LastSequence, symbols: 3);
        using StreamWriter output = new(Console.OpenStandardOutput()) { AutoFlush = true };
        long acknowledged = pool.LastSequence;
        while (true)
        {
            for (int i = 0; i < 20; i++)
            {
                (MarketEvent entry, long[] payload) = chance.Next(chance.Kind(), wild: false);
                ring.Append(in entry, payload);
            }
            recorder.Turn();
            if (pool.LastSequence != acknowledged)
            {
                acknowledged = pool.LastSequence;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ring.Published} {acknowledged}"));
            }
            Thread.Sleep(10);
        }
    }
}
