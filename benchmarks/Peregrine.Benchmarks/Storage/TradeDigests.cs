using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>What the exchange would have made of the recorded trades on its other streams: aggregate trades, and the minute's candle every two seconds.</summary>
internal static class TradeDigests
{
    private const long CandleMicros = 60_000_000;
    private const long CandleEveryNanos = 2_000_000_000;

    internal static RecordedSession Of(RecordedSession session)
    {
        RecordedSession result = session.Empty();
        MarketEvent aggregate = default;
        Kline candle = default;
        long nextCandle = 0;
        long id = 2_900_000_000;
        foreach (MarketEvent trade in session.Events.ToArray())
        {
            if (trade.Kind != EventKind.Trade) continue;
            if (aggregate.Kind == EventKind.AggTrade && IsSameTaker(in aggregate, in trade))
            {
                aggregate.Trade.LastTradeId = trade.Trade.Id;
                aggregate.Trade.Quantity += trade.Trade.Quantity;
            }
            else
            {
                if (aggregate.Kind == EventKind.AggTrade) result.Add(aggregate, default);
                aggregate = trade;
                aggregate.Kind = EventKind.AggTrade;
                aggregate.Trade.Id = id++;
            }
            Take(ref candle, in trade);
            if (trade.ReceiveTimeNanos < nextCandle) continue;
            nextCandle = trade.ReceiveTimeNanos + CandleEveryNanos;
            ReadOnlySpan<long> words = Payload.Of(in candle);
            result.Add(
                new MarketEvent
                {
                    Kind = EventKind.Kline, Flags = EventFlags.HasPayload, Symbol = trade.Symbol, ExchangeTimeMicros = trade.ExchangeTimeMicros, ReceiveTimeNanos = trade.ReceiveTimeNanos,
                    PayloadWords = words.Length,
                },
                words);
        }
        if (aggregate.Kind == EventKind.AggTrade) result.Add(aggregate, default);
        return result;
    }

    private static bool IsSameTaker(in MarketEvent aggregate, in MarketEvent trade) =>
        aggregate.Symbol == trade.Symbol && aggregate.Flags == trade.Flags && aggregate.Trade.Price == trade.Trade.Price && aggregate.ExchangeTimeMicros == trade.ExchangeTimeMicros;

    private static void Take(ref Kline candle, in MarketEvent trade)
    {
        long open = trade.ExchangeTimeMicros / CandleMicros * CandleMicros;
        TradeFields fields = trade.Trade;
        if (candle.OpenTimeMicros != open)
            candle = new Kline { OpenTimeMicros = open, CloseTimeMicros = open + CandleMicros - 1_000, Open = fields.Price, High = fields.Price, Low = fields.Price, FirstTradeId = fields.Id };
        candle.Close = fields.Price;
        if (fields.Price > candle.High) candle.High = fields.Price;
        if (fields.Price < candle.Low) candle.Low = fields.Price;
        long quote = (long)((Int128)fields.Price.Raw * fields.Quantity.Raw / 100_000_000);
        candle.Volume += fields.Quantity;
        candle.QuoteVolumeUnits += quote;
        candle.TradeCount++;
        candle.LastTradeId = fields.Id;
        if ((trade.Flags & EventFlags.BuyerIsMaker) != 0) return;
        candle.TakerBuyVolume += fields.Quantity;
        candle.TakerBuyQuoteUnits += quote;
    }
}
