using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData.Trust;

/// <summary>
/// Whether what is known of a symbol may be believed: each stream brings news in time, and the book agrees with its witnesses. Beside each stream's own
/// rhythm the streams of a symbol vouch for each other, however quiet it is: best prices that moved on while the book stands still prove that diffs are missing (and the other
/// way round), and trades, aggregates and candles know each other's trade ids.
/// </summary>
public sealed class SymbolTrust
{
    /// <summary>How long one of the two may stand still while the other has gone past it.</summary>
    private const long BehindNanosMax = 2_000_000_000;

    /// <summary>Candles are told every two seconds at most.</summary>
    private const long CandleBehindNanosMax = 5_000_000_000;

    private readonly bool _isOn;
    private readonly bool _hasDiffs;
    private readonly SymbolBook _book;
    private long _bookIdAtTick;
    private long _tickerIdAtTick;
    private long _bookBehind;
    private long _tickerBehind;
    private Teller _trades;
    private Teller _aggregates;
    private Teller _candles;
    private long _lastTrade;
    private long _lastAggregate;
    private long _tradesLost;
    private long _aggregatesLost;
    private bool _tradesLate;
    private bool _aggregatesLate;
    private bool _candlesLate;
    private long _wholeBookId;
    private bool _condemned;
    private bool _wasLate;
    private bool _late;
    private bool _tellsLate;
    private LagWatch _lag;

    /// <summary>One of the streams that tell of trades: the last trade id it told, and for how long it has been behind the others.</summary>
    private struct Teller
    {
        public long TradeId;
        public long Behind;
        private long _atTick;

        public bool IsLate(long newest, long nanos, long allowed)
        {
            // One that goes on telling is not late, although at any moment another may be a message ahead.
            Behind = TradeId != 0 && TradeId < newest && TradeId == _atTick ? Behind + nanos : 0;
            _atTick = TradeId;
            return Behind >= allowed;
        }
    }

    /// <param name="book">The symbol's book; it gets events before this does.</param>
    /// <param name="streams">The kinds of stream that are subscribed; where none is named, nothing is judged (a recording from before all this replays as it was).</param>
    public SymbolTrust(SymbolBook book, ReadOnlySpan<EventKind> streams)
    {
        _book = book;
        _isOn = !streams.IsEmpty;
        _hasDiffs = streams.Contains(EventKind.DepthDiff);
        Streams = new StreamWatch(streams);
    }

    public StreamWatch Streams { get; }
    public Referee Referee { get; } = new();

    /// <summary>Whether orders may be based on this symbol's data, as far as its streams and witnesses can say.</summary>
    public bool IsGood => Streams.IsFresh && Referee.IsTrusting && !_late && !_wasLate;

