using Peregrine.Common;
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

    private readonly Func<long> _nextOrderId;
    private readonly Dictionary<long, (VenueOrder Order, IFillListener Listener)> _ours = [];
    private readonly List<(VenueOrder Order, IFillListener Listener, long Price, long Quantity, bool IsMaker, long TradeId)> _ourFills = [];
    private readonly List<TapeAggregate> _aggregates = [];
    private readonly List<TapeTrade> _trades = [];
    private readonly DiffBatch[] _diffs;
    private readonly (StreamChannel Channel, int Levels, long IntervalMillis)[] _partials;
    private readonly long[] _partialDue;
    private readonly long[] _partialSent;
    private readonly StreamChannel _tradeChannel;
    private readonly StreamChannel _aggregateChannel;
    private readonly StreamChannel _tickerChannel;
    private readonly StreamChannel[] _klineChannels;
    private readonly WireWriter _writer = new(1 << 14);
    private (long, long, long, long) _lastBest;
    private VenueOrder? _taker;
    private IFillListener? _takerListener;
    private long _nowMicros;
    private long _nextTradeId = 1;
    private long _nextAggregateId = 1;
    private long _klineDueMillis;

    public SyntheticSymbol(FlowProfile profile, StreamHub hub, Func<long> nextOrderId, ulong seed, double rate)
        : base(profile.Instrument)
    {
        _nextOrderId = nextOrderId;
        Book = new MatchingBook(profile.Instrument.Rules.StepSize.Raw, this);
        Flow = new OrderFlow(profile, Book, seed, rate);
        string prefix = profile.Instrument.Symbol.ToLowerInvariant();
        _tradeChannel = hub.Channel($"{prefix}@trade");
        _aggregateChannel = hub.Channel($"{prefix}@aggTrade");
        _tickerChannel = hub.Channel($"{prefix}@bookTicker");
        long[] speeds = IsSpot ? [100, 1_000] : [100, 250, 500];
        _diffs = [.. speeds.Select(ms => new DiffBatch(hub.Channel($"{prefix}@depth@{ms}ms"), ms))];
        _partials = [.. from levels in PartialLevels from ms in speeds select (hub.Channel($"{prefix}@depth{levels}@{ms}ms"), levels, ms)];
        _partialDue = new long[_partials.Length];
        _partialSent = new long[_partials.Length];
        _klineChannels = [.. Candles.Select(c => hub.Channel($"{prefix}@kline_{c.Interval}"))];
        foreach (CandleSeries series in Candles) series.OnClosed = (s, candle) => PublishKline(s, candle, isClosed: true);
    }

    public MatchingBook Book { get; }
    public OrderFlow Flow { get; }
    public long UpdateId { get; private set; } = 1_000_000;

    /// <summary>Listens to what the engine does, for tests of its determinism.</summary>
    public Action<(char What, long First, long Second, long Third)>? Trace { get; set; }

    public (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) Best =>
        (Book.BestPrice(Side.Buy), Book.BestQuantity(Side.Buy), Book.BestPrice(Side.Sell), Book.BestQuantity(Side.Sell));

    public void Begin(long nowMicros)
    {
        _nowMicros = nowMicros;
        Flow.Seed(_nextOrderId);
        Settle();
        foreach (DiffBatch diff in _diffs) diff.Begin(UpdateId);
    }

    /// <summary>One event of the flow, at its own time.</summary>
    public void StepFlow(long nowMicros)
    {
        _nowMicros = nowMicros;
        Flow.Step(_nextOrderId);
        Settle();
    }

    /// <summary>Our own order meets the book. True when a rest of it stays.</summary>
    public bool Execute(VenueOrder order, IFillListener listener, long nowMicros)
    {
        _nowMicros = Math.Max(_nowMicros, nowMicros);
        (_taker, _takerListener) = (order, listener);
        MatchOutcome outcome = Book.Submit(new IncomingOrder(order.Id, order.Side, order.Price, order.QuoteQuantity > 0 ? order.QuantityBound : order.Quantity, order.Remainder, order.QuoteQuantity));
        (_taker, _takerListener) = (null, null);
        if (outcome.Rested) _ours.Add(order.Id, (order, listener));
        Settle();
        return outcome.Rested;
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
            _ourFills.Add((maker.Order, maker.Listener, price, quantity, true, trade.Id));
            if (makerRemaining == 0) _ours.Remove(makerId);
        }
        else if (makerRemaining == 0) Flow.OnGone(makerId);
        if (_taker is { } own && own.Id == taker.Id) _ourFills.Add((own, _takerListener!, price, quantity, false, trade.Id));
        Trace?.Invoke(('T', makerId, price, quantity));
    }

    public void OnLevel(Side side, long price, long quantity)
    {
        UpdateId++;
        foreach (DiffBatch diff in _diffs) diff.Mark(side, price);
        Trace?.Invoke(('L', side.Sign(), price, quantity));
    }

    /// <summary>Tells of fills and publishes what one command changed.</summary>
    private void Settle()
    {
        foreach ((VenueOrder order, IFillListener listener, long price, long quantity, bool isMaker, long tradeId) in _ourFills)
            listener.OnFill(order, price, quantity, isMaker, tradeId);
        _ourFills.Clear();
        long eventMillis = _nowMicros / 1_000;
        foreach (TapeTrade trade in _trades)
        {
            AddTrade(trade);
            if (!_tradeChannel.IsWanted) continue;
            MarketWire.Trade(_writer, this, trade, eventMillis);
            StreamHub.Publish(_tradeChannel, _writer.Written);
        }
        _trades.Clear();
        foreach (TapeAggregate aggregate in _aggregates)
        {
            Aggregates.Add(aggregate);
            if (!_aggregateChannel.IsWanted) continue;
            MarketWire.Aggregate(_writer, this, aggregate, eventMillis);
            StreamHub.Publish(_aggregateChannel, _writer.Written);
        }
        _aggregates.Clear();
        (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) best = Best;
        if (best == _lastBest) return;
        _lastBest = best;
        if (!_tickerChannel.IsWanted) return;
        MarketWire.BookTicker(_writer, this, UpdateId, best, eventMillis, eventMillis);
        StreamHub.Publish(_tickerChannel, _writer.Written);
    }

    /// <summary>Publishes what comes by the clock: diffs, partial books, candles.</summary>
    public void PublishTimed(long nowMicros)
    {
        _nowMicros = Math.Max(_nowMicros, nowMicros);
        long millis = _nowMicros / 1_000;
        foreach (DiffBatch diff in _diffs) diff.PublishDue(this, Book, UpdateId, millis, _writer);
        for (int i = 0; i < _partials.Length; i++)
        {
            (StreamChannel channel, int levels, long interval) = _partials[i];
            if (!channel.IsWanted || millis < _partialDue[i] || _partialSent[i] == UpdateId) continue;
            _partialDue[i] = millis - (millis % interval) + interval;
            WritePartial(levels, millis, _partialSent[i]);
            _partialSent[i] = UpdateId;
            StreamHub.Publish(channel, _writer.Written);
        }
        foreach (CandleSeries series in Candles) series.Advance(millis);
        if (millis < _klineDueMillis) return;
        long every = IsSpot ? 2_000 : 250;
        _klineDueMillis = millis - (millis % every) + every;
        foreach (CandleSeries series in Candles)
            if (series is { IsDirty: true, HasCurrent: true }) PublishKline(series, series.Current, isClosed: false);
    }

    /// <summary>A depth snapshot as REST has it.</summary>
    public void WriteDepth(int limit, long nowMillis, WireWriter writer)
    {
        writer.Raw("{\"lastUpdateId\":"u8).Number(UpdateId);
        if (!IsSpot) writer.Raw(",\"E\":"u8).Number(nowMillis).Raw(",\"T\":"u8).Number(nowMillis);
        writer.Raw(",\"bids\":["u8);
        WriteLevels(Side.Buy, limit, writer);
        writer.Raw("],\"asks\":["u8);
        WriteLevels(Side.Sell, limit, writer);
        writer.Raw("]}"u8);
    }

    private void WritePartial(int levels, long millis, long previous)
    {
        _writer.Clear();
        if (IsSpot)
        {
            WriteDepth(levels, millis, _writer);
            return;
        }
        _writer.Raw("{\"e\":\"depthUpdate\",\"E\":"u8).Number(millis).Raw(",\"T\":"u8).Number(millis).Raw(",\"s\":"u8).Text(Name)
            .Raw(",\"U\":"u8).Number(Math.Min(previous + 1, UpdateId)).Raw(",\"u\":"u8).Number(UpdateId).Raw(",\"pu\":"u8).Number(previous).Raw(",\"b\":["u8);
        WriteLevels(Side.Buy, levels, _writer);
        _writer.Raw("],\"a\":["u8);
        WriteLevels(Side.Sell, levels, _writer);
        _writer.Raw("]}"u8);
    }

    private void WriteLevels(Side side, int limit, WireWriter writer)
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
        StreamChannel channel = _klineChannels[at];
        if (!channel.IsWanted) return;
        MarketWire.Kline(_writer, this, series, candle, isClosed, _nowMicros / 1_000);
        StreamHub.Publish(channel, _writer.Written);
    }
}
