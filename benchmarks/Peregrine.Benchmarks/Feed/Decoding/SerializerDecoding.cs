using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>System.Text.Json with generated code, into objects with decimals.</summary>
internal static class SerializerDecoding
{
    private static readonly SerializerMessages Context = SerializerMessages.Default;

    public static ulong Read(MessageBatch batch)
    {
        ulong sum = 0;
        for (int i = 0; i < batch.Count; i++) sum += Read(batch[i], batch.Kind == EventKind.None ? KindOf(batch[i]) : batch.Kind);
        return sum;
    }

    private static ulong Read(ReadOnlySpan<byte> message, EventKind kind)
    {
        switch (kind)
        {
            case EventKind.AggTrade:
                AggTradeMessage a = Data(message, Context.CombinedAggTradeMessage);
                return Micros(a.EventTime) + (3 * (ulong)a.Id) + (5 * Units(a.Price)) + (7 * Units(a.Quantity)) + (11 * (ulong)a.FirstTradeId) + (13 * (ulong)a.LastTradeId)
                    + (17 * Micros(a.TradeTime)) + (a.BuyerIsMaker ? 19UL : 0);
            case EventKind.Trade:
                TradeMessage t = Data(message, Context.CombinedTradeMessage);
                return Micros(t.EventTime) + (3 * (ulong)t.Id) + (5 * Units(t.Price)) + (7 * Units(t.Quantity)) + (11 * Micros(t.TradeTime)) + (t.BuyerIsMaker ? 13UL : 0);
            case EventKind.BookTicker:
                TickerMessage b = Data(message, Context.CombinedTickerMessage);
                return (ulong)b.UpdateId + (3 * Units(b.Bid)) + (5 * Units(b.BidQuantity)) + (7 * Units(b.Ask)) + (11 * Units(b.AskQuantity));
            case EventKind.Depth20:
                PartialBookMessage p = Data(message, Context.CombinedPartialBookMessage);
                return (ulong)p.LastUpdateId + Sum(p.Bids) + (3 * Sum(p.Asks));
            case EventKind.DepthDiff:
                DiffMessage d = Data(message, Context.CombinedDiffMessage);
                return Micros(d.EventTime) + (3 * (ulong)d.FirstUpdateId) + (5 * (ulong)d.FinalUpdateId) + Sum(d.Bids) + (3 * Sum(d.Asks));
            case EventKind.Kline:
                CandleMessage candle = Data(message, Context.CombinedCandleMessage);
                CandleBody k = candle.Candle;
                return Micros(candle.EventTime) + (3 * Micros(k.OpenTime)) + (5 * Micros(k.CloseTime)) + (7 * (ulong)k.FirstTradeId) + (11 * (ulong)k.LastTradeId) + (13 * Units(k.Open))
                    + (17 * Units(k.Close)) + (19 * Units(k.High)) + (23 * Units(k.Low)) + (29 * Units(k.Volume)) + (31 * (ulong)k.Trades) + (k.Closed ? 37UL : 0)
                    + (41 * Units(k.QuoteVolume)) + (43 * Units(k.TakerVolume)) + (47 * Units(k.TakerQuoteVolume));
            default:
                MarkPriceMessage m = Data(message, Context.CombinedMarkPriceMessage);
                return Micros(m.EventTime) + (3 * Units(m.Mark)) + (5 * Units(m.Index)) + (7 * Units(m.Settle)) + (11 * Units(m.FundingRate)) + (13 * Micros(m.NextFunding));
        }
    }

    private static T Data<T>(ReadOnlySpan<byte> message, JsonTypeInfo<Combined<T>> type) => JsonSerializer.Deserialize(message, type)!.Data;

    private static EventKind KindOf(ReadOnlySpan<byte> message) =>
        message[..60].IndexOf("@bookTicker\""u8) >= 0 ? EventKind.BookTicker : message[..60].IndexOf("@depth@"u8) >= 0 ? EventKind.DepthDiff : EventKind.Trade;

    private static ulong Micros(long millis) => (ulong)millis * 1_000;

    private static ulong Units(decimal amount) => (ulong)(long)(amount * FixedPoint.One);

    private static ulong Sum(List<List<decimal>> levels)
    {
        ulong sum = 0;
        foreach (List<decimal> level in levels) sum += Units(level[0]) + Units(level[1]);
        return sum;
    }
}
