using System.Text.Json;
using Peregrine.Common;
using Peregrine.Common.Orders;
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
    private readonly OrderDesk _desk;
    private readonly TimeProvider _time;
    private readonly bool _isSpot;
    private readonly LimitKeeper _limits;
    private readonly Dictionary<string, MarketSymbol> _symbols;
    private readonly Dictionary<string, Operation> _operations = new(StringComparer.Ordinal);

    public ExchangeApi(IMarketSource market, OrderDesk desk, TimeProvider time, bool isSpot, LimitKeeper limits)
    {
        (_market, _desk, _time, _isSpot, _limits) = (market, desk, time, isSpot, limits);
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
        Add(new Operation("order.place", true, 0, PlaceOrder) { IsPlacement = true });
        Add(new Operation("order.test", true, 1, TestOrder));
        Add(new Operation("order.cancel", true, 0, CancelOrder));
        Add(new Operation("order.status", true, 4, OrderStatusOf));
        Add(new Operation("openOrders.status", true, 6, OpenOrders));
        Add(new Operation("openOrders.cancelAll", true, 0, CancelAll));
        Add(new Operation("allOrders", true, 20, AllOrders));
        Add(new Operation("account.status", true, 20, AccountStatus));
        Add(new Operation("myTrades", true, 20, MyTrades));
    }

    private long Millis => _time.GetUnixMicros() / 1_000;

    public bool PrepareSnapshot(string symbol) => _market.PrepareSnapshot(symbol);

    public Operation? Find(string name) => _operations.GetValueOrDefault(name);

    private void Add(Operation operation) => _operations.Add(operation.Name, operation);

    private MarketSymbol Symbol(RequestParameters parameters) =>
        _symbols.TryGetValue(parameters.Required("symbol"), out MarketSymbol? symbol) ? symbol : throw ApiException.BadSymbol();

    private static int Limit(RequestParameters parameters, int normal, int max) =>
        parameters.Integer("limit") is not { } limit ? normal : limit is > 0 ? (int)Math.Min(limit, max) : throw new ApiException(-1130, "Data sent for parameter 'limit' is not valid.");

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

    private void PlaceOrder(RequestParameters parameters, WireWriter writer)
    {
        OrderRequest request = ReadOrder(parameters);
        string responseType = parameters.Optional("newOrderRespType") ?? (request.Type == OrderType.LimitMaker ? "ACK" : "FULL");
        if (responseType is not ("ACK" or "RESULT" or "FULL")) throw new ApiException(-1130, "Data sent for parameter 'newOrderRespType' is not valid.");
        _market.CatchUp();
        OrderWire.Placed(writer, _desk.Place(request), responseType);
    }

    private void TestOrder(RequestParameters parameters, WireWriter writer)
    {
        _desk.Check(ReadOrder(parameters));
        writer.Raw("{}"u8);
    }

    private OrderRequest ReadOrder(RequestParameters parameters)
    {
        MarketSymbol symbol = Symbol(parameters);
        Side side = parameters.Required("side") switch { "BUY" => Side.Buy, "SELL" => Side.Sell, _ => throw new ApiException(-1117, "Invalid side.") };
        OrderType type = parameters.Required("type") switch
        {
            "LIMIT" => OrderType.Limit,
            "LIMIT_MAKER" => OrderType.LimitMaker,
            "MARKET" => OrderType.Market,
            "STOP_LOSS" => throw ApiException.Rejected("Stop loss orders are not supported for this symbol."),
            "STOP_LOSS_LIMIT" => throw ApiException.Rejected("Stop loss limit orders are not supported for this symbol."),
            "TAKE_PROFIT" => throw ApiException.Rejected("Take profit orders are not supported for this symbol."),
            "TAKE_PROFIT_LIMIT" => throw ApiException.Rejected("Take profit limit orders are not supported for this symbol."),
            _ => throw new ApiException(-1116, "Invalid orderType."),
        };
        TimeInForce time = TimeInForce.None;
        if (type == OrderType.Limit)
        {
            time = parameters.Required("timeInForce") switch
            {
                "GTC" => TimeInForce.GoodTillCancel,
                "IOC" => TimeInForce.ImmediateOrCancel,
                "FOK" => TimeInForce.FillOrKill,
                _ => throw new ApiException(-1115, "Invalid timeInForce."),
            };
        }
        else if (parameters.Has("timeInForce")) throw ApiException.NotRequired("timeInForce");

        long price = 0;
        if (type == OrderType.Market)
        {
            if (parameters.Has("price")) throw ApiException.NotRequired("price");
        }
        else price = parameters.Decimal("price") ?? throw ApiException.Missing("price");

        long quantity = parameters.Decimal("quantity") ?? 0;
        long quoteQuantity = parameters.Decimal("quoteOrderQty") ?? 0;
        if (quoteQuantity > 0 && (type != OrderType.Market || quantity > 0)) throw ApiException.NotRequired("quoteOrderQty");
        if (quantity == 0 && quoteQuantity == 0)
        {
            throw type == OrderType.Market && !parameters.Has("quantity")
                ? new ApiException(-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")
                : parameters.Has("quantity") ? new ApiException(-1013, "Invalid quantity.") : ApiException.Missing("quantity");
        }
        if (type != OrderType.Market && price == 0) throw new ApiException(-1013, "Invalid price.");
        return new OrderRequest(symbol.Instrument, side, type, time, price, quantity, quoteQuantity, ClientId(parameters, "newClientOrderId"));
    }

    private static string? ClientId(RequestParameters parameters, string name)
    {
        if (parameters.Optional(name) is not { } id) return null;
        bool isLegal = id.Length <= ClientOrderId.LengthMax;
        foreach (char character in id) isLegal &= char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or ':' or '/';
        return isLegal ? id : throw new ApiException(-1100, $"Illegal characters found in parameter '{name}'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{{1,36}}$'.");
    }

    private VenueOrder? FindOrder(RequestParameters parameters, int mismatchCode, string mismatch)
    {
        MarketSymbol symbol = Symbol(parameters);
        long? orderId = parameters.Integer("orderId");
        string? clientId = parameters.Optional("origClientOrderId");
        if (orderId is null && clientId is null) throw new ApiException(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
        VenueOrder? order = _desk.Find(symbol.Name, orderId, clientId);
        if (order is not null && clientId is not null && order.ClientId != clientId) throw new ApiException(mismatchCode, mismatch);
        return order;
    }

    private void CancelOrder(RequestParameters parameters, WireWriter writer)
    {
        _market.CatchUp();
        VenueOrder? order = FindOrder(parameters, -2011, "Unknown order sent.");
        string? restriction = parameters.Optional("cancelRestrictions");
        if (restriction is not (null or "ONLY_NEW" or "ONLY_PARTIALLY_FILLED"))
            throw new ApiException(-1145, "Invalid cancelRestrictions");
        if (order is { IsOpen: true } && restriction is not null && restriction == "ONLY_NEW" != (order.Status == OrderStatus.New))
            throw new ApiException(-2011, "Order was not canceled due to cancel restrictions.");
        string cancelId = _desk.Cancel(order, ClientId(parameters, "newClientOrderId"));
        OrderWire.Canceled(writer, order!, cancelId);
    }

    private void OrderStatusOf(RequestParameters parameters, WireWriter writer) =>
        OrderWire.Status(writer, FindOrder(parameters, -2039, "Client order ID is not correct for this order ID.") ?? throw new ApiException(-2013, "Order does not exist."));

    private void OpenOrders(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol? symbol = parameters.Has("symbol") ? Symbol(parameters) : null;
        writer.Raw("["u8);
        foreach (VenueOrder order in _desk.Open)
            if (symbol is null || order.Instrument.Symbol == symbol.Name) OrderWire.Status(writer.Comma(), order);
        writer.Raw("]"u8);
    }

    private void CancelAll(RequestParameters parameters, WireWriter writer)
    {
        _market.CatchUp();
        MarketSymbol symbol = Symbol(parameters);
        VenueOrder[] open = [.. _desk.Open.Where(o => o.Instrument.Symbol == symbol.Name)];
        if (open.Length == 0) throw new ApiException(-2011, "Unknown order sent.");
        writer.Raw("["u8);
        foreach (VenueOrder order in open) OrderWire.Canceled(writer.Comma(), order, _desk.Cancel(order, null));
        writer.Raw("]"u8);
    }

    private void AllOrders(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = Symbol(parameters);
        int limit = Limit(parameters, 500, 1_000);
        long? fromId = parameters.Integer("orderId");
        IEnumerable<VenueOrder> wanted = _desk.All.Where(o => o.Instrument.Symbol == symbol.Name && InTime(parameters, o.TimeMicros));
        writer.Raw("["u8);
        foreach (VenueOrder order in fromId is { } id ? wanted.Where(o => o.Id >= id).Take(limit) : wanted.TakeLast(limit)) OrderWire.Status(writer.Comma(), order);
        writer.Raw("]"u8);
    }

    private void AccountStatus(RequestParameters parameters, WireWriter writer) =>
        OrderWire.Account(writer, _desk.Account, _desk.Fees, parameters.Optional("omitZeroBalances") == "true", Millis);

    private void MyTrades(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = Symbol(parameters);
        int limit = Limit(parameters, 500, 1_000);
        long? orderId = parameters.Integer("orderId");
        long? fromId = parameters.Integer("fromId");
        var wanted = _desk.Trades.Where(t => t.Order.Instrument.Symbol == symbol.Name && (orderId is null || t.Order.Id == orderId)
            && (fromId is null || t.Fill.TradeId >= fromId) && InTime(parameters, t.Fill.TimeMicros));
        writer.Raw("["u8);
        foreach ((VenueOrder order, Fill fill) in fromId is not null ? wanted.Take(limit) : wanted.TakeLast(limit)) OrderWire.Trade(writer.Comma(), order, fill);
        writer.Raw("]"u8);
    }

    private static bool InTime(RequestParameters parameters, long micros) =>
        (parameters.Integer("startTime") is not { } from || micros / 1_000 >= from) && (parameters.Integer("endTime") is not { } to || micros / 1_000 <= to);
}
