using Peregrine.Common.Events;

namespace Peregrine.MarketData.Trust;

/// <summary>A stream that stopped telling anything new.</summary>
/// <param name="Reason">Silent, Frozen, Late, or Sequence; None where there is no finding.</param>
/// <param name="Kind">Which stream of the symbol.</param>
/// <param name="SinceNanos">For how long it has told nothing new, nanoseconds.</param>
/// <param name="IsNew">False: the episode was told of before, and it lasts.</param>
/// <param name="Lost">Sequence: events that are missing.</param>
public readonly record struct StreamFinding(GapReason Reason, EventKind Kind, long SinceNanos, bool IsNew, long Lost = 0)
{
    public bool IsNone => Reason == GapReason.None;
}

/// <summary>
/// Proof of life for the streams of one symbol: each must bring something new within a budget that its own past pauses give. New means an event time that
/// advances (where the wire has one): bytes, pongs and old messages prove nothing. A stream is expected from the moment its connection is up, not from its
/// first message. Knows no clock but the one it is given.
/// </summary>
/// <remarks>One thread; allocates nothing after construction.</remarks>
public sealed class StreamWatch
{
    /// <summary>A connected stream that has never spoken is given so long.</summary>
    public static readonly TimeSpan FirstMessageWithin = TimeSpan.FromSeconds(8);

    /// <summary>The least and the largest budget of a stream that speaks regularly.</summary>
    public static readonly TimeSpan BudgetMin = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan BudgetMax = TimeSpan.FromSeconds(20);

    /// <summary>What a stream that only speaks when something happens is given while it is new.</summary>
    private static readonly TimeSpan NewQuietBudget = TimeSpan.FromSeconds(20);

    /// <summary>No quiet symbol is given more.</summary>
    private static readonly TimeSpan QuietBudgetMax = TimeSpan.FromMinutes(10);

    /// <summary>While an episode lasts, it is told again after so long, and then after twice as long.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AgainAfterMax = TimeSpan.FromMinutes(5);

    /// <summary>A stream that has never spoken may simply have nothing to say: after so many tries it is left alone (and the symbol unfit to trade).</summary>
    private const int FirstMessageTries = 3;

    private const int Kinds = (int)EventKind.OpenInterest + 1;

    private readonly Track[] _tracks = new Track[Kinds];
    private int _expected;
    private int _stale;
    private int _down;
    private long _now;

    private struct Track
    {
        public GapHistory Gaps;
        public long LastReceiveNanos;
        public long EventTime;
        public long EventTimeAtTick;
        public long ProgressAt;
        public long AgainAt;
        public long AgainPause;
        public int Tries;
        public long LastTradeId;
        public bool HeardSinceTick;
        public bool HasSpoken;
    }

    /// <param name="expected">The kinds of stream that are subscribed. Those that have no rhythm (liquidations, what is asked for over REST) are not watched.</param>
    public StreamWatch(ReadOnlySpan<EventKind> expected)
    {
        foreach (EventKind kind in expected)
            if (kind.IsMarket() && kind is not (EventKind.Liquidation or EventKind.OpenInterest or EventKind.DepthSnapshot)) _expected |= 1 << (int)kind;
        Reset();
    }

    /// <summary>Whether every watched stream is connected and brings news in time. True where none is watched.</summary>
    public bool IsFresh => (_stale | _down) == 0;

    /// <summary>The watched streams that are stale or not connected, one bit a kind.</summary>
    public int Missing => _stale | _down;

    /// <summary>Nothing is known any more: a process began.</summary>
    public void Reset()
    {
        Array.Clear(_tracks);
        _down = _expected;
        _stale = 0;
    }

    /// <summary>Takes in a message of the symbol.</summary>
    public void OnEvent(in MarketEvent entry)
    {
        int at = (int)entry.Kind;
        if (at >= Kinds || (_expected & (1 << at)) == 0) return;
        ref Track track = ref _tracks[at];
        // The pause before a connection's first message is none of the stream's own; one that was taken for an episode is, where the trades themselves say that none is missing.
        bool isOwn = (_stale & (1 << at)) == 0 || (entry.Kind is EventKind.Trade or EventKind.AggTrade && entry.Trade.Id == track.LastTradeId + 1);
        if (track.LastReceiveNanos != 0 && isOwn) track.Gaps.Add(entry.ReceiveTimeNanos - track.LastReceiveNanos);
        track.LastReceiveNanos = entry.ReceiveTimeNanos;
        if (entry.Kind is EventKind.Trade or EventKind.AggTrade) track.LastTradeId = entry.Trade.Id;
        track.HeardSinceTick = true;
        if (entry.ExchangeTimeMicros > track.EventTime) track.EventTime = entry.ExchangeTimeMicros;
    }

