using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Synthetic;

/// <summary>One made-up symbol: its matching engine, its order flow, and all its streams, which therefore agree with each other.</summary>
internal sealed class SyntheticSymbol : MarketSymbol, IMatchObserver
{
    private static readonly int[] PartialLevels = [5, 10, 20];

    /// <summary>How often SBE streams tell of the book.</summary>
    private const long SbeMillis = 20;

    /// <summary>Spot counts updates one by one. Futures leave numbers out: only the chain of pu proves that nothing is missing.</summary>
    private int IdStep => IsSpot ? 1 : 3;

    private readonly Func<long> _nextOrderId;
    private readonly Dictionary<long, (VenueOrder Order, IFillListener Listener)> _ours = [];
    private readonly Queue<Action> _ourNews = [];
    private readonly List<TapeAggregate> _aggregates = [];
    private readonly List<TapeTrade> _trades = [];
    private readonly DiffBatch[] _diffs;
    private readonly PartialBook[] _partials;
    private readonly FormedChannel[] _tradeChannels;
    private readonly FormedChannel[] _aggregateChannels;
    private readonly FormedChannel[] _tickerChannels;
    private readonly FormedChannel[][] _klineChannels;
    private readonly ExchangeClock _clock;
    private readonly WireWriter _writer = new(1 << 12);
    private (long, long, long, long) _lastBest;
    private BookImage _genesis = BookImage.Empty;
    private VenueOrder? _taker;
    private IFillListener? _takerListener;
    private long _nowMicros;
    private long _nextTradeId = 1;
    private long _nextAggregateId = 1;
    private long _nextPreventedId;
    private long _klineDueMillis;
    private long _lookDueMillis;

    /// <param name="index">Its place among the symbols: it sets when in an interval its timed streams speak, and how SBE writes its decimals.</param>
    public SyntheticSymbol(FlowProfile profile, StreamHub hub, Func<long> nextOrderId, SyntheticSource source, ExchangeClock clock, SbeVersion sbe, int index)
        : base(profile.Instrument)
    {
        _nextOrderId = nextOrderId;
        _clock = clock;
        Book = new MatchingBook(profile.Instrument.Rules.StepSize.Raw, this);
        Flow = new OrderFlow(profile, Book, source.Seed, source.Rate);
        string prefix = profile.Instrument.Symbol.ToLowerInvariant();
        bool isGrid = index % 2 == 0; // Every other symbol has the exponents of its grid, the rest -8: a reader must look.
        Sbe = new SbeWriter(
            Name, isGrid ? Places(profile.Instrument.Rules.TickSize.Raw) : FixedPoint.Places, isGrid ? Places(profile.Instrument.Rules.StepSize.Raw) : FixedPoint.Places, sbe);
        _tradeChannels = With($"{prefix}@trade", $"{prefix}@trade");
        _aggregateChannels = FormedChannel.Json(hub, $"{prefix}@aggTrade", IsSpot);
        _tickerChannels = With($"{prefix}@bookTicker", $"{prefix}@bestBidAsk");
        long[] speeds = IsSpot ? [100, 1_000] : [100, 250, 500];
        long phase = index * 7 % 100;
        _diffs = [.. speeds.Select(ms => new DiffBatch(FormedChannel.Json(hub, $"{prefix}@depth@{ms}ms", IsSpot), ms, phase))];
        _partials = [.. from levels in PartialLevels from ms in speeds select new PartialBook(FormedChannel.Json(hub, $"{prefix}@depth{levels}@{ms}ms", IsSpot), levels, ms, phase)];
        if (IsSpot)
        {
            _diffs = [.. _diffs, new DiffBatch([FormedChannel.Sbe(hub, $"{prefix}@depth")], SbeMillis, phase)];
            _partials = [.. _partials, new PartialBook([FormedChannel.Sbe(hub, $"{prefix}@depth20")], 20, SbeMillis, phase)];
        }
        _klineChannels = [.. Candles.Select(c => FormedChannel.Json(hub, $"{prefix}@kline_{c.Interval}", IsSpot))];
        if (!IsSpot) Perpetual = new Perpetual(this, hub, source.Seed, profile.MeanQuantity);
        foreach (CandleSeries series in Candles) series.OnClosed = (s, candle) => PublishKline(s, candle, isClosed: true);

        FormedChannel[] With(string json, string sbeName) =>
            IsSpot ? [.. FormedChannel.Json(hub, json, true), FormedChannel.Sbe(hub, sbeName)] : FormedChannel.Json(hub, json, false);
    }

