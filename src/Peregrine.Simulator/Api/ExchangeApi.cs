using System.Text.Json;
using Peregrine.Common;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>All calls that the exchange answers. Run under the exchange's gate.</summary>
internal sealed class ExchangeApi
{
    private readonly IMarketSource _market;
    private readonly TimeProvider _time;
    private readonly bool _isSpot;
    private readonly LimitKeeper _limits;
    private readonly Dictionary<string, MarketSymbol> _symbols;
    private readonly Dictionary<string, Operation> _operations = new(StringComparer.Ordinal);

    public ExchangeApi(IMarketSource market, OrderDesk desk, TimeProvider time, bool isSpot, LimitKeeper limits)
    {
        (_market, _time, _isSpot, _limits) = (market, time, isSpot, limits);
        _symbols = market.Symbols.ToDictionary(s => s.Name, StringComparer.Ordinal);
        Add(new Operation("ping", false, 1, static (_, writer) => writer.Raw("{}"u8)));
        Add(new Operation("time", false, 1, (_, writer) => writer.Raw("{\"serverTime\":"u8).Number(Millis).Raw("}"u8)));
        Add(new Operation("exchangeInfo", false, isSpot ? 20 : 1, ExchangeInfo));
        Add(new Operation("depth", false, 5, Depth) { WeightOf = p => RequestWeights.Depth(p, isSpot) });
        Add(new Operation("trades.recent", false, isSpot ? 25 : 5, Trades));
        Add(new Operation("trades.aggregate", false, isSpot ? 4 : 20, Aggregates));
        Add(new Operation("klines", false, 2, Klines) { WeightOf = p => RequestWeights.Klines(p, isSpot) });
        Add(new Operation("ticker.price", false, 2, (p, w) => ForSymbols(p, w, TickerPrice)) { WeightOf = p => RequestWeights.Price(p, isSpot) });
        Add(new Operation("ticker.book", false, 2, (p, w) => ForSymbols(p, w, TickerBook)) { WeightOf = p => RequestWeights.BookTicker(p, isSpot) });
        Add(new Operation("premiumIndex", false, 1, Premium) { WeightOf = RequestWeights.PremiumIndex });
        Add(new Operation("openInterest", false, 1, OpenInterest));
        TradingContext trading = new(market, desk, time);
        foreach (Operation operation in (Operation[])[.. new OrderApi(trading).Operations, .. new AccountApi(trading).Operations]) Add(operation);
    }

    private long Millis => _time.GetUnixMicros() / 1_000;

    public bool PrepareSnapshot(string symbol) => _market.PrepareSnapshot(symbol);

    /// <summary>The operation behind each REST route that an operation brings itself.</summary>
    public IEnumerable<KeyValuePair<(string Method, string Path), string>> Routes =>
        from operation in _operations.Values from route in operation.Routes select KeyValuePair.Create(route, operation.Name);

    public Operation? Find(string name) => _operations.GetValueOrDefault(name);

    private void Add(Operation operation) => _operations.Add(operation.Name, operation);

    private MarketSymbol Symbol(RequestParameters parameters) =>
        _symbols.TryGetValue(parameters.Required("symbol"), out MarketSymbol? symbol) ? symbol : throw ApiException.BadSymbol();

    private static int Limit(RequestParameters parameters, int normal, int max) => TradingContext.Limit(parameters, normal, max);

    private void ExchangeInfo(RequestParameters parameters, WireWriter writer)
    {
        IEnumerable<MarketSymbol> wanted = _market.Symbols;
        if (parameters.Has("symbol")) wanted = [Symbol(parameters)];
        else if (parameters.Optional("symbols") is { } list)
        {
            try
            {
                wanted = [.. (JsonSerializer.Deserialize<string[]>(list) ?? []).Select(s => _symbols.GetValueOrDefault(s) ?? throw ApiException.BadSymbol())];
            }
            catch (JsonException)
            {
                throw new ApiException(-1100, "Illegal characters found in parameter 'symbols'; legal range is '^\\[(\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\"){0,}){0,1}\\]$'.");
            }
        }
        InfoWire.Write(writer, wanted, _isSpot, _limits.Present.WeightPerMinute, Millis);
    }

    private void Depth(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = Symbol(parameters);
        int limit = Limit(parameters, _isSpot ? 100 : 500, _isSpot ? 5_000 : 1_000);
        if (!_isSpot && limit is not (5 or 10 or 20 or 50 or 100 or 500 or 1_000)) throw new ApiException(-4021, $"{limit} is not valid depth limit.");
        if (!_market.TryWriteDepth(symbol, limit, writer))
            throw new ApiException(-1000, "No snapshot of this symbol has been recorded up to here. Please try again.", 503);
    }

