using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Markets;

/// <summary>Tickers as REST and the streams have them.</summary>
internal static class TickerWire
{
    /// <summary>ticker/24hr: with the best prices and what the last trade was.</summary>
    public static void Day(WireWriter writer, MarketSymbol symbol, in WindowStatistics s, in (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) best)
    {
        Head(writer, symbol, s);
        writer.Raw(",\"prevClosePrice\":"u8).Decimal(s.PrevClose).Raw(",\"lastPrice\":"u8).Decimal(s.Last).Raw(",\"lastQty\":"u8).Decimal(LastQuantity(symbol))
            .Raw(",\"bidPrice\":"u8).Decimal(best.BidPrice).Raw(",\"bidQty\":"u8).Decimal(best.BidQuantity)
            .Raw(",\"askPrice\":"u8).Decimal(best.AskPrice).Raw(",\"askQty\":"u8).Decimal(best.AskQuantity);
        Prices(writer, s);
        Tail(writer, s);
    }

    /// <summary>ticker and ticker/tradingDay.</summary>
    public static void Window(WireWriter writer, MarketSymbol symbol, in WindowStatistics s)
    {
        Head(writer, symbol, s);
        Prices(writer, s);
        writer.Raw(",\"lastPrice\":"u8).Decimal(s.Last);
        Tail(writer, s);
    }

    public static void Mini(WireWriter writer, MarketSymbol symbol, in WindowStatistics s)
    {
        writer.Raw("{\"symbol\":"u8).Text(symbol.Name);
        Prices(writer, s);
        writer.Raw(",\"lastPrice\":"u8).Decimal(s.Last);
        Tail(writer, s);
    }

    /// <summary>The streams @ticker (with best prices) and @ticker_1h and its siblings (without).</summary>
    public static void Stream(
        WireWriter writer, string name, MarketSymbol symbol, in WindowStatistics s, (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity)? best, WireTimes times)
    {
        writer.Raw("{\"e\":"u8).Text(name).Raw(",\"E\":"u8).Number(times.Event).Raw(",\"s\":"u8).Text(symbol.Name)
            .Raw(",\"p\":"u8).Decimal(s.Change).Raw(",\"P\":"u8).Decimal(s.ChangePercent, 3);
        if (best is { } b)
        {
            writer.Raw(",\"w\":"u8).Decimal(s.Average).Raw(",\"x\":"u8).Decimal(s.PrevClose).Raw(",\"c\":"u8).Decimal(s.Last).Raw(",\"Q\":"u8).Decimal(LastQuantity(symbol))
                .Raw(",\"b\":"u8).Decimal(b.BidPrice).Raw(",\"B\":"u8).Decimal(b.BidQuantity).Raw(",\"a\":"u8).Decimal(b.AskPrice).Raw(",\"A\":"u8).Decimal(b.AskQuantity)
                .Raw(",\"o\":"u8).Decimal(s.Open).Raw(",\"h\":"u8).Decimal(s.High).Raw(",\"l\":"u8).Decimal(s.Low);
        }
        else
        {
            writer.Raw(",\"o\":"u8).Decimal(s.Open).Raw(",\"h\":"u8).Decimal(s.High).Raw(",\"l\":"u8).Decimal(s.Low)
                .Raw(",\"c\":"u8).Decimal(s.Last).Raw(",\"w\":"u8).Decimal(s.Average);
        }
        writer.Raw(",\"v\":"u8).Decimal(s.Volume).Raw(",\"q\":"u8).Decimal(s.QuoteVolume)
            .Raw(",\"O\":"u8).Number(times.Plain(s.OpenMillis * 1_000)).Raw(",\"C\":"u8).Number(times.Plain(s.CloseMillis * 1_000))
            .Raw(",\"F\":"u8).Number(s.FirstId).Raw(",\"L\":"u8).Number(s.LastId).Raw(",\"n\":"u8).Number(s.Count).Raw("}"u8);
    }

    public static void MiniStream(WireWriter writer, MarketSymbol symbol, in WindowStatistics s, WireTimes times) =>
        writer.Raw("{\"e\":\"24hrMiniTicker\",\"E\":"u8).Number(times.Event).Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"c\":"u8).Decimal(s.Last).Raw(",\"o\":"u8).Decimal(s.Open)
            .Raw(",\"h\":"u8).Decimal(s.High).Raw(",\"l\":"u8).Decimal(s.Low).Raw(",\"v\":"u8).Decimal(s.Volume).Raw(",\"q\":"u8).Decimal(s.QuoteVolume).Raw("}"u8);

    private static long LastQuantity(MarketSymbol symbol) => symbol.Trades.Count == 0 ? 0 : symbol.Trades[symbol.Trades.Count - 1].Quantity;

    private static void Head(WireWriter writer, MarketSymbol symbol, in WindowStatistics s) =>
        writer.Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"priceChange\":"u8).Decimal(s.Change).Raw(",\"priceChangePercent\":"u8).Decimal(s.ChangePercent, 3)
            .Raw(",\"weightedAvgPrice\":"u8).Decimal(s.Average);

    private static void Prices(WireWriter writer, in WindowStatistics s) =>
        writer.Raw(",\"openPrice\":"u8).Decimal(s.Open).Raw(",\"highPrice\":"u8).Decimal(s.High).Raw(",\"lowPrice\":"u8).Decimal(s.Low);

    private static void Tail(WireWriter writer, in WindowStatistics s) =>
        writer.Raw(",\"volume\":"u8).Decimal(s.Volume).Raw(",\"quoteVolume\":"u8).Decimal(s.QuoteVolume)
            .Raw(",\"openTime\":"u8).Time(s.OpenMillis * 1_000).Raw(",\"closeTime\":"u8).Time(s.CloseMillis * 1_000)
            .Raw(",\"firstId\":"u8).Number(s.FirstId).Raw(",\"lastId\":"u8).Number(s.LastId).Raw(",\"count\":"u8).Number(s.Count).Raw("}"u8);
}
