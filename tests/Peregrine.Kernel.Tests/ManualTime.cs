namespace Peregrine.Kernel.Tests;

/// <summary>A clock that stands still until it is advanced; timers that become due fire on the thread that advances it.</summary>
internal sealed class ManualTime(DateTimeOffset? begin = null) : TimeProvider
{
    public static readonly DateTimeOffset Epoch = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => (begin ?? Epoch).AddTicks(GetTimestamp());

    public void Advance(TimeSpan by)
    {
        List<Timer> due;
        lock (_gate)
        {
            Volatile.Write(ref _ticks, _ticks + by.Ticks);
            due = _timers.FindAll(timer => timer.Due <= _ticks);
            foreach (Timer timer in due) _timers.Remove(timer);
        }
        foreach (Timer timer in due) timer.Fire();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, period); // All that the kernel asks for.
        lock (_gate)
        {
            var timer = new Timer(this, callback, state, _ticks + dueTime.Ticks);
            _timers.Add(timer);
            return timer;
        }
    }

    private sealed class Timer(ManualTime owner, TimerCallback callback, object? state, long due) : ITimer
    {
        public long Due { get; } = due;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose()
        {
            lock (owner._gate) owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
