using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class WebSocketApiTests
{
    private static decimal Number(JsonNode? text) => decimal.Parse(text!.GetValue<string>(), CultureInfo.InvariantCulture);

    [Fact]
    public async Task The_user_stream_tells_an_orders_whole_life()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        JsonNode subscribed = await socket.CallAsync("userDataStream.subscribe.signature");
        Assert.Equal(0, subscribed["result"]!["subscriptionId"]!.GetValue<int>());
        Assert.Equal(-2035, (await socket.CallAsync("userDataStream.subscribe.signature"))["error"]!["code"]!.GetValue<int>());

        JsonNode ticker = await exchange.GetAsync("/api/v3/ticker/bookTicker?symbol=BTCUSDT");
        string low = Math.Floor(Number(ticker["bidPrice"]) * 0.9m).ToString(CultureInfo.InvariantCulture);
        JsonNode placed = await socket.CallAsync("order.place", new JsonObject
        {
            ["symbol"] = "BTCUSDT", ["side"] = "BUY", ["type"] = "LIMIT", ["timeInForce"] = "GTC", ["quantity"] = "0.01", ["price"] = low, ["newClientOrderId"] = "life-1",
        });
        Assert.True(placed["status"]!.GetValue<int>() == 200, placed.ToJsonString());
        Assert.Equal(["ORDERS", "ORDERS", "REQUEST_WEIGHT"], placed["rateLimits"]!.AsArray().Select(l => l!["rateLimitType"]!.GetValue<string>()));
        JsonNode created = await socket.EventAsync();
        Shape.Matches("spot/userdata/executionReport.json", created, "v");
        Assert.Equal(("NEW", "NEW", "life-1"), (created["event"]!["x"]!.GetValue<string>(), created["event"]!["X"]!.GetValue<string>(), created["event"]!["c"]!.GetValue<string>()));
        JsonNode locked = await socket.EventAsync();
        Shape.Matches("spot/userdata/outboundAccountPosition.json", locked);
        Assert.Equal(Number(placed["result"]!["price"]) * 0.01m, Number(locked["event"]!["B"]![0]!["l"]));

        JsonNode canceled = await socket.CallAsync("order.cancel", new JsonObject { ["symbol"] = "BTCUSDT", ["origClientOrderId"] = "life-1", ["newClientOrderId"] = "bye" });
        Assert.Equal("CANCELED", canceled["result"]!["status"]!.GetValue<string>());
        JsonNode ended = await socket.EventAsync();
        Assert.Equal(("CANCELED", "bye", "life-1"), (ended["event"]!["x"]!.GetValue<string>(), ended["event"]!["c"]!.GetValue<string>(), ended["event"]!["C"]!.GetValue<string>()));
        Assert.Equal(0m, Number((await socket.EventAsync())["event"]!["B"]![0]!["l"]));

        // A taker: NEW, then a TRADE and the new balances for each fill.
        JsonNode taken = await socket.CallAsync("order.place", new JsonObject { ["symbol"] = "BTCUSDT", ["side"] = "SELL", ["type"] = "MARKET", ["quantity"] = "0.2" });
        Assert.Equal("FILLED", taken["result"]!["status"]!.GetValue<string>());
        Assert.Equal("NEW", (await socket.EventAsync())["event"]!["x"]!.GetValue<string>());
        decimal sold = 0;
        JsonNode fill;
        do
        {
            fill = await socket.EventAsync();
            Assert.Equal("TRADE", fill["event"]!["x"]!.GetValue<string>());
            Assert.Equal("USDT", fill["event"]!["N"]!.GetValue<string>());
            sold += Number(fill["event"]!["l"]);
            Assert.Equal(sold, Number(fill["event"]!["z"]));
            Assert.Equal(["BTC", "USDT"], (await socket.EventAsync())["event"]!["B"]!.AsArray().Select(b => b!["a"]!.GetValue<string>()));
        }
        while (fill["event"]!["X"]!.GetValue<string>() == "PARTIALLY_FILLED");
        Assert.Equal(("FILLED", 0.2m), (fill["event"]!["X"]!.GetValue<string>(), sold));

        Assert.Equal(200, (await socket.CallAsync("userDataStream.unsubscribe", isSigned: false))["status"]!.GetValue<int>());
        Assert.Equal("eventStreamTerminated", (await socket.EventAsync())["event"]!["e"]!.GetValue<string>());
    }

    [Fact]
    public async Task Answers_have_the_official_shapes_and_name_their_request()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        await socket.SendAsync("""{"id":"922bcc6e-9de8-440d-9e84-7c80933a8d0d","method":"ping"}""");
        Shape.Matches("spot/wsapi/ping.response.json", await socket.ReceiveAsync());
        await socket.SendAsync("""{"id":"51e2affb-0aba-4821-ba75-f2625006eb43","method":"depth","params":{"symbol":"BTCUSDT","limit":5}}""");
        Shape.Matches("spot/wsapi/depth.response.json", await socket.ReceiveAsync());
        JsonNode info = await socket.CallAsync("exchangeInfo", isSigned: false);
        Assert.Equal(3, info["result"]!["symbols"]!.AsArray().Count);
        JsonNode account = await socket.CallAsync("account.status");
        account["id"] = "605a6d20-6588-4cb9-afa0-b0ab087507ba";
        Shape.Matches("spot/wsapi/account.status.response.json", account);
        Assert.Equal("{}", (await socket.CallAsync("order.test", new JsonObject { ["symbol"] = "BTCUSDT", ["side"] = "BUY", ["type"] = "MARKET", ["quantity"] = "0.01" }))["result"]!.ToJsonString());
        Assert.Empty((await socket.CallAsync("openOrders.status"))["result"]!.AsArray());
        Assert.Empty((await socket.CallAsync("myTrades", new JsonObject { ["symbol"] = "BTCUSDT" }))["result"]!.AsArray());
        Assert.Equal(-2011, (await socket.CallAsync("openOrders.cancelAll", new JsonObject { ["symbol"] = "BTCUSDT" }))["error"]!["code"]!.GetValue<int>());
        Assert.Equal(-2013, (await socket.CallAsync("order.status", new JsonObject { ["symbol"] = "BTCUSDT", ["orderId"] = 5 }))["error"]!["code"]!.GetValue<int>());
        JsonNode poor = await socket.CallAsync("order.place", new JsonObject { ["symbol"] = "BTCUSDT", ["side"] = "SELL", ["type"] = "MARKET", ["quantity"] = "500" });
        Assert.Equal((400, -2010), (poor["status"]!.GetValue<int>(), poor["error"]!["code"]!.GetValue<int>()));
        await socket.SendAsync("""{"id":9,"method":"account.status","params":{"apiKey":"wrong","timestamp":1,"signature":"00"}}""");
        JsonNode refused = await socket.ReceiveAsync();
        Assert.Equal((9, 401, -2015), (refused["id"]!.GetValue<int>(), refused["status"]!.GetValue<int>(), refused["error"]!["code"]!.GetValue<int>()));
        await socket.SendAsync("not json");
        Assert.Equal(-1135, (await socket.ReceiveAsync())["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_resting_order_is_filled_by_the_flow_as_maker()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(rate: 5);
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        await socket.CallAsync("userDataStream.subscribe.signature");
        JsonNode ticker = await exchange.GetAsync("/api/v3/ticker/bookTicker?symbol=SOLUSDT");
        await RestAsync("BUY", ticker["bidPrice"]!);
        await RestAsync("SELL", ticker["askPrice"]!); // One of them is where the price goes.
        while (true)
        {
            JsonNode fill = (await socket.EventAsync())["event"]!;
            if (fill["e"]!.GetValue<string>() != "executionReport" || fill["x"]!.GetValue<string>() != "TRADE") continue;
            Assert.True(fill["m"]!.GetValue<bool>());
            if (fill["S"]!.GetValue<string>() == "SELL") break;
            Assert.Equal("SOL", fill["N"]!.GetValue<string>());
            Assert.Equal(Math.Floor(Number(fill["l"]) * 0.001m * 1e8m) / 1e8m, Number(fill["n"]));
            if (fill["X"]!.GetValue<string>() == "FILLED") break;
        }

        async Task RestAsync(string side, JsonNode price)
        {
            JsonNode placed = await socket.CallAsync("order.place", new JsonObject
            {
                ["symbol"] = "SOLUSDT", ["side"] = side, ["type"] = "LIMIT_MAKER", ["quantity"] = "1", ["price"] = price.GetValue<string>(),
            });
            Assert.True(placed["status"]!.GetValue<int>() is 200 or 400, placed.ToJsonString()); // The price may have come across meanwhile.
        }
    }
}
