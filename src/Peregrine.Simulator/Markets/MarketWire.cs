using Peregrine.Common;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Markets;

/// <summary>The times of one payload as its stream has them: microseconds of the market in, the exchange's (shifted) clock and the stream's unit out.</summary>
/// <param name="EventMicros">When the market did it.</param>
/// <param name="OffsetMicros">How far the exchange's clock is ahead.</param>
/// <param name="Unit">Microseconds per unit: 1000 or 1.</param>
internal readonly record struct WireTimes(long EventMicros, long OffsetMicros, long Unit)
{
    public long Event => Of(EventMicros);
    public long Of(long micros) => (micros + OffsetMicros) / Unit;

    /// <summary>A time that is no clock reading, such as where a candle begins.</summary>
    public long Plain(long micros) => micros / Unit;
}

/// <summary>Market-data payloads, byte for byte in the shape of the market's own.</summary>
internal static class MarketWire
{
    public static void Trade(WireWriter writer, MarketSymbol symbol, in TapeTrade trade, WireTimes times)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"trade\",\"E\":"u8).Number(times.Event);
        if (!symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(times.Of(trade.TimeMicros));
        writer.Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"t\":"u8).Number(trade.Id)
            .Raw(",\"p\":"u8).Decimal(trade.Price, symbol.PricePlaces).Raw(",\"q\":"u8).Decimal(trade.Quantity, symbol.QuantityPlaces);
        if (symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(times.Of(trade.TimeMicros)).Raw(",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"M\":true}"u8);
        else writer.Raw(",\"X\":\"MARKET\",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"st\":1}"u8);
    }

    /// <summary>Spot begins with the symbol; futures since 2026 put it behind the id, and tell the quantity without retail orders.</summary>
    public static void Aggregate(WireWriter writer, MarketSymbol symbol, in TapeAggregate trade, WireTimes times)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"aggTrade\",\"E\":"u8).Number(times.Event);
        if (symbol.IsSpot) writer.Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"a\":"u8).Number(trade.Id);
        else writer.Raw(",\"a\":"u8).Number(trade.Id).Raw(",\"s\":"u8).Text(symbol.Name);
        writer.Raw(",\"p\":"u8).Decimal(trade.Price, symbol.PricePlaces).Raw(",\"q\":"u8).Decimal(trade.Quantity, symbol.QuantityPlaces);
        if (!symbol.IsSpot) writer.Raw(",\"nq\":"u8).Decimal(trade.Quantity, symbol.QuantityPlaces);
        writer.Raw(",\"f\":"u8).Number(trade.FirstId).Raw(",\"l\":"u8).Number(trade.LastId).Raw(",\"T\":"u8).Number(times.Of(trade.TimeMicros))
            .Raw(",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(symbol.IsSpot ? ",\"M\":true}"u8 : ",\"st\":1}"u8);
    }

    public static void BookTicker(
        WireWriter writer, MarketSymbol symbol, long updateId, in (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) best, WireTimes times)
    {
        writer.Clear();
        writer.Raw(symbol.IsSpot ? "{\"u\":"u8 : "{\"e\":\"bookTicker\",\"u\":"u8).Number(updateId).Raw(",\"s\":"u8).Text(symbol.Name);
        if (!symbol.IsSpot) writer.Raw(",\"ps\":"u8).Text(symbol.Name);
        writer.Raw(",\"b\":"u8).Decimal(best.BidPrice, symbol.PricePlaces).Raw(",\"B\":"u8).Decimal(best.BidQuantity, symbol.QuantityPlaces)
            .Raw(",\"a\":"u8).Decimal(best.AskPrice, symbol.PricePlaces).Raw(",\"A\":"u8).Decimal(best.AskQuantity, symbol.QuantityPlaces);
        if (!symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(times.Event).Raw(",\"E\":"u8).Number(times.Event).Raw(",\"st\":1"u8);
        writer.Raw("}"u8);
    }

    public static void Kline(WireWriter writer, MarketSymbol symbol, CandleSeries series, in Candle candle, bool isClosed, WireTimes times)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"kline\",\"E\":"u8).Number(times.Event).Raw(",\"s\":"u8).Text(symbol.Name)
            .Raw(",\"k\":{\"t\":"u8).Number(times.Plain(candle.OpenMillis * 1_000)).Raw(",\"T\":"u8).Number(times.Plain(series.Span.EndOf(candle.OpenMillis) * 1_000) - 1)
            .Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"i\":"u8).Text(series.Interval)
            .Raw(",\"f\":"u8).Number(candle.FirstTradeId).Raw(",\"L\":"u8).Number(candle.LastTradeId)
            .Raw(",\"o\":"u8).Decimal(candle.Open, symbol.PricePlaces).Raw(",\"c\":"u8).Decimal(candle.Close, symbol.PricePlaces)
            .Raw(",\"h\":"u8).Decimal(candle.High, symbol.PricePlaces).Raw(",\"l\":"u8).Decimal(candle.Low, symbol.PricePlaces)
            .Raw(",\"v\":"u8).Decimal(candle.Volume, symbol.QuantityPlaces).Raw(",\"n\":"u8).Number(candle.Count).Raw(",\"x\":"u8).Bool(isClosed)
            .Raw(",\"q\":"u8).Decimal(candle.QuoteVolume).Raw(",\"V\":"u8).Decimal(candle.TakerBuyVolume, symbol.QuantityPlaces)
            .Raw(",\"Q\":"u8).Decimal(candle.TakerBuyQuoteVolume).Raw(",\"B\":\"0\"}}"u8);
    }

    /// <summary>One level: ["64123.10000000","0.50000000"], with its comma.</summary>
    public static void Level(WireWriter writer, MarketSymbol symbol, long price, long quantity) =>
        writer.Comma().Raw("["u8).Decimal(price, symbol.PricePlaces).Raw(","u8).Decimal(quantity, symbol.QuantityPlaces).Raw("]"u8);
}
