using System.Globalization;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Tickers: of one symbol, of some, of all.</summary>
internal sealed class TickerApi(MarketContext context)
{
    private const long DayMillis = 86_400_000;
    private const int SymbolsMax = 100;

    public IEnumerable<Operation> Operations
    {
        get
        {
            yield return new Operation("ticker.price", false, 2, (p, w) => ForSymbols(p, w, Price)) { Routes = RoutesOf("ticker/price"), WeightOf = p => RequestWeights.Price(p, context.IsSpot) };
            yield return new Operation("ticker.book", false, 2, (p, w) => ForSymbols(p, w, Book)) { Routes = RoutesOf("ticker/bookTicker"), WeightOf = p => RequestWeights.BookTicker(p, context.IsSpot) };
            if (!context.IsSpot) yield break;
            yield return new Operation("ticker.24hr", false, 2, Day) { Routes = context.Get("ticker/24hr"), WeightOf = RequestWeights.DayTicker };
            yield return new Operation("ticker.tradingDay", false, 4, TradingDay) { Routes = context.Get("ticker/tradingDay"), WeightOf = RequestWeights.WindowTicker };
            yield return new Operation("ticker", false, 4, Window) { Routes = context.Get("ticker"), WeightOf = RequestWeights.WindowTicker };
        }
    }

    private IReadOnlyList<(string Method, string Path)> RoutesOf(string path) => context.IsSpot ? context.Get(path) : [];

    private void ForSymbols(RequestParameters parameters, WireWriter writer, Action<MarketSymbol, WireWriter> write)
    {
        (IReadOnlyList<MarketSymbol> symbols, bool isList) = context.Symbols(parameters);
        if (!isList)
        {
            write(symbols[0], writer);
            return;
        }
        writer.Raw("["u8);
        foreach (MarketSymbol symbol in symbols) write(symbol, writer.Comma());
        writer.Raw("]"u8);
    }

    private static void Price(MarketSymbol symbol, WireWriter writer) =>
        writer.Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"price\":"u8).Decimal(symbol.LastPrice, symbol.PricePlaces).Raw("}"u8);

    private void Book(MarketSymbol symbol, WireWriter writer)
    {
        (long bid, long bidQuantity, long ask, long askQuantity) = context.Market.Best(symbol);
        writer.Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"bidPrice\":"u8).Decimal(bid, symbol.PricePlaces)
            .Raw(",\"bidQty\":"u8).Decimal(bidQuantity, symbol.QuantityPlaces).Raw(",\"askPrice\":"u8).Decimal(ask, symbol.PricePlaces)
            .Raw(",\"askQty\":"u8).Decimal(askQuantity, symbol.QuantityPlaces).Raw("}"u8);
    }

    private void Day(RequestParameters parameters, WireWriter writer)
    {
        bool isMini = IsMini(parameters);
        long now = context.NowMicros / 1_000;
        ForSymbols(parameters, writer, (symbol, to) =>
        {
            WindowStatistics window = WindowStatistics.Of(symbol, now - DayMillis, now);
            if (isMini) TickerWire.Mini(to, symbol, window);
            else TickerWire.Day(to, symbol, window, context.Market.Best(symbol));
        });
    }

    private void TradingDay(RequestParameters parameters, WireWriter writer)
    {
        RequireSymbols(parameters);
        long offset = KlineApi.ReadZone(parameters);
        long now = context.NowMicros / 1_000;
        long begin = now + offset - ((now + offset) % DayMillis) - offset;
        Windows(parameters, writer, symbol => WindowStatistics.Of(symbol, begin, now) with { CloseMillis = begin + DayMillis - 1 });
    }

    private void Window(RequestParameters parameters, WireWriter writer)
    {
        RequireSymbols(parameters);
        long length = ReadWindow(parameters.Optional("windowSize") ?? "1d");
        long now = context.NowMicros / 1_000;
        Windows(parameters, writer, symbol => WindowStatistics.Of(symbol, now - length - (now % 60_000), now));
    }

    private void Windows(RequestParameters parameters, WireWriter writer, Func<MarketSymbol, WindowStatistics> windowOf)
    {
        bool isMini = IsMini(parameters);
        ForSymbols(parameters, writer, (symbol, to) =>
        {
            if (isMini) TickerWire.Mini(to, symbol, windowOf(symbol));
            else TickerWire.Window(to, symbol, windowOf(symbol));
        });
    }

    private static bool IsMini(RequestParameters parameters) => parameters.Optional("type") switch
    {
        null or "FULL" => false,
        "MINI" => true,
        _ => throw new ApiException(-1139, "Invalid ticker type."),
    };

    private void RequireSymbols(RequestParameters parameters)
    {
        if (!parameters.Has("symbol") && !parameters.Has("symbols")) throw new ApiException(-1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!");
        if (context.Symbols(parameters).Symbols.Count > SymbolsMax) throw new ApiException(-1101, "Too many parameters sent for this endpoint.");
    }

    /// <summary>1m to 59m, 1h to 23h, 1d to 7d.</summary>
    private static long ReadWindow(string text)
    {
        (long unit, int max) = text[^1] switch { 'm' => (60_000L, 59), 'h' => (3_600_000L, 23), 'd' => (DayMillis, 7), _ => (0L, 0) };
        return int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1 && count <= max
            ? count * unit : throw ApiException.Invalid("windowSize");
    }
}
