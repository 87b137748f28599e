using System.Globalization;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class RestApiTests
{
    private static decimal Number(JsonNode? text) => decimal.Parse(text!.GetValue<string>(), CultureInfo.InvariantCulture);

    private static async Task<decimal> AskAsync(TestExchange exchange) => Number((await exchange.GetAsync("/api/v3/ticker/bookTicker?symbol=BTCUSDT"))["askPrice"]);

    [Fact]
    public async Task Public_endpoints_have_the_shapes_of_the_official_examples()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(rate: 4);
        (int placed, JsonNode order, _) = await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001");
        Assert.True(placed == 200, order.ToJsonString()); // So that there is a trade.
        Shape.Matches("spot/rest/get.ping.json", await exchange.GetAsync("/api/v3/ping"));
        Shape.Matches("spot/rest/get.time.json", await exchange.GetAsync("/api/v3/time"));
        Shape.Matches("spot/rest/get.depth.json", await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT&limit=50"));
        Shape.Matches("spot/rest/get.trades.json", await exchange.GetAsync("/api/v3/trades?symbol=BTCUSDT"));
        Shape.Matches("spot/rest/get.aggTrades.json", await exchange.GetAsync("/api/v3/aggTrades?symbol=BTCUSDT"));
        Shape.Matches("spot/rest/get.klines.json", await exchange.GetAsync("/api/v3/klines?symbol=BTCUSDT&interval=1m"));
        Shape.Matches("spot/rest/get.ticker.price.json", await exchange.GetAsync("/api/v3/ticker/price?symbol=BTCUSDT"));
        Shape.Matches("spot/rest/get.ticker.price.array.json", await exchange.GetAsync("/api/v3/ticker/price"));
        Shape.Matches("spot/rest/get.ticker.bookTicker.json", await exchange.GetAsync("/api/v3/ticker/bookTicker?symbol=BTCUSDT"));
        JsonNode info = await exchange.GetAsync("/api/v3/exchangeInfo");
        Assert.Equal(["BTCUSDT", "ETHUSDT", "SOLUSDT"], info["symbols"]!.AsArray().Select(s => s!["symbol"]!.GetValue<string>()));
        JsonNode one = (await exchange.GetAsync("/api/v3/exchangeInfo?symbol=ETHUSDT"))["symbols"]![0]!;
        JsonNode official = JsonNode.Parse(await File.ReadAllTextAsync(Testing.Repository.Shared("reference/payloads/captures/spot/exchangeInfo.TSLABUSDT.json")!))!["symbols"]![0]!;
        foreach ((string name, _) in official.AsObject()) Assert.True(one.AsObject().ContainsKey(name), name);
        JsonNode depth = await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT&limit=1000");
        Assert.True(depth["bids"]!.AsArray().Count > 20 && depth["asks"]!.AsArray().Count > 20);
        Assert.True(Number(depth["bids"]![0]![0]) < Number(depth["asks"]![0]![0]));
    }

    [Fact]
    public async Task Futures_market_data_lies_under_its_own_paths()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(Market.UsdMargined);
        Shape.Matches("usdm/rest/get.v1.depth.json", await exchange.GetAsync("/fapi/v1/depth?symbol=BTCUSDT&limit=5"));
        JsonNode symbol = (await exchange.GetAsync("/fapi/v1/exchangeInfo"))["symbols"]![0]!;
        Assert.Equal("0.1", symbol["filters"]![0]!["tickSize"]!.GetValue<string>());
        Assert.Equal("PERPETUAL", symbol["contractType"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_order_lives_from_placement_to_cancel()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string price = Math.Floor(await AskAsync(exchange) * 0.9m).ToString(CultureInfo.InvariantCulture);
        string limit = $"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={price}&newClientOrderId=first-1";
        (int status, JsonNode placed, HttpResponseMessage response) = await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", limit);
        Assert.True(status == 200, placed.ToJsonString());
        Assert.Equal("NEW", placed["status"]!.GetValue<string>());
        Assert.Equal("1", response.Headers.GetValues("X-MBX-ORDER-COUNT-10S").Single());
        Assert.True(int.Parse(response.Headers.GetValues("X-MBX-USED-WEIGHT-1M").Single(), CultureInfo.InvariantCulture) > 0);
        Shape.Matches("spot/rest/post.order.full.json", placed);
        JsonNode account = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account")).Body;
        Shape.Matches("spot/rest/get.account.json", account);
        JsonNode usdt = account["balances"]!.AsArray().Single(b => b!["asset"]!.GetValue<string>() == "USDT")!;
        Assert.Equal(decimal.Parse(price, CultureInfo.InvariantCulture) * 0.01m, Number(usdt["locked"]));

        Shape.Matches("spot/rest/get.order.json", (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=first-1")).Body);
        Shape.Matches("spot/rest/get.openOrders.json", (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/openOrders", "symbol=BTCUSDT")).Body);
        (int twice, JsonNode duplicate, _) = await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", limit);
        Assert.Equal((400, -2010, "Duplicate order sent."), (twice, duplicate["code"]!.GetValue<int>(), duplicate["msg"]!.GetValue<string>()));

        JsonNode canceled = (await exchange.SignedAsync(HttpMethod.Delete, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=first-1")).Body;
        Shape.Matches("spot/rest/delete.order.json", canceled);
        Assert.Equal("CANCELED", canceled["status"]!.GetValue<string>());
        (_, JsonNode again, _) = await exchange.SignedAsync(HttpMethod.Delete, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=first-1");
        Assert.Equal(-2011, again["code"]!.GetValue<int>());

        // The id is free again once its order is no longer open.
        Assert.Equal(200, (await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", limit)).Status);
        Assert.Equal(200, (await exchange.SignedAsync(HttpMethod.Delete, "/api/v3/openOrders", "symbol=BTCUSDT")).Status);
        Assert.Equal(2, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/allOrders", "symbol=BTCUSDT")).Body.AsArray().Count);
    }

    [Fact]
    public async Task A_market_order_fills_against_the_book_and_pays_its_fee_exactly()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        (int status, JsonNode order, _) = await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.3");
        Assert.True(status == 200, order.ToJsonString());
        Assert.Equal("FILLED", order["status"]!.GetValue<string>());
        Shape.Matches("spot/rest/post.order.full.json", order);
        JsonArray fills = order["fills"]!.AsArray();
        Assert.Equal(0.3m, fills.Sum(f => Number(f!["qty"])));
        decimal cost = fills.Sum(f => Number(f!["price"]) * Number(f["qty"]));
        Assert.Equal(cost, Number(order["cummulativeQuoteQty"]));
        decimal fee = fills.Sum(f => Number(f!["commission"]));
        Assert.Equal(fills.Sum(f => Math.Floor(Number(f!["qty"]) * 0.001m * 1e8m) / 1e8m), fee);

        Dictionary<string, JsonNode> balances = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account")).Body["balances"]!.AsArray()
            .ToDictionary(b => b!["asset"]!.GetValue<string>(), b => b!);
        Assert.Equal(100_000m - cost, Number(balances["USDT"]["free"]));
        Assert.Equal(0m, Number(balances["USDT"]["locked"]));
        Assert.Equal(1m + 0.3m - fee, Number(balances["BTC"]["free"]));
        JsonNode trades = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/myTrades", "symbol=BTCUSDT")).Body;
        Shape.Matches("spot/rest/get.myTrades.json", trades);
        Assert.Equal(fills.Count, trades.AsArray().Count);
    }

    [Theory]
    [InlineData("symbol=NOPE&side=BUY&type=MARKET&quantity=1", -1121, "Invalid symbol.")]
    [InlineData("symbol=BTCUSDT&side=HOLD&type=MARKET&quantity=1", -1117, "Invalid side.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=WISH&quantity=1", -1116, "Invalid orderType.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1", -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=1", -1102, "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&quantity=1&price=1", -1115, "Invalid timeInForce.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&price=5", -1106, "Parameter 'price' sent when not required.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1.123456789", -1111, "Parameter 'quantity' has too much precision.")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=60000.001", -1013, "Filter failure: PRICE_FILTER")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.000001&price=60000", -1013, "Filter failure: LOT_SIZE")]
    [InlineData("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.00001&price=60000", -1013, "Filter failure: NOTIONAL")]
    [InlineData("symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=500&price=90000", -2010, "Account has insufficient balance for requested action.")]
    [InlineData("symbol=BTCUSDT&side=SELL&type=LIMIT_MAKER&quantity=0.1&price=30000", -2010, "Order would immediately match and take.")]
    public async Task Refuses_with_the_exchanges_code_and_words(string query, int code, string message)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        (int status, JsonNode body, _) = await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", query);
        Assert.Equal((400, code, message), (status, body["code"]!.GetValue<int>(), body["msg"]!.GetValue<string>()));
        Shape.Matches("spot/rest/error.sample.json", body);
    }

    [Fact]
    public async Task Refuses_what_is_not_signed_as_it_must_be()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string good = $"timestamp={TestExchange.Now}";
        string signature = TestExchange.Hmac(good, exchange.Options.Secret);
        Assert.Equal((401, -2014), Said(await exchange.SendAsync(HttpMethod.Get, $"/api/v3/account?{good}&signature={signature}")));
        Assert.Equal((401, -2015), Said(await exchange.SendAsync(HttpMethod.Get, $"/api/v3/account?{good}&signature={signature}", "another-key")));
        Assert.Equal((400, -1022), Said(await exchange.SendAsync(HttpMethod.Get, $"/api/v3/account?{good}&signature={new string('0', 64)}", exchange.Options.ApiKey)));
        Assert.Equal((400, -1102), Said(await exchange.SendAsync(HttpMethod.Get, $"/api/v3/account?{good}", exchange.Options.ApiKey)));
        Assert.Equal((400, -1021), Said(await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account", timestamp: TestExchange.Now - 6_000)));
        Assert.Equal((400, -1021), Said(await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account", timestamp: TestExchange.Now + 2_000)));
        Assert.Equal((200, null), Said(await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account", "recvWindow=10000", TestExchange.Now - 6_000)));
        Assert.Equal((400, -2013), Said(await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order", "symbol=BTCUSDT&orderId=1")));

        static (int, int?) Said((int Status, JsonNode Body, HttpResponseMessage Response) answer) => (answer.Status, answer.Body["code"]?.GetValue<int>());
    }
}
