using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

public sealed class RestoreBitFlipTests(ITestOutputHelper output)
{
    /// <summary>Scorecard row 7, for archives and manifests: a flipped bit is found, or changes nothing of the database that comes back.</summary>
    [Fact]
    public void A_flipped_bit_in_an_archive_or_its_manifest_never_gives_a_bad_database()
    {
        const int Seed = 7;
        const int Trials = 150;
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder, events: 1_500);
        string hash = BackupFiles.HashOf(file);
        string archive = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick).Archive;
        Random random = new(Seed);
        int found = 0, harmless = 0, silent = 0;
        for (int trial = 0; trial < 2 * Trials; trial++)
        {
            string victim = trial % 2 == 0 ? archive : BackupManifest.PathOf(archive);
            bool withoutManifest = trial % 8 == 4;
            byte[] good = File.ReadAllBytes(victim);
            byte[] bad = [.. good];
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(victim, bad);
            byte[] manifest = File.ReadAllBytes(BackupManifest.PathOf(archive));
            if (withoutManifest) File.Delete(BackupManifest.PathOf(archive)); // Then only zstd's checksum and SQLite's check stand between.
            string back = cold.File("back");
            try
            {
                Restore.Run(archive, back, new RestoreOptions { AllowMissingManifest = withoutManifest });
                if (BackupFiles.HashOf(back) == hash) harmless++;
                else silent++;
                File.Delete(back);
            }
            catch (StorageException)
            {
                found++;
            }
            Assert.DoesNotContain(BackupFiles.Names(cold.Path), name => name.StartsWith("back", StringComparison.Ordinal));
            File.WriteAllBytes(BackupManifest.PathOf(archive), manifest);
            File.WriteAllBytes(victim, good);
        }
        output.WriteLine($"row 7 (archives, manifests): {2 * Trials} bit flips, {found} found, {harmless} harmless, {silent} silent bad restores (seed {Seed})");
        Assert.Equal(0, silent);
        Assert.True(found >= Trials, "Flips in the archive are all found.");
        Restore.Run(archive, cold.File("back"));
    }

    [Fact]
    public void A_backup_with_a_flipped_bit_is_found_by_the_next_run_and_made_anew()
    {
        const int Seed = 77;
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder, events: 1_500);
        string archive = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick).Archive;
        string hash = BackupFiles.HashOf(archive);
        Random random = new(Seed);
        for (int trial = 0; trial < 20; trial++)
        {
            byte[] bytes = File.ReadAllBytes(archive);
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(archive, bytes);
            BackupOutcome again = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick);
            Assert.Equal((BackupVerdict.Written, hash), (again.Verdict, BackupFiles.HashOf(archive)));
        }
    }
}
