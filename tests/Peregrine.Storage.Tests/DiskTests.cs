using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Disk;

namespace Peregrine.Storage.Tests;

public sealed class DiskTests(ITestOutputHelper output)
{
    private const long Gigabyte = 1L << 30;

    private sealed class FakeSpace : IDiskSpace
    {
        public long Free { get; set; } = 500 * Gigabyte;
        public long Total { get; set; } = 1_000 * Gigabyte;

        public DiskSpace Look(string folder) => new(Free, Total);
    }

    [Theory] // What is free of what, and the level that it is.
    [InlineData(200, 2_000, DiskLevel.Plenty)] // A tenth of a large disk.
    [InlineData(7, 2_000, DiskLevel.NoDepth)]
    [InlineData(3, 2_000, DiskLevel.LedgerOnly)]
    [InlineData(0, 2_000, DiskLevel.Halt)]
    [InlineData(5, 32, DiskLevel.Plenty)]
    [InlineData(4, 32, DiskLevel.NoDepth)]
    [InlineData(2, 32, DiskLevel.LedgerOnly)]
    public void The_level_follows_shares_on_small_disks_and_bytes_on_large_ones(long freeGigabytes, long totalGigabytes, DiskLevel level)
    {
        using TestFolder folder = new();
        FakeSpace space = new() { Free = freeGigabytes * Gigabyte, Total = totalGigabytes * Gigabyte };
        using Rig rig = new(folder, Rig.Clock(), options: new PoolOptions { Disk = new DiskOptions { Space = space, BallastBytes = 0 } });
        Assert.Equal(level, rig.Pool.DiskLevel);
    }

