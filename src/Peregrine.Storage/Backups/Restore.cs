using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>Brings an archive back, under a new name only: nothing that exists is ever written over. An archive is a stranger until it has proved otherwise.</summary>
/// <remarks>
/// No path comes from the archive or its manifest. The archive's hash is compared before a byte of it is decompressed, the output stops at what the manifest
/// names, and the database is opened for its check only after its header was read as plain bytes.
/// </remarks>
public static class Restore
{
    /// <summary>How many times its own size an archive may decompress to, whatever its manifest says. Recordings are at 2 to 10, an empty file at 30.</summary>
    public const long RatioMax = 1_000;

    /// <summary>As <see cref="RatioMax"/>, where there is no manifest.</summary>
    public const long RatioMaxWithoutManifest = 50;

    /// <summary>Left free on the disk beyond what is restored: a recorder may be writing there.</summary>
    private const long RoomBeyond = 64L << 20;

    private const string Partial = ".partial";

    private static readonly string[] SqliteParts = ["-journal", "-wal", "-shm"];

    /// <summary>Checks the archive against its manifest, decompresses it, checks the database, and gives it its name last.</summary>
    /// <param name="archive">A <c>.db.zst</c>, its manifest beside it.</param>
    /// <param name="targetFile">The file to make; it must not exist, its folder must.</param>
    /// <param name="options">What is allowed.</param>
    /// <param name="progress">Called about once per megabyte.</param>
    /// <param name="cancellation">Ends the work with an <see cref="OperationCanceledException"/>; nothing is left behind.</param>
    /// <exception cref="StorageException">The target exists, the disk is too small, or the archive is not what it should be.</exception>
    public static RestoreResult Run(
        string archive, string targetFile, RestoreOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new RestoreOptions();
        ZstdNative.Require();
        string from = Path.GetFullPath(archive);
        string to = Path.GetFullPath(targetFile);
        try
        {
            return Quiet.Run("restore", options.Background, () => Bring(from, to, options, progress ?? (static _ => { }), cancellation));
        }
        catch (Exception error) when (error is UnauthorizedAccessException or (IOException and not StorageException))
        {
            throw new StorageException($"{from} cannot be restored to {to}: {error.Message}", error);
        }
    }

    private static RestoreResult Bring(string archive, string target, RestoreOptions options, Action<BackupProgress> progress, CancellationToken cancellation)
    {
        Pace pace = new(options.BytesPerSecondMax, TimeProvider.System, cancellation);
        RequireFree(target);
        if (!File.Exists(archive)) throw new StorageException($"There is no {archive}.");
        BackupManifest? manifest = ReadManifest(archive, options);
        RequireName(target, manifest, options);
        long length = new FileInfo(archive).Length;
        long total = manifest?.Bytes ?? 0;
        progress(new BackupProgress(BackupStage.Checking, 0, total));
        if (manifest is not null && (length != manifest.ArchiveBytes || BackupJob.HashOf(archive, pace) != manifest.ArchiveSha256))
            throw new StorageException($"{archive} is not the archive that its manifest describes: damaged or exchanged.");
        long bytesMax = BytesMax(archive, target, length, manifest);
        string partial = target + Partial;
        DeletePartial(partial);
        try
        {
            ZstdStream.Summary found = Decompress(archive, partial, bytesMax, pace, bytes => progress(new BackupProgress(BackupStage.Decompressing, bytes, total)));
            if (manifest is not null && (found.WrittenBytes != manifest.Bytes || found.WrittenHash != manifest.Sha256 || found.ReadHash != manifest.ArchiveSha256))
                throw new StorageException($"{archive} does not hold the database that its manifest describes.");
            progress(new BackupProgress(BackupStage.Verifying, found.WrittenBytes, found.WrittenBytes));
            Dictionary<string, long> events = Check(partial, archive, manifest, cancellation);
            RequireFree(target);
            if (!BackupTarget.MoveToFreeName(partial, target)) throw new StorageException($"{target} exists; a restore writes under a new name only.");
            Posix.FlushFolderOf(target);
            progress(new BackupProgress(BackupStage.Done, found.WrittenBytes, found.WrittenBytes));
            return new RestoreResult(target, found.WrittenBytes, events, manifest);
        }
        catch
        {
            DeletePartial(partial);
            throw;
        }
    }

    /// <summary>Neither the file nor what SQLite would take for a part of it: a stale log beside a new file would be read into it.</summary>
    private static void RequireFree(string target)
    {
        if (!Directory.Exists(Path.GetDirectoryName(target))) throw new StorageException($"The folder {Path.GetDirectoryName(target)} does not exist.");
        if (Path.Exists(target)) throw new StorageException($"{target} exists; a restore writes under a new name only.");
        foreach (string part in SqliteParts)
            if (Path.Exists(target + part)) throw new StorageException($"{target}{part} exists and would be taken for a part of the restored file; move it away first.");
    }

