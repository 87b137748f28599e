using Peregrine.Storage.Backups;
using Peregrine.Storage.Retention;

namespace Peregrine.Storage.Tests;

public sealed class RetentionTests(ITestOutputHelper output)
{
    private static readonly RetentionOptions Options = new() { KeepWeeks = 2, DeletionsPerDayMax = 2, Background = false };

    [Fact]
    public void Deletes_the_oldest_weeks_that_are_backed_up_so_many_a_day()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 6, out ManualTime time);
        foreach (string week in weeks) BackUp(week, cold);
        RetentionReport plan = RetentionJob.Plan(folder.Path, cold.Path, time, clockVerified: true, Options);
        Assert.Equal("Delete Delete DailyLimit DailyLimit DailyLimit Recent Current", Verdicts(plan));
        Assert.All(weeks, week => Assert.True(File.Exists(week)));

        RetentionReport run = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options);
        Assert.Equal(Verdicts(plan), Verdicts(run));
        Assert.Equal((2, true), (run.Deletions, run.Applied));
        Assert.Equal(weeks.Skip(2), weeks.Where(File.Exists));
        // The same day again, as after a restart: the count is on disk.
        Assert.Equal(0, RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options).Deletions);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options).Deletions);
        // The clock goes back a day: that day is over, whatever it says.
        time.Set(time.GetUtcNow() - TimeSpan.FromDays(1));
        Assert.Equal("DailyLimit Recent Current", Verdicts(RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options)));
        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal("Delete Recent Current", Verdicts(RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options)));
        time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromHours(2));
        Assert.Equal("Recent Current", Verdicts(RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options)));
        Assert.Equal(6, BackupFiles.Names(cold.Path).Length / 2); // No backup went.
    }

    [Fact]
    public void What_has_no_whole_backup_of_just_that_file_stays()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 8, out ManualTime time);
        string[] archives = [.. weeks.Select(week => BackUp(week, cold))];
        Flip(archives[0], 100);
        File.AppendAllText(archives[1], "x");
        File.Delete(archives[2]);
        File.Delete(BackupManifest.PathOf(archives[3]));
        Flip(weeks[4], 5_000); // The local file is not what was backed up.
        BackupManifest manifest = BackupManifest.Read(archives[5]);
        File.WriteAllText(BackupManifest.PathOf(archives[5]), (manifest with { Live = true }).ToJson());
        using (FileStream unsealed = File.OpenWrite(weeks[6]))
        {
            unsealed.Position = 18;
            unsealed.Write([2, 2]); // WAL mode: it may still be written.
        }
        RetentionReport run = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options with { DeletionsPerDayMax = 100, KeepWeeks = 1 });
        Assert.Equal("BackupDiffers BackupDiffers NoBackup NoBackup BackupDiffers NoBackup Unsealed Delete Current", Verdicts(run));
        Assert.Equal(weeks.Take(7), weeks.Where(File.Exists));
        using TestFolder empty = new();
        Assert.Equal(0, RetentionJob.Run(folder.Path, empty.File("gone"), time, clockVerified: true, Options with { DeletionsPerDayMax = 100, KeepWeeks = 1 }).Deletions);
    }

    /// <summary>Scorecard row 12.</summary>
    [Fact]
    public void A_wrong_clock_deletes_nothing()
    {
        const int Seed = 12;
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 6, out ManualTime time);
        for (int i = 0; i < weeks.Count; i += 2) BackUp(weeks[i], cold);
        string[] before = Databases(folder);
        DateTimeOffset right = time.GetUtcNow();
        Random random = new(Seed);
        int trials = 0, deleted = 0;
        RetentionOptions greedy = Options with { DeletionsPerDayMax = 100, KeepWeeks = 1 };
        foreach (TimeSpan off in Enumerable.Range(0, 100).Select(_ => TimeSpan.FromDays((random.NextDouble() * 3_650) + 2.1)))
        {
            foreach (int sign in (ReadOnlySpan<int>)[-1, 1])
            {
                time.Set(right + (sign * off));
                RetentionReport run = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, greedy);
                trials++;
                deleted += run.Deletions;
                Assert.Contains("days", run.ClockProblem, StringComparison.Ordinal);
            }
        }
        time.Set(right);
        for (int i = 0; i < 10; i++)
        {
            deleted += RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: false, greedy).Deletions;
            trials++;
        }
        Assert.Equal(before, Databases(folder));

        // Ten years ahead, and recording went on under that clock: it agrees with itself, and the gap in the weeks gives it away.
        time.Set(right + TimeSpan.FromDays(3_650));
        using (Rig rig = new(folder, time))
        {
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
        }
        RetentionReport jumped = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, greedy);
        Assert.Contains("weeks after the one before", jumped.ClockProblem, StringComparison.Ordinal);
        deleted += jumped.Deletions;
        trials++;
        output.WriteLine($"row 12: {trials} runs with clocks up to 10 years wrong or unverified, {deleted} deletions (seed {Seed})");
        Assert.Equal(0, deleted);
        Assert.All(weeks, week => Assert.True(File.Exists(week)));
    }

    [Fact]
    public void A_right_clock_among_the_same_files_deletes_those_with_backups_only()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 6, out ManualTime time);
        for (int i = 0; i < weeks.Count; i += 2) BackUp(weeks[i], cold);
        RetentionReport run = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options with { DeletionsPerDayMax = 100, KeepWeeks = 1 });
        Assert.Equal("Delete NoBackup Delete NoBackup Delete NoBackup Current", Verdicts(run));
    }

    [Fact]
    public void A_backup_from_the_future_contradicts_the_clock()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string week = BackupFiles.Weeks(folder, 3, out ManualTime time)[0];
        ManualTime later = new(time.GetUtcNow() + TimeSpan.FromDays(400));
        Assert.True(BackupJob.Attempt(week, cold.Path, later, BackupFiles.Quick).IsDone);
        Assert.Equal("ClockContradicted NoBackup Recent Current", Verdicts(RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options)));
    }

    [Fact]
    public void A_cut_between_counting_and_deleting_never_allows_one_more()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 6, out ManualTime time);
        foreach (string week in weeks) BackUp(week, cold);
        foreach (string step in (ReadOnlySpan<string>)["counted", "deleted"])
            Assert.Throws<InvalidOperationException>(() => RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options with { AtStep = at => throw new InvalidOperationException(at) }));
        Assert.Equal(0, RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options).Deletions);
        Assert.True(weeks.Count(File.Exists) >= 4);
        File.WriteAllText(folder.File("retention.txt"), "yesterday, I believe");
        time.Advance(TimeSpan.FromDays(1));
        RetentionReport run = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options);
        Assert.Equal(0, run.Deletions);
        Assert.Contains(run.Entries, entry => entry.Reason.Contains("retention.txt", StringComparison.Ordinal));
    }

    [Fact]
    public void Archives_go_only_when_asked_oldest_first_and_not_while_their_week_is_local()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 6, out ManualTime time);
        string[] archives = [.. weeks.Select(week => BackUp(week, cold))];
        foreach (string week in weeks.Take(4)) File.Delete(week);
        File.Copy(archives[0], cold.File("crypto_2020_01.db.zst")); // Without a manifest it is none of ours.
        RetentionOptions options = Options with { KeepWeeks = 10, DeletionsPerDayMax = 3 };
        Assert.Equal("Recent Recent Current", Verdicts(RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, options)));
        RetentionReport run = RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, options with { KeepArchiveWeeks = 1 });
        Assert.Equal("Recent Recent Current Delete Delete Delete DailyLimit StillLocal Recent", Verdicts(run));
        Assert.Equal(archives.Skip(3), archives.Where(File.Exists));
        Assert.Equal(7, BackupFiles.Names(cold.Path).Length); // Three pairs, and the stranger.
    }

    [Fact]
    public void Two_retentions_never_work_in_one_folder()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        IReadOnlyList<string> weeks = BackupFiles.Weeks(folder, 4, out ManualTime time);
        foreach (string week in weeks) BackUp(week, cold);
        string message = "";
        RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options with
        {
            AtStep = _ => message = Assert.Throws<StorageException>(() => RetentionJob.Run(folder.Path, cold.Path, time, clockVerified: true, Options)).Message,
        });
        Assert.Contains("Another retention", message, StringComparison.Ordinal);
    }

    private static string[] Databases(TestFolder folder) => [.. BackupFiles.Names(folder.Path).Where(name => name.EndsWith(".db", StringComparison.Ordinal))];

    private static string BackUp(string file, TestFolder cold)
    {
        BackupOutcome outcome = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick with { Level = 1 });
        Assert.True(outcome.IsDone, outcome.Sentence);
        return outcome.Archive;
    }

    private static void Flip(string path, int at)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static string Verdicts(RetentionReport report) => string.Join(' ', report.Entries.Select(entry => entry.Verdict));
}
