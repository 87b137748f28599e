using System.Globalization;

namespace Peregrine.Storage.Disk;

/// <summary>
/// Decides what is still recorded as the disk fills up, and keeps a ballast to throw off at the end. One thread uses it; the level may be read by any.
/// </summary>
/// <remarks>
/// Two things speak: the free room, looked at now and then, and the disk itself when it refuses to write (a quota, a limit or a full disk that the free
/// room does not show). The higher level counts.
/// </remarks>
internal sealed class DiskGuard
{
    private readonly string _folder;
    private readonly DiskOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<DiskLevel, DiskSpace>? _changed;
    private readonly Action<string> _report;
    private readonly Ballast _ballast;

    private long? _lookedAt;
    private DiskSpace _space;
    private DiskLevel _measured;
    private DiskLevel _forced;
    private long _forcedAt;
    private TimeSpan _forcedFor;
    private int _refusals;
    private bool _hadForced;
    private bool _ballastMissing;
    private int _level;

    internal DiskGuard(string folder, DiskOptions options, TimeProvider time, Action<DiskLevel, DiskSpace>? changed, Action<string> report)
    {
        _folder = folder;
        _options = options;
        _time = time;
        _changed = changed;
        _report = report;
        _forcedFor = options.RefusedFor;
        _ballast = new Ballast(folder, options.BallastBytes);
    }

    internal DiskLevel Level => (DiskLevel)Volatile.Read(ref _level);

    internal bool HasBallast => _ballast.Exists;

    /// <summary>Looks at the disk if it is time to. Cheap in between.</summary>
    internal void LookIfDue()
    {
        if (_lookedAt is { } looked && _time.GetElapsedTime(looked) < _options.LookEvery) return;
        Look();
    }

    /// <summary>
    /// The disk refused to write. Once may be chance, and nothing is lost while the ring lasts; at the second time in a row less is recorded whatever the
    /// free room says, and at the third the ballast goes.
    /// </summary>
    internal void Refused()
    {
        if (++_refusals > 1)
        {
            if (_forced == DiskLevel.Plenty && _hadForced && _forcedFor < _options.RefusedFor * 100) _forcedFor *= 2;
            _hadForced = true;
            _forced = _refusals == 2 && Level < DiskLevel.LedgerOnly ? DiskLevel.LedgerOnly : DiskLevel.Halt;
            _forcedAt = _time.GetTimestamp();
        }
        Look();
    }

    /// <summary>The disk took a transaction.</summary>
    internal void Written() => _refusals = 0;

    private void Look()
    {
        _lookedAt = _time.GetTimestamp();
        try
        {
            _space = _options.Space.Look(_folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _report($"The room on the disk of {_folder} cannot be told: {error.Message}");
            return;
        }
        _measured = Measure(_space);
        if (_hadForced && _forced == DiskLevel.Plenty && _time.GetElapsedTime(_forcedAt) >= _options.RefusedFor * 100) (_hadForced, _forcedFor) = (false, _options.RefusedFor);
        if (_forced != DiskLevel.Plenty && _time.GetElapsedTime(_forcedAt) >= _forcedFor)
        {
            // One step at a time: should it refuse again, it is known at once.
            _forced = _forced == DiskLevel.Halt ? DiskLevel.LedgerOnly : DiskLevel.Plenty;
            _forcedAt = _time.GetTimestamp();
        }
        MoveTo(_measured > _forced ? _measured : _forced);
        if (Level != DiskLevel.Halt) KeepBallast();
    }

    /// <summary>The highest level whose threshold is undercut, or not yet exceeded by enough where it stands already.</summary>
    private DiskLevel Measure(DiskSpace space)
    {
        for (DiskLevel level = DiskLevel.Halt; level > DiskLevel.Plenty; level--)
        {
            double threshold = _options.ThresholdOf(level, space.TotalBytes);
            if (_measured >= level) threshold *= _options.LeaveFactor;
            if (_measured >= level && level == DiskLevel.Halt && !_ballast.Exists) threshold += _options.BallastBytes; // Room for a new one.
            if (space.FreeBytes < threshold) return level;
        }
        return DiskLevel.Plenty;
    }

    private void MoveTo(DiskLevel level)
    {
        DiskLevel before = Level;
        if (level == before) return;
        if (level == DiskLevel.Halt && _ballast.Release()) _report($"The ballast was given up: {_options.BallastBytes >> 20} MB for the ledger.");
        Volatile.Write(ref _level, (int)level);
        _report(string.Create(CultureInfo.InvariantCulture,
            $"Disk level {(int)level}: {level.Text()} ({_space.FreeBytes / 1e9:0.00} GB of {_space.TotalBytes / 1e9:0.0} GB are free{(level > _measured ? ", but the disk refuses to write" : "")})."));
        _changed?.Invoke(level, _space);
    }

    private void KeepBallast()
    {
        if (_ballast.Exists || _ballast.Bytes == 0) return;
        // Never so that the ballast itself brings the next level about.
        long needed = _ballast.Bytes + (long)(_options.ThresholdOf(DiskLevel.Halt, _space.TotalBytes) * _options.LeaveFactor);
        string? problem = _space.FreeBytes < needed ? "there is no room for it" : _forced != DiskLevel.Plenty ? "the disk refuses to write" : _ballast.Create();
        if (problem is not null && !_ballastMissing) _report($"No ballast of {_ballast.Bytes >> 20} MB could be laid aside for a full disk: {problem}.");
        _ballastMissing = problem is not null;
    }
}
