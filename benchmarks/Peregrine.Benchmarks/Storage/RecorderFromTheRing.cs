using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>What the recorder alone can take: events published on one thread, recorded on another, as many as go with nothing lost.</summary>
internal sealed class RecorderFromTheRing : IBenchmark
{
    private const int Events = 400_000;

    public string Name => "recorder from the ring";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        RecordedSession mix = EventMix.Make(1 << 14);
        Contest contest = new(context with { Rounds = Math.Min(context.Rounds, 7) });
        Entrant recorder = contest.Add("recorder from the ring", () => Once(context, mix));
        contest.Run();
        BenchRow row = Contest.Row("recorder from the ring", "events/s", recorder);
        return [row with { MoreIsBetter = true, Goal = 100_000, Note = "20 symbols; 72 % book tickers, 20 % trades, 8 % diffs of 20 levels; two threads, nothing lost" }];
    }

    private static Sample Once(BenchContext context, RecordedSession mix)
    {
        using RecorderRig rig = new(context.NewFolder("ring"), TimeProvider.System, mix.Instruments);
        int half = rig.Ring.Slots / 2;
        long read = 0;
        Thread producer = new(() =>
        {
            ReadOnlySpan<MarketEvent> events = mix.Events;
            for (int i = 0; i < Events; i++)
            {
                while (rig.Ring.Published - Volatile.Read(ref read) > half) Thread.SpinWait(50); // The ring itself never waits: this is the test's brake.
                ref readonly MarketEvent entry = ref events[i % events.Length];
                rig.Ring.Append(in entry, mix.PayloadOf(in entry));
            }
        })
        { IsBackground = true, Name = "producer" };
        long began = Stopwatch.GetTimestamp();
        producer.Start();
        while (rig.Position < Events)
        {
            rig.Recorder.Turn();
            Volatile.Write(ref read, rig.Position);
        }
        rig.Recorder.Drain();
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        producer.Join();
        if (rig.Recorder.LaggedEvents > 0) throw new InvalidOperationException("The recorder lost events, which must not be.");
        return new Sample(Events / seconds);
    }
}
