namespace Peregrine.Kernel;

/// <summary>
/// Looks at progress from a thread of its own (a timer of the thread pool comes late just when the pool is the trouble), and feeds the
/// service manager's watchdog while nothing critical hangs and the supervisor itself answers.
/// </summary>
internal sealed class ProgressMonitor
{
    private readonly Supervisor _supervisor;
    private readonly Cell[] _cells;
    private readonly OneShotRegistry _oneShots;
    private readonly TimeProvider _time;
    private readonly TimeSpan _every;
    private readonly SystemdNotifier? _watchdog;
    private readonly TimeSpan _watchdogEvery;
    private readonly Alarm _alarm;
    private readonly Lock _gate = new();
    private volatile bool _stopping;
    private long _lastLook;
    private long _lastFed;

    public ProgressMonitor(Supervisor supervisor, Cell[] cells, OneShotRegistry oneShots, TimeProvider time, SupervisorOptions options)
    {
        _supervisor = supervisor;
        _cells = cells;
        _oneShots = oneShots;
        _time = time;
        _every = options.MonitorEvery;
        if (options.Notifier is { WatchdogEvery: { } watchdogEvery } notifier) (_watchdog, _watchdogEvery) = (notifier, watchdogEvery);
        _alarm = new Alarm(time);
        _lastLook = _lastFed = time.GetTimestamp();
    }

    public void Start() => new Thread(Run) { Name = "monitor", IsBackground = true }.Start();

    public void Stop()
    {
        _stopping = true;
        _alarm.Ring();
    }

    /// <summary>One look at everything. The lock is for tests, which look from outside; the thread is otherwise alone.</summary>
    public void LookNow()
    {
        lock (_gate)
        {
            long now = _time.GetTimestamp();
            ForgivePauses(now);
            bool isHealthy = true;
            foreach (Cell cell in _cells)
            {
                Cell.View view = cell.Published;
                if (cell.Spec.Critical && view.IsHung) isHealthy = false; // Until it has ended or was given up.
                if (view.Running is not { } incarnation) continue;
                TimeSpan still = cell.Sample.Look(incarnation, now);
                if (cell.Spec.HangAfter is not { } limit || still <= limit) continue;
                isHealthy &= !cell.Spec.Critical;
                _supervisor.OnHung(cell, incarnation, still);
            }
            _oneShots.CheckDeadlines();
            FeedWatchdog(now, isHealthy);
        }
    }

    /// <summary>A process that was suspended, or starved as a whole, finds all its actors standing still: that is nobody's hang.</summary>
    private void ForgivePauses(long now)
    {
        TimeSpan sinceLast = _time.GetElapsedTime(_lastLook, now);
        if (sinceLast > _every * 4)
        {
            long pause = now - _lastLook - (long)(_every.TotalSeconds * _time.TimestampFrequency);
            foreach (Cell cell in _cells) cell.Sample.Forgive(pause);
        }
        _lastLook = now;
    }

    private void FeedWatchdog(long now, bool isHealthy)
    {
        if (_watchdog is null || _time.GetElapsedTime(_lastFed, now) < _watchdogEvery) return;
        bool isAnswered = _supervisor.Probe();
        if (!isHealthy || !isAnswered) return;
        _lastFed = now;
        _watchdog.Watchdog();
    }

    private void Run()
    {
        while (!_stopping)
        {
            LookNow();
            _alarm.Wait(_every);
        }
    }
}
