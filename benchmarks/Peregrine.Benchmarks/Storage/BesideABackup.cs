using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Backups;

namespace Peregrine.Benchmarks.Storage;

/// <summary>Recording with and without a backup on another core, in turns: what the recorder does must not notice.</summary>
internal sealed class BesideABackup : IBenchmark
{
    private const int Events = 300_000;
    private const int SealedEvents = 1_500_000;
    private const int SteadyEvents = 50_000;
    private const int Rate = 100_000;
    private const int RoundsMax = 9;

    public string Name => "recording beside a backup";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        MarketEvent[] events = new TickerStream(seed: 5).Take(Events);
        string sealedFile = MakeSealedFile(context);
        string target = context.NewFolder("cold");
        using ManualResetEventSlim wanted = new();
        using ManualResetEventSlim resting = new(initialState: true);
        bool over = false;
        int backups = 0;
        Thread backup = new(() =>
        {
            while (true)
            {
                wanted.Wait();
                if (Volatile.Read(ref over)) return;
                resting.Reset();
                BackupJob.Run(sealedFile, Path.Combine(target, (++backups).ToString(CultureInfo.InvariantCulture)), context.Time);
                if (!wanted.IsSet) resting.Set();
            }
        })
        { IsBackground = true, Name = "backup" };
        backup.Start();
        Contest contest = new(context with { Rounds = Math.Min(context.Rounds, RoundsMax) });
        Entrant steadyBeside = contest.Add("at a steady 100,000/s while a backup runs", () => Beside(() => RecordSteadily(context, events)));
        Entrant steady = contest.Add("without a backup", () => RecordSteadily(context, events));
        Entrant beside = contest.Add("at full speed while a backup runs", () => Beside(() => Record(context, events)));
        Entrant alone = contest.Add("without a backup", () => Record(context, events));
        contest.Run();
        Volatile.Write(ref over, true);
        wanted.Set();
        backup.Join();
        string note = $"{backups} backups (checked, compressed, read back) of {new FileInfo(sealedFile).Length / 1_000_000} MB on another thread";
        return
        [
            Contest.Row("100,000 events/s while a backup runs", "ns/event", steadyBeside, (steady, 0.9)) with { Note = note },
            Contest.Row("full speed while a backup runs", "ns/event", beside, (alone, null)) with { Note = "how much of a core's speed the other core's work leaves is the machine's affair" },
        ];

        Sample Beside(Func<Sample> record)
        {
            wanted.Set();
            try
            {
                return record();
            }
            finally
            {
                wanted.Reset();
                resting.Wait();
            }
        }
    }

    /// <summary>A hundred events each millisecond; what that took, the last commit included, for each event: 10,000 ns where it kept pace.</summary>
    private static Sample RecordSteadily(BenchContext context, MarketEvent[] events)
    {
        using RecorderRig rig = new(context.NewFolder("steady"), TimeProvider.System);
        long began = Stopwatch.GetTimestamp();
        int published = 0;
        while (published < SteadyEvents)
        {
            int due = Math.Min(SteadyEvents, (int)(Stopwatch.GetElapsedTime(began).TotalSeconds * Rate));
            for (; published < due; published++) rig.Ring.Append(in events[published], default);
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        if (rig.Recorder.LaggedEvents > 0) throw new InvalidOperationException("The recorder lost events, which must not be.");
        return new Sample(Stopwatch.GetElapsedTime(began).TotalNanoseconds / SteadyEvents);
    }

    private static Sample Record(BenchContext context, MarketEvent[] events)
    {
        using RecorderRig rig = new(context.NewFolder("beside"), TimeProvider.System);
        return rig.Record(events);
    }

    /// <summary>A week's file that is over: the first event of the next one seals it.</summary>
    private static string MakeSealedFile(BenchContext context)
    {
        string folder = context.NewFolder("sealed");
        EventClock clock = new();
        TickerStream stream = new(seed: 6);
        MarketEvent first = stream.Next();
        clock.Nanos = first.ReceiveTimeNanos;
        using RecorderRig rig = new(folder, clock);
        MarketEvent[] portion = new MarketEvent[50_000];
        for (int done = 0; done < SealedEvents; done += portion.Length)
        {
            for (int i = 0; i < portion.Length; i++) portion[i] = stream.Next();
            rig.Record(portion);
        }
        MarketEvent nextWeek = stream.Next();
        nextWeek.ReceiveTimeNanos += 7L * 24 * 3600 * 1_000_000_000;
        clock.Nanos = nextWeek.ReceiveTimeNanos; // A stamp from the future of the clock begins no week.
        rig.Record([nextWeek]);
        return rig.Pool.SealedFiles().Single();
    }
}
