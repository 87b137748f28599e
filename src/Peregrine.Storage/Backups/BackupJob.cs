using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>What a backup or a restore is doing.</summary>
public enum BackupStage
{
    None = 0,
    Checking = 1,
    Compressing = 2,
    Verifying = 3,
    Decompressing = 4,
    Done = 5,
}

/// <summary>How far a backup or a restore is: bytes of the database done and in all.</summary>
public readonly record struct BackupProgress(BackupStage Stage, long DoneBytes, long TotalBytes);

/// <summary>
/// Brings a sealed database into cold storage: checked, compressed, read back and compared, and only then given its name. May be cut at any point and
/// run again; one that is already there and whole is left as it is.
/// </summary>
/// <remarks>
/// The archive is compared by the hash of what it decompresses to, which must be that of the file, which in turn passed SQLite's integrity check:
/// that proves the copy without room for a second one.
/// </remarks>
public static class BackupJob
{
    public const string Extension = ".zst";
    internal const string Partial = ".partial";

    /// <summary>Backs a file up and returns its manifest. For a thread of its own: it reads and writes gigabytes.</summary>
    /// <param name="sealedFile">A weekly file that the pool has sealed.</param>
    /// <param name="targetDirectory">Cold storage: any folder; made where it does not exist.</param>
    /// <param name="time">For the manifest.</param>
    /// <param name="level">zstd's level, 1 to 19.</param>
    /// <param name="progress">Called about once per megabyte.</param>
    /// <param name="cancellation">Ends the work with an <see cref="OperationCanceledException"/>; nothing is left behind.</param>
    /// <exception cref="StorageException">The file is live or damaged, zstd is not installed, or the target refuses.</exception>
    public static BackupManifest Run(
        string sealedFile, string targetDirectory, TimeProvider time, int level = 3, Action<BackupProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 19);
        ZstdNative.Require();
        string name = Path.GetFileName(sealedFile);
        if (!IsoWeek.TryParseFileName(name, out IsoWeek week)) throw new StorageException($"{sealedFile} is not named like a weekly file (crypto_YYYY_WW.db).");
        if (!File.Exists(sealedFile)) throw new StorageException($"There is no {sealedFile}.");
        if (!SegmentFile.IsSealed(sealedFile)) throw new StorageException($"{sealedFile} is not sealed: it may still change.");
        Directory.CreateDirectory(targetDirectory);
        string archive = Path.Combine(targetDirectory, name + Extension);
        string partial = archive + Partial;
        File.Delete(partial); // Half a file is redone, not trusted.
        long total = new FileInfo(sealedFile).Length;

        progress?.Invoke(new BackupProgress(BackupStage.Checking, 0, total));
        if (Existing(sealedFile, archive) is { } done)
        {
            progress?.Invoke(new BackupProgress(BackupStage.Done, total, total));
            return done;
        }
        Dictionary<string, long> events = CheckSource(sealedFile);
        try
        {
            ZstdStream.Summary written = Compress(sealedFile, partial, level, bytes => progress?.Invoke(new BackupProgress(BackupStage.Compressing, bytes, total)), cancellation);
            Posix.Flush(partial);
            Verify(partial, written, bytes => progress?.Invoke(new BackupProgress(BackupStage.Verifying, bytes, total)), cancellation);
            BackupManifest manifest = new()
            {
                Format = 1,
                File = name,
                Week = week.ToString(),
                Bytes = written.ReadBytes,
                Sha256 = written.ReadHash,
                Archive = Path.GetFileName(archive),
                ArchiveBytes = written.WrittenBytes,
                ArchiveSha256 = written.WrittenHash,
                Level = level,
                Events = events,
                Created = time.GetUtcNow(),
            };
            File.Delete(BackupManifest.PathOf(archive)); // The manifest of an older attempt must not speak for the new archive.
            File.Move(partial, archive, overwrite: true);
            Posix.FlushFolderOf(archive);
            WriteManifest(archive, manifest);
            progress?.Invoke(new BackupProgress(BackupStage.Done, total, total));
            return manifest;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static BackupManifest? Existing(string sealedFile, string archive)
    {
        if (!File.Exists(archive) || !File.Exists(BackupManifest.PathOf(archive))) return null;
        try
        {
            BackupManifest manifest = BackupManifest.Read(archive);
            return manifest.ArchiveSha256 == HashOf(archive) && manifest.Sha256 == HashOf(sealedFile) ? manifest : null;
        }
        catch (StorageException)
        {
            return null; // Made anew.
        }
    }

    private static Dictionary<string, long> CheckSource(string path)
    {
        using Database database = Database.OpenReadOnly(path);
        SegmentFile.Recognise(database);
        string integrity = SegmentFile.Check(database, quick: false, TimeProvider.System, budget: null);
        if (integrity != "ok") throw new StorageException($"{path} is damaged and cannot be backed up as a recording: {integrity}");
        return DatabaseStatus.Counts(database)
            .GroupBy(static count => Common.Events.EventKinds.Text(count.Kind), StringComparer.Ordinal)
            .ToDictionary(static kind => kind.Key, static kind => kind.Sum(static count => count.Count), StringComparer.Ordinal);
    }

    private static ZstdStream.Summary Compress(string source, string partial, int level, Action<long> progress, CancellationToken cancellation)
    {
        using FileStream input = OpenForReading(source);
        using FileStream output = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        return ZstdStream.Compress(input, output, level, progress, cancellation);
    }

    private static void Verify(string partial, ZstdStream.Summary expected, Action<long> progress, CancellationToken cancellation)
    {
        using FileStream input = OpenForReading(partial);
        ZstdStream.Summary found = ZstdStream.Decompress(input, Stream.Null, expected.ReadBytes, progress, cancellation);
        if (found.WrittenHash != expected.ReadHash || found.ReadHash != expected.WrittenHash) throw new StorageException($"{partial} does not decompress to what was compressed: the target or the memory is faulty.");
    }

    private static void WriteManifest(string archive, BackupManifest manifest)
    {
        string path = BackupManifest.PathOf(archive);
        string partial = path + Partial;
        File.WriteAllText(partial, manifest.ToJson());
        Posix.Flush(partial);
        File.Move(partial, path, overwrite: true);
        Posix.FlushFolderOf(path);
    }

    internal static FileStream OpenForReading(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);

    internal static string HashOf(string path)
    {
        using FileStream file = OpenForReading(path);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));
    }
}
