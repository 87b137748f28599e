using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>How far a book can be trusted. Only Live can.</summary>
public enum BookState : byte
{
    /// <summary>Nothing is known.</summary>
    Empty = 0,

    /// <summary>Diffs and a snapshot are being brought together.</summary>
    Buffering = 1,

    /// <summary>The book is what the exchange's is.</summary>
    Live = 2,

    /// <summary>A diff was missed; a new snapshot is awaited.</summary>
    Gapped = 3,

    /// <summary>The best bid was not below the best ask; a new snapshot (or the next depth20) is awaited.</summary>
    Crossed = 4,

    /// <summary>Its witnesses say otherwise; a new snapshot (or the next depth20) is awaited.</summary>
    Contradicted = 5,
}

/// <summary>
/// The book of one symbol as its events tell it, and whether it may be traded on. Built by the exchange's documented procedure from snapshot and
/// diffs; where no diffs are subscribed, each depth20 is the whole book. Once a diff was seen the diffs are the book and depth20 is passed over.
/// </summary>
/// <remarks>One thread. Allocates only when it must grow, by doubling.</remarks>
public sealed class SymbolBook
{
    private readonly Instrument _instrument;
    private readonly OrderBook _book;
    private readonly DiffBuffer _pending = new();
    private BookSequence _sequence;
    private bool _hasDiffs;
    private bool _hasSnapshot;
    private Price _knownBid;
    private Price _knownAsk;

    /// <param name="instrument">The symbol; its market decides which rule its diffs follow.</param>
    /// <param name="capacity">Levels of each side there is room for before memory grows; a liquid symbol comes to several thousand within minutes.</param>
    public SymbolBook(Instrument instrument, int capacity = 8_192)
    {
        _instrument = instrument;
        _book = new OrderBook(capacity, instrument.Rules.TickSize);
    }

    public BookState State { get; private set; }

    /// <summary>Whether orders may be based on it: sound, not crossed, and with somebody on both sides.</summary>
    public bool IsTradable => State == BookState.Live && _book.HasBothSides;

    /// <summary>
    /// Whether the shell has to fetch a depth snapshot. Stays true until one arrives that fits the diffs (one that is too old does not), so a
    /// request that got lost is simply made again.
    /// </summary>
    public bool WantsSnapshot => _pending.Count > 0 && State is BookState.Buffering or BookState.Gapped or BookState.Crossed or BookState.Contradicted;

    /// <summary>The highest bid as last known, all zero where there is none. Only to be relied on while <see cref="IsTradable"/>.</summary>
    public Level BestBid => _book.BestBid;

    /// <summary>The lowest ask as last known, all zero where there is none. Only to be relied on while <see cref="IsTradable"/>.</summary>
    public Level BestAsk => _book.BestAsk;

    /// <summary>Half way between the best prices, cut to 1e-8 units; zero where a side is empty.</summary>
    public Price Mid => _book.HasBothSides ? Between(_book.BestBid.Price.Raw, _book.BestAsk.Price.Raw) : Price.Zero;

    /// <summary>The newest best prices on the wire. They may be ahead of the book, and are no book.</summary>
    public BookTickerFields Ticker { get; private set; }

    /// <summary>The update id the book stands at, 0 where it has none.</summary>
    public long LastUpdateId { get; private set; }

    /// <summary>The receive time of the event that last changed the book, nanoseconds since 1970.</summary>
    public long UpdatedNanos { get; private set; }

    /// <inheritdoc cref="OrderBook.Revision"/>
    public long Revision => _book.Revision;

    /// <summary>Diffs that wait for a snapshot.</summary>
    public int PendingDiffs => _pending.Count;

    /// <summary>Levels known on a side.</summary>
    public int Count(Side side) => _book.Count(side);

    /// <summary>Copies the best levels of a side (Buy: bids), best first, and returns how many there were.</summary>
    public int Top(Side side, Span<Level> destination) => _book.Top(side, destination);

