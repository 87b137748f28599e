using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Recovery;

namespace Peregrine.Storage.Tests;

public sealed class KillTests(ITestOutputHelper output)
{
    private static int Kills => Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 400 : 64;

    /// <summary>What a lane of kills found.</summary>
    private sealed class Lane
    {
        public int Kills;
        public int Corrupt;
        public long AcknowledgedLost;
        public long Duplicates;
        public long Unexplained;
        public long LostMax;
        public double LostMillisMax;
        public long Published;
    }

    [Fact]
    public void Row_1_A_recorder_that_is_killed_at_random_loses_at_most_one_batch_and_says_so()
    {
        const int Lanes = 4;
        const int Seed = 9;
        Lane[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new Lane())];
        Exception? failure = null;
        Thread[] threads =
        [
            .. lanes.Select((lane, index) => new Thread(() =>
            {
                try
                {
                    Run(lane, new Random(Seed + index), Kills / Lanes);
                }
                catch (Exception error)
                {
                    failure = error;
                }
            })),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if (failure is not null) throw new InvalidOperationException("A lane failed.", failure);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 1: {lanes.Sum(lane => lane.Kills)} kills, {lanes.Sum(lane => lane.Published)} events: " +
            $"{lanes.Sum(lane => lane.Corrupt)} corrupt, {lanes.Sum(lane => lane.AcknowledgedLost)} acknowledged lost, {lanes.Sum(lane => lane.Duplicates)} duplicates, " +
            $"{lanes.Sum(lane => lane.Unexplained)} missing without a gap; at most {lanes.Max(lane => lane.LostMax)} events or {lanes.Max(lane => lane.LostMillisMax):0} ms unacknowledged lost (seed {Seed})"));
        Assert.True(lanes.Sum(lane => lane.Kills) >= 60);
        Assert.All(lanes, lane => Assert.Equal((0, 0L, 0L, 0L), (lane.Corrupt, lane.AcknowledgedLost, lane.Duplicates, lane.Unexplained)));
        // A batch lasts 250 ms; a busy machine may not let the recorder end it in time.
        Assert.All(lanes, lane => Assert.InRange(lane.LostMillisMax, 0, 3_000));
        Assert.Contains(lanes, lane => lane.LostMax > 0);
    }

    private static void Run(Lane lane, Random random, int kills)
    {
        using TestFolder folder = new();
        for (int kill = 0; kill < kills; kill++)
        {
            long acknowledged = 0;
            using (Process child = ChildRecorder.Start(folder.Path))
            {
                try
                {
                    acknowledged = Acknowledged(child.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The child ended by itself."));
                    Thread.Sleep(random.Next(0, 400)); // Anywhere within a batch, and now and then within a checkpoint.
                }
                finally
                {
                    child.Kill();
                }
                while (child.StandardOutput.ReadLine() is { } rest) acknowledged = Acknowledged(rest);
                child.WaitForExit();
            }
            lane.Kills++;
            RecorderMark mark = MarkFile.TryRead(folder.Path) ?? throw new InvalidOperationException("No mark.");
            Recording recording = Recording.Open(folder.Path);
            if (DatabaseVerify.Run(folder.Path).Any(file => !file.Ok)) lane.Corrupt++;
            lane.AcknowledgedLost += Math.Max(0, acknowledged - recording.LastSequence);
            lane.LostMax = Math.Max(lane.LostMax, mark.PublishedSequence - recording.LastSequence);
            Collector collector = new();
            recording.Play(collector, new RecordingFilter { FromSequence = recording.LastSequence });
            long last = collector.Events.Count > 0 ? collector.Events[^1].Entry.ReceiveTimeNanos : mark.PublishedTimeNanos;
            lane.LostMillisMax = Math.Max(lane.LostMillisMax, (mark.PublishedTimeNanos - last) / 1e6);
            lane.Published = mark.PublishedSequence;
        }
        // All runs together: every sequence is an event, once and as it was, or named by a gap.
        using (RotatingPool pool = RotatingPool.Open(folder.Path, TimeProvider.System))
        {
            MarketData.EventRing ring = new(1024, 1 << 18, pool.LastSequence + 1);
            using Recorder recorder = new(ring.Subscribe(), pool, Rig.Table(), TimeProvider.System);
            recorder.Drain();
        }
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Recorded[] events = [.. played.Events.Where(each => each.Entry.Kind != EventKind.Gap)];
        lane.Duplicates = events.Length - events.Select(each => each.Sequence).Distinct().Count() + events.Count(each => each.Entry.ExchangeTimeMicros != each.Sequence);
        long named = played.Events.Where(each => each.Entry.Kind == EventKind.Gap).Sum(each => each.Entry.Plain.B);
        lane.Unexplained = Math.Abs(lane.Published - events.Length - named);
    }

    private static long Acknowledged(string line) => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
}