    [Fact]
    public void Levels_leave_out_what_they_say_name_it_and_do_not_flap()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        FakeSpace space = new();
        List<DiskLevel> changes = [];
        using Rig rig = new(folder, time, options: new PoolOptions { Disk = new DiskOptions { Space = space, BallastBytes = 1 << 20 }, DiskChanged = (level, _) => changes.Add(level) });
        string ballast = folder.File(Ballast.Name);
        Assert.Equal(1 << 20, new FileInfo(ballast).Length);
        Dictionary<EventKind, int> published = [];
        EventSourceOfChance chance = new(5, symbols: 3);
        foreach (long free in (long[])[500, 7, 9, 3, 4, 0, 1, 5, 6, 11])
        {
            space.Free = free * Gigabyte;
            time.Advance(TimeSpan.FromSeconds(4));
            rig.Recorder.Turn();
            foreach (EventKind kind in EventKinds.All)
            {
                if (kind == EventKind.Gap) continue;
                (MarketEvent entry, long[] payload) = chance.Next(kind, wild: false);
                entry.ReceiveTimeNanos = time.Nanos;
                rig.Publish(in entry, payload);
                published[kind] = published.GetValueOrDefault(kind) + 1;
            }
            while (rig.Recorder.Turn()) time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Equal(rig.Pool.DiskLevel != DiskLevel.Halt, File.Exists(ballast));
        }
        // 9 GB are not enough to leave level 1 (a quarter more than 8), 4 and 1 neither; 5 leave level 3 and 2 at once, 6 leave nothing.
        Assert.Equal([DiskLevel.NoDepth, DiskLevel.LedgerOnly, DiskLevel.Halt, DiskLevel.NoDepth, DiskLevel.Plenty], Distinct(changes));
        rig.Recorder.Drain();
        List<Recorded> events = States.Events(folder.Path);
        foreach (EventKind kind in published.Keys)
        {
            long recorded = events.Count(each => each.Entry.Kind == kind);
            long named = events.Where(each => each.Entry.Kind == EventKind.Gap && each.Entry.Plain.A == (long)GapReason.Disk && each.Entry.Plain.C == (long)kind).Sum(each => each.Entry.Plain.B);
            Assert.Equal(published[kind], recorded + named);
            Assert.Equal(DiskLevels.IsLedger(kind), named == 0);
        }
        Assert.Equal(rig.Recorder.OmittedEvents, published.Values.Sum() - events.Count(each => each.Entry.Kind != EventKind.Gap));
        Assert.True(DatabaseVerify.Run(folder.Path).Single().Ok);
    }

    private static List<DiskLevel> Distinct(List<DiskLevel> changes) => [.. changes.Where((level, i) => i == 0 || changes[i - 1] != level)];

    [Fact]
    public void What_was_left_out_is_known_even_if_the_process_is_killed_before_it_says_so()
    {
        using TestFolder folder = new();
        using TestFolder killed = new();
        ManualTime time = Rig.Clock();
        FakeSpace space = new() { Free = 3 * Gigabyte };
        PoolOptions options = new() { Disk = new DiskOptions { Space = space, BallastBytes = 0 } };
        using (Rig rig = new(folder, time, options: options))
        {
            for (int i = 0; i < 100; i++) rig.PublishTrade(time.Nanos, i);
            rig.Recorder.Turn();
            Assert.Equal(0, rig.Recorder.Recorded(EventKind.Gap));
            for (int i = 0; i < 20; i++) rig.PublishTrade(time.Nanos, i); // These it has not even seen.
            States.Copy(folder.Path, killed.Path, withMark: true);
        }
        using (Rig next = new(killed, time))
        {
            next.PublishTrade(time.Nanos, 1);
            next.Recorder.Drain();
        }
        List<Recorded> events = States.Events(killed.Path);
        Assert.Equal([(GapReason.Disk, 100L), (GapReason.Killed, 20L)],
            events.Where(each => each.Entry.Kind == EventKind.Gap).Select(each => ((GapReason)each.Entry.Plain.A, each.Entry.Plain.B)).Order());
        Assert.Single(events, each => each.Entry.Kind == EventKind.Trade);
    }

    [Fact]
    public void Row_8_A_disk_that_fills_up_at_random_stops_recording_in_steps_and_never_the_program()
    {
        const int Trials = 30;
        const int Seed = 8;
        using SmallDisk? disk = SmallDisk.TryMount(16);
        int halts = 0;
        int crashes = 0;
        int notRecovered = 0;
        int ledgerLost = 0;
        int damaged = 0;
        int refusals = 0;
        long omitted = 0;
        Random random = new(Seed);
        for (int trial = 0; trial < Trials; trial++)
        {
            using TestFolder? folder = disk is null ? new TestFolder() : null;
            string path = Path.Combine(disk?.Path ?? folder!.Path, "state");
            Directory.CreateDirectory(path);
            ManualTime time = Rig.Clock();
            List<DiskLevel> levels = [];
            // The shares of a small disk are less than one transaction: here it is the disk that speaks first.
            DiskOptions options = new() { BallastBytes = 2 << 20, NoDepthShare = 0.02, LedgerOnlyShare = 0.01, HaltShare = 0.005, RefusedFor = TimeSpan.FromSeconds(3) };
            using (Rig rig = new(path, time, options: new PoolOptions { Disk = options, DiskChanged = (level, _) => levels.Add(level) }))
            {
                EventSourceOfChance chance = new(trial, symbols: 3);
                long ledger = 0;
                string filler = Path.Combine(disk?.Path ?? path, "filler");
                int fullAt = random.Next(2, 10);
                int freeAgainAt = fullAt + random.Next(8, 14);
                try
                {
                    for (int second = 0; second < freeAgainAt + 15; second++)
                    {
                        if (second == fullAt)
                        {
                            if (disk is null) rig.FillDisk();
                            else Fill(filler, random.Next(0, 64 * 1024));
                        }
                        if (second == freeAgainAt)
                        {
                            if (disk is null) rig.ClearDisk();
                            else File.Delete(filler);
                        }
                        States.Publish(rig, chance, 150);
                        MarketEvent command = new() { Kind = EventKind.Command, ReceiveTimeNanos = time.Nanos };
                        command.Plain.A = ++ledger;
                        rig.Publish(in command, []);
                        for (int turn = 0; turn < 4; turn++)
                        {
                            rig.Recorder.Turn();
                            time.Advance(TimeSpan.FromMilliseconds(250));
                        }
                    }
                    if (rig.Pool.DiskLevel != DiskLevel.Plenty || (disk is not null && !File.Exists(Path.Combine(path, Ballast.Name)))) notRecovered++;
                    rig.Recorder.Drain();
                }
                catch (Exception error) when (error is not Xunit.Sdk.XunitException)
                {
                    output.WriteLine($"trial {trial}: {error.Message}");
                    crashes++;
                }
                refusals += (int)rig.Recorder.Failures;
                omitted += rig.Recorder.OmittedEvents;
                if (levels.Contains(DiskLevel.Halt)) halts++;
                List<Recorded> events = States.Events(path);
                long[] commands = [.. events.Where(each => each.Entry.Kind == EventKind.Command && each.Entry.Plain.A is > 0 and < 1_000).Select(each => each.Entry.Plain.A).Distinct()];
                ledgerLost += (int)ledger - commands.Count(each => each <= ledger);
                States.AssertAccountedFor(events, rig.Ring.Published);
            }
            if (DatabaseVerify.Run(path).Any(file => !file.Ok)) damaged++;
            Directory.Delete(path, recursive: true);
        }
        output.WriteLine($"row 8: {Trials} full disks ({(disk is null ? "page limit, no mount allowed" : "tmpfs of 16 MB")}), {refusals} batches refused, {halts} reached level 3, {omitted} events left out and named: " +
            $"{crashes} crashes, {ledgerLost} ledger events lost, {notRecovered} not recovered, {damaged} damaged (seed {Seed})");
        Assert.Equal((0, 0, 0, 0), (crashes, ledgerLost, notRecovered, damaged));
        Assert.True(disk is null ? refusals >= Trials : refusals > 0 && halts > 0);
    }

    /// <summary>Takes all room but some.</summary>
    private static void Fill(string filler, int leave)
    {
        using FileStream file = new(filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] block = new byte[4096];
        try
        {
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            file.SetLength(Math.Max(0, file.Length - leave));
        }
    }
}
