using Peregrine.Common;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Markets;

/// <summary>Market-data payloads, byte for byte in the shape of the market's own.</summary>
internal static class MarketWire
{
    public static void Trade(WireWriter writer, MarketSymbol symbol, in TapeTrade trade, long eventMillis)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"trade\",\"E\":"u8).Number(eventMillis);
        if (!symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(trade.TimeMicros / 1_000);
        writer.Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"t\":"u8).Number(trade.Id)
            .Raw(",\"p\":"u8).Decimal(trade.Price, symbol.PricePlaces).Raw(",\"q\":"u8).Decimal(trade.Quantity, symbol.QuantityPlaces);
        if (symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(trade.TimeMicros / 1_000).Raw(",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"M\":true}"u8);
        else writer.Raw(",\"X\":\"MARKET\",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw("}"u8);
    }

    public static void Aggregate(WireWriter writer, MarketSymbol symbol, in TapeAggregate trade, long eventMillis)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"aggTrade\",\"E\":"u8).Number(eventMillis).Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"a\":"u8).Number(trade.Id)
            .Raw(",\"p\":"u8).Decimal(trade.Price, symbol.PricePlaces).Raw(",\"q\":"u8).Decimal(trade.Quantity, symbol.QuantityPlaces)
            .Raw(",\"f\":"u8).Number(trade.FirstId).Raw(",\"l\":"u8).Number(trade.LastId).Raw(",\"T\":"u8).Number(trade.TimeMicros / 1_000)
            .Raw(",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(symbol.IsSpot ? ",\"M\":true}"u8 : "}"u8);
    }

    public static void BookTicker(WireWriter writer, MarketSymbol symbol, long updateId, in (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) best,
        long timeMillis, long eventMillis)
    {
        writer.Clear();
        writer.Raw(symbol.IsSpot ? "{\"u\":"u8 : "{\"e\":\"bookTicker\",\"u\":"u8).Number(updateId).Raw(",\"s\":"u8).Text(symbol.Name)
            .Raw(",\"b\":"u8).Decimal(best.BidPrice, symbol.PricePlaces).Raw(",\"B\":"u8).Decimal(best.BidQuantity, symbol.QuantityPlaces)
            .Raw(",\"a\":"u8).Decimal(best.AskPrice, symbol.PricePlaces).Raw(",\"A\":"u8).Decimal(best.AskQuantity, symbol.QuantityPlaces);
        if (!symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(timeMillis).Raw(",\"E\":"u8).Number(eventMillis);
        writer.Raw("}"u8);
    }

    public static void Kline(WireWriter writer, MarketSymbol symbol, CandleSeries series, in Candle candle, bool isClosed, long eventMillis)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"kline\",\"E\":"u8).Number(eventMillis).Raw(",\"s\":"u8).Text(symbol.Name)
            .Raw(",\"k\":{\"t\":"u8).Number(candle.OpenMillis).Raw(",\"T\":"u8).Number(candle.OpenMillis + series.IntervalMillis - 1)
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
