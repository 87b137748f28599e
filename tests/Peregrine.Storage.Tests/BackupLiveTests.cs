using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

public sealed class BackupLiveTests(ITestOutputHelper output)
{
    private const double WriterMillisMax = 200;
    private const int EventsInBatch = 4;

    /// <summary>Scorecard row 6. The files are small, the load is not: the writer commits as fast as it can all the while.</summary>
    [Fact]
    public void Backups_of_a_live_file_are_valid_and_do_not_hold_up_its_writer()
    {
        int trials = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 200 : 50;
        using TestFolder folder = new();
        using TestFolder cold = new();
        using TestFolder back = new();
        using RotatingPool pool = RotatingPool.Open(folder.Path, TimeProvider.System, new PoolOptions { BatchMax = TimeSpan.FromMilliseconds(10) });
        using CancellationTokenSource stop = new();
        List<double> millis = [];
        using ManualResetEventSlim begun = new();
        Thread writer = new(() => Write(pool, millis, begun, stop.Token)) { Name = "writer" };
        writer.Start();
        begun.Wait(TestContext.Current.CancellationToken);
        int valid = 0;
        long last = 0;
        try
        {
            for (int i = 0; i < trials; i++)
            {
                BackupOutcome outcome = BackupJob.AttemptLive(pool.CurrentPath, cold.Path, TimeProvider.System, BackupFiles.Quick with { Level = 1 });
                Assert.True(outcome.IsDone, outcome.Sentence);
                string restored = back.File("restored");
                Restore.Run(outcome.Archive, restored);
                Chain played = new();
                long events = Recording.Open(restored).Play(played);
                // One moment of the file: everything up to some batch's end, nothing missing, nothing twice.
                if (events >= last && events % EventsInBatch == 0 && !played.IsBroken) valid++;
                last = events;
                File.Delete(restored);
                File.Delete(outcome.Archive);
                File.Delete(BackupManifest.PathOf(outcome.Archive));
            }
        }
        finally
        {
            stop.Cancel();
            writer.Join();
        }
        millis.Sort();
        double p99 = millis[(int)(millis.Count * 0.99)];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 6: {trials} backups of a live file, {valid} valid, writer: {millis.Count} batches, p50 {millis[millis.Count / 2]:F1} ms, p99 {p99:F1} ms, most {millis[^1]:F1} ms, {last} events at the end"));
        Assert.Equal(trials, valid);
        Assert.True(millis.Count > trials, "The writer did not get on.");
        Assert.True(p99 <= WriterMillisMax, $"p99 of a batch is {p99} ms");
        Assert.Empty(BackupFiles.Names(cold.Path));
    }

    [Fact]
    public void A_live_copy_that_takes_too_long_or_lets_the_log_grow_is_given_up()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        using Rig rig = new(folder, Rig.Clock());
        for (int i = 0; i < 30_000; i++)
        {
            rig.PublishTrade(rig.Time.Nanos, i);
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        foreach (BackupOptions options in (ReadOnlySpan<BackupOptions>)[BackupFiles.Quick with { SnapshotMax = TimeSpan.Zero }, BackupFiles.Quick with { SnapshotLogBytesMax = 1 }])
        {
            BackupOutcome outcome = BackupJob.AttemptLive(rig.Pool.CurrentPath, cold.Path, TimeProvider.System, options);
            Assert.Equal((BackupVerdict.SnapshotTooSlow, TimeSpan.FromMinutes(1)), (outcome.Verdict, outcome.RetryAfter));
            Assert.Empty(BackupFiles.Names(cold.Path));
        }
        Assert.True(BackupJob.AttemptLive(rig.Pool.CurrentPath, cold.Path, TimeProvider.System, BackupFiles.Quick).IsDone);
    }

    /// <summary>Commits batch after batch; each entry is how long one took.</summary>
    private static void Write(RotatingPool pool, List<double> millis, ManualResetEventSlim begun, CancellationToken stop)
    {
        EventRing ring = new(1 << 13, 1 << 20, pool.LastSequence + 1);
        using Recorder recorder = new(ring.Subscribe(), pool, Rig.Table(), TimeProvider.System);
        EventSourceOfChance chance = new(6, symbols: 3);
        while (!stop.IsCancellationRequested)
        {
            for (int i = 0; i < EventsInBatch; i++)
            {
                (MarketEvent entry, long[] payload) = chance.Next(EventKind.Trade, wild: false);
                entry.ReceiveTimeNanos = (DateTimeOffset.UtcNow.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
                ring.Append(in entry, payload);
            }
            long began = Stopwatch.GetTimestamp();
            recorder.Turn();
            recorder.Drain();
            millis.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (millis.Count == 100) begun.Set();
            stop.WaitHandle.WaitOne(1); // Hundreds of commits a second, thousands of times what a recorder makes.
        }
    }

    /// <summary>1, 2, 3 and so on.</summary>
    private sealed class Chain : IEventHandler
    {
        private long _last;

        public bool IsBroken { get; private set; }

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => IsBroken |= sequence != ++_last;
    }
}
