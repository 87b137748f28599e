using Peregrine.Common;
using Peregrine.Storage.Disk;
using Peregrine.Storage.Files;
using Peregrine.Storage.Recovery;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>
/// The database files of a state directory, one for each ISO week, of which only the newest is written. One process has a directory, one thread
/// uses the pool.
/// </summary>
/// <remarks>
/// The newest week is a high-water mark: a clock that steps back goes on in the same file, an older one is never opened for writing again except to be
/// sealed. Every step of a rotation can be cut anywhere; the next start finishes it. A file that cannot be gone on with (damaged, held by a reader, too
/// large to be checked after a crash) is followed by another part of the same week, under a name that was never used.
/// </remarks>
public sealed class RotatingPool : IDisposable
{
    private static readonly TimeSpan SealAgainAfter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MoveAgainAfter = TimeSpan.FromMinutes(1);

    /// <summary>Events of the last moments of a week may still be on their way when the clock says that it is over.</summary>
    private static readonly TimeSpan ClockGrace = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly PoolOptions _options;
    private readonly DirectoryLock _lock;
    private readonly DiskGuard _disk;
    private readonly List<string> _unsealed = [];
    private readonly HashSet<string> _uncheckedPaths = new(StringComparer.Ordinal);
    private Database? _database;
    private string _currentPath = "";
    private long _checkpointedAt;
    private long _sealTriedAt;
    private long? _moveFailedAt;
    private long _walBytes;

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
            RecorderMark? left = MarkFile.TryRead(folder);
            ClearTheWay();
            bool hasFiles = SegmentFile.Segments(folder).Count > 0;
            Mark = MarkFile.Begin(folder, Report);
            _disk = new DiskGuard(folder, options.Disk, time, options.DiskChanged, Report);
            _disk.LookIfDue();

