using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>Brings an archive back, under a new name only: nothing that exists is ever written over.</summary>
public static class Restore
{
    /// <summary>Checks the archive against its manifest, decompresses it, checks the database, and gives it its name last.</summary>
    /// <param name="archive">A <c>.db.zst</c> with its manifest beside it.</param>
    /// <param name="targetFile">The file to make; it must not exist.</param>
    /// <param name="progress">Called about once per megabyte.</param>
    /// <param name="cancellation">Ends the work with an <see cref="OperationCanceledException"/>; nothing is left behind.</param>
    /// <exception cref="StorageException">The target exists, or the archive is not what its manifest says.</exception>
    public static BackupManifest Run(string archive, string targetFile, Action<BackupProgress>? progress = null, CancellationToken cancellation = default)
    {
        ZstdNative.Require();
        if (Path.Exists(targetFile)) throw new StorageException($"{targetFile} exists; a restore writes under a new name only.");
        BackupManifest manifest = BackupManifest.Read(archive);
        progress?.Invoke(new BackupProgress(BackupStage.Checking, 0, manifest.Bytes));
        if (!File.Exists(archive)) throw new StorageException($"There is no {archive}.");
        if (BackupJob.HashOf(archive) != manifest.ArchiveSha256) throw new StorageException($"{archive} is not the archive that its manifest describes: damaged or exchanged.");
        string partial = targetFile + BackupJob.Partial;
        File.Delete(partial);
        try
        {
            Decompress(archive, partial, manifest, bytes => progress?.Invoke(new BackupProgress(BackupStage.Decompressing, bytes, manifest.Bytes)), cancellation);
            Posix.Flush(partial);
            progress?.Invoke(new BackupProgress(BackupStage.Verifying, manifest.Bytes, manifest.Bytes));
            Check(partial);
            File.Move(partial, targetFile, overwrite: false);
            Posix.FlushFolderOf(targetFile);
            progress?.Invoke(new BackupProgress(BackupStage.Done, manifest.Bytes, manifest.Bytes));
            return manifest;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static void Decompress(string archive, string partial, BackupManifest manifest, Action<long> progress, CancellationToken cancellation)
    {
        using FileStream input = BackupJob.OpenForReading(archive);
        using FileStream output = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        ZstdStream.Summary found = ZstdStream.Decompress(input, output, manifest.Bytes, progress, cancellation);
        if (found.WrittenBytes != manifest.Bytes || found.WrittenHash != manifest.Sha256) throw new StorageException($"{archive} does not hold the database that its manifest describes.");
    }

    private static void Check(string partial)
    {
        using Database database = Database.OpenReadOnly(partial);
        SegmentFile.Recognise(database);
        SegmentFile.RecogniseSchema(database);
        string integrity = SegmentFile.Check(database, quick: false, TimeProvider.System, budget: null);
        if (integrity != "ok") throw new StorageException($"The restored database is damaged: {integrity}");
    }
}
