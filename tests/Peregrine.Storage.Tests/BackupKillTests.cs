using System.Diagnostics;

using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

public sealed class BackupKillTests(ITestOutputHelper output)
{
    private const int Killed = 137; // 128 + SIGKILL

    private static readonly string[] Replacing = [BackupSteps.PartialFlushed, BackupSteps.Verified, BackupSteps.OldManifestRemoved, BackupSteps.Renamed, BackupSteps.ManifestWritten];

    /// <summary>Scorecard row 5.</summary>
    [Fact]
    public void A_backup_that_is_killed_at_any_step_never_leaves_a_bad_archive_and_the_next_one_completes()
    {
        const int Seed = 5;
        using TestFolder folder = new();
        string file = BackupFiles.Sealed(folder, events: 10_000);
        string hash = BackupFiles.HashOf(file);
        Random random = new(Seed);
        int kills = 0;
        List<string> failures = [];
        foreach (string step in BackupSteps.All)
        {
            // Onto an empty folder; and at the steps where it matters, onto one whose archive has rotted and is to be replaced.
            foreach (bool replaces in Replacing.Contains(step) ? (ReadOnlySpan<bool>)[false, true] : [false])
            {
                using TestFolder cold = new();
                string rotten = replaces ? LeaveRottenArchive(file, cold) : "";
                int ended = ChildBackup.Run(file, cold.Path, step, passes: 0);
                if (ended != Killed) failures.Add($"{step}: the child ended with {ended}, it was not killed there");
                kills++;
                Judge(step, cold, file, hash, rotten, failures);
            }
        }
        for (int i = 0; i < 3; i++) // And at any instant, whatever it is doing.
        {
            using TestFolder cold = new();
            using (Process child = ChildBackup.Start(file, cold.Path, "nowhere", 0))
            {
                child.WaitForExit(random.Next(60, 400));
                child.Kill();
                child.WaitForExit();
            }
            kills++;
            Judge("anywhere", cold, file, hash, "", failures);
        }
        output.WriteLine($"row 5: {kills} kill -9 during backup over {BackupSteps.All.Count} steps, {failures.Count} failures (seed {Seed})");
        Assert.Empty(failures);
        Assert.Equal(hash, BackupFiles.HashOf(file));
    }

    [Fact]
    public void A_live_backup_that_is_killed_leaves_nothing_that_the_next_one_does_not_remove()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        using Rig rig = new(folder, Rig.Clock());
        for (int i = 0; i < 2_000; i++) rig.PublishTrade(rig.Time.Nanos, i);
        rig.Recorder.Drain();
        foreach (string step in (ReadOnlySpan<string>)[BackupSteps.SnapshotWritten, BackupSteps.Compressed, BackupSteps.ReadBack])
        {
            Assert.Equal(Killed, ChildBackup.Run(rig.Pool.CurrentPath, cold.Path, step, 0, isLive: true));
            Assert.Contains(BackupFiles.Names(cold.Path), name => name.EndsWith(".check", StringComparison.Ordinal));
            Assert.DoesNotContain(BackupFiles.Names(cold.Path), name => name.EndsWith(".zst", StringComparison.Ordinal));
        }
        BackupOutcome outcome = BackupJob.AttemptLive(rig.Pool.CurrentPath, cold.Path, TimeProvider.System, BackupFiles.Quick);
        Assert.Equal(BackupVerdict.Written, outcome.Verdict);
        Assert.Equal([Path.GetFileName(outcome.Archive), Path.GetFileName(outcome.Archive) + ".json"], BackupFiles.Names(cold.Path));
    }

    /// <summary>Returns its hash.</summary>
    private static string LeaveRottenArchive(string file, TestFolder cold)
    {
        Assert.True(BackupJob.Attempt(file, cold.Path, TimeProvider.System, BackupFiles.Quick).IsDone);
        string archive = cold.File(BackupFiles.ArchiveName);
        byte[] bytes = File.ReadAllBytes(archive);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(archive, bytes);
        return BackupFiles.HashOf(archive);
    }

    private static void Judge(string step, TestFolder cold, string file, string hash, string rotten, List<string> failures)
    {
        string archive = cold.File(BackupFiles.ArchiveName);
        // The archive that was damaged on purpose stands until the new one takes its place.
        if (File.Exists(archive) && BackupFiles.HashOf(archive) != rotten)
        {
            try
            {
                string restored = cold.File("restored");
                Restore.Run(archive, restored, new RestoreOptions { AllowMissingManifest = true });
                if (BackupFiles.HashOf(restored) != hash) failures.Add($"{step}: the archive holds something else");
                File.Delete(restored);
            }
            catch (StorageException error)
            {
                failures.Add($"{step}: a final name with bad content: {error.Message}");
            }
        }
        BackupOutcome next = BackupJob.Attempt(file, cold.Path, TimeProvider.System, BackupFiles.Quick);
        if (!next.IsDone) failures.Add($"{step}: the next run ended with {next.Verdict}");
        if (!BackupFiles.Names(cold.Path).SequenceEqual([BackupFiles.ArchiveName, BackupFiles.ArchiveName + ".json"])) failures.Add($"{step}: left over: {string.Join(", ", BackupFiles.Names(cold.Path))}");
        if (BackupManifest.Read(archive) is var manifest && (manifest.Sha256 != hash || manifest.ArchiveSha256 != BackupFiles.HashOf(archive))) failures.Add($"{step}: the manifest is of something else");
    }
}
