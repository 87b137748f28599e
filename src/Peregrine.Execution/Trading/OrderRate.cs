namespace Peregrine.Execution.Trading;

/// <summary>Counts orders within the last minute, exactly, up to a limit.</summary>
public sealed class OrderRate(int limit)
{
    private const long MinuteNanos = 60_000_000_000;

    private readonly long[] _times = new long[Math.Max(1, limit)];
    private long _count;

    public void Count(long nowNanos) => _times[_count++ % _times.Length] = nowNanos;

    /// <summary>Orders within the minute before now; never more than the limit, which is what a limit needs to know.</summary>
    public int Within(long nowNanos)
    {
        int within = 0;
        for (long i = _count - 1; i >= Math.Max(0, _count - _times.Length) && nowNanos - _times[i % _times.Length] < MinuteNanos; i--) within++;
        return within;
    }
}
