using System.Numerics;

namespace Peregrine.MarketData.Trust;

/// <summary>
/// How long a stream's pauses are, learned from the stream itself: counts of the pauses between its messages by powers of the square root of two. Old pauses
/// weigh ever less, so a market that turned quiet is not measured by its busy hours.
/// </summary>
public struct GapHistory
{
    /// <summary>Pauses that make a history; fewer say nothing.</summary>
    public const int EnoughGaps = 64;

    /// <summary>At so many pauses all counts are halved.</summary>
    private const int HalveAt = 16_384;

    /// <summary>Two buckets for each doubling, from a millisecond to an hour and beyond.</summary>
    private const int Buckets = 48;

    private Counts _counts;
    private int _total;

    [System.Runtime.CompilerServices.InlineArray(Buckets)]
    private struct Counts
    {
        private ushort _first;
    }

    /// <summary>Whether enough was seen to judge by.</summary>
    public readonly bool IsEnough => _total >= EnoughGaps;

    /// <summary>Adds a pause in nanoseconds; negative ones (a clock that stepped) count as none.</summary>
    public void Add(long nanos)
    {
        _counts[BucketOf(nanos)]++;
        if (++_total < HalveAt) return;
        _total = 0;
        for (int i = 0; i < Buckets; i++)
        {
            _counts[i] /= 2;
            _total += _counts[i];
        }
    }

    /// <summary>A pause that all but <paramref name="rest"/> in a thousand stay below, nanoseconds; the upper edge of its bucket.</summary>
    public readonly long Quantile(int rest)
    {
        long allowed = (long)_total * rest / 1_000;
        long above = 0;
        for (int i = Buckets - 1; i >= 0; i--)
        {
            above += _counts[i];
            if (above > allowed) return UpperEdge(i);
        }
        return 0;
    }

    /// <summary>The longest pause that is remembered, nanoseconds; the upper edge of its bucket.</summary>
    public readonly long Longest => Quantile(0);

    private static int BucketOf(long nanos)
    {
        long millis = nanos / 1_000_000;
        if (millis <= 0) return 0;
        int log = BitOperations.Log2((ulong)millis);
        // The upper half of a doubling begins at 1.5 times its lower edge.
        int half = log > 0 ? (int)((millis >> (log - 1)) & 1) : 0;
        return Math.Min((log * 2) + half + 1, Buckets - 1);
    }

    private static long UpperEdge(int bucket)
    {
        if (bucket == 0) return 1_000_000;
        int log = (bucket - 1) / 2;
        long low = 1_000_000L << log;
        return (bucket - 1) % 2 == 0 && log > 0 ? low + (low / 2) : low * 2;
    }
}
