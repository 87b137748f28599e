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
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } arguments) return;
        string[] parts = arguments.Split('|');
        switch (parts[0])
        {
            case "record":
                Record(parts[1], long.Parse(parts[2], CultureInfo.InvariantCulture), parts[3], int.Parse(parts[4], CultureInfo.InvariantCulture));
                break;
            case "hold":
                Hold(parts[1]);
                break;
            default:
                Open(parts[1]);
                break;
        }
        Environment.Exit(0);
    }

    /// <summary>Records about 2,000 events a second.</summary>
    /// <param name="folder">The state directory.</param>
    /// <param name="edge">The instant that its clock passes 0.3 s after it has opened the directory; before, it shows an hour earlier. None for our own clock.</param>
    /// <param name="killAt">The step at which it kills itself; empty for none.</param>
    /// <param name="occurrence">At which time that the step is reached.</param>
    public static Process Start(string folder, DateTimeOffset edge = default, string killAt = "", int occurrence = 1) =>
        Start(string.Create(CultureInfo.InvariantCulture, $"record|{folder}|{edge.UtcTicks}|{killAt}|{occurrence}"));

    /// <summary>Opens a file for writing, as another program might, and holds it until it is killed. Says "open" first.</summary>
    public static Process StartHolder(string path) => Start($"hold|{path}");

    /// <summary>Opens the state directory and says what came of it on one line.</summary>
    public static Process StartOpener(string folder) => Start($"open|{folder}");

    private static Process Start(string arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add(typeof(ChildRecorder).Assembly.Location);
        start.Environment[Variable] = arguments;
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TieredCompilation"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Says "published acknowledged" after each commit. Every event carries its sequence as its exchange time.</summary>
    private static void Record(string folder, long edgeTicks, string killAt, int occurrence)
    {
        DateTimeOffset edge = new(edgeTicks, TimeSpan.Zero);
        ShiftedTime time = new();
        if (edgeTicks > 0) time.Show(edge.AddHours(-1));
        int reached = 0;
        PoolOptions options = new()
        {
            CheckpointEvery = TimeSpan.FromSeconds(0.5),
            AtStep = step =>
            {
                if (step == killAt && ++reached == occurrence) Process.GetCurrentProcess().Kill();
            },
        };
        using RotatingPool pool = RotatingPool.Open(folder, time, options);
        if (edgeTicks > 0) time.Show(edge.AddSeconds(-0.3));
        long began = Stopwatch.GetTimestamp();
        EventRing ring = new(1 << 14, 1 << 20, pool.LastSequence + 1);
        using Recorder recorder = new(ring.Subscribe(), pool, Rig.Table(), time);
        EventSourceOfChance chance = new((int)pool.LastSequence, symbols: 3);
        using StreamWriter output = new(Console.OpenStandardOutput()) { AutoFlush = true };
        long acknowledged = pool.LastSequence;
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60)) // Nobody may have to wait for ever.
        {
            long now = 0;
            for (int i = 0; i < 20; i++)
            {
                EventKind kind = chance.Kind();
                (MarketEvent entry, long[] payload) = chance.Next(kind == EventKind.Gap ? EventKind.Trade : kind, wild: false);
                entry.ExchangeTimeMicros = ring.Published + 1;
                entry.ReceiveTimeNanos = now = Common.EpochClock.GetUnixNanos(time);
                ring.Append(in entry, payload);
            }
            pool.Mark.Published(ring.Published, now);
            recorder.Turn();
            if (pool.LastSequence != acknowledged)
            {
                acknowledged = pool.LastSequence;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ring.Published} {acknowledged}"));
            }
            Thread.Sleep(10);
        }
    }

    private static void Hold(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Console.WriteLine("open");
        Thread.Sleep(Timeout.Infinite);
    }

    private static void Open(string folder)
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            RotatingPool.Open(folder, TimeProvider.System).Dispose();
            Console.WriteLine($"opened after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.00} s");
        }
        catch (StorageException error)
        {
            Console.WriteLine(error.Message);
        }
    }

    private sealed class ShiftedTime : TimeProvider
    {
        private TimeSpan _shift;

        public void Show(DateTimeOffset now) => _shift = now - base.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _shift;
    }
}
