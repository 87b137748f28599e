using System.Globalization;
using System.Text.Json.Nodes;
using Peregrine.Simulator.Faults;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class CancelReplaceTests
{
    private const string Path = "/api/v3/order/cancelReplace";

    [Fact]
    public async Task A_new_order_takes_the_place_of_an_old_one()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string old = await PlaceAsync(exchange, "a", 0.9);
        (int status, JsonNode body, _) = await ReplaceAsync(exchange, $"cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId={old}&newClientOrderId=b", 0.89);
        Assert.Equal(200, status);
        Shape.Matches("spot/rest/post.order.cancelReplace.success.json", body);
        Assert.Equal(("CANCELED", "a", "NEW", "b"), (Text(body, "cancelResponse", "status"), Text(body, "cancelResponse", "origClientOrderId"), Text(body, "newOrderResponse", "status"), Text(body, "newOrderResponse", "clientOrderId")));
        JsonNode open = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/openOrders", "symbol=BTCUSDT")).Body;
        Assert.Equal("b", Assert.Single(open.AsArray())!["clientOrderId"]!.GetValue<string>());
    }

    /// <summary>Which half fails, what is asked for then, and what comes of it.</summary>
    [Theory]
    [InlineData(true, false, "STOP_ON_FAILURE", 400, -2022, "FAILURE", "NOT_ATTEMPTED", "cancel-failed-stop")]
    [InlineData(true, false, "ALLOW_FAILURE", 409, -2021, "FAILURE", "SUCCESS", "cancel-failed-new-ok")]
    [InlineData(false, true, "STOP_ON_FAILURE", 409, -2021, "SUCCESS", "FAILURE", "cancel-ok-new-failed")]
    [InlineData(false, true, "ALLOW_FAILURE", 409, -2021, "SUCCESS", "FAILURE", "cancel-ok-new-failed")]
    [InlineData(true, true, "ALLOW_FAILURE", 400, -2022, "FAILURE", "FAILURE", "both-failed")]
    public async Task Either_half_may_fail(bool cancelFails, bool newFails, string mode, int status, int code, string cancelResult, string newResult, string example)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string old = await PlaceAsync(exchange, "a", 0.9);
        string query = $"symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.001&price={await PriceAsync(exchange, newFails ? 1.05 : 0.89)}&cancelReplaceMode={mode}&cancelOrderId={(cancelFails ? "1" : old)}";
        (int got, JsonNode body, _) = await exchange.SignedAsync(HttpMethod.Post, Path, query);
        Assert.Equal((status, code), (got, body["code"]!.GetValue<int>()));
        Assert.Equal((cancelResult, newResult), (Text(body, "data", "cancelResult"), Text(body, "data", "newOrderResult")));
        Shape.Matches($"spot/rest/post.order.cancelReplace.error.{example}.json", body);
        if (cancelFails) Assert.Equal(-2011, body["data"]!["cancelResponse"]!["code"]!.GetValue<int>());
        if (newFails) Assert.Equal("Order would immediately match and take.", Text(body["data"]!, "newOrderResponse", "msg"));
        // What the answer says is what is so.
        int open = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/openOrders", "symbol=BTCUSDT")).Body.AsArray().Count;
        Assert.Equal((cancelFails ? 1 : 0) + (newResult == "SUCCESS" ? 1 : 0), open);
    }

    [Fact]
    public async Task A_filter_refuses_the_new_order_before_the_old_one_is_touched()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string old = await PlaceAsync(exchange, "a", 0.9);
        (int status, JsonNode body, _) = await exchange.SignedAsync(
            HttpMethod.Post, Path, $"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.000001&price={await PriceAsync(exchange, 0.9)}&cancelReplaceMode=ALLOW_FAILURE&cancelOrderId={old}");
        Assert.Equal((400, -1013), (status, body["code"]!.GetValue<int>()));
        Assert.Single((await exchange.SignedAsync(HttpMethod.Get, "/api/v3/openOrders", "symbol=BTCUSDT")).Body.AsArray());
    }

    [Theory]
    [InlineData("DO_NOTHING", 429, -1015, 1)]
    [InlineData("CANCEL_ONLY", 409, -2021, 0)]
    public async Task Beyond_the_order_limit_nothing_is_done_or_only_the_cancel(string mode, int status, int code, int open)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string old = await PlaceAsync(exchange, "a", 0.9);
        exchange.Server.Faults.Apply(new LimitOrders { PerDay = 1 });
        (int got, JsonNode body, HttpResponseMessage response) = await ReplaceAsync(exchange, $"cancelReplaceMode=STOP_ON_FAILURE&orderRateLimitExceededMode={mode}&cancelOrderId={old}", 0.89);
        Assert.Equal((status, code), (got, body["code"]!.GetValue<int>()));
        Shape.Matches(status == 429 ? "spot/rest/post.order.cancelReplace.error.429.do-nothing.json" : "spot/rest/post.order.cancelReplace.error.cancel-only.json", body);
        Assert.Equal(open, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/openOrders", "symbol=BTCUSDT")).Body.AsArray().Count);
        Assert.Equal("1", response.Headers.GetValues("X-MBX-ORDER-COUNT-1D").Single());
    }

    [Fact]
    public async Task A_new_order_that_was_not_attempted_counts_too()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await ReplaceAsync(exchange, "cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=1", 0.89);
        JsonNode limits = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/rateLimit/order")).Body;
        Shape.Matches("spot/rest/get.rateLimit.order.json", limits);
        Assert.Equal([1, 1], limits.AsArray().Select(static l => l!["count"]!.GetValue<int>()));
    }

    [Fact]
    public async Task The_WebSocket_API_says_the_same_in_its_own_frame()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        string price = await PriceAsync(exchange, 0.9);
        JsonObject Order() => new() { ["symbol"] = "BTCUSDT", ["side"] = "BUY", ["type"] = "LIMIT", ["timeInForce"] = "GTC", ["quantity"] = "0.001", ["price"] = price, ["cancelReplaceMode"] = "ALLOW_FAILURE" };
        JsonObject first = Order();
        first["cancelOrderId"] = 1;
        JsonNode failed = await socket.CallAsync("order.cancelReplace", first);
        failed["id"] = "text";
        Shape.Matches("spot/wsapi/order.cancelReplace.error.409.cancel-failed-new-ok.json", failed);
        JsonObject second = Order();
        second["cancelOrderId"] = failed["error"]!["data"]!["newOrderResponse"]!["orderId"]!.GetValue<long>();
        JsonNode done = await socket.CallAsync("order.cancelReplace", second);
        done["id"] = "text";
        Shape.Matches("spot/wsapi/order.cancelReplace.response.success.json", done, "fills", "workingTime");
    }

    [Fact]
    public async Task Commission_tells_the_rates_that_fills_are_charged_at()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        JsonNode before = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account/commission", "symbol=BTCUSDT")).Body;
        Shape.Matches("spot/rest/get.account.commission.json", before);
        Assert.False(before["discount"]!["enabledForAccount"]!.GetValue<bool>());
        exchange.Server.Faults.Apply(new SetBalance { Asset = "BNB", Amount = "100" });
        exchange.Server.Faults.Apply(new FeeAsset { Asset = "BNB", Price = "500", Percent = 75 });

        JsonNode rates = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account/commission", "symbol=BTCUSDT")).Body;
        JsonNode fill = (await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01")).Body["fills"]![0]!;
        Assert.Equal("BNB", Text(rates, "discount", "discountAsset"));
        Assert.Equal("BNB", fill["commissionAsset"]!.GetValue<string>());
        decimal due = Number(fill, "price") * Number(fill, "qty") * Number(rates["standardCommission"]!, "taker") * Number(rates["discount"]!, "discount") / 500;
        Assert.InRange(Number(fill, "commission"), due - 0.00000002m, due);
    }

    private static async Task<(int Status, JsonNode Body, HttpResponseMessage Response)> ReplaceAsync(TestExchange exchange, string how, double factor) =>
        await exchange.SignedAsync(HttpMethod.Post, Path, $"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price={await PriceAsync(exchange, factor)}&{how}");

    internal static async Task<string> PlaceAsync(TestExchange exchange, string clientId, double factor, string quantity = "0.001")
    {
        (int status, JsonNode body, _) = await exchange.SignedAsync(
            HttpMethod.Post, "/api/v3/order", $"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity={quantity}&price={await PriceAsync(exchange, factor)}&newClientOrderId={clientId}");
        Assert.True(status == 200, body.ToJsonString());
        return body["orderId"]!.ToJsonString();
    }

    /// <summary>So many times the best bid, on the grid.</summary>
    internal static async Task<string> PriceAsync(TestExchange exchange, double factor)
    {
        JsonNode ticker = await exchange.GetAsync("/api/v3/ticker/bookTicker?symbol=BTCUSDT");
        return Math.Round(Number(ticker, "bidPrice") * (decimal)factor, 2).ToString("F2", CultureInfo.InvariantCulture);
    }

    private static string Text(JsonNode node, string first, string second) => node[first]![second]!.GetValue<string>();

    private static decimal Number(JsonNode node, string name) => decimal.Parse(node[name]!.GetValue<string>(), CultureInfo.InvariantCulture);
}