    /// <summary>Takes in an event of the symbol after its book did, with what the book made of it.</summary>
    public void OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload, BookChangeKind change)
    {
        // What was asked for over REST proves nothing about a stream, and may be as old as the exchange likes.
        if (!_isOn || (entry.Flags & EventFlags.Polled) != 0) return;
        Streams.OnEvent(in entry);
        if (entry.ExchangeTimeMicros != 0 && entry.Kind.IsMarket() && entry.Kind != EventKind.DepthSnapshot)
        {
            _lag.OnEvent(entry.ReceiveTimeNanos, entry.ExchangeTimeMicros);
            _wasLate |= _lag.IsLate;
        }
        if (change == BookChangeKind.Synchronised || change == BookChangeKind.Gap) Referee.Reset();
        switch (entry.Kind)
        {
            case EventKind.BookTicker:
                if (_book.State == BookState.Live) _condemned |= Referee.OnTicker(in entry.Ticker);
                break;
            case EventKind.DepthDiff when _book.State == BookState.Live && entry.Depth.FinalUpdateId == _book.LastUpdateId:
                _condemned |= Referee.OnBook(entry.Depth.FirstUpdateId, entry.Depth.FinalUpdateId, _book.BestBid.Price, _book.BestAsk.Price);
                break;
            case EventKind.Depth20 when !_hasDiffs && _book.State == BookState.Live && entry.Depth.FinalUpdateId == _book.LastUpdateId:
                _condemned |= Referee.OnBook(_wholeBookId + 1, entry.Depth.FinalUpdateId, _book.BestBid.Price, _book.BestAsk.Price);
                _wholeBookId = entry.Depth.FinalUpdateId;
                break;
            case EventKind.Trade or EventKind.AggTrade:
                if (entry.Kind == EventKind.Trade)
                {
                    // Ids of trades have no holes at the exchange.
                    if (_lastTrade != 0 && entry.Trade.Id > _lastTrade + 1) _tradesLost += entry.Trade.Id - _lastTrade - 1;
                    _trades.TradeId = _lastTrade = entry.Trade.Id;
                }
                else
                {
                    if (_lastAggregate != 0 && entry.Trade.Id > _lastAggregate + 1) _aggregatesLost += entry.Trade.Id - _lastAggregate - 1;
                    _lastAggregate = entry.Trade.Id;
                    _aggregates.TradeId = entry.Trade.LastTradeId;
                }
                if (_book.State == BookState.Live && (entry.Flags & EventFlags.OffMarket) == 0) _condemned |= Referee.OnTrade(entry.Trade.Price, _book.BestBid.Price, _book.BestAsk.Price);
                break;
            case EventKind.Kline when payload.Length == Payload.Words<Kline>():
                _candles.TradeId = Math.Max(_candles.TradeId, Payload.Read<Kline>(payload).LastTradeId);
                break;
            case EventKind.Session:
                Streams.Reset();
                Referee.Reset();
                _lag = default;
                _wasLate = _late = _tellsLate = false;
                _trades = _aggregates = _candles = default;
                _lastTrade = _lastAggregate = _tradesLost = _aggregatesLost = 0;
                _bookBehind = _tickerBehind = _bookIdAtTick = _tickerIdAtTick = _wholeBookId = 0;
                break;
            default:
                break;
        }
    }

    /// <summary>Whether the witnesses have just condemned the book: it has to begin anew.</summary>
    public bool TakeCondemnation()
    {
        bool condemned = _condemned;
        if (condemned) Referee.Reset();
        _condemned = false;
        return condemned;
    }

    /// <summary>Time went on; call <see cref="Next"/> afterwards until it finds nothing.</summary>
    /// <param name="nanos">Since the last call.</param>
    /// <param name="clockStepped">Our clock was set meanwhile.</param>
    public void Tick(long nanos, bool clockStepped = false)
    {
        if (!_isOn) return;
        Streams.Tick(nanos);
        _lag.Tick(nanos, clockStepped);
        // Not good again before a whole tick without a late event: streams of one symbol may be late one by one.
        _tellsLate = _wasLate && !_late;
        _late = _wasLate;
        _wasLate = false;
        nanos = Math.Clamp(nanos, 0, BehindNanosMax);
        long bookId = _book.LastUpdateId, tickerId = _book.Ticker.UpdateId;
        bool live = _book.State == BookState.Live;
        _bookBehind = live && tickerId > bookId && bookId == _bookIdAtTick ? _bookBehind + nanos : 0;
        bool differs = tickerId != 0 && (_book.BestBid.Price != _book.Ticker.BidPrice || _book.BestAsk.Price != _book.Ticker.AskPrice);
        _tickerBehind = live && differs && bookId > tickerId && tickerId == _tickerIdAtTick ? _tickerBehind + nanos : 0;
        _bookIdAtTick = bookId;
        _tickerIdAtTick = tickerId;
        long newest = Math.Max(_trades.TradeId, Math.Max(_aggregates.TradeId, _candles.TradeId));
        _tradesLate = _trades.IsLate(newest, nanos, BehindNanosMax);
        _aggregatesLate = _aggregates.IsLate(newest, nanos, BehindNanosMax);
        _candlesLate = _candles.IsLate(newest, nanos, CandleBehindNanosMax);
    }

    /// <summary>A stream that cannot be believed any more; none at the end.</summary>
    public StreamFinding Next()
    {
        StreamFinding finding = Streams.Next();
        if (finding.IsNone && _tellsLate)
        {
            _tellsLate = false;
            finding = new StreamFinding(GapReason.Late, EventKind.None, _lag.TakeWorst(), IsNew: true);
        }
        if (finding.IsNone) finding = TakeLost(EventKind.Trade, ref _tradesLost);
        if (finding.IsNone) finding = TakeLost(EventKind.AggTrade, ref _aggregatesLost);
        if (finding.IsNone && _bookBehind >= BehindNanosMax) finding = Condemn(_hasDiffs ? EventKind.DepthDiff : EventKind.Depth20, ref _bookBehind);
        if (finding.IsNone && _tickerBehind >= BehindNanosMax) finding = Condemn(EventKind.BookTicker, ref _tickerBehind);
        if (finding.IsNone && _tradesLate) finding = Condemn(EventKind.Trade, ref _trades.Behind);
        if (finding.IsNone && _aggregatesLate) finding = Condemn(EventKind.AggTrade, ref _aggregates.Behind);
        if (finding.IsNone && _candlesLate) finding = Condemn(EventKind.Kline, ref _candles.Behind);
        return finding;
    }

    private static StreamFinding TakeLost(EventKind kind, ref long lost)
    {
        if (lost == 0) return default;
        StreamFinding finding = new(GapReason.Sequence, kind, 0, IsNew: true, lost);
        lost = 0;
        return finding;
    }

    private StreamFinding Condemn(EventKind kind, ref long behind)
    {
        behind = 0;
        if (kind == EventKind.Trade) _tradesLate = false;
        else if (kind == EventKind.AggTrade) _aggregatesLate = false;
        else if (kind == EventKind.Kline) _candlesLate = false;
        return Streams.Condemn(kind);
    }
}
