namespace Peregrine.Kernel;

/// <summary>
/// Looks at progress from a thread of its own (a timer of the thread pool comes late just when the pool is the trouble), and feeds the
/// service manager's watchdog while nothing critical hangs and the supervisor itself answers.
/// </summary>
internal sealed class ProgressMonitor
{
    private static readonly TimeSpan CanaryEvery = TimeSpan.FromSeconds(1);

    private readonly Supervisor _supervisor;
    private readonly Cell[] _cells;
    private readonly OneShotRegistry _oneShots;
    private readonly TimeProvider _time;
    private readonly TimeSpan _every;
    private readonly SystemdNotifier? _watchdog;
    private readonly TimeSpan _watchdogEvery;
    private readonly TimeSpan _controlWithin;
    private readonly Action<TimeSpan>? _onLook;
    private readonly PoolCanary _canary;
    private readonly Alarm _alarm;
    private readonly Lock _gate = new();
    private volatile bool _stopping;
    private long _lastLook;
    private long _lastFed;
    private long _controlAnsweredAt;
    private long _canarySentAt;
    private long _lateMax; // Ticks.

    public ProgressMonitor(Supervisor supervisor, Cell[] cells, OneShotRegistry oneShots, TimeProvider time, SupervisorOptions options)
    {
        _supervisor = supervisor;
        _cells = cells;
        _oneShots = oneShots;
        _time = time;
        _every = options.MonitorEvery;
        if (options.Notifier is { WatchdogEvery: { } watchdogEvery } notifier) (_watchdog, _watchdogEvery) = (notifier, watchdogEvery);
        _controlWithin = options.ControlWithin;
        _onLook = options.OnMonitorLook;
        _canary = new PoolCanary(time);
        _alarm = new Alarm(time);
        _lastLook = _lastFed = _controlAnsweredAt = _canarySentAt = time.GetTimestamp();
    }

    /// <summary>The longest that a look came late.</summary>
    public TimeSpan LateMax => TimeSpan.FromTicks(Volatile.Read(ref _lateMax));

    public TimeSpan PoolDelay => _canary.Delay;

    public void Start() => OwnThread.Start("monitor", Run);

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
                if (view.Running is not { } incarnation || WhyHung(cell, incarnation, now) is not { } why) continue;
                isHealthy &= !cell.Spec.Critical;
                _supervisor.OnHung(cell, incarnation, why);
            }
            _oneShots.CheckDeadlines();
            FeedWatchdog(now, isHealthy);
            if (_time.GetElapsedTime(_canarySentAt, now) >= CanaryEvery)
            {
                _canarySentAt = now;
                _canary.Send();
            }
        }
    }

    private string? WhyHung(Cell cell, Incarnation incarnation, long now)
    {
        TimeSpan still = cell.Sample.Look(incarnation, incarnation.Context.Progress, now);
        if (cell.Spec.HangAfter is { } limit && still > limit) return $"no progress for {still.TotalSeconds:0.###} s";
        if (cell.Spec.TakeWithin is not { } takeWithin) return null;
        for (int i = 0; i < cell.Mailboxes.Length; i++)
        {
            if (cell.Mailboxes[i].OldestAge is not { } waited)
            {
                cell.MailSamples[i].Reset();
                continue;
            }
            TimeSpan untaken = cell.MailSamples[i].Look(incarnation, cell.Mailboxes[i].Handled, now);
            if (untaken > takeWithin && waited > takeWithin) return $"took no message for {untaken.TotalSeconds:0.###} s, and one has waited for {waited.TotalSeconds:0.###} s";
        }
        return null;
    }

    /// <summary>A process that was suspended, or starved as a whole, finds all its actors standing still: that is nobody's hang.</summary>
    private void ForgivePauses(long now)
    {
        TimeSpan sinceLast = _time.GetElapsedTime(_lastLook, now);
        if (sinceLast - _every is { Ticks: > 0 } late && late.Ticks > _lateMax) Volatile.Write(ref _lateMax, late.Ticks);
        _onLook?.Invoke(sinceLast - _every);
        if (sinceLast > _every * 4)
        {
            long pause = now - _lastLook - (long)(_every.TotalSeconds * _time.TimestampFrequency);
            foreach (Cell cell in _cells)
            {
                cell.Sample.Forgive(pause);
                foreach (ProgressSample sample in cell.MailSamples) sample.Forgive(pause);
            }
        }
        _lastLook = now;
    }

    private void FeedWatchdog(long now, bool isHealthy)
    {
        if (_watchdog is null) return;
        if (_supervisor.Probe()) _controlAnsweredAt = now;
        if (_time.GetElapsedTime(_lastFed, now) < _watchdogEvery || !isHealthy || _time.GetElapsedTime(_controlAnsweredAt, now) > _controlWithin) return;
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
