using Peregrine.Storage.Backups;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

public sealed class BackupTests
{
    [Fact]
    public void A_sealed_file_goes_to_cold_storage_and_comes_back()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = SealedFile(folder);
        List<BackupProgress> progress = [];
        BackupManifest manifest = BackupJob.Run(file, cold.Path, Rig.Clock(), 3, progress.Add);

        Assert.Equal(["crypto_2026_47.db.zst", "crypto_2026_47.db.zst.json"], BackupFiles.Names(cold.Path));
        Assert.Equal(4_000, manifest.Events["trade"]);
        Assert.True(manifest.ArchiveBytes < manifest.Bytes / 2);
        Assert.Equal(BackupStage.Done, progress[^1].Stage);
        Assert.Equal(manifest.ToJson(), BackupManifest.Read(cold.File("crypto_2026_47.db.zst")).ToJson());

        RestoreResult restored = Restore.Run(cold.File("crypto_2026_47.db.zst"), folder.File("back.db"));
        Assert.Equal(manifest.Sha256, restored.Manifest?.Sha256);
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(folder.File("back.db")));
        Collector played = new();
        Assert.Equal(4_000, Recording.Open(folder.File("back.db")).Play(played));
    }

    [Fact]
    public void One_that_is_there_and_whole_is_left_and_a_half_one_is_redone()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = SealedFile(folder);
        File.WriteAllText(cold.File("crypto_2026_47.db.zst.partial"), "half");
        string first = BackupJob.Run(file, cold.Path, Rig.Clock()).ToJson();
        DateTime written = File.GetLastWriteTimeUtc(cold.File("crypto_2026_47.db.zst"));
        Assert.Equal(first, BackupJob.Run(file, cold.Path, TimeProvider.System).ToJson());
        Assert.Equal(written, File.GetLastWriteTimeUtc(cold.File("crypto_2026_47.db.zst")));

        File.Delete(cold.File("crypto_2026_47.db.zst.json")); // Cut between the archive's name and its manifest.
        Assert.Equal(first, BackupJob.Run(file, cold.Path, Rig.Clock()).ToJson());
        byte[] archive = File.ReadAllBytes(cold.File("crypto_2026_47.db.zst"));
        archive[archive.Length / 2] ^= 1;
        File.WriteAllBytes(cold.File("crypto_2026_47.db.zst"), archive); // And one that rotted.
        Assert.Equal(first, BackupJob.Run(file, cold.Path, Rig.Clock()).ToJson());
        Assert.Equal(["crypto_2026_47.db.zst", "crypto_2026_47.db.zst.json"], BackupFiles.Names(cold.Path));
    }

    [Fact]
    public void What_is_cancelled_leaves_no_file()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = SealedFile(folder);
        foreach (BackupStage stage in (ReadOnlySpan<BackupStage>)[BackupStage.Compressing, BackupStage.Verifying])
        {
            using CancellationTokenSource cancel = new();
            Assert.ThrowsAny<OperationCanceledException>(() => BackupJob.Run(file, cold.Path, Rig.Clock(), 1, at =>
            {
                if (at.Stage == stage) cancel.Cancel();
            }, cancel.Token));
            Assert.Empty(BackupFiles.Names(cold.Path));
        }
    }

    [Fact]
    public void A_live_or_damaged_file_is_not_backed_up()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        using (Rig rig = new(folder, Rig.Clock()))
            Assert.Contains("not sealed", Assert.Throws<StorageException>(() => BackupJob.Run(rig.Pool.CurrentPath, cold.Path, Rig.Clock())).Message, StringComparison.Ordinal);
        using TestFolder other = new();
        string file = SealedFile(other);
        byte[] bytes = File.ReadAllBytes(file);
        new Random(1).NextBytes(bytes.AsSpan(bytes.Length / 2, 8192));
        File.WriteAllBytes(file, bytes);
        Assert.Throws<StorageException>(() => BackupJob.Run(file, cold.Path, Rig.Clock()));
        Assert.Empty(BackupFiles.Names(cold.Path));
    }

    [Fact]
    public void A_restore_never_writes_over_anything_and_refuses_what_is_not_as_described()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = SealedFile(folder);
        BackupJob.Run(file, cold.Path, Rig.Clock());
        string archive = cold.File("crypto_2026_47.db.zst");
        Assert.Contains("exists", Assert.Throws<StorageException>(() => Restore.Run(archive, file)).Message, StringComparison.Ordinal);

        byte[] good = File.ReadAllBytes(archive);
        byte[] bad = [.. good];
        bad[bad.Length / 3] ^= 4;
        File.WriteAllBytes(archive, bad);
        Assert.Throws<StorageException>(() => Restore.Run(archive, folder.File("new.db")));
        File.WriteAllBytes(archive, good);

        BackupManifest manifest = BackupManifest.Read(archive);
        File.WriteAllText(BackupManifest.PathOf(archive), (manifest with { Bytes = manifest.Bytes - 4096 }).ToJson());
        Assert.Contains("more than", Assert.Throws<StorageException>(() => Restore.Run(archive, folder.File("new.db"))).Message, StringComparison.Ordinal);
        File.WriteAllText(BackupManifest.PathOf(archive), "{}");
        Assert.Throws<StorageException>(() => Restore.Run(archive, folder.File("new.db")));
        File.Delete(BackupManifest.PathOf(archive));
        Assert.Throws<StorageException>(() => Restore.Run(archive, folder.File("new.db")));
        Assert.Empty(Directory.GetFiles(folder.Path, "new.db*"));
    }

    [Fact]
    public void A_database_with_a_trigger_is_not_restored()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = SealedFile(folder);
        using (Database database = Database.OpenReadWrite(file)) database.Execute("CREATE TRIGGER t AFTER INSERT ON trade BEGIN DELETE FROM gap; END");
        BackupJob.Run(file, cold.Path, Rig.Clock());
        StorageException error = Assert.Throws<StorageException>(() => Restore.Run(cold.File("crypto_2026_47.db.zst"), folder.File("new.db")));
        Assert.Contains("other tables or views", error.Message, StringComparison.Ordinal);
    }

    private static string SealedFile(TestFolder folder)
    {
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        for (int i = 0; i < 4_000; i++)
        {
            rig.PublishTrade(time.Nanos, i);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }
        rig.Recorder.Drain();
        time.Advance(TimeSpan.FromDays(7));
        rig.PublishTrade(time.Nanos, 4_000);
        rig.Recorder.Drain();
        return Assert.Single(rig.Sealed);
    }
}
