using System.Globalization;

using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>A consistent copy of a file that is being written, made by SQLite over a connection that cannot write it.</summary>
internal static class LiveSnapshot
{
    internal static BackupOutcome BackUp(
        string liveFile, string folder, TimeProvider time, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellation)
    {
        IsoWeek week = BackupSource.WeekOf(liveFile);
        using BackupTarget target = BackupTarget.Take(folder, options, time, () => progress?.Invoke(new BackupProgress(BackupStage.Waiting, 0, 0)), cancellation);
        target.Clean();
        long bytes = SegmentFile.Bytes(liveFile);
        target.RequireRoom(2 * bytes); // The copy and its archive lie side by side for a while.
        string name = Path.GetFileName(liveFile);
        string stem = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(name)}.live-{time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}{IsoWeek.Extension}");
        string snapshot = Path.Combine(folder, stem + ".copy" + BackupTarget.Copy);
        try
        {
            progress?.Invoke(new BackupProgress(BackupStage.Copying, 0, bytes));
            Copy(liveFile, snapshot, time, options, cancellation);
            options.AtStep?.Invoke(BackupSteps.SnapshotWritten);
            BackupSource source = new(snapshot, name, week, stem, IsLive: true);
            return new BackupPipeline(source, time, options, progress, cancellation).Run(target);
        }
        finally
        {
            BackupTarget.TryDelete(snapshot);
        }
    }

    /// <summary>
    /// VACUUM INTO reads one moment of the file. The writer goes on meanwhile, but its log cannot be emptied: hence the bounds on time and on the log.
    /// </summary>
    private static void Copy(string liveFile, string snapshot, TimeProvider time, BackupOptions options, CancellationToken cancellation)
    {
        using Database database = Database.OpenReadOnly(liveFile);
        SegmentFile.Recognise(database);
        // The connection was opened read-only, so this file stays out of reach; what may be written is the copy.
        database.Execute("PRAGMA query_only = OFF; PRAGMA synchronous = OFF");
        FileInfo log = new(liveFile + "-wal");
        long began = time.GetTimestamp();
        string slow = "";
        database.InterruptWhen(() =>
        {
            if (cancellation.IsCancellationRequested) return true;
            log.Refresh();
            if (time.GetElapsedTime(began) > options.SnapshotMax) slow = $"it took longer than {options.SnapshotMax.TotalSeconds:0.#} s";
            else if (log.Exists && log.Length > options.SnapshotLogBytesMax) slow = $"the log of the live file reached {log.Length:N0} bytes";
            return slow.Length > 0;
        });
        try
        {
            using Statement vacuum = database.Prepare("VACUUM INTO ?");
            vacuum.BindText(1, snapshot);
            vacuum.Run();
        }
        catch (StorageException error)
        {
            cancellation.ThrowIfCancellationRequested();
            if (slow.Length > 0) throw new BackupRefusal(BackupVerdict.SnapshotTooSlow, $"The copy of {liveFile} was given up: {slow}. Try when less is recorded, or onto a faster disk.");
            throw (error.SqliteCode & 0xFF) switch
            {
                13 => new BackupRefusal(BackupVerdict.TargetFull, $"{Path.GetDirectoryName(snapshot)} is full: {error.Message}"),
                10 or 14 => new IOException(error.Message, error), // Reading or writing failed; the folder's state says more.
                _ => error,
            };
        }
    }
}
