using Peregrine.Common;

namespace Peregrine.Simulator.Markets;

/// <summary>The exchange's clock: the machine's, shifted by what a fault says. Only its wall time is shifted, its timers are not.</summary>
internal sealed class ExchangeClock(TimeProvider inner) : TimeProvider
{
    private readonly long _begin = inner.GetTimestamp();
    private long _offsetMicros;

    /// <summary>How far the exchange's times are ahead of the machine's.</summary>
    public long OffsetMicros
    {
        get => Volatile.Read(ref _offsetMicros);
        set => Volatile.Write(ref _offsetMicros, value);
    }

    /// <summary>Seconds since the exchange was made, whatever the wall clock does.</summary>
    public double RunSeconds => inner.GetElapsedTime(_begin).TotalSeconds;

    public long NowMicros => this.GetUnixMicros();
    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;
    public override long TimestampFrequency => inner.TimestampFrequency;
    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow().AddTicks(OffsetMicros * 10);
    public override long GetTimestamp() => inner.GetTimestamp();
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
}
