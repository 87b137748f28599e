using System.Text.Json.Nodes;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class FilterTests
{
    private const string Limit = "side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.01&price=";
    private const string Stop = "side=SELL&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=0.01&price=";

    private readonly VirtualClient _client = new(VirtualClient.Quiet());

    /// <summary>Each filter: how it is set, an order that stands before it (or none), and the order that it refuses. HIGH and LOW are prices off the market.</summary>
    [Theory]
    [InlineData("PRICE_FILTER", "\"maxPrice\":\"70000\"", "", Limit + "HIGH")]
    [InlineData("PERCENT_PRICE_BY_SIDE", "\"askMultiplierUp\":\"1.01\"", "", Limit + "HIGH")]
    [InlineData("PERCENT_PRICE", "\"hasPercentPriceBySide\":false,\"bidMultiplierUp\":\"1.01\"", "", Limit + "HIGH")]
    [InlineData("LOT_SIZE", "\"minQuantity\":\"0.1\"", "", Limit + "HIGH")]
    [InlineData("MARKET_LOT_SIZE", "\"marketMaxQuantity\":\"0.001\"", "", "side=SELL&type=MARKET&quantity=0.01")]
    [InlineData("NOTIONAL", "\"maxNotional\":\"100\"", "", Limit + "HIGH")]
    [InlineData("MIN_NOTIONAL", "\"minNotional\":\"10000\",\"hasMinNotionalFilter\":true", "", Limit + "HIGH")]
    [InlineData("ICEBERG_PARTS", "\"icebergPartsMax\":4", "", Limit + "HIGH&icebergQty=0.002")]
    [InlineData("TRAILING_DELTA", "\"trailingDeltaMax\":50", "", Stop + "LOW&trailingDelta=60")]
    [InlineData("MAX_NUM_ORDERS", "\"openOrdersMax\":1", Limit + "HIGH", Limit + "HIGH")]
    [InlineData("MAX_NUM_ALGO_ORDERS", "\"algoOrdersMax\":1", Stop + "LOW&stopPrice=LOW", Stop + "LOW&stopPrice=LOW")]
    [InlineData("MAX_NUM_ICEBERG_ORDERS", "\"icebergOrdersMax\":1", Limit + "HIGH&icebergQty=0.002", Limit + "HIGH&icebergQty=0.002")]
    [InlineData("MAX_POSITION", "\"positionMax\":\"1.005\"", "", "side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=LOW")]
    [InlineData("EXCHANGE_MAX_NUM_ORDERS", "\"exchangeOrdersMax\":1", Limit + "HIGH", Limit + "HIGH")]
    [InlineData("EXCHANGE_MAX_NUM_ALGO_ORDERS", "\"exchangeAlgoOrdersMax\":1", Stop + "LOW&stopPrice=LOW", Stop + "LOW&stopPrice=LOW")]
    [InlineData("EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "\"exchangeIcebergOrdersMax\":1", Limit + "HIGH&icebergQty=0.002", Limit + "HIGH&icebergQty=0.002")]
    [InlineData("MAX_ASSET", "\"quoteAssetMax\":\"100\"", "", Limit + "HIGH")]
    public void Every_filter_is_told_and_kept(string name, string set, string before, string order)
    {
        (string high, string low) = (_client.Times(1.2m), _client.Times(0.8m));
        string Query(string text) => "symbol=BTCUSDT&" + text.Replace("HIGH", high, StringComparison.Ordinal).Replace("LOW", low, StringComparison.Ordinal);
        if (before.Length > 0) _client.Place(Query(before));
        Assert.Equal(200, _client.Call("POST", "order/test", Query(order)).Status);

        using (_client.Exchange.Faults.Apply("symbol.filters", $"{{\"symbol\":\"BTCUSDT\",{set}}}"))
        {
            Shape.Matches($"spot/filters/{name}.json", Told(name)!);
            (int status, JsonNode body) = _client.Call("POST", "order", Query(order));
            Assert.Equal((400, -1013, $"Filter failure: {name}"), (status, body["code"]!.GetValue<int>(), body["msg"]!.GetValue<string>()));
        }
        Assert.Equal(200, _client.Call("POST", "order/test", Query(order)).Status);
    }

    [Theory]
    [InlineData("MAX_NUM_ORDER_LISTS", "\"orderListsMax\":1")]
    [InlineData("EXCHANGE_MAX_NUM_ORDER_LISTS", "\"exchangeOrderListsMax\":1")]
    public void Lists_are_counted_too(string name, string set)
    {
        string oco = $"symbol=BTCUSDT&side=SELL&quantity=0.001&aboveType=LIMIT_MAKER&abovePrice={_client.Times(1.1m)}&belowType=STOP_LOSS&belowStopPrice={_client.Times(0.9m)}";
        _client.Get("POST", "orderList/oco", oco);
        _client.Exchange.Faults.Apply("symbol.filters", $"{{\"symbol\":\"BTCUSDT\",{set}}}");
        Shape.Matches($"spot/filters/{name}.json", Told(name)!);
        Assert.Equal($"Filter failure: {name}", _client.Call("POST", "orderList/oco", oco).Body["msg"]!.GetValue<string>());
    }

    [Fact]
    public void Amendments_are_counted_too()
    {
        JsonNode order = _client.Place($"symbol=BTCUSDT&{Limit}{_client.Times(1.1m)}");
        _client.Exchange.Faults.Apply("symbol.filters", "{\"symbol\":\"BTCUSDT\",\"amendsMax\":1}");
        Shape.Matches("spot/filters/MAX_NUM_ORDER_AMENDS.json", Told("MAX_NUM_ORDER_AMENDS")!);
        _client.Get("PUT", "order/amend/keepPriority", $"symbol=BTCUSDT&orderId={order["orderId"]}&newQty=0.009");
        Assert.Equal(-2038, _client.Call("PUT", "order/amend/keepPriority", $"symbol=BTCUSDT&orderId={order["orderId"]}&newQty=0.008").Body["code"]!.GetValue<int>());
    }

    [Fact]
    public void The_bounds_around_the_price_follow_the_average_of_five_minutes()
    {
        _client.Advance(400);
        decimal average = VirtualClient.Number(_client.Public("avgPrice?symbol=BTCUSDT")["price"]);
        _client.Exchange.Faults.Apply("symbol.filters", "{\"symbol\":\"BTCUSDT\",\"askMultiplierUp\":\"1.1\"}");
        string At(decimal price) => $"symbol=BTCUSDT&{Limit}{Math.Round(price, 2, MidpointRounding.ToZero).ToString("F2", System.Globalization.CultureInfo.InvariantCulture)}";
        Assert.Equal(200, _client.Call("POST", "order", At(average * 1.1m)).Status);
        Assert.Equal("Filter failure: PERCENT_PRICE_BY_SIDE", _client.Call("POST", "order", At((average * 1.1m) + 0.01m)).Body["msg"]!.GetValue<string>());
    }

    [Fact]
    public void Every_filter_that_is_kept_has_a_name_that_is_told()
    {
        string told = _client.Public("exchangeInfo").ToJsonString();
        OrderFilter[] always =
        [
            OrderFilter.Price, OrderFilter.LotSize, OrderFilter.MarketLotSize, OrderFilter.PercentPriceBySide, OrderFilter.Notional, OrderFilter.IcebergParts, OrderFilter.TrailingDelta,
            OrderFilter.MaxOrders, OrderFilter.MaxAlgoOrders, OrderFilter.MaxIcebergOrders, OrderFilter.MaxOrderLists, OrderFilter.MaxOrderAmends,
        ];
        foreach (OrderFilter filter in always) Assert.Contains($"\"{filter.Text()}\"", told, StringComparison.Ordinal);
    }

    /// <summary>A filter as it is told of: in exchangeInfo, or in the account's own filters.</summary>
    private JsonNode? Told(string name)
    {
        JsonNode info = _client.Public("exchangeInfo?symbol=BTCUSDT"), mine = _client.Get("GET", "myFilters", "symbol=BTCUSDT");
        foreach (JsonArray filters in (JsonArray[])[info["symbols"]![0]!["filters"]!.AsArray(), info["exchangeFilters"]!.AsArray(), mine["assetFilters"]!.AsArray()])
            if (filters.FirstOrDefault(f => f!["filterType"]!.GetValue<string>() == name) is { } found) return found;
        return null;
    }
}
