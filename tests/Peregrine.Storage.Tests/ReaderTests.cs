using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage.Files;
using Peregrine.Storage.Playback;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

public sealed class ReaderTests(ITestOutputHelper output)
{
    [Fact]
    public void Row_9_A_reader_that_holds_on_neither_grows_the_log_without_bound_nor_makes_the_writer_wait()
    {
        const long Alarm = 2 << 20;
        using TestFolder folder = new();
        // A tenth of a minute and a sixty-fourth of the sizes: the ladder is the same.
        PoolOptions options = new()
        {
            BatchMax = TimeSpan.FromMilliseconds(20), CheckpointEvery = TimeSpan.FromMilliseconds(100), WalRestartBytes = Alarm / 8, WalTruncateBytes = Alarm / 4, WalAlarmBytes = Alarm,
        };
        List<string> reports = [];
        using RotatingPool pool = RotatingPool.Open(folder.Path, TimeProvider.System, options with { Report = reports.Add });
        EventRing ring = new(1 << 14, 1 << 20, pool.LastSequence + 1);
        using Recorder recorder = new(ring.Subscribe(), pool, Rig.Table(), TimeProvider.System);
        EventSourceOfChance chance = new(9, symbols: 3);
        (MarketEvent Entry, long[] Payload)[] events = [.. Enumerable.Range(0, 2_000).Select(_ => chance.Next(EventKind.OrderReport, wild: false))];
        int next = 0;
        List<double> turns = [];
        long largest = 0;
        Write(TimeSpan.FromMilliseconds(300));
        List<double> quiet = [.. turns];
        turns.Clear();
        using (Database reader = Database.OpenReadOnly(pool.CurrentPath))
        {
            reader.Execute("BEGIN");
            Assert.True(reader.QueryInt64("SELECT count(*) FROM execution_report") > 0);
            Write(TimeSpan.FromSeconds(5));
            Assert.True(reader.QueryInt64("SELECT count(*) FROM execution_report") > 0); // It still reads what it read.
        }
        recorder.Drain();
        turns.Sort();
        double p99 = turns[turns.Count * 99 / 100];
        int parts = SegmentFile.Segments(folder.Path).Count;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"row 9: a reader held for 5 s: largest log {largest / 1024.0:0} KB at an alarm of {Alarm / 1024} KB, {parts} parts, {turns.Count} turns of the writer with work, p99 {p99:0.0} ms, longest {turns[^1]:0.0} ms"));
        Assert.True(parts >= 2 && reports.Any(report => report.Contains("reading", StringComparison.Ordinal)));
        Assert.InRange(largest, Alarm / 2, Alarm * 3); // The alarm is looked for at each checkpoint, and what is written until then comes on top.
        Assert.InRange(p99, 0, 50);
        Assert.True(DatabaseVerify.Run(folder.Path).All(file => file.Ok));
        Assert.Equal(ring.Published, States.Events(folder.Path).Count);

        void Write(TimeSpan during)
        {
            long began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < during)
            {
                for (int i = 0; i < 40; i++)
                {
                    (MarketEvent entry, long[] payload) = events[next++ % events.Length];
                    entry.ReceiveTimeNanos = Common.EpochClock.GetUnixNanos(TimeProvider.System);
                    ring.Append(in entry, payload);
                }
                long turn = Stopwatch.GetTimestamp();
                if (recorder.Turn()) turns.Add(Stopwatch.GetElapsedTime(turn).TotalMilliseconds);
                largest = Math.Max(largest, SegmentFile.LengthOf(pool.CurrentPath + "-wal"));
                Thread.Sleep(1);
            }
        }
    }

    [Fact]
    public void Our_own_reading_of_a_live_file_lets_go_in_between_and_misses_nothing()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        States.Publish(rig, new EventSourceOfChance(1, symbols: 3), 4_000);
        rig.Recorder.Drain();
        time.Advance(TimeSpan.FromSeconds(5));
        rig.Recorder.Turn();
        List<Recorded> before = States.Events(folder.Path);
        SlowHandler slow = new(TimeSpan.FromMilliseconds(1), rig);
        Recording.Open(folder.Path).Play(slow);
        Assert.Equal(before.Select(each => each.Fingerprint), slow.Events.Select(each => each.Fingerprint)); // As it stood when it was opened.
        Assert.True(slow.CheckpointsThatGotHome > 1, $"{slow.CheckpointsThatGotHome}");
    }

    [Fact]
    public void A_statement_that_takes_too_long_is_interrupted()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        using Database reader = Database.OpenReadOnly(rig.Pool.CurrentPath);
        long began = Stopwatch.GetTimestamp();
        reader.InterruptWhen(() => Stopwatch.GetElapsedTime(began) > ReaderLimits.StatementMax);
        StorageException error = Assert.Throws<StorageException>(() => reader.QueryInt64("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"));
        Assert.Equal(9, error.SqliteCode & 0xFF);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.2, 2);
    }

    /// <summary>Takes its time; the recorder goes on meanwhile.</summary>
    private sealed class SlowHandler(TimeSpan each, Rig rig) : IEventHandler
    {
        public List<Recorded> Events { get; } = [];
        public int CheckpointsThatGotHome { get; private set; }

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            Events.Add(new Recorded(sequence, entry, payload.ToArray()));
            Thread.Sleep(each);
            if (Events.Count % 100 != 0) return;
            WalState wal = rig.Pool.Database.Checkpoint(SqliteNative.CheckpointPassive);
            if (wal.HeldBytes == 0) CheckpointsThatGotHome++; // The reading has begun anew since the last event was recorded.
            rig.PublishTrade(rig.Time.Nanos, 1);
            rig.Recorder.Drain();
        }
    }
}
