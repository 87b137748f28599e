using Peregrine.Common;
using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>
/// The database files of a state directory, one for each ISO week, of which only the newest is written. One process has a directory, one thread
/// uses the pool.
/// </summary>
/// <remarks>
/// The newest week is a high-water mark: a clock that steps back goes on in the same file, an older one is never opened for writing again except to be
/// sealed. Every step of a rotation can be cut anywhere; the next start finishes it.
/// </remarks>
public sealed class RotatingPool : IDisposable
{
    private static readonly TimeSpan SealAgainAfter = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly PoolOptions _options;
    private readonly DirectoryLock _lock;
    private readonly List<string> _unsealed = [];
    private Database _database;
    private string _currentPath;
    private long _checkpointedAt;
    private long _sealTriedAt;

    private RotatingPool(string folder, TimeProvider time, PoolOptions options)
    {
        Folder = folder;
        _time = time;
        _options = options;
        _lock = DirectoryLock.Take(folder);
        try
        {
            if (SqliteVersion.HasWalResetBug)
                Report($"SQLite {SqliteVersion.Text} can corrupt a WAL file that two connections write; each file here has exactly one that does.");
            SegmentFile.RemoveUnfinished(folder);
            IsoWeek week = IsoWeek.Of(time.GetUtcNow());
            List<(IsoWeek Week, string Path)> files = SegmentFile.List(folder);
            if (files.Count > 0 && files[^1].Week > week) week = files[^1].Week;
            foreach ((IsoWeek older, string path) in files)
                if (older < week) FinishOlder(path);
            LastSequence = SegmentFile.List(folder).Max(static file => (long?)LastSequenceOf(file.Path)) ?? 0;
            Week = week;
            WeekEndNanos = week.EndNanos;
            _currentPath = Path.Combine(folder, week.FileName);
            _database = OpenCurrent();
            _checkpointedAt = time.GetTimestamp();
        }
        catch
        {
            _database?.Dispose();
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>The state directory.</summary>
    public string Folder { get; }

    /// <summary>The week that is being written.</summary>
    public IsoWeek Week { get; private set; }

    /// <summary>The file that is being written. Read by any thread.</summary>
    public string CurrentPath => Volatile.Read(ref _currentPath);

    /// <summary>The highest arrival sequence that is on record in the directory, 0 when there is none: the next event's is one more.</summary>
    public long LastSequence { get; internal set; }

    internal long WeekEndNanos { get; private set; }
    internal Database Database => _database;
    internal TimeSpan BatchMax => _options.BatchMax;

    /// <summary>Takes a state directory (made where it does not exist), sets aside what is damaged and seals what is over.</summary>
    /// <exception cref="StorageException">Another instance has it, the disk refuses, or the files are of a newer version.</exception>
    public static RotatingPool Open(string folder, TimeProvider time, PoolOptions? options = null)
    {
        string full = Path.GetFullPath(folder);
        Directory.CreateDirectory(full);
        return new RotatingPool(full, time, options ?? new PoolOptions());
    }

    /// <summary>Weekly files that stand sealed, oldest first: what a backup may take.</summary>
    public IReadOnlyList<string> SealedFiles() => [.. SegmentFile.List(Folder).Select(static file => file.Path).Where(SegmentFile.IsSealed)];

    /// <summary>Bytes of all weekly files and their logs. Cold; any thread.</summary>
    public long TotalBytes() => SegmentFile.List(Folder).Sum(static file => SegmentFile.Bytes(file.Path));

    /// <summary>How many weekly files there are. Cold; any thread.</summary>
    public int FileCount() => SegmentFile.List(Folder).Count;

    /// <summary>
    /// Opens the file of a later week and seals the one before. Between transactions only. Statements of the old connection must be gone.
    /// </summary>
    internal void MoveTo(long receiveTimeNanos)
    {
        IsoWeek week = IsoWeek.Of(receiveTimeNanos);
        if (!(week > Week)) return;
        string path = Path.Combine(Folder, week.FileName);
        Database next;
        try
        {
            if (!File.Exists(path)) SegmentFile.Create(path, week, _time.GetUtcNow());
            next = SegmentFile.OpenForWriting(path);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or (IOException and not StorageException))
        {
            throw new StorageException($"The file of week {week} cannot be made: {error.Message}", error);
        }
        Database old = _database;
        _database = next;
        Volatile.Write(ref _currentPath, path);
        Week = week;
        WeekEndNanos = week.EndNanos;
        Seal(old);
    }

    /// <summary>Bounds what a power cut can take. Between transactions only.</summary>
    internal void CheckpointIfDue()
    {
        if (_time.GetElapsedTime(_checkpointedAt) < _options.CheckpointEvery) return;
        _checkpointedAt = _time.GetTimestamp();
        _database.Checkpoint(truncate: false);
        if (_unsealed.Count == 0 || _time.GetElapsedTime(_sealTriedAt) < SealAgainAfter) return;
        string[] again = [.. _unsealed];
        _unsealed.Clear();
        foreach (string path in again) FinishOlder(path);
    }

    internal void Report(string sentence) => _options.Report?.Invoke(sentence);

    private Database OpenCurrent()
    {
        string path = _currentPath;
        if (File.Exists(path))
        {
            try
            {
                Database database = SegmentFile.OpenForWriting(path);
                string verdict = SegmentFile.Check(database, quick: true, _time, _options.CheckMax);
                if (verdict == "ok") return database;
                if (verdict == "unchecked")
                {
                    Report($"{path} is too large to be checked in {_options.CheckMax.TotalSeconds:0.#} s at start; `db verify` does it whole.");
                    return database;
                }
                database.Dispose();
                SetAside(path, verdict);
            }
            catch (StorageException error) when (error.IsCorruption)
            {
                SetAside(path, error.Message);
            }
        }
        SegmentFile.Create(path, Week, _time.GetUtcNow());
        return SegmentFile.OpenForWriting(path);
    }

    private void FinishOlder(string path)
    {
        if (SegmentFile.IsSealed(path)) return;
        try
        {
            Seal(SegmentFile.OpenForWriting(path));
        }
        catch (StorageException error) when (error.IsCorruption)
        {
            SetAside(path, error.Message);
        }
    }

    private void Seal(Database database)
    {
        try
        {
            SegmentFile.Seal(database);
        }
        catch (StorageException error) when (!error.IsCorruption)
        {
            // Someone reads it, or the disk is full. Nothing is lost, and it is tried again, now and then and at the next start.
            database.Dispose();
            _unsealed.Add(database.Path);
            _sealTriedAt = _time.GetTimestamp();
            Report($"{database.Path} stays unsealed for now: {error.Message}");
            return;
        }
        catch
        {
            database.Dispose();
            throw;
        }
        _options.Sealed?.Invoke(database.Path);
    }

    private void SetAside(string path, string reason)
    {
        string aside = SegmentFile.SetAside(path, _time.GetUtcNow());
        Report($"{path} is damaged ({reason}) and was set aside as {aside}; recording goes on in a new file.");
    }

    /// <summary>Best effort: a file that cannot be read has nothing to say, and whether it is damaged is asked elsewhere.</summary>
    private static long LastSequenceOf(string path)
    {
        try
        {
            using Database database = Database.OpenReadOnly(path);
            return database.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'");
        }
        catch (StorageException)
        {
            return 0;
        }
    }

    /// <summary>Brings home what the log holds and lets go of the directory. The current file stays unsealed: its week goes on.</summary>
    public void Dispose()
    {
        _database.Dispose();
        _lock.Dispose();
    }
}