    /// <summary>Takes in an event; those of other symbols and other kinds change nothing.</summary>
    public BookChange OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!entry.Symbol.IsNone && entry.Symbol != _instrument.Id) return BookChange.Nothing;
        switch (entry.Kind)
        {
            case EventKind.DepthDiff: return OnDiff(in entry, payload);
            case EventKind.Depth20: return _hasDiffs ? BookChange.Nothing : OnWholeBook(in entry, payload);
            case EventKind.DepthSnapshot: return OnSnapshot(in entry, payload);
            case EventKind.BookTicker:
                Ticker = entry.Ticker;
                return BookChange.Nothing;
            case EventKind.Line: return LineEvent.IsUp(in entry) || !LineEvent.Carries(in entry, _hasDiffs ? EventKind.DepthDiff : EventKind.Depth20) ? BookChange.Nothing : OnLineDown();
            case EventKind.Session:
                Forget();
                _hasDiffs = false;
                return BookChange.Nothing;
            default: return BookChange.Nothing;
        }
    }

    /// <summary>Its witnesses say otherwise: it begins anew.</summary>
    public BookChange Distrust()
    {
        if (State != BookState.Live) return BookChange.Nothing;
        BookChange change = BookChange.Gap(GapReason.Contradicted, _book.BestAsk.Price.Raw, _book.BestBid.Price.Raw);
        Restart(BookState.Contradicted);
        return change;
    }

    /// <summary>
    /// How far a side is known: the exchange told every level up to this price, and of those beyond it only what changed since. Zero where nothing is known.
    /// </summary>
    public Price KnownTo(Side side) => side == Side.Buy ? _knownBid : _knownAsk;

    /// <summary>Of two prices, which are never negative: their sum may not fit 63 bits, but fits 64.</summary>
    private static Price Between(long left, long right) => new((long)(((ulong)left + (ulong)right) >> 1));

    private void NoteReach(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        _knownBid = _knownAsk = Price.Zero;
        foreach (ref readonly Level level in Payload.Bids(in entry, payload))
            if (_knownBid.IsZero || level.Price < _knownBid) _knownBid = level.Price;
        foreach (ref readonly Level level in Payload.Asks(in entry, payload))
            if (level.Price > _knownAsk) _knownAsk = level.Price;
    }

    private BookChange OnDiff(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!_hasDiffs)
        {
            // Until now depth20 may have been the book; its levels say nothing about the deeper ones.
            _hasDiffs = true;
            if (!_hasSnapshot) Forget();
        }
        ref readonly DepthFields depth = ref entry.Depth;
        if (!_hasSnapshot) return Keep(in depth, payload);

        long expected = _sequence.Expected;
        switch (_sequence.Accept(depth.FirstUpdateId, depth.FinalUpdateId, depth.PreviousFinalUpdateId))
        {
            case DiffVerdict.Stale: return BookChange.Nothing;
            case DiffVerdict.Next:
                _book.Apply(Payload.Bids(in entry, payload), Payload.Asks(in entry, payload));
                LastUpdateId = depth.FinalUpdateId;
                UpdatedNanos = entry.ReceiveTimeNanos;
                if (_book.IsCrossed) return Cross(in depth, payload);
                if (State == BookState.Live) return BookChange.Updated;
                State = BookState.Live;
                return BookChange.Synchronised;
            default:
                bool wasLive = State == BookState.Live;
                Restart(wasLive ? BookState.Gapped : BookState.Buffering);
                BookChange change = Keep(in depth, payload);
                // A snapshot that lay waiting and turned out too old is no loss: nothing was built on it.
                return wasLive ? BookChange.Gap(GapReason.Sequence, expected, GotOf(in depth)) : change;
        }
    }

    // No snapshot yet: the diff waits for it.
    private BookChange Keep(in DepthFields depth, ReadOnlySpan<long> payload)
    {
        if (State is BookState.Empty or BookState.Live) State = BookState.Buffering;
        BookChange change = BookChange.Nothing;
        if (_pending.Count > 0)
        {
            long last = _pending[_pending.Count - 1].FinalUpdateId;
            if (depth.FinalUpdateId <= last) return BookChange.Nothing;
            if (!BookSequence.Follows(_instrument.Market, last, depth.FirstUpdateId, depth.PreviousFinalUpdateId))
            {
                // No snapshot can bridge a hole among the diffs: what lies before it is of no use.
                long expected = _instrument.Market == Market.UsdMargined ? last : last + 1;
                change = BookChange.Gap(GapReason.Sequence, expected, GotOf(in depth));
                Restart(BookState.Gapped);
            }
        }
        if (_pending.TryAdd(in depth, payload)) return change;
        change = BookChange.Gap(GapReason.Overflow, _pending.Count, _pending.Count + 1);
        Restart(BookState.Gapped);
        _pending.TryAdd(in depth, payload);
        return change;
    }

    private BookChange OnSnapshot(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (State == BookState.Live) return BookChange.Nothing; // A second answer to one question.

        var sequence = new BookSequence(_instrument.Market, entry.Depth.FinalUpdateId);
        int from = 0;
        for (; from < _pending.Count; from++)
        {
            ref readonly DepthFields depth = ref _pending[from];
            DiffVerdict verdict = sequence.Accept(depth.FirstUpdateId, depth.FinalUpdateId, depth.PreviousFinalUpdateId);
            if (verdict == DiffVerdict.Gap) return BookChange.Nothing; // Older than the first diff: WantsSnapshot still stands.
            if (verdict == DiffVerdict.Next) break;
        }

        _book.Load(Payload.Bids(in entry, payload), Payload.Asks(in entry, payload));
        NoteReach(in entry, payload);
        for (int i = from; i < _pending.Count; i++)
        {
            if (i > from) sequence.Accept(_pending[i].FirstUpdateId, _pending[i].FinalUpdateId, _pending[i].PreviousFinalUpdateId);
            _book.Apply(_pending.BidsOf(i), _pending.AsksOf(i));
        }
        _sequence = sequence;
        _hasSnapshot = true;
        LastUpdateId = sequence.LastUpdateId;
        UpdatedNanos = entry.ReceiveTimeNanos;
        bool hadDiffs = _pending.Count > 0;
        _pending.Clear();

        if (_book.IsCrossed)
        {
            BookChange crossed = CrossedNow();
            Restart(BookState.Crossed);
            return crossed;
        }
        // Without a single diff behind it nobody knows how old it is: the first diff that follows proves it.
        State = hadDiffs ? BookState.Live : BookState.Buffering;
        return hadDiffs ? BookChange.Synchronised : BookChange.Nothing;
    }

    private BookChange OnWholeBook(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Depth.FinalUpdateId < LastUpdateId) return BookChange.Nothing;
        _book.Load(Payload.Bids(in entry, payload), Payload.Asks(in entry, payload));
        NoteReach(in entry, payload);
        LastUpdateId = entry.Depth.FinalUpdateId;
        UpdatedNanos = entry.ReceiveTimeNanos;
        BookState before = State;
        State = _book.IsCrossed ? BookState.Crossed : BookState.Live;
        if (State == BookState.Live) return before == BookState.Live ? BookChange.Updated : BookChange.Synchronised;
        return before == BookState.Crossed ? BookChange.Nothing : CrossedNow();
    }

    private BookChange OnLineDown()
    {
        bool hadSomething = State != BookState.Empty;
        long last = LastUpdateId;
        Forget();
        return hadSomething ? BookChange.Gap(GapReason.Disconnected, last, 0) : BookChange.Nothing;
    }

    private BookChange Cross(in DepthFields depth, ReadOnlySpan<long> payload)
    {
        BookChange change = CrossedNow();
        Restart(BookState.Crossed);
        _pending.TryAdd(in depth, payload);
        return change;
    }

    private BookChange CrossedNow() => BookChange.Gap(GapReason.Crossed, _book.BestAsk.Price.Raw, _book.BestBid.Price.Raw);

    private void Restart(BookState state)
    {
        State = state;
        _pending.Clear();
        _hasSnapshot = false;
    }

    private void Forget()
    {
        Restart(BookState.Empty);
        _book.Clear();
        LastUpdateId = 0;
        _knownBid = _knownAsk = Price.Zero;
        Ticker = default;
    }

    private long GotOf(in DepthFields depth) => _instrument.Market == Market.UsdMargined ? depth.PreviousFinalUpdateId : depth.FirstUpdateId;
}
