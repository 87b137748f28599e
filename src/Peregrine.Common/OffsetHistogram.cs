namespace Peregrine.Common;

/// <summary>Counts differences that may be negative (two clocks), each side as exactly as <see cref="LatencyHistogram"/>.</summary>
public sealed class OffsetHistogram
{
    private readonly LatencyHistogram _ahead = new();
    private readonly LatencyHistogram _behind = new();

    public long Count => _ahead.Count + _behind.Count;

    /// <summary>The smallest difference seen, nanoseconds; 0 while there is none.</summary>
    public long MinNanos { get; private set; }

    public void Record(long nanos)
    {
        if (Count == 0 || nanos < MinNanos) MinNanos = nanos;
        if (nanos < 0) _behind.Record(-nanos);
        else _ahead.Record(nanos);
    }

    /// <summary>The value below or at which the given share (0 to 1) of the differences lies, nanoseconds; 0 while there is none.</summary>
    public double Quantile(double share)
    {
        long total = Count;
        if (total == 0) return 0;
        double negative = _behind.Count / (double)total;
        return share < negative ? -_behind.Quantile(Math.Clamp(1 - (share / negative), 0, 1)) : _ahead.Quantile(negative >= 1 ? 1 : (share - negative) / (1 - negative));
    }
}
