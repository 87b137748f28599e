using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// Candles from trades, by the minute (or another interval) of their transaction time, as the exchange makes its klines. Trades off the market are
/// left out. An interval without a trade has no candle here.
/// </summary>
/// <remarks>
/// Where both trades and aggregates of a symbol are on the wire, the kind that came first counts and the other is passed over: each trade is in both.
/// </remarks>
public sealed class CandleBuilder
{
    private readonly long _intervalMicros;
    private EventKind _source;
    private Kline _candle;
    private Int128 _quote;
    private Int128 _takerBuyQuote;

    /// <param name="intervalMicros">Length of a candle in microseconds.</param>
    public CandleBuilder(long intervalMicros = 60_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(intervalMicros);
        _intervalMicros = intervalMicros;
    }

    /// <summary>Whether a candle is open.</summary>
    public bool HasCurrent { get; private set; }

    /// <summary>The open candle as far as it has come.</summary>
    public Kline Current => Finished();

    /// <summary>Trades that belonged to a candle already closed and are in none.</summary>
    public long LateTrades { get; private set; }

    /// <summary>Takes in a trade. True when it was the first of a new interval: then <paramref name="closed"/> is the candle before.</summary>
    public bool OnEvent(in MarketEvent entry, out Kline closed)
    {
        closed = default;
        if (entry.Kind is not (EventKind.Trade or EventKind.AggTrade)) return false;
        if (_source == EventKind.None) _source = entry.Kind;
        if (entry.Kind != _source || (entry.Flags & EventFlags.OffMarket) != 0) return false;

        long time = entry.TransactionTimeMicros;
        long open = time - (time % _intervalMicros);
        if (HasCurrent && open < _candle.OpenTimeMicros)
        {
            LateTrades++;
            return false;
        }
        bool closes = HasCurrent && open > _candle.OpenTimeMicros;
        if (closes) closed = Finished();
        if (closes || !HasCurrent) Begin(open, in entry.Trade);
        Add(in entry);
        return closes;
    }

    private void Begin(long open, ref readonly TradeFields trade)
    {
        HasCurrent = true;
        _quote = 0;
        _takerBuyQuote = 0;
        _candle = new Kline
        {
            OpenTimeMicros = open,
            // The exchange's own close time is the last millisecond (on the wire) of the interval.
            CloseTimeMicros = open + _intervalMicros - 1_000,
            Open = trade.Price,
            High = trade.Price,
            Low = trade.Price,
            FirstTradeId = trade.FirstTradeId,
        };
    }

    private void Add(in MarketEvent entry)
    {
        ref readonly TradeFields trade = ref entry.Trade;
        if (trade.Price > _candle.High) _candle.High = trade.Price;
        if (trade.Price < _candle.Low) _candle.Low = trade.Price;
        _candle.Close = trade.Price;
        _candle.Volume += trade.Quantity;
        _candle.TradeCount += trade.LastTradeId - trade.FirstTradeId + 1;
        _candle.LastTradeId = trade.LastTradeId;
        Int128 quote = Notional.Of(trade.Price, trade.Quantity).Raw;
        _quote += quote;
        if ((entry.Flags & EventFlags.BuyerIsMaker) != 0) return;
        _candle.TakerBuyVolume += trade.Quantity;
        _takerBuyQuote += quote;
    }

    private Kline Finished()
    {
        Kline candle = _candle;
        candle.QuoteVolumeUnits = new Notional(_quote).ToUnits();
        candle.TakerBuyQuoteUnits = new Notional(_takerBuyQuote).ToUnits();
        return candle;
    }
}