    /// <summary>What is to go wrong with it.</summary>
    public SymbolFaults Faults { get; } = new();

    public SbeWriter Sbe { get; }

    /// <summary>What only futures have; null on spot.</summary>
    public Perpetual? Perpetual { get; }
    public MatchingBook Book { get; }
    public OrderFlow Flow { get; }
    public long UpdateId { get; private set; } = 1_000_000;

    /// <summary>Listens to what the engine does, for tests of its determinism.</summary>
    public Action<(char What, long First, long Second, long Third)>? Trace { get; set; }

    public (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) Best => State.Value.IsDelisted ? default :
        (Book.BestPrice(Side.Buy), Book.BestQuantity(Side.Buy), Book.BestPrice(Side.Sell), Book.BestQuantity(Side.Sell));

    public void Begin(long nowMicros)
    {
        _nowMicros = nowMicros;
        Flow.Seed(_nextOrderId);
        Settle();
        foreach (DiffBatch diff in _diffs) diff.Begin(UpdateId);
        _genesis = BookImage.Of(Book, UpdateId);
    }

    /// <summary>Whether a snapshot may be written now; a straddling one waits for changes that no diff has told yet, and holds that diff back.</summary>
    public bool PrepareSnapshot()
    {
        if (!Faults.Straddling.Any) return true;
        if (!Array.TrueForAll(_diffs, d => d.IsPending(UpdateId))) return false;
        foreach (DiffBatch diff in _diffs) diff.HoldUntilAbove(long.MaxValue);
        return true;
    }

    /// <summary>One event of the flow, at its own time.</summary>
    public void StepFlow(long nowMicros)
    {
        _nowMicros = nowMicros;
        Flow.Factor = Faults.FlowFactor.Value;
        if (State.Value.IsDelisted) Flow.Pass();
        else Flow.Step(_nextOrderId);
        Settle();
    }

    /// <summary>Our own order meets the book. True when a rest of it stays.</summary>
    public bool Execute(VenueOrder order, IFillListener listener, long nowMicros)
    {
        _nowMicros = Math.Max(_nowMicros, nowMicros);
        (_taker, _takerListener) = (order, listener);
        MatchOutcome outcome = Book.Submit(new IncomingOrder(order.Id, order.Side, order.Price, order.QuoteQuantity > 0 ? order.QuantityBound : order.Quantity, order.Remainder, order.QuoteQuantity)
        {
            Peak = order.IcebergQuantity, AsksFirst = order.Prevention != SelfTradePrevention.None,
        });
        (_taker, _takerListener) = (null, null);
        if (outcome.Rested) _ours.Add(order.Id, (order, listener));
        Settle();
        return outcome.Rested;
    }

    /// <summary>A resting order of ours has a smaller rest.</summary>
    public void Shrink(VenueOrder order)
    {
        Book.Shrink(order.Id, order.Remaining);
        Settle();
    }

    public void Remove(VenueOrder order)
    {
        _ours.Remove(order.Id);
        Book.Cancel(order.Id);
        Settle();
    }

    public void OnMatch(in IncomingOrder taker, long makerId, long price, long quantity, long makerRemaining)
    {
        TapeTrade trade = new(_nextTradeId++, price, quantity, _nowMicros, taker.Side == Side.Sell);
        _trades.Add(trade);
        if (_aggregates.Count > 0 && _aggregates[^1].Price == price)
            _aggregates[^1] = _aggregates[^1] with { Quantity = _aggregates[^1].Quantity + quantity, LastId = trade.Id };
        else
            _aggregates.Add(new TapeAggregate(_nextAggregateId++, price, quantity, trade.Id, trade.Id, _nowMicros, trade.BuyerIsMaker));
        if (_ours.TryGetValue(makerId, out (VenueOrder Order, IFillListener Listener) maker))
        {
            TellLater(maker.Order, maker.Listener, price, quantity, isMaker: true, trade.Id);
            if (makerRemaining == 0) _ours.Remove(makerId);
        }
        else if (makerRemaining == 0) Flow.OnGone(makerId);
        if (_taker is { } own && own.Id == taker.Id && _takerListener is { } listener) TellLater(own, listener, price, quantity, isMaker: false, trade.Id);
        Trace?.Invoke(('T', makerId, price, quantity));
    }