            (Segment current, bool isNew) = CurrentSegment.Choose(folder, time.GetUtcNow());
            bool damaged = false;
            if (!isNew) (current, damaged) = OpenExisting(current, left);
            foreach (Segment other in SegmentFile.Segments(folder))
                if (other.Path != current.Path) FinishOlder(other.Path);
            long recorded = SegmentFile.Segments(folder).Max(static file => (long?)LastSequenceOf(file.Path)) ?? 0;
            Continuation continuation = Continuation.Decide(recorded, left, hasFiles, damaged);
            if (continuation.Sentence.Length > 0) Report(continuation.Sentence);
            EarlierLosses = continuation.Losses;
            LastSequence = continuation.LastSequence;
            if (_database is null)
            {
                SegmentFile.Create(current.Path, current.Week, time.GetUtcNow(), options.AtStep);
                _database = SegmentFile.OpenForWriting(current.Path);
            }
            Mark.Restart(continuation.Begin);
            RecordedSequence = recorded;
            BeginWriting(current);
            _checkpointedAt = time.GetTimestamp();
        }
        catch (Exception error)
        {
            _database?.Dispose();
            Mark?.Dispose();
            _lock.Dispose();
            if (error is UnauthorizedAccessException or (IOException and not StorageException))
                throw new StorageException($"The state directory {folder} cannot be used: {error.Message}", error);
            throw;
        }
    }

    /// <summary>The state directory.</summary>
    public string Folder { get; }

    /// <summary>The week that is being written.</summary>
    public IsoWeek Week { get; private set; }

    /// <summary>The file that is being written. Read by any thread.</summary>
    public string CurrentPath => Volatile.Read(ref _currentPath);

    /// <summary>The highest arrival sequence that was ever given to an event of the directory, 0 when there is none: the next event's is one more.</summary>
    public long LastSequence { get; private set; }

    /// <summary>
    /// How far the events have come, kept outside the process: whoever publishes events calls <see cref="MarkFile.Published"/>, and the next start knows what
    /// a kill took.
    /// </summary>
    public MarkFile Mark { get; }

    /// <summary>What is recorded at present. Any thread.</summary>
    public DiskLevel DiskLevel => _disk.Level;

    /// <summary>Bytes of the write-ahead log that readers kept from being emptied when it was last looked at. Any thread.</summary>
    public long HeldWalBytes => Volatile.Read(ref _walBytes);

    internal long WeekEndNanos { get; private set; }
    internal Database Database => _database ?? OpenAgain();
    internal TimeSpan BatchMax => _options.BatchMax;

    /// <summary>What earlier processes lost and the recorder has not yet written down.</summary>
    internal IReadOnlyList<EarlierLoss> EarlierLosses { get; private set; }

    /// <summary>How far the databases say they go.</summary>
    internal long RecordedSequence { get; private set; }

    /// <summary>Takes a state directory (made where it does not exist), sets aside what is damaged and seals what is over.</summary>
    /// <exception cref="StorageException">Another instance has it, the disk refuses, or the files are of a newer version.</exception>
    public static RotatingPool Open(string folder, TimeProvider time, PoolOptions? options = null)
    {
        string full = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The state directory {full} cannot be made: {error.Message}", error);
        }
        return new RotatingPool(full, time, options ?? new PoolOptions());
    }

    /// <summary>Weekly files that stand sealed, oldest first: what a backup may take.</summary>
    public IReadOnlyList<string> SealedFiles() => [.. SegmentFile.List(Folder).Select(static file => file.Path).Where(SegmentFile.IsSealed)];

    /// <summary>Damaged files that were set aside and that nobody has salvaged yet, oldest first.</summary>
    public IReadOnlyList<string> DamagedFiles() => [.. SetAside.Files(Folder).Where(static path => !Salvage.IsDone(path))];

    /// <summary>Bytes of all weekly files and their logs. Cold; any thread.</summary>
    public long TotalBytes() => SegmentFile.List(Folder).Sum(static file => SegmentFile.Bytes(file.Path));

    /// <summary>How many weekly files there are. Cold; any thread.</summary>
    public int FileCount() => SegmentFile.List(Folder).Count;

    /// <summary>Whether an event received at this time belongs into a new file. One that claims to come from far ahead of the clock does not.</summary>
    internal bool Begins(long receiveTimeNanos) =>
        receiveTimeNanos >= WeekEndNanos && MayMove() && receiveTimeNanos - _time.GetUnixNanos() <= _options.AheadMax.Ticks * 100;

    /// <summary>Whether the week is over by the pool's own clock, as in a market that is silent; or was begun by a clock that had gone wrong.</summary>
    internal bool IsOverByClock()
    {
        long now = _time.GetUnixNanos();
        return (now - (ClockGrace.Ticks * 100) >= WeekEndNanos || CurrentSegment.IsFarAhead(Week, EpochClock.FromNanos(now))) && MayMove();
    }

    /// <summary>
    /// Opens the file of the week that the time belongs to and seals the one before. Between transactions only. Statements of the old connection must be gone.
    /// Where the disk refuses, the old file is gone on with and it is tried again a minute later.
    /// </summary>
    internal void MoveTo(long receiveTimeNanos) => MoveTo(IsoWeek.Of(receiveTimeNanos));

    internal void MoveToClock() => MoveTo(IsoWeek.Of(_time.GetUtcNow()));

    /// <summary>Looks after the disk. Cheap; any time.</summary>
    internal void Attend() => _disk.LookIfDue();

    /// <summary>The disk refused to write for want of room.</summary>
    internal void Refused() => _disk.Refused();

    /// <summary>
    /// Bounds what a power cut can take, and the log. Between transactions only. True when someone's reading holds the log so long that a new file has to be
    /// begun: <see cref="MoveToNextPart"/>.
    /// </summary>
    internal bool CheckpointIfDue()
    {
        if (_time.GetElapsedTime(_checkpointedAt) < _options.CheckpointEvery) return false;
        _checkpointedAt = _time.GetTimestamp();
        _options.AtStep?.Invoke(PoolSteps.CheckpointBegins);
        WalState wal = Database.Checkpoint(SqliteNative.CheckpointPassive);
        if (wal.HeldBytes >= _options.WalRestartBytes)
            wal = Database.Checkpoint(wal.HeldBytes >= _options.WalTruncateBytes ? SqliteNative.CheckpointTruncate : SqliteNative.CheckpointRestart);
        _options.AtStep?.Invoke(PoolSteps.CheckpointDone);
        Volatile.Write(ref _walBytes, wal.HeldBytes);
        if (_unsealed.Count > 0 && _time.GetElapsedTime(_sealTriedAt) >= SealAgainAfter)
        {
            string[] again = [.. _unsealed];
            _unsealed.Clear();
            foreach (string path in again) FinishOlder(path);
        }
        return wal.HeldBytes >= _options.WalAlarmBytes && MayMove();
    }

    /// <summary>Begins a new file within the week, because the log of this one cannot be emptied.</summary>
    internal void MoveToNextPart()
    {
        Report($"Someone has been reading {_currentPath} for so long that its log has grown to {HeldWalBytes >> 20} MB; recording goes on in a new file of the same week.");
        MoveTo(SegmentFile.NextPart(Folder, Week));
    }

    /// <summary>
    /// Closes the file after an error of the disk and looks whether it is whole. What was not flushed then may be gone, and only the file can tell.
    /// </summary>
    internal void CloseAfter(StorageException error)
    {
        _database?.Dispose();
        _database = null;
        Report($"{_currentPath} is closed and checked after an error of the disk: {error.Message}");
    }

    /// <summary>Everything up to the sequence is accounted for.</summary>
    internal void Committed(long sequence, long receiveTimeNanos, long omittedCount, bool inDatabase)
    {
        if (sequence > LastSequence) LastSequence = sequence;
        if (inDatabase)
        {
            RecordedSequence = sequence;
            EarlierLosses = [];
            _disk.Written();
        }
        if (EarlierLosses.Count == 0) Mark.Committed(sequence, RecordedSequence, receiveTimeNanos, omittedCount);
    }

    internal void Report(string sentence) => _options.Report?.Invoke(sentence);

    private bool MayMove() => _moveFailedAt is not { } failed || _time.GetElapsedTime(failed) >= MoveAgainAfter;

    private void MoveTo(IsoWeek week)
    {
        if (!(week > Week) && !CurrentSegment.IsFarAhead(Week, _time.GetUtcNow())) return;
        MoveTo(Unwritten(week) ?? SegmentFile.NextPart(Folder, week));
    }

    /// <summary>A file of the week that an attempt before this one left empty.</summary>
    private Segment? Unwritten(IsoWeek week)
    {
        Segment? last = null;
        foreach (Segment segment in SegmentFile.Segments(Folder))
            if (segment.Week == week) last = segment;
        return last is { } found && SegmentFile.HasOurHeader(found.Path) && !SegmentFile.IsSealed(found.Path) && LastSequenceOf(found.Path) == 0 ? last : null;
    }

    private void MoveTo(Segment next)
    {
        Database? old = _database;
        try
        {
            _options.AtStep?.Invoke(PoolSteps.SwitchBegins);
            if (!File.Exists(next.Path)) SegmentFile.Create(next.Path, next.Week, _time.GetUtcNow(), _options.AtStep);
            _database = SegmentFile.OpenForWriting(next.Path);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            _moveFailedAt = _time.GetTimestamp();
            Report($"{next.Path} cannot be made, recording goes on in {_currentPath}: {error.Message}");
            return;
        }
        _moveFailedAt = null;
        BeginWriting(next);
        _options.AtStep?.Invoke(PoolSteps.SwitchOpened);
        _options.AtStep?.Invoke(PoolSteps.SwitchDone);
        if (old is not null) Seal(old);
    }

    private void BeginWriting(Segment segment)
    {
        // No step of the writer waits longer for a reader; who else writes is refused anyway.
        _database!.WaitAtMost(TimeSpan.FromMilliseconds(40));
        Volatile.Write(ref _currentPath, segment.Path);
        Volatile.Write(ref _walBytes, 0);
        Week = segment.Week;
        WeekEndNanos = segment.Week.EndNanos;
    }

    /// <summary>Opens the file again that was closed after an error. Should it be damaged, a new one takes its place.</summary>
    private Database OpenAgain()
    {
        Segment segment = Segment.Of(Folder, Week, 1) with { Path = _currentPath };
        (segment, _) = OpenExisting(segment, MarkFile.TryRead(Folder));
        if (_database is null)
        {
            SegmentFile.Create(segment.Path, segment.Week, _time.GetUtcNow(), _options.AtStep);
            _database = SegmentFile.OpenForWriting(segment.Path);
        }
        BeginWriting(segment);
        return _database;
    }

    /// <summary>
    /// Opens and checks the file. Where it cannot be gone on with, nothing is open then, and the segment is the one to make instead.
    /// </summary>
    private (Segment Segment, bool IsDamaged) OpenExisting(Segment segment, RecorderMark? left)
    {
        string path = segment.Path;
        try
        {
            if (OtherWriters.Of(path) is { } writer)
            {
                Report($"{path} is open for writing in {writer}, which could corrupt it; recording goes on in a new file.");
                _unsealed.Add(path);
                return (SegmentFile.NextPart(Folder, segment.Week), false);
            }
            string verdict = Examine(path);
            if (verdict is "unchecked" && left is { Closed: true }) verdict = "ok"; // Whoever wrote it ended in peace.
            switch (verdict)
            {
                case "ok":
                    _database = SegmentFile.OpenForWriting(path);
                    return (segment, false);
                case "unchecked":
                    Report($"{path} is too large to be checked in {_options.CheckMax.TotalSeconds:0.#} s after a process that did not end in peace; recording goes on in a new file.");
                    _uncheckedPaths.Add(path);
                    _unsealed.Add(path);
                    return (SegmentFile.NextPart(Folder, segment.Week), false);
                default:
                    MoveAside(path, verdict);
                    break;
            }
        }
        catch (StorageException error) when (error.IsCorruption)
        {
            MoveAside(path, error.Message);
        }
        return (SegmentFile.NextPart(Folder, segment.Week), true);
    }

    /// <summary>Looks at a file without the right to change it: a connection that writes would tidy up when it closes.</summary>
    private string Examine(string path)
    {
        if (!SegmentFile.HasOurHeader(path)) return "it is not a recording";
        using Database database = Database.OpenReadOnly(path);
        SegmentFile.Recognise(database);
        return SegmentFile.Check(database, quick: true, _time, _options.CheckMax);
    }

    private void FinishOlder(string path)
    {
        _unsealed.Remove(path);
        try
        {
            if (!SegmentFile.HasOurHeader(path)) MoveAside(path, "it is not a recording");
            else if (SegmentFile.IsSealed(path)) return;
            else if (OtherWriters.Of(path) is { } writer) Later(path, $"it is open for writing in {writer}.");
            else Seal(SegmentFile.OpenForWriting(path));
        }
        catch (StorageException error) when (error.IsCorruption)
        {
            MoveAside(path, error.Message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Later(path, error.Message);
        }
    }

    private void Seal(Database database)
    {
        try
        {
            SegmentFile.Seal(database, _options.AtStep);
        }
        catch (StorageException error) when (error.IsCorruption)
        {
            database.Dispose();
            MoveAside(database.Path, error.Message);
            return;
        }
        catch (StorageException error)
        {
            // Someone reads it, or the disk is full. Nothing is lost, and it is tried again, now and then and at the next start.
            database.Dispose();
            Later(database.Path, error.Message);
            return;
        }
        catch
        {
            database.Dispose();
            throw;
        }
        if (_uncheckedPaths.Remove(database.Path)) _options.Unchecked?.Invoke(database.Path);
        _options.Sealed?.Invoke(database.Path);
    }

    private void Later(string path, string reason)
    {
        _unsealed.Add(path);
        _sealTriedAt = _time.GetTimestamp();
        Report($"{path} stays unsealed for now: {reason}");
    }

    /// <summary>What a start that was cut short left behind goes, and what has a name of ours but is something else is put out of the way.</summary>
    private void ClearTheWay()
    {
        SetAside.Finish(Folder);
        SegmentFile.RemoveUnfinished(Folder);
        string mark = Path.Combine(Folder, MarkFile.Name);
        List<string> inTheWay =
        [
            .. Directory.EnumerateDirectories(Folder, "crypto_*").Where(static path => !Path.GetFileName(path).Contains(".foreign-", StringComparison.Ordinal)),
            .. Directory.EnumerateDirectories(Folder, MarkFile.Name),
            .. Directory.EnumerateDirectories(Folder, Ballast.Name),
        ];
        if (SegmentFile.LengthOf(mark) is > 0 and not MarkFile.Size) inTheWay.Add(mark);
        foreach (string path in inTheWay) Report($"{path} has a name of ours, but is something else, and was moved to {SetAside.MoveForeign(path, _time.GetUtcNow())}.");
    }

    private void MoveAside(string path, string reason)
    {
        string aside = SetAside.Move(path, _time.GetUtcNow(), _options.AtStep);
        Report($"{path} is damaged ({reason}) and was set aside as {aside}; recording goes on in a new file.");
        _options.SetAside?.Invoke(aside);
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
        _database?.Dispose();
        Mark.Close();
        Mark.Dispose();
        _lock.Dispose();
    }
}
