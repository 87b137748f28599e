using System.Diagnostics;

using Peregrine.Common.Events;

namespace Peregrine.Binance.Feed;

/// <summary>
/// Makes one stream of several connections that carry the same: each event passes once, in order, from whichever connection brings it first, and none is
/// passed over while a connection lives that still brings it.
/// </summary>
/// <remarks>
/// A connection delivers in order and loses nothing while it lives. So if the message before this one on the same connection is not newer than what passed
/// last, nothing can lie between that and this message: it may pass. A message that cannot be proved so (a connection's first, or one that ran ahead) waits
/// for the other connection to bring what is between and then itself, but not for long.
/// </remarks>
/// <param name="keys">Streams, by <see cref="StreamGroup.Key"/>.</param>
internal sealed class ArrivalGate(int keys)
{
    /// <summary>How long a message that may have something missing before it is left to another connection.</summary>
    private static readonly long PatienceTicks = Stopwatch.Frequency / 4;

    /// <summary>Ids of a stream that begin anew (a symbol listed again) show by event times that are so much later.</summary>
    private const long RestartMicros = 10_000_000;

    private readonly Passed[] _passed = new Passed[keys];

    private struct Passed
    {
        public long Id;
        public long Ticks;
        public long EventTimeMicros;
        public long WaitingSince;
    }

    /// <summary>How many streams it can tell apart.</summary>
    public int Keys => _passed.Length;

    /// <summary>The id of what passed last in the stream; 0 before the first.</summary>
    public long LastId(int key) => _passed[key].Id;

    /// <summary>When that was, <see cref="Stopwatch"/> ticks.</summary>
    public long LastTicks(int key) => _passed[key].Ticks;

    /// <summary>Whether the event is the next of its stream. Counts for the line what it was.</summary>
    /// <param name="line">Which connection brought it.</param>
    /// <param name="entry">The event as decoded.</param>
    /// <param name="ticks">When it was read.</param>
    public bool Passes(FeedLine line, in MarketEvent entry, long ticks)
    {
        long id = IdOf(in entry);
        int key = StreamGroup.Key(entry.Symbol, entry.Kind);
        ref Passed passed = ref _passed[key];
        long before = line.LastIds[key];
        if (id > before)
        {
            line.LastIds[key] = id;
            line.Gaps.Add((ticks - line.NewsAt) * (1_000_000_000 / Stopwatch.Frequency));
            line.NewsAt = ticks;
        }
        if (id <= passed.Id && !HasRestarted(in entry, in passed))
        {
            line.CountDuplicate();
            if (id == passed.Id) line.Lag.Record((ticks - passed.Ticks) * (1_000_000_000 / Stopwatch.Frequency));
            return false;
        }
        bool isNext = passed.Id == 0 || (before != 0 && before <= passed.Id) || Follows(in entry, passed.Id);
        if (!isNext && IsStillToCome(line, key, in passed, ticks))
        {
            if (passed.WaitingSince == 0) passed.WaitingSince = ticks;
            if (ticks - passed.WaitingSince < PatienceTicks)
            {
                line.CountEarly();
                return false;
            }
        }
        passed = new Passed { Id = id, Ticks = ticks, EventTimeMicros = entry.ExchangeTimeMicros };
        line.CountWin();
        return true;
    }

    /// <summary>What tells an event of a stream from the one before; it only grows.</summary>
    public static long IdOf(in MarketEvent entry) => entry.Kind switch
    {
        EventKind.Trade or EventKind.AggTrade => entry.Trade.Id,
        EventKind.BookTicker => entry.Ticker.UpdateId,
        EventKind.DepthDiff or EventKind.Depth20 => entry.Depth.FinalUpdateId,
        _ => entry.ExchangeTimeMicros,
    };

    /// <summary>Kinds that say themselves what they follow.</summary>
    private static bool Follows(in MarketEvent entry, long passed) => entry.Kind switch
    {
        EventKind.Trade or EventKind.AggTrade => entry.Trade.Id == passed + 1,
        EventKind.DepthDiff => entry.Depth.PreviousFinalUpdateId == passed || (entry.Depth.PreviousFinalUpdateId == 0 && entry.Depth.FirstUpdateId <= passed + 1),
        _ => false,
    };

    /// <summary>Whether another connection that lives has spoken on this stream and is not past what passed last: it brings what lies between.</summary>
    private static bool IsStillToCome(FeedLine line, int key, in Passed passed, long ticks)
    {
        foreach (FeedLine other in line.Group.Lines)
        {
            if (other == line || !other.IsUp || ticks - other.NewsAt > Stopwatch.Frequency) continue;
            long last = other.LastIds[key];
            if (last != 0 && last <= passed.Id) return true;
        }
        return false;
    }

    private static bool HasRestarted(in MarketEvent entry, in Passed passed) =>
        passed.EventTimeMicros != 0 && entry.ExchangeTimeMicros > passed.EventTimeMicros + RestartMicros && entry.Kind is EventKind.Trade or EventKind.AggTrade or EventKind.DepthDiff;
}
