namespace Peregrine.Storage.Tests;

/// <summary>A wall clock that a test sets, and a stopwatch that only goes forward with it.</summary>
internal sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset _now = now;
    private long _ticks;

    public override DateTimeOffset GetUtcNow() => _now;
    public override long GetTimestamp() => _ticks;
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by)
    {
        _now += by;
        _ticks += by.Ticks;
    }

    /// <summary>The wall clock jumps, as after a bad synchronisation; the stopwatch does not notice.</summary>
    public void Set(DateTimeOffset to) => _now = to;

    public long Nanos => (_now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
}
