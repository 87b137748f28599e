using System.Diagnostics;
using System.Globalization;

using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

public sealed class BackupTargetTests
{
    [Fact]
    public void A_folder_that_does_not_exist_is_gone_rather_than_made()
    {
        using TestFolder folder = new();
        string file = BackupFiles.Sealed(folder, events: 200);
        string missing = folder.File("stick/backups");
        BackupOutcome outcome = BackupJob.Attempt(file, missing, Rig.Clock(), BackupFiles.Quick);
        Assert.Equal((BackupVerdict.TargetGone, false, null), (outcome.Verdict, outcome.IsDone, outcome.Manifest));
        Assert.Contains("is the disk mounted", outcome.Sentence, StringComparison.Ordinal);
        Assert.False(Directory.Exists(missing));
        Assert.True(BackupJob.Attempt(file, missing, Rig.Clock(), BackupFiles.Quick with { CreateTarget = true }).IsDone);
    }

    [Fact]
    public void The_pause_before_the_next_attempt_doubles_up_to_six_hours()
    {
        using TestFolder folder = new();
        string file = BackupFiles.Sealed(folder, events: 200);
        double[] minutes = [.. Enumerable.Range(0, 12).Select(failed => BackupJob.Attempt(file, folder.File("none"), Rig.Clock(), BackupFiles.Quick with { FailedBefore = failed }).RetryAfter.TotalMinutes)];
        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360], minutes);
        Assert.Equal(TimeSpan.FromHours(6), BackupOutcome.PauseAfter(int.MaxValue));
    }

    [Theory] // As a stick is pulled out: the folder goes while the step is taken.
    [InlineData(BackupSteps.Cleaned)]
    [InlineData(BackupSteps.PartialCreated)]
    [InlineData(BackupSteps.Compressing)]
    [InlineData(BackupSteps.PartialFlushed)]
    [InlineData(BackupSteps.ReadBack)]
    [InlineData(BackupSteps.Verified)]
    [InlineData(BackupSteps.Renamed)]
    [InlineData(BackupSteps.ManifestWritten)]
    public void A_target_that_vanishes_midway_is_reported_and_the_backup_made_once_it_is_back(string step)
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder, events: 600);
        string hash = BackupFiles.HashOf(file);
        string target = cold.File("stick");
        Directory.CreateDirectory(target);
        BackupOutcome outcome = BackupJob.Attempt(file, target, Rig.Clock(), BackupFiles.Quick with
        {
            AtStep = at =>
            {
                if (at == step) Directory.Delete(target, recursive: true);
            },
        });
        Assert.Equal((BackupVerdict.TargetGone, TimeSpan.FromMinutes(1)), (outcome.Verdict, outcome.RetryAfter));
        Assert.False(Directory.Exists(target));
        Assert.Equal(hash, BackupFiles.HashOf(file));
        Directory.CreateDirectory(target);
        Assert.Equal(BackupVerdict.Written, BackupJob.Attempt(file, target, Rig.Clock(), BackupFiles.Quick).Verdict);
    }

    [Fact]
    public void A_full_target_is_refused_before_the_start_or_found_midway_and_nothing_stays_there()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        Assert.SkipUnless(Mount(cold.Path, "size=4m"), "only root may mount a small file system");
        try
        {
            string file = BackupFiles.Sealed(folder, events: 12_000);
            string hash = BackupFiles.HashOf(file);
            long size = new FileInfo(file).Length;
            Assert.InRange(size, 500_000, 1_900_000);
            string ballast = cold.File("ballast");
            File.WriteAllBytes(ballast, new byte[2_400_000]);
            BackupOutcome refused = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick);
            Assert.Equal(BackupVerdict.TargetFull, refused.Verdict);
            Assert.Equal(["ballast"], BackupFiles.Names(cold.Path));
            File.Delete(ballast);

            // Someone else fills it while we are at it: at the first piece, and when only the manifest is missing.
            foreach (string step in (ReadOnlySpan<string>)[BackupSteps.PartialCreated, BackupSteps.FolderFlushed])
            {
                BackupOutcome full = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick with
                {
                    AtStep = at =>
                    {
                        if (at == step) Fill(ballast);
                    },
                });
                Assert.True(full.Verdict == BackupVerdict.TargetFull, $"{step}: {full.Sentence}");
                Assert.DoesNotContain(BackupFiles.Names(cold.Path), name => name.EndsWith(".partial", StringComparison.Ordinal) || name.EndsWith(".json", StringComparison.Ordinal));
                File.Delete(ballast);
            }
            Assert.Equal(hash, BackupFiles.HashOf(file));
            BackupOutcome done = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick);
            Assert.Equal((BackupVerdict.Written, "copy"), (done.Verdict, done.Manifest!.Proof));

            // Room for the archive, not for a copy beside it: the source is checked instead. (What the start asks for is there until the archive is begun.)
            File.Delete(done.Archive);
            BackupOutcome streamed = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick with
            {
                AtStep = at =>
                {
                    if (at == BackupSteps.PartialFlushed) File.WriteAllBytes(ballast, new byte[2_400_000]);
                },
            });
            Assert.Equal((BackupVerdict.Written, "stream"), (streamed.Verdict, streamed.Manifest?.Proof));
            Assert.Equal(BackupVerdict.TargetFull, BackupJob.AttemptLive(file, cold.Path, Rig.Clock(), BackupFiles.Quick).Verdict);
            Assert.Equal(["ballast", BackupFiles.ArchiveName, BackupFiles.ArchiveName + ".json"], BackupFiles.Names(cold.Path));
        }
        finally
        {
            Assert.True(Run("umount", cold.Path));
        }
    }

    [Fact]
    public void A_read_only_target_is_named_as_such()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        Assert.SkipUnless(Mount(cold.Path, "size=1m,ro"), "only root may mount a small file system");
        try
        {
            BackupOutcome outcome = BackupJob.Attempt(BackupFiles.Sealed(folder, events: 200), cold.Path, Rig.Clock(), BackupFiles.Quick);
            Assert.Equal(BackupVerdict.TargetReadOnly, outcome.Verdict);
            Assert.Contains("may not be written", outcome.Sentence, StringComparison.Ordinal);
        }
        finally
        {
            Assert.True(Run("umount", cold.Path));
        }
    }

    [Fact]
    public void Two_backups_never_write_into_one_folder_at_a_time()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder, events: 200);
        using FileStream held = new(cold.File(".backup.lock"), FileMode.Create, FileAccess.Write, FileShare.None); // As another process would.
        BackupOutcome busy = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick);
        Assert.Equal(BackupVerdict.Busy, busy.Verdict);
        List<BackupStage> stages = [];
        BackupOutcome waited = BackupJob.Attempt(file, cold.Path, TimeProvider.System, BackupFiles.Quick with { WaitForOthers = TimeSpan.FromMinutes(1) }, at =>
        {
            stages.Add(at.Stage);
            if (at.Stage == BackupStage.Waiting && stages.Count == 1) held.Dispose();
        });
        Assert.Equal((BackupVerdict.Written, BackupStage.Waiting), (waited.Verdict, stages[0]));
    }

    [Fact]
    public void An_intact_archive_of_another_file_of_the_same_week_keeps_its_name()
    {
        using TestFolder folder = new();
        using TestFolder other = new();
        using TestFolder cold = new();
        string first = BackupFiles.Sealed(folder, events: 200, seed: 1);
        string second = BackupFiles.Sealed(other, events: 200, seed: 2);
        BackupOutcome one = BackupJob.Attempt(first, cold.Path, Rig.Clock(), BackupFiles.Quick);
        BackupOutcome two = BackupJob.Attempt(second, cold.Path, Rig.Clock(), BackupFiles.Quick);
        Assert.Equal($"crypto_2026_47.{BackupFiles.HashOf(second)[..8]}.db.zst", Path.GetFileName(two.Archive));
        foreach ((string file, BackupOutcome outcome) in ((string, BackupOutcome)[])[(first, one), (second, two)])
        {
            BackupOutcome again = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick);
            Assert.Equal((BackupVerdict.AlreadyThere, outcome.Archive), (again.Verdict, again.Archive));
            Restore.Run(outcome.Archive, cold.File("back"));
            Assert.Equal(BackupFiles.HashOf(file), BackupFiles.HashOf(cold.File("back")));
            File.Delete(cold.File("back"));
        }
    }

    [Fact]
    public void The_work_has_the_lowest_priority_and_the_callers_thread_keeps_its_own()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "priorities of threads are Linux's");
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder, events: 3_000);
        int before = NiceOfThisThread();
        List<(string Step, int Nice, string Io)> seen = [];
        BackupOutcome outcome = BackupJob.Attempt(file, cold.Path, TimeProvider.System, BackupFiles.Quick with
        {
            Background = true, Threads = 2, AtStep = at => seen.Add((at, NiceOfThisThread(), IoClassOfThisThread())),
        });
        Assert.True(outcome.IsDone, outcome.Sentence);
        Assert.All(seen, at => Assert.Equal(19, at.Nice));
        Assert.All(seen, at => Assert.True(at.Io is "idle" or "unknown", at.Io));
        Assert.Equal(before, NiceOfThisThread());
        Assert.Equal(BackupSteps.All, seen.Select(at => at.Step).Distinct());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 65)]
    [InlineData(20, 0)]
    [InlineData(3, -1)]
    public void Impossible_options_are_refused_before_anything_is_touched(int level, int threads)
    {
        using TestFolder folder = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => BackupJob.Attempt(folder.File("x"), folder.Path, Rig.Clock(), new BackupOptions { Level = level, Threads = threads }));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_pace_is_kept()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder, events: 6_000);
        long began = Stopwatch.GetTimestamp();
        BackupOutcome outcome = BackupJob.Attempt(file, cold.Path, TimeProvider.System, BackupFiles.Quick with { BytesPerSecondMax = 1 << 20 });
        // The database is read once and the archive once.
        double least = (double)(outcome.Manifest!.Bytes + outcome.Manifest.ArchiveBytes) / (1 << 20);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, least * 0.95, (least * 1.5) + 10);
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(100)); // And a wait for the pace ends with a cancellation.
        using TestFolder another = new();
        Assert.ThrowsAny<OperationCanceledException>(() => BackupJob.Attempt(file, another.Path, TimeProvider.System, BackupFiles.Quick with { BytesPerSecondMax = 1_000 }, null, cancel.Token));
        Assert.Empty(BackupFiles.Names(another.Path));
    }

    private static void Fill(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] piece = new byte[4096];
        try
        {
            while (true) file.Write(piece);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static int NiceOfThisThread()
    {
        string text = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }

    private static string IoClassOfThisThread()
    {
        string thread = Path.GetFileName(new FileInfo("/proc/thread-self").LinkTarget ?? "");
        try
        {
            ProcessStartInfo start = new("ionice", ["-p", thread]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process child = Process.Start(start)!;
            string text = child.StandardOutput.ReadToEnd().Trim();
            child.WaitForExit();
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown"; // No ionice here.
        }
    }

    private static bool Mount(string folder, string options) => OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            child.WaitForExit();
            return child.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
