namespace Peregrine.Common;

/// <summary>Wall-clock stamps as events carry them: whole nanoseconds or microseconds since 1970, UTC, without leap seconds.</summary>
public static class EpochClock
{
    /// <summary>Nanoseconds since 1970 (the clock's own resolution is 100 ns).</summary>
    public static long GetUnixNanos(this TimeProvider time) => (time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;

    public static long GetUnixMicros(this TimeProvider time) => time.GetUnixNanos() / 1_000;

    public static DateTimeOffset FromNanos(long unixNanos) => DateTimeOffset.UnixEpoch.AddTicks(unixNanos / 100);
    public static DateTimeOffset FromMicros(long unixMicros) => DateTimeOffset.UnixEpoch.AddTicks(unixMicros * 10);
}
