using System.Text.Json.Nodes;
using Peregrine.Simulator.Faults;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Faults of keys, sessions and time, over real sockets.</summary>
public sealed class SessionFaultTests
{
    private static readonly ExchangeKey Key = new("ed-key", ExchangeKeyKind.Ed25519, TestKeys.Ed25519Public);

    [Fact]
    public async Task A_session_whose_key_is_taken_away_hears_of_it()
    {
        await using TestExchange exchange = await StartAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        await LogOnAsync(socket);
        await socket.CallAsync("userDataStream.subscribe", [], isSigned: false);
        ActiveFault revoked = exchange.Server.Faults.Apply(new RevokeKey { ApiKey = "ed-key" });
        Assert.Equal("eventStreamTerminated", (await socket.ReceiveAsync())["event"]!["e"]!.GetValue<string>());
        JsonNode told = await socket.ReceiveAsync();
        Shape.Matches("spot/wsapi/error.401.key-revoked.json", told);
        Assert.Equal((401, -2015), Said(told));
        Assert.Equal(401, Said(await socket.CallAsync("account.status", Now(), isSigned: false)).Status);
        Assert.Equal((401, -2015), Said(await socket.CallAsync("session.logon", Signed([]), isSigned: false)));
        Assert.Equal(200, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account")).Status); // Another key of the account.
        revoked.Dispose();
        Assert.Equal(401, Said(await socket.CallAsync("account.status", Now(), isSigned: false)).Status); // Nobody logs it on again.
        await LogOnAsync(socket);
        Assert.Equal(200, Said(await socket.CallAsync("account.status", Now(), isSigned: false)).Status);
    }

    [Fact]
    public async Task Permissions_are_what_the_exchange_says_and_does()
    {
        await using TestExchange exchange = await StartAsync();
        const string order = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001";
        using (exchange.Server.Faults.Apply(new Faults.KeyPermissions { ApiKey = exchange.Options.ApiKey, Withdraw = true }))
        {
            Assert.Equal((401, -2015), ((await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", order)) is var (status, body, _) ? (status, body["code"]!.GetValue<int>()) : default));
            JsonNode may = (await exchange.SignedAsync(HttpMethod.Get, "/sapi/v1/account/apiRestrictions")).Body;
            Assert.Equal((true, true, false), (may["enableReading"]!.GetValue<bool>(), may["enableWithdrawals"]!.GetValue<bool>(), may["enableSpotAndMarginTrading"]!.GetValue<bool>()));
            using (exchange.Server.Faults.Apply(new Faults.KeyPermissions { Read = false }))
                Assert.Equal(401, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account")).Status);
        }
        Assert.Equal(200, (await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", order)).Status);
    }

    [Fact]
    public async Task A_logon_may_be_lost_while_the_connection_stays()
    {
        await using TestExchange exchange = await StartAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        await using TestSocket bystander = await exchange.ConnectAsync("/ws-api/v3");
        await LogOnAsync(socket);
        await socket.CallAsync("userDataStream.subscribe", [], isSigned: false);
        Assert.Equal(1, exchange.Server.Faults.Apply(new DropAuth()).Matched);
        Assert.Equal("eventStreamTerminated", (await socket.ReceiveAsync())["event"]!["e"]!.GetValue<string>());
        Assert.Equal((401, -2014), Said(await socket.CallAsync("account.status", Now(), isSigned: false)));
        Assert.Null((await socket.CallAsync("session.status", [], isSigned: false))["result"]!["apiKey"]);
        Assert.Equal(200, Said(await socket.CallAsync("account.status", Signed([]), isSigned: false)).Status); // One that names its key.
        Assert.Equal(200, Said(await bystander.CallAsync("account.status")).Status);
        await LogOnAsync(socket);
        Assert.Equal(200, Said(await socket.CallAsync("account.status", Now(), isSigned: false)).Status);
    }

    [Theory]
    [InlineData(200, -1021)]
    [InlineData(5_000, null)]
    public async Task The_receive_window_counts_again_before_the_matching_engine(int window, int? code)
    {
        await using TestExchange exchange = await StartAsync();
        exchange.Server.Faults.Apply(new DelayMatching { DelaySeconds = 0.4 });
        string price = await CancelReplaceTests.PriceAsync(exchange, 0.9);
        JsonNode answer = (await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", $"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price={price}&newClientOrderId=rest&recvWindow={window}")).Body;
        Assert.Equal(code, answer["code"]?.GetValue<int>());
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        answer = await socket.CallAsync("order.place", new JsonObject
        {
            ["symbol"] = "BTCUSDT", ["side"] = "BUY", ["type"] = "LIMIT", ["timeInForce"] = "GTC", ["quantity"] = "0.001", ["price"] = price, ["newClientOrderId"] = "socket", ["recvWindow"] = window,
        });
        Assert.Equal(code, answer["error"]?["code"]!.GetValue<int>());
        Assert.Equal(code is null ? 2 : 0, exchange.Server.Faults.Active.Count == 1 ? (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/openOrders", "symbol=BTCUSDT")).Body.AsArray().Count : -1);
    }

    [Fact]
    public async Task Times_of_orders_come_in_the_unit_that_was_asked_for()
    {
        await using TestExchange exchange = await StartAsync();
        string price = await CancelReplaceTests.PriceAsync(exchange, 0.9);
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3?timeUnit=MICROSECOND");
        await socket.CallAsync("userDataStream.subscribe.signature");
        JsonObject Order(string id) => new() { ["symbol"] = "BTCUSDT", ["side"] = "BUY", ["type"] = "LIMIT", ["timeInForce"] = "GTC", ["quantity"] = "0.001", ["price"] = price, ["newClientOrderId"] = id };
        foreach (string place in (string[])["order.place", "order.cancelReplace"])
        {
            JsonObject order = Order(place.Replace('.', '-'));
            if (place == "order.cancelReplace") (order["cancelReplaceMode"], order["cancelOrigClientOrderId"]) = ("STOP_ON_FAILURE", "order-place");
            JsonNode result = (await socket.CallAsync(place, order))["result"]!;
            JsonNode placed = result["newOrderResponse"] ?? result;
            AssertMicros(placed["transactTime"]);
            AssertMicros(placed["workingTime"]);
            if (result["cancelResponse"] is { } canceled) AssertMicros(canceled["transactTime"]);
        }
        JsonNode status = (await socket.CallAsync("order.status", new JsonObject { ["symbol"] = "BTCUSDT", ["origClientOrderId"] = "order-cancelReplace" }))["result"]!;
        foreach (string field in (string[])["time", "updateTime", "workingTime"]) AssertMicros(status[field]);
        JsonNode amended = (await socket.CallAsync("order.amend.keepPriority", new JsonObject { ["symbol"] = "BTCUSDT", ["origClientOrderId"] = "order-cancelReplace", ["newQty"] = "0.0009" }))["result"]!;
        AssertMicros(amended["transactTime"]);
        JsonNode report = (await socket.EventAsync())["event"]!;
        foreach (string field in (string[])["E", "T", "O", "W"]) AssertMicros(report[field]);

        static void AssertMicros(JsonNode? time) => Assert.True(time!.GetValue<long>() is > 1_000_000_000_000_000 and var micros && micros < TestExchange.Now * 1_010, time.ToJsonString());
    }

    private static Task<TestExchange> StartAsync() => TestExchange.StartAsync(new ExchangeOptions { Source = new SyntheticSource(7), Keys = [Key] });

    private static JsonObject Now() => new() { ["timestamp"] = TestExchange.Now };

    private static JsonObject Signed(JsonObject parameters)
    {
        parameters["apiKey"] = Key.ApiKey;
        parameters["timestamp"] = TestExchange.Now;
        parameters["signature"] = TestKeys.Sign(string.Join('&', parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")));
        return parameters;
    }

    private static async Task LogOnAsync(TestSocket socket) => Assert.Equal(200, Said(await socket.CallAsync("session.logon", Signed([]), isSigned: false)).Status);

    private static (int Status, int? Code) Said(JsonNode answer) => (answer["status"]!.GetValue<int>(), answer["error"]?["code"]!.GetValue<int>());
}
