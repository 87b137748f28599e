namespace Peregrine.Simulator.Virtual;

#pragma warning disable CA2000 // Timers belong to those who made them; the queue only looks at them.
/// <summary>Time that stands still until it is moved; its timers come due in order, on the thread that moves it.</summary>
internal sealed class VirtualTime(long startMicros) : TimeProvider
{
    private readonly PriorityQueue<VirtualTimer, (long Due, long Order)> _timers = new();
    private long _order;

    /// <summary>Microseconds since 1970.</summary>
    public long NowMicros { get; private set; } = startMicros;

    public override long TimestampFrequency => 1_000_000;
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    public override long GetTimestamp() => NowMicros;
    public override DateTimeOffset GetUtcNow() => new(DateTime.UnixEpoch.Ticks + (NowMicros * 10), TimeSpan.Zero);

    /// <summary>When the next timer is due.</summary>
    public long NextTimerMicros
    {
        get
        {
            while (_timers.TryPeek(out VirtualTimer? timer, out (long Due, long Order) at))
            {
                if (timer.IsDueAt(at)) return at.Due;
                _timers.Dequeue();
            }
            return long.MaxValue;
        }
    }

    public void MoveTo(long micros) => NowMicros = Math.Max(NowMicros, micros);

    /// <summary>Calls the earliest timer, which is due.</summary>
    public void Fire()
    {
        if (_timers.TryDequeue(out VirtualTimer? timer, out (long Due, long Order) at) && timer.IsDueAt(at)) timer.Fire();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class VirtualTimer(VirtualTime owner, Action callback) : ITimer
    {
        private (long Due, long Order) _due = (-1, -1);
        private TimeSpan _period;

        public bool IsDueAt((long Due, long Order) at) => _due == at;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            _due = (-1, -1);
            if (dueTime < TimeSpan.Zero) return true;
            _due = (owner.NowMicros + (dueTime.Ticks / 10), ++owner._order);
            owner._timers.Enqueue(this, _due);
            return true;
        }

        public void Fire()
        {
            Change(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan, _period);
            callback();
        }

        public void Dispose() => _due = (-1, -1);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
#pragma warning restore CA2000
