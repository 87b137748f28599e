using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>The way of one quiet database into the target folder, step by step.</summary>
internal sealed class BackupPipeline(BackupSource source, TimeProvider time, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellation)
{
    /// <summary>For the manifest, and so that the target is not filled to its last byte.</summary>
    private const long RoomBeyond = 1L << 20;

    private readonly Pace _pace = new(options.BytesPerSecondMax, time, cancellation);
    private readonly long _total = source.Bytes;

    internal BackupOutcome Run(string folder)
    {
        using BackupTarget target = BackupTarget.Take(folder, options, time, () => Report(BackupStage.Waiting, 0), cancellation);
        return Run(target);
    }

    internal BackupOutcome Run(BackupTarget target)
    {
        AtStep(BackupSteps.Begun);
        if (!source.IsLive) target.Clean();
        AtStep(BackupSteps.Cleaned);
        Report(BackupStage.Checking, 0);
        (string archive, BackupManifest? done) = Locate(target.Folder);
        if (done is not null)
        {
            Report(BackupStage.Done, _total);
            return new BackupOutcome(BackupVerdict.AlreadyThere, $"{archive} is there already and whole.", archive, done, TimeSpan.Zero);
        }
        target.RequireRoom(_total + RoomBeyond);
        string partial = archive + BackupTarget.Partial;
        string copy = archive + BackupTarget.Copy;
        try
        {
            BackupManifest manifest = Make(archive, partial, copy);
            Publish(target, archive, partial, manifest);
            Report(BackupStage.Done, _total);
            return new BackupOutcome(BackupVerdict.Written, $"{archive} was written and proved.", archive, manifest, TimeSpan.Zero);
        }
        catch
        {
            BackupTarget.TryDelete(partial);
            BackupTarget.TryDelete(copy);
            BackupTarget.TryDelete(BackupManifest.PathOf(archive) + BackupTarget.Partial);
            throw;
        }
    }

    /// <summary>Makes the archive under its partial name and proves it.</summary>
    private BackupManifest Make(string archive, string partial, string copy)
    {
        (long, DateTime) stamp = source.Stamp;
        (int schemaVersion, Dictionary<string, long> events) = source.Count(cancellation);
        ZstdStream.Summary written;
        using (FileStream input = BackupJob.OpenForReading(source.Path))
        using (FileStream output = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            AtStep(BackupSteps.PartialCreated);
            written = ZstdStream.Compress(input, output, options.Level, options.Threads, _pace, bytes =>
            {
                AtStep(BackupSteps.Compressing);
                Report(BackupStage.Compressing, bytes);
            });
            AtStep(BackupSteps.Compressed);
            output.Flush(flushToDisk: true);
            Quiet.Forget(output); // So that what is read back comes from the disk.
        }
        if (source.Stamp != stamp) throw new StorageException($"{source.Path} changed while it was backed up: it is not as sealed as it looks.");
        AtStep(BackupSteps.PartialFlushed);
        (string proof, string archiveHash) = Prove(partial, copy, written, events);
        AtStep(BackupSteps.Verified);
        return new BackupManifest
        {
            Format = 1,
            File = source.FileName,
            Week = source.Week.ToString(),
            Live = source.IsLive,
            Bytes = written.ReadBytes,
            Sha256 = written.ReadHash,
            Archive = Path.GetFileName(archive),
            ArchiveBytes = written.WrittenBytes,
            ArchiveSha256 = archiveHash,
            Level = options.Level,
            SchemaVersion = schemaVersion,
            Proof = proof,
            MadeWith = BackupJob.MadeWith,
            Events = events,
            Created = time.GetUtcNow(),
        };
    }

    /// <summary>
    /// Decompresses the archive beside it and lets SQLite check and count the result. Where there is no room for that, or the folder is no place for a
    /// database, the content's hash must be that of the source, and the source itself is checked.
    /// </summary>
    private (string Proof, string ArchiveHash) Prove(string partial, string copy, ZstdStream.Summary written, Dictionary<string, long> events)
    {
        StorageException? complaint = null;
        string archiveHash;
        if (BackupTarget.FreeBytes(Path.GetDirectoryName(copy)!) > written.ReadBytes + RoomBeyond)
        {
            archiveHash = ReadBack(partial, copy, written);
            try
            {
                using Database database = Database.OpenReadOnly(copy);
                RequireSound(database, events);
                return ("copy", archiveHash);
            }
            catch (StorageException error)
            {
                complaint = error;
            }
            finally
            {
                BackupTarget.DeleteDatabase(copy);
            }
        }
        else
        {
            archiveHash = ReadBack(partial, null, written);
        }
        using Database original = Database.OpenReadOnly(source.Path);
        RequireSound(original, events);
        // A network folder may lack the locks that SQLite wants: that says nothing against the bytes, which were compared. Damage does.
        if (complaint is { SqliteCode: 0 } or { IsCorruption: true })
            throw new BackupRefusal(BackupVerdict.TargetFailed, $"{source.Path} is sound, but not as {Path.GetDirectoryName(copy)} gives it back: {complaint.Message}");
        return ("stream", archiveHash);
    }

