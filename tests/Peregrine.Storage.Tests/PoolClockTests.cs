using Peregrine.Storage.Files;

namespace Peregrine.Storage.Tests;

/// <summary>What the pool makes of clocks.</summary>
public sealed class PoolClockTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Row_10_A_clock_that_steps_back_by_anything_never_opens_an_old_file_again()
    {
        const int Seed = 10;
        Random random = new(Seed);
        int trials = 0;
        int reopened = 0;
        for (double seconds = 1; seconds <= 8 * 86_400; seconds *= 1.9, trials++)
        {
            using TestFolder folder = new();
            ManualTime time = new(Monday.AddSeconds(-1));
            long recorded = 0;
            using (Rig rig = new(folder, time))
            {
                rig.PublishTrade(time.Nanos, ++recorded);
                time.Advance(TimeSpan.FromSeconds(2));
                rig.PublishTrade(time.Nanos, ++recorded);
                rig.Recorder.Drain();
                byte[] old = File.ReadAllBytes(folder.File("crypto_2026_47.db"));
                time.Set(time.GetUtcNow().AddSeconds(-seconds * (0.9 + (random.NextDouble() * 0.1))));
                for (int i = 0; i < 3; i++)
                {
                    rig.PublishTrade(time.Nanos, ++recorded);
                    rig.Recorder.Drain();
                    time.Advance(TimeSpan.FromSeconds(3));
                    rig.Recorder.Turn();
                }
                if (!old.AsSpan().SequenceEqual(File.ReadAllBytes(folder.File("crypto_2026_47.db")))) reopened++;
            }
            using (Rig again = new(folder, time))
            {
                again.PublishTrade(time.Nanos, ++recorded);
                again.Recorder.Drain();
            }
            string[] names = [.. SegmentFile.List(folder.Path).Select(file => Path.GetFileName(file.Path))];
            if (!names.SequenceEqual(["crypto_2026_47.db", "crypto_2026_48.db"]) || Directory.GetFiles(folder.Path, "crypto_2026_47.db-*").Length > 0) reopened++;
            Assert.Equal(Enumerable.Range(1, (int)recorded).Select(each => (long)each), States.Events(folder.Path).Select(each => each.Sequence));
        }
        output.WriteLine($"row 10: clock set back {trials} times by 1 s to 8 days, {reopened} old files opened again (seed {Seed})");
        Assert.True(trials > 15);
        Assert.Equal(0, reopened);
    }

    [Fact]
    public void In_a_silent_market_the_week_ends_by_the_clock()
    {
        using TestFolder folder = new();
        ManualTime time = new(Monday.AddSeconds(-1));
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.Recorder.Drain();
        time.Advance(TimeSpan.FromSeconds(2.5));
        rig.Recorder.Turn();
        Assert.Equal("2026-W47", rig.Pool.Week.ToString()); // Late events may still be on their way.
        time.Advance(TimeSpan.FromSeconds(1));
        rig.Recorder.Turn();
        Assert.Equal("2026-W48", rig.Pool.Week.ToString());
        Assert.Equal([folder.File("crypto_2026_47.db")], rig.Sealed);
        rig.Recorder.Turn();
        Assert.Equal(2, SegmentFile.Segments(folder.Path).Count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(24)]
    [InlineData(24 * 365 * 70)]
    public void One_stamp_from_the_future_begins_no_week(int hours)
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        time.Set(Monday.AddMinutes(-90));
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.PublishTrade(time.Nanos + (TimeSpan.FromHours(hours).Ticks * 100), 2);
        rig.PublishTrade(time.Nanos, 3);
        rig.Recorder.Drain();
        Assert.Equal("2026-W47", rig.Pool.Week.ToString());
        Assert.Single(SegmentFile.Segments(folder.Path));
        Assert.Equal(3, States.Events(folder.Path).Count);
    }

    [Fact]
    public void Files_of_a_clock_that_was_years_ahead_do_not_keep_the_weeks_from_turning()
    {
        using TestFolder folder = new();
        ManualTime time = new(Monday.AddDays(-3));
        Record(folder, time, "crypto_2026_47.db");
        time.Set(Monday.AddYears(40)); // The battery of the clock is empty.
        Record(folder, time, "crypto_2066_47.db");
        time.Set(Monday.AddDays(-2));
        Record(folder, time, "crypto_2026_47_2.db"); // The first part was sealed meanwhile.
        Record(folder, time, "crypto_2026_47_2.db");
        time.Set(Monday);
        Record(folder, time, "crypto_2026_48.db");
        Assert.Equal(Enumerable.Range(1, 5).Select(each => (long)each), States.Events(folder.Path).Select(each => each.Sequence));
    }

    [Fact]
    public void A_clock_that_comes_back_from_years_ahead_while_running_begins_a_new_part()
    {
        using TestFolder folder = new();
        ManualTime time = new(Monday.AddYears(40));
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.Recorder.Drain();
        time.Set(Monday);
        rig.Recorder.Turn();
        rig.PublishTrade(time.Nanos, 2);
        rig.Recorder.Drain();
        Assert.Equal("2026-W48", rig.Pool.Week.ToString());
        Assert.Equal([1, 2], States.Events(folder.Path).Select(each => each.Sequence));
    }

    private static void Record(TestFolder folder, ManualTime time, string expectedFile)
    {
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.Recorder.Drain();
        Assert.Equal(folder.File(expectedFile), rig.Pool.CurrentPath);
    }
}