    /// <summary>A connection came or went.</summary>
    /// <param name="kinds">What it carries, one bit a kind; 0 for all.</param>
    /// <param name="isUp">Whether it came.</param>
    /// <returns>The watched kinds that it took away just now, one bit a kind.</returns>
    public int OnLine(int kinds, bool isUp)
    {
        int concerned = (kinds == 0 ? ~0 : kinds) & _expected;
        int lost = isUp ? 0 : concerned & ~_down;
        _down = isUp ? _down & ~concerned : _down | concerned;
        _stale &= ~concerned;
        for (int at = 0; at < Kinds; at++)
        {
            if ((concerned & (1 << at)) == 0) continue;
            ref Track track = ref _tracks[at];
            track.ProgressAt = _now;
            track.LastReceiveNanos = 0;
            track.HeardSinceTick = track.HasSpoken = false;
            track.AgainPause = 0;
            track.EventTimeAtTick = track.EventTime = 0; // Another connection may be a little behind the one before.
        }
        return lost;
    }

    /// <summary>Time went on. Call <see cref="Next"/> until it finds nothing.</summary>
    /// <param name="nanos">Since the last call; what is beyond a plausible tick (a clock that stepped, a machine that slept) is left out.</param>
    public void Tick(long nanos)
    {
        _now += Math.Clamp(nanos, 0, 3_000_000_000);
        for (int at = 0; at < Kinds; at++)
        {
            if ((_expected & ~_down & (1 << at)) == 0) continue;
            ref Track track = ref _tracks[at];
            bool isNew = track.HeardSinceTick && (track.EventTime == 0 || track.EventTime > track.EventTimeAtTick);
            if (isNew)
            {
                track.ProgressAt = _now;
                track.HasSpoken = true;
                track.EventTimeAtTick = track.EventTime;
                track.AgainPause = 0;
                track.Tries = 0;
                _stale &= ~(1 << at);
                track.HeardSinceTick = false;
            }
        }
    }

    /// <summary>A stream that is over its budget, each once in a tick; none at the end.</summary>
    public StreamFinding Next()
    {
        for (int at = 0; at < Kinds; at++)
        {
            int bit = 1 << at;
            if ((_expected & ~_down & bit) == 0) continue;
            ref Track track = ref _tracks[at];
            long since = _now - track.ProgressAt;
            if ((_stale & bit) == 0)
            {
                if (since <= Budget(in track, (EventKind)at)) continue;
                _stale |= bit;
                return Find(ref track, at, since, isNew: true);
            }
            if (_now < track.AgainAt || (!track.HasSpoken && track.Tries >= FirstMessageTries)) continue;
            return Find(ref track, at, since, isNew: false);
        }
        return default;
    }

    /// <summary>Something else proves that this stream is behind: it is stale from now on.</summary>
    public StreamFinding Condemn(EventKind kind)
    {
        int at = (int)kind;
        if ((_expected & ~_down & (1 << at)) == 0 || (_stale & (1 << at)) != 0) return default;
        _stale |= 1 << at;
        return Find(ref _tracks[at], at, _now - _tracks[at].ProgressAt, isNew: true);
    }

    /// <summary>How long the stream may go without news, nanoseconds.</summary>
    public long BudgetOf(EventKind kind) => Budget(in _tracks[(int)kind], kind);

    private StreamFinding Find(ref Track track, int at, long since, bool isNew)
    {
        track.Tries++;
        track.AgainPause = track.AgainPause == 0 ? Nanos(AgainAfter) : Math.Min(track.AgainPause * 2, Nanos(AgainAfterMax));
        track.AgainAt = _now + track.AgainPause;
        return new StreamFinding(track.HeardSinceTick ? GapReason.Frozen : GapReason.Silent, (EventKind)at, since, isNew);
    }

    private static long Budget(in Track track, EventKind kind)
    {
        if (!track.HasSpoken) return Nanos(FirstMessageWithin);
        bool hasRhythm = kind is EventKind.DepthDiff or EventKind.Depth20 or EventKind.MarkPrice;
        long regular = 4 * track.Gaps.Quantile(1);
        if (track.Gaps.IsEnough && regular <= Nanos(BudgetMax)) return Math.Max(regular, Nanos(BudgetMin));
        // What is quiet by nature, or new, can only be measured by its longest pauses; its siblings and its connection are its other witnesses.
        long least = hasRhythm && !track.Gaps.IsEnough ? Nanos(BudgetMax) / 2 : Nanos(NewQuietBudget);
        return Math.Min(Math.Max(4 * track.Gaps.Longest, least), Nanos(QuietBudgetMax));
    }

    private static long Nanos(TimeSpan span) => span.Ticks * 100;
}