    /// <summary>Returns the hash of the archive, as it came back from the disk and decompressed to the source.</summary>
    private string ReadBack(string partial, string? copy, ZstdStream.Summary expected)
    {
        string archiveHash;
        try
        {
            using FileStream input = BackupJob.OpenForReading(partial);
            using Stream output = copy is null ? Stream.Null : new FileStream(copy, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            ZstdStream.Summary found = ZstdStream.Decompress(input, output, expected.ReadBytes, _pace, bytes => Report(BackupStage.Verifying, bytes));
            if (found.WrittenHash != expected.ReadHash || found.ReadBytes != expected.WrittenBytes)
                throw new BackupRefusal(BackupVerdict.TargetFailed, $"{partial} does not decompress to what was compressed: the target or the memory is faulty.");
            archiveHash = found.ReadHash;
        }
        catch (Exception error) when (error is StorageException or SourceReadException)
        {
            throw new BackupRefusal(BackupVerdict.TargetFailed, $"{partial} cannot be read back: {error.Message}");
        }
        AtStep(BackupSteps.ReadBack);
        return archiveHash;
    }

    private void RequireSound(Database database, Dictionary<string, long> events)
    {
        SegmentFile.Recognise(database);
        if (BackupSource.Damage(database, cancellation) is { } damage) throw new StorageException($"{source.Path} is damaged and cannot be backed up as a recording: {damage}");
        database.InterruptWhen(() => cancellation.IsCancellationRequested);
        Dictionary<string, long> counts = BackupSource.Guarded(() => BackupManifest.Counts(database), cancellation);
        if (counts.Count != events.Count || counts.Any(count => events.GetValueOrDefault(count.Key, -1) != count.Value))
            throw new StorageException($"{source.Path} has other counts in its backup: it is damaged, or the memory is.");
    }

    private void Publish(BackupTarget target, string archive, string partial, BackupManifest manifest)
    {
        cancellation.ThrowIfCancellationRequested();
        string manifestPath = BackupManifest.PathOf(archive);
        File.Delete(manifestPath); // The manifest of an older attempt must not speak for the new archive.
        AtStep(BackupSteps.OldManifestRemoved);
        File.Move(partial, archive, overwrite: true);
        AtStep(BackupSteps.Renamed);
        target.Flush();
        AtStep(BackupSteps.FolderFlushed);
        string manifestPartial = manifestPath + BackupTarget.Partial;
        using (FileStream file = new(manifestPartial, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(manifest.ToJson()));
            file.Flush(flushToDisk: true);
        }
        AtStep(BackupSteps.ManifestWritten);
        File.Move(manifestPartial, manifestPath, overwrite: true);
        AtStep(BackupSteps.ManifestRenamed);
        target.Flush();
        AtStep(BackupSteps.Done);
    }

    /// <summary>
    /// Which name the archive has, and its manifest if it is there and whole. The week's own name goes to the first; an intact archive of another file of that
    /// week (another machine's, or one from before a repair) keeps it, and ours has a piece of its hash in the name.
    /// </summary>
    private (string Archive, BackupManifest? Done) Locate(string folder)
    {
        string archive = Path.Combine(folder, source.ArchiveStem + BackupJob.Extension);
        if (BackupManifest.TryRead(archive) is not { } first || !IsIntact(archive, first)) return (archive, null);
        if (!options.RecheckExisting && first.Bytes == _total) return (archive, first);
        string hash = SourceHash();
        if (first.Sha256 == hash) return (archive, first);
        archive = Path.Combine(folder, SecondName(source.ArchiveStem, hash));
        return BackupManifest.TryRead(archive) is { } second && second.Sha256 == hash && IsIntact(archive, second) ? (archive, second) : (archive, null);
    }

    private string SourceHash()
    {
        try
        {
            return BackupJob.HashOf(source.Path, _pace, bytes => Report(BackupStage.Checking, bytes));
        }
        catch (IOException error)
        {
            throw new SourceReadException($"{source.Path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>crypto_2026_47.1a2b3c4d.db.zst</summary>
    internal static string SecondName(string fileName, string hash) =>
        $"{Path.GetFileNameWithoutExtension(fileName)}.{hash[..8]}{IsoWeek.Extension}{BackupJob.Extension}";

    private bool IsIntact(string archive, BackupManifest manifest)
    {
        FileInfo file = new(archive);
        return file.Exists && file.Length == manifest.ArchiveBytes && (!options.RecheckExisting || BackupJob.HashOf(archive, _pace) == manifest.ArchiveSha256);
    }

    private void Report(BackupStage stage, long bytes) => progress?.Invoke(new BackupProgress(stage, bytes, _total));

    private void AtStep(string name) => options.AtStep?.Invoke(name);
}