    private void Premium(RequestParameters parameters, WireWriter writer)
    {
        if (parameters.Has("symbol"))
        {
            if (!_market.TryWritePremium(Symbol(parameters), writer)) throw NotThere("premium index");
            return;
        }
        writer.Raw("["u8);
        foreach (MarketSymbol symbol in _market.Symbols)
        {
            int before = writer.Length;
            if (!_market.TryWritePremium(symbol, writer.Comma())) writer.Truncate(before);
        }
        writer.Raw("]"u8);
    }

    private void OpenInterest(RequestParameters parameters, WireWriter writer)
    {
        if (!_market.TryWriteOpenInterest(Symbol(parameters), writer)) throw NotThere("open interest");
    }

    private static ApiException NotThere(string what) => new(-1000, $"No {what} of this symbol is known here.", 503);

    private void Trades(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = Symbol(parameters);
        writer.Raw("["u8);
        foreach (TapeTrade trade in symbol.Trades.Last(Limit(parameters, 500, 1_000)))
        {
            writer.Comma().Raw("{\"id\":"u8).Number(trade.Id).Raw(",\"price\":"u8).Decimal(trade.Price).Raw(",\"qty\":"u8).Decimal(trade.Quantity)
                .Raw(",\"quoteQty\":"u8).Decimal(Money.Quote(trade.Price, trade.Quantity)).Raw(",\"time\":"u8).Number(trade.TimeMicros / 1_000)
                .Raw(",\"isBuyerMaker\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"isBestMatch\":true}"u8);
        }
        writer.Raw("]"u8);
    }

    private void Aggregates(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = Symbol(parameters);
        writer.Raw("["u8);
        foreach (TapeAggregate trade in symbol.Aggregates.Last(Limit(parameters, 500, 1_000)))
        {
            writer.Comma().Raw("{\"a\":"u8).Number(trade.Id).Raw(",\"p\":"u8).Decimal(trade.Price).Raw(",\"q\":"u8).Decimal(trade.Quantity)
                .Raw(",\"f\":"u8).Number(trade.FirstId).Raw(",\"l\":"u8).Number(trade.LastId).Raw(",\"T\":"u8).Number(trade.TimeMicros / 1_000)
                .Raw(",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"M\":true}"u8);
        }
        writer.Raw("]"u8);
    }

    private void Klines(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = Symbol(parameters);
        string interval = parameters.Required("interval");
        CandleSeries series = symbol.Candles.FirstOrDefault(c => c.Interval == interval) ?? throw new ApiException(-1120, "Invalid interval.");
        long from = parameters.Integer("startTime") ?? 0;
        long to = parameters.Integer("endTime") ?? long.MaxValue;
        int limit = Limit(parameters, 500, 1_000);
        IEnumerable<Candle> all = series.HasCurrent ? series.Closed.Last(int.MaxValue).Append(series.Current) : [];
        List<Candle> wanted = [.. all.Where(c => c.OpenMillis >= from && c.OpenMillis <= to)];
        writer.Raw("["u8);
        foreach (Candle candle in parameters.Has("startTime") ? wanted.Take(limit) : wanted.TakeLast(limit))
        {
            writer.Comma().Raw("["u8).Number(candle.OpenMillis).Raw(","u8).Decimal(candle.Open).Raw(","u8).Decimal(candle.High).Raw(","u8).Decimal(candle.Low)
                .Raw(","u8).Decimal(candle.Close).Raw(","u8).Decimal(candle.Volume).Raw(","u8).Number(candle.OpenMillis + series.IntervalMillis - 1)
                .Raw(","u8).Decimal(candle.QuoteVolume).Raw(","u8).Number(candle.Count).Raw(","u8).Decimal(candle.TakerBuyVolume)
                .Raw(","u8).Decimal(candle.TakerBuyQuoteVolume).Raw(",\"0\"]"u8);
        }
        writer.Raw("]"u8);
    }

    private void ForSymbols(RequestParameters parameters, WireWriter writer, Action<MarketSymbol, WireWriter> write)
    {
        if (parameters.Has("symbol"))
        {
            write(Symbol(parameters), writer);
            return;
        }
        writer.Raw("["u8);
        foreach (MarketSymbol symbol in _market.Symbols) write(symbol, writer.Comma());
        writer.Raw("]"u8);
    }

    private static void TickerPrice(MarketSymbol symbol, WireWriter writer) =>
        writer.Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"price\":"u8).Decimal(symbol.LastPrice, symbol.PricePlaces).Raw("}"u8);

    private void TickerBook(MarketSymbol symbol, WireWriter writer)
    {
        (long bid, long bidQuantity, long ask, long askQuantity) = _market.Best(symbol);
        writer.Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"bidPrice\":"u8).Decimal(bid, symbol.PricePlaces)
            .Raw(",\"bidQty\":"u8).Decimal(bidQuantity, symbol.QuantityPlaces).Raw(",\"askPrice\":"u8).Decimal(ask, symbol.PricePlaces)
            .Raw(",\"askQty\":"u8).Decimal(askQuantity, symbol.QuantityPlaces).Raw("}"u8);
    }
}