    private static BackupManifest? ReadManifest(string archive, RestoreOptions options)
    {
        if (!options.AllowMissingManifest || Path.Exists(BackupManifest.PathOf(archive))) return BackupManifest.Read(archive);
        return null;
    }

    /// <summary>A weekly name makes a file part of a recording: it must be asked for, and be that of the archive's week.</summary>
    private static void RequireName(string target, BackupManifest? manifest, RestoreOptions options)
    {
        string name = Path.GetFileName(target);
        if (!IsoWeek.TryParseFileName(name, out IsoWeek week))
        {
            if (options.AsWeek) throw new StorageException($"{name} is not the name of a weekly file (crypto_YYYY_WW.db), which was asked for.");
            return;
        }
        if (!options.AsWeek)
            throw new StorageException($"{name} is the name of a weekly file: an appliance in that folder would take it for its own recording. Take another name, or ask for just that (--as-week).");
        if (manifest is not null && manifest.Week != week.ToString()) throw new StorageException($"{name} is the name of week {week}, but the archive holds week {manifest.Week}.");
    }

    /// <summary>How much may be written. What a manifest promises must fit before anything is begun; without one, some of the disk stays free in any case.</summary>
    private static long BytesMax(string archive, string target, long length, BackupManifest? manifest)
    {
        long room = BackupTarget.FreeBytes(Path.GetDirectoryName(target)!) - RoomBeyond;
        if (manifest is null) return Math.Min(room, Math.Min(length, long.MaxValue / RatioMaxWithoutManifest) * RatioMaxWithoutManifest);
        if (manifest.Bytes / RatioMax > length)
            throw new StorageException($"{archive} has {length} bytes and its manifest promises {manifest.Bytes}: more than {RatioMax} times as many, which no recording has.");
        return room >= manifest.Bytes
            ? manifest.Bytes
            : throw new StorageException($"{Path.GetDirectoryName(target)} has too little room: this restore needs {manifest.Bytes + RoomBeyond:N0} bytes, {room + RoomBeyond:N0} are free.");
    }

    private static ZstdStream.Summary Decompress(string archive, string partial, long bytesMax, Pace pace, Action<long> progress)
    {
        using FileStream input = BackupJob.OpenForReading(archive);
        using FileStream output = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            ZstdStream.Summary found = ZstdStream.Decompress(input, output, bytesMax, pace, progress);
            output.Flush(flushToDisk: true);
            return found;
        }
        catch (StorageException error)
        {
            throw new StorageException($"{archive}: {error.Message}", error);
        }
    }

    /// <summary>Checks what came out, first as bytes, then as a database, and counts its events.</summary>
    private static Dictionary<string, long> Check(string partial, string archive, BackupManifest? manifest, CancellationToken cancellation)
    {
        RequireHeader(partial, archive);
        try
        {
            using Database database = Database.OpenReadOnly(partial);
            SegmentFile.Recognise(database);
            SegmentFile.RecogniseSchema(database);
            if (manifest is { SchemaVersion: > 0 } && database.QueryInt64("PRAGMA user_version") != manifest.SchemaVersion) throw new StorageException($"{archive} has another schema than its manifest says.");
            if (BackupSource.Damage(database, cancellation) is { } damage) throw new StorageException($"The database in {archive} is damaged: {damage}");
            database.InterruptWhen(() => cancellation.IsCancellationRequested);
            Dictionary<string, long> events = BackupSource.Guarded(() => BackupManifest.Counts(database), cancellation);
            return manifest is null || manifest.HasCounts(events) ? events : throw new StorageException($"The database in {archive} has other counts than its manifest says.");
        }
        catch (StorageException error)
        {
            // The name it was opened under is gone by the time anyone reads this.
            throw new StorageException(error.Message.Replace(partial, $"The database in {archive}", StringComparison.Ordinal), error);
        }
    }

    /// <summary>Refuses by its bytes what SQLite should not even open: another file, or one that wants a log beside it.</summary>
    private static void RequireHeader(string path, string archive)
    {
        Span<byte> header = stackalloc byte[100];
        using FileStream file = BackupJob.OpenForReading(path);
        int length = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (length < header.Length || !header.StartsWith("SQLite format 3\0"u8)) throw new StorageException($"{archive} does not hold a SQLite database.");
        if (header[18] != 1 || header[19] != 1) throw new StorageException($"{archive} holds a database in another journal mode than a sealed file has.");
        int application = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header[68..]);
        if (application != Schema.ApplicationId) throw new StorageException($"{archive} holds a database, but not a recording.");
    }

    private static void DeletePartial(string partial)
    {
        File.Delete(partial);
        foreach (string part in SqliteParts) File.Delete(partial + part);
    }
}
