using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Files;
using Peregrine.Storage.Recovery;

namespace Peregrine.Storage.Tests;

public sealed class RotationKillTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Row_4_A_kill_at_any_step_of_a_rotation_leaves_one_current_file_and_every_event_once()
    {
        List<(string Step, int Occurrence)> points =
        [
            .. PoolSteps.Rotation.Select(step => (step, 1)),
            .. PoolSteps.Rotation.Select(step => (step, 1)),
            (PoolSteps.CheckpointBegins, 1), (PoolSteps.CheckpointDone, 1), (PoolSteps.CheckpointDone, 2),
        ];
        int kills = 0;
        int wrong = 0;
        long acknowledgedLost = 0;
        Lock gate = new();
        Exception? failure = null;
        int next = -1;
        Thread[] lanes =
        [
            .. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                try
                {
                    for (int i = Interlocked.Increment(ref next); i < points.Count; i = Interlocked.Increment(ref next))
                    {
                        (bool isRight, long lost) = KillAt(points[i].Step, points[i].Occurrence, seed: i);
                        lock (gate)
                        {
                            kills++;
                            wrong += isRight ? 0 : 1;
                            acknowledgedLost += lost;
                        }
                    }
                }
                catch (Exception error)
                {
                    failure = error;
                }
            })),
        ];
        foreach (Thread lane in lanes) lane.Start();
        foreach (Thread lane in lanes) lane.Join();
        if (failure is not null) throw new InvalidOperationException("A lane failed.", failure);
        output.WriteLine($"row 4: {kills} kills at {PoolSteps.Rotation.Count + 2} steps, {wrong} directories not as they should be, {acknowledgedLost} acknowledged events lost");
        Assert.True(kills >= 20);
        Assert.Equal((0, 0L), (wrong, acknowledgedLost));
    }

    private static (bool IsRight, long AcknowledgedLost) KillAt(string step, int occurrence, int seed)
    {
        using TestFolder folder = new();
        ManualTime before = new(Monday.AddHours(-1));
        using (Rig rig = new(folder, before))
        {
            States.Publish(rig, new EventSourceOfChance(seed, symbols: 3), 300);
            rig.Recorder.Drain();
        }
        foreach (string path in Directory.GetFiles(folder.Path, "crypto_*")) Assert.DoesNotContain("48", Path.GetFileName(path), StringComparison.Ordinal);
        DateTimeOffset edge = PoolSteps.Rotation.Contains(step) ? Monday : Monday.AddMinutes(-30);
        long acknowledged = 0;
        using (Process child = ChildRecorder.Start(folder.Path, edge, step, occurrence))
        {
            while (child.StandardOutput.ReadLine() is { } line) acknowledged = long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            child.WaitForExit();
            Assert.Equal(137, child.ExitCode); // It was the kill that ended it.
        }
        long published = (MarkFile.TryRead(folder.Path) ?? throw new InvalidOperationException("No mark.")).PublishedSequence;
        ManualTime after = new(Monday.AddHours(1));
        using (Rig rig = new(folder, after))
        {
            rig.PublishTrade(after.Nanos, 1);
            rig.Recorder.Drain();
            published++;
        }
        List<Segment> files = SegmentFile.Segments(folder.Path);
        bool right = files.Count == 2 && SegmentFile.IsSealed(files[0].Path) && files[0].Week.Number == 47 && files[1].Week.Number == 48;
        right &= Directory.GetFiles(folder.Path, "*.new*").Length == 0 && Directory.GetFiles(folder.Path, "*.corrupt-*").Length == 0;
        right &= DatabaseVerify.Run(folder.Path).All(file => file.Ok);
        List<Recorded> events = States.Events(folder.Path);
        States.AssertAccountedFor(events, published);
        right &= events.Where(each => each.Entry.Kind != EventKind.Gap && each.Sequence > 300 && each.Sequence < published).All(each => each.Entry.ExchangeTimeMicros == each.Sequence);
        HashSet<long> found = [.. events.Select(each => each.Sequence)];
        return (right, Enumerable.Range(1, (int)acknowledged).Count(each => !found.Contains(each)));
    }

    [Fact]
    public void A_kill_while_a_damaged_file_is_set_aside_separates_it_from_nothing()
    {
        foreach (string step in PoolSteps.SetAside)
        {
            using TestFolder folder = new();
            TimeProvider time = TimeProvider.System;
            ManualTime now = new(time.GetUtcNow());
            using TestFolder live = new();
            int recorded;
            using (Rig rig = new(live, now))
            {
                States.Publish(rig, new EventSourceOfChance(3, symbols: 3), 2_000);
                rig.Recorder.Drain();
                recorded = States.Events(live.Path).Count;
                now.Advance(TimeSpan.FromSeconds(5));
                rig.Recorder.Turn();
                States.Publish(rig, new EventSourceOfChance(4, symbols: 3), 500);
                rig.Recorder.Drain();
                recorded = States.Events(live.Path).Count;
                States.Copy(live.Path, folder.Path, withMark: true);
            }
            string path = Directory.GetFiles(folder.Path, "crypto_*.db").Single();
            Damage(path);
            byte[] damaged = File.ReadAllBytes(path);
            byte[] log = File.ReadAllBytes(path + "-wal");
            using (Process child = ChildRecorder.Start(folder.Path, killAt: step))
            {
                child.StandardOutput.ReadToEnd();
                child.WaitForExit();
                Assert.Equal(137, child.ExitCode);
            }
            string aside;
            using (Rig rig = new(folder, now)) aside = Assert.Single(rig.Pool.DamagedFiles());
            Assert.Equal(damaged, File.ReadAllBytes(aside));
            Assert.Equal(log, File.ReadAllBytes(aside + "-wal"));
            SalvageResult result = Salvage.Run(aside, time, TestContext.Current.CancellationToken);
            Assert.InRange(result.Events, recorded * 9 / 10, recorded);
        }
    }

    /// <summary>A page in the middle that SQLite's own check stumbles over.</summary>
    private static void Damage(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes.AsSpan(States.EventLeaves(bytes)[1] * 4096, 100).Fill(0xEE);
        File.WriteAllBytes(path, bytes);
    }
}
