using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>The database that a backup is of, quiet while it is read.</summary>
/// <param name="Path">What is read: the sealed file itself, or the copy of a live one.</param>
/// <param name="FileName">The weekly file's name.</param>
/// <param name="Week">Its week.</param>
/// <param name="ArchiveStem">The archive's name without its ending; a live copy has its instant in it.</param>
/// <param name="IsLive">Whether it is the copy of a live file.</param>
internal sealed record BackupSource(string Path, string FileName, IsoWeek Week, string ArchiveStem, bool IsLive)
{
    /// <exception cref="StorageException">The name, or the state of the file, is not that of a sealed weekly file.</exception>
    internal static BackupSource Sealed(string path)
    {
        IsoWeek week = WeekOf(path);
        if (!SegmentFile.IsSealed(path)) throw new StorageException($"{path} is not sealed: it may still change.");
        string name = System.IO.Path.GetFileName(path);
        return new BackupSource(path, name, week, name, IsLive: false);
    }

    internal static IsoWeek WeekOf(string path)
    {
        if (!IsoWeek.TryParseFileName(System.IO.Path.GetFileName(path), out IsoWeek week)) throw new StorageException($"{path} is not named like a weekly file (crypto_YYYY_WW.db).");
        return File.Exists(path) ? week : throw new StorageException($"There is no {path}.");
    }

    internal long Bytes => new FileInfo(Path).Length;

    /// <summary>Changes when the file does.</summary>
    internal (long, DateTime) Stamp => (Bytes, File.GetLastWriteTimeUtc(Path));

    /// <summary>The schema's version and the counts by kind.</summary>
    internal (int SchemaVersion, Dictionary<string, long> Events) Count(CancellationToken cancellation)
    {
        using Database database = Database.OpenReadOnly(Path);
        database.InterruptWhen(() => cancellation.IsCancellationRequested);
        return Guarded(
            () =>
            {
                SegmentFile.Recognise(database);
                return ((int)database.QueryInt64("PRAGMA user_version"), BackupManifest.Counts(database));
            },
            cancellation);
    }

    /// <summary>SQLite's whole check of a quiet file: null, or what is wrong.</summary>
    internal static string? Damage(Database database, CancellationToken cancellation)
    {
        database.InterruptWhen(() => cancellation.IsCancellationRequested);
        string verdict = SegmentFile.Check(database, quick: false, TimeProvider.System, budget: null);
        cancellation.ThrowIfCancellationRequested();
        return verdict == "ok" ? null : verdict;
    }

    /// <summary>Tells SQLite's interruption, which is how it hears of a cancellation, from its errors.</summary>
    internal static T Guarded<T>(Func<T> query, CancellationToken cancellation)
    {
        try
        {
            return query();
        }
        catch (StorageException error) when ((error.SqliteCode & 0xFF) == 9)
        {
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }
}