    public SelfTradePrevention Prevents(in IncomingOrder taker, long makerId)
    {
        if (_taker is not { } own || own.Id != taker.Id || !_ours.TryGetValue(makerId, out (VenueOrder Order, IFillListener Listener) maker)) return SelfTradePrevention.None;
        bool isSame = ReferenceEquals(own.Owner, maker.Order.Owner);
        return isSame || (own.Owner is { TradeGroupId: > 0 } desk && desk.TradeGroupId == maker.Order.Owner?.TradeGroupId) ? own.Prevention : SelfTradePrevention.None;
    }

    public void OnPrevented(in IncomingOrder taker, long makerId, long price, long takerPrevented, long makerPrevented, long quantity, long makerRemaining)
    {
        (VenueOrder order, IFillListener listener) = _ours[makerId];
        (VenueOrder own, IFillListener ownListener) = (_taker!, _takerListener!);
        PreventedMatch match = new(_nextPreventedId++, Instrument, own, order, own.Owner?.TradeGroupId ?? -1, own.Prevention, price, takerPrevented, makerPrevented, quantity, _nowMicros);
        if (makerRemaining == 0) _ours.Remove(makerId);
        _ourNews.Enqueue(() => ownListener.OnPrevented(own, match));
        _ourNews.Enqueue(() => listener.OnPrevented(order, match));
    }

    private void TellLater(VenueOrder order, IFillListener listener, long price, long quantity, bool isMaker, long tradeId) =>
        _ourNews.Enqueue(() => listener.OnFill(order, price, quantity, isMaker, tradeId));

    public void OnLevel(Side side, long price, long quantity)
    {
        UpdateId += IdStep;
        foreach (DiffBatch diff in _diffs) diff.Mark(side, price, UpdateId);
        Trace?.Invoke(('L', side.Sign(), price, quantity));
    }

    /// <summary>Called when there were trades, with the lowest and the highest price, after all of it was told.</summary>
    public Action<Instrument, long, long>? Traded { get; set; }

    private void Settle()
    {
        long low = long.MaxValue;
        long high = 0;
        foreach (TapeTrade trade in _trades) (low, high) = (Math.Min(low, trade.Price), Math.Max(high, trade.Price));
        Publish();
        if (high > 0) Traded?.Invoke(Instrument, low, high);
    }

    /// <summary>Tells of fills and publishes what one command changed.</summary>
    private void Publish()
    {
        while (_ourNews.TryDequeue(out Action? tell)) tell(); // One at a time: what is told of may take another order out of the book.
        foreach (TapeTrade trade in _trades) AddTrade(trade);
        if (_trades.Count > 0) PublishTrades();
        _trades.Clear();
        foreach (TapeAggregate aggregate in _aggregates)
        {
            Aggregates.Add(aggregate);
            Perpetual?.OnTrade(aggregate, new WireTimes(_nowMicros, _clock.OffsetMicros, 1_000));
            foreach (FormedChannel formed in _aggregateChannels)
            {
                if (!formed.IsWanted) continue;
                MarketWire.Aggregate(_writer, this, aggregate, Times(formed));
                StreamHub.Publish(formed.Channel, _writer.Written);
            }
        }
        _aggregates.Clear();
        (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) best = Best;
        if (best == _lastBest) return;
        _lastBest = best;
        foreach (FormedChannel formed in _tickerChannels)
        {
            if (!formed.IsWanted) continue;
            if (formed.Form == WireForm.Sbe) Sbe.Best(_writer, Times(formed).Event, UpdateId, best);
            else MarketWire.BookTicker(_writer, this, UpdateId, best, Times(formed));
            StreamHub.Publish(formed.Channel, _writer.Written);
        }
    }

    private void PublishTrades()
    {
        foreach (FormedChannel formed in _tradeChannels)
        {
            if (!formed.IsWanted) continue;
            if (formed.Form == WireForm.Sbe)
            {
                Sbe.TradesEvent(_writer, Times(formed).Event, Times(formed).Of(_trades[0].TimeMicros), _trades);
                StreamHub.Publish(formed.Channel, _writer.Written);
                continue;
            }
            foreach (TapeTrade trade in _trades)
            {
                MarketWire.Trade(_writer, this, trade, Times(formed));
                StreamHub.Publish(formed.Channel, _writer.Written);
            }
        }
    }

    private WireTimes Times(in FormedChannel formed) => new(_nowMicros, _clock.OffsetMicros, formed.Unit);

    /// <summary>Publishes what comes by the clock: diffs, partial books, candles.</summary>
    public void PublishTimed(long nowMicros)
    {
        _nowMicros = Math.Max(_nowMicros, nowMicros);
        long millis = _nowMicros / 1_000;
        if (millis < _lookDueMillis) return;
        _lookDueMillis = millis + 1;
        long eventMicros = _nowMicros + _clock.OffsetMicros;
        foreach (DiffBatch diff in _diffs) diff.PublishDue(this, _nowMicros, eventMicros, _writer);
        foreach (PartialBook partial in _partials) partial.PublishDue(this, _nowMicros, eventMicros, _writer);
        Perpetual?.PublishDue(new WireTimes(_nowMicros, _clock.OffsetMicros, 1_000));
        long every = IsSpot ? 1_000 : 250;
        if (millis < _klineDueMillis) return;
        foreach (CandleSeries series in Candles) series.Advance(millis);
        _klineDueMillis = millis - (millis % every) + every;
        foreach (CandleSeries series in Candles)
        {
            bool isItsTurn = !IsSpot || series.Span.Millis == 1_000 || _klineDueMillis / every % 2 == 0;
            if (isItsTurn && series is { IsDirty: true, HasCurrent: true }) PublishKline(series, series.Current, isClosed: false);
        }
    }

    /// <summary>A depth snapshot as REST has it.</summary>
    public void WriteDepth(int limit, long nowMillis, WireWriter writer)
    {
        BookImage? old = null;
        if (Faults.Old.Take()) old = _genesis;
        else if (Faults.Straddling.Take())
        {
            foreach (DiffBatch diff in _diffs) diff.HoldUntilAbove(UpdateId);
        }
        writer.Raw("{\"lastUpdateId\":"u8).Number(old?.UpdateId ?? UpdateId);
        if (!IsSpot) writer.Raw(",\"E\":"u8).Number(nowMillis).Raw(",\"T\":"u8).Number(nowMillis);
        writer.Raw(",\"bids\":["u8);
        if (old is null) WriteLevels(Side.Buy, limit, writer);
        else foreach ((long price, long quantity) in old.Bids.Take(limit)) MarketWire.Level(writer, this, price, quantity);
        writer.Raw("],\"asks\":["u8);
        if (old is null) WriteLevels(Side.Sell, limit, writer);
        else foreach ((long price, long quantity) in old.Asks.Take(limit)) MarketWire.Level(writer, this, price, quantity);
        writer.Raw("]}"u8);
    }

    /// <summary>The best levels of a side as a list in JSON, without its brackets.</summary>
    public void WriteLevels(Side side, int limit, WireWriter writer)
    {
        int count = Math.Min(limit, Book.LevelCount(side));
        for (int rank = 0; rank < count; rank++)
        {
            (long price, long quantity) = Book.LevelAt(side, rank);
            MarketWire.Level(writer, this, price, quantity);
        }
    }

    private void PublishKline(CandleSeries series, in Candle candle, bool isClosed)
    {
        series.IsDirty = false;
        int at = 0;
        while (Candles[at] != series) at++;
        foreach (FormedChannel formed in _klineChannels[at])
        {
            if (!formed.IsWanted) continue;
            MarketWire.Kline(_writer, this, series, candle, isClosed, Times(formed));
            StreamHub.Publish(formed.Channel, _writer.Written);
        }
    }
}
