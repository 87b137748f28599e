using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Keys of all kinds, sessions of the WebSocket API, and what a key may do.</summary>
public sealed class SessionTests
{
    private static readonly ExchangeKey Key = new("ed-key", ExchangeKeyKind.Ed25519, TestKeys.Ed25519Public);

    private static Task<TestExchange> StartAsync(ExchangeKey? key = null) =>
        TestExchange.StartAsync(new ExchangeOptions { Source = new SyntheticSource(7), Keys = [key ?? Key] });

    private static JsonObject Signed(JsonObject parameters)
    {
        parameters["apiKey"] = Key.ApiKey;
        parameters["timestamp"] = TestExchange.Now;
        parameters["signature"] = TestKeys.Sign(string.Join('&', parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")));
        return parameters;
    }

    private static async Task<JsonNode> CallAsync(TestSocket socket, string method, JsonObject parameters) => await socket.CallAsync(method, parameters, isSigned: false);

    private static (int Status, int? Code) Said(JsonNode answer) => (answer["status"]!.GetValue<int>(), answer["error"]?["code"]!.GetValue<int>());

    [Fact]
    public async Task A_session_that_is_logged_on_needs_neither_key_nor_signature_but_a_timestamp()
    {
        await using TestExchange exchange = await StartAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        Assert.Equal((401, -2014), Said(await CallAsync(socket, "account.status", new JsonObject { ["timestamp"] = TestExchange.Now })));
        JsonNode logon = await CallAsync(socket, "session.logon", Signed([]));
        logon["id"] = "1"; // The example has a text there.
        Shape.Matches("spot/wsapi/session.logon.response.json", logon, "rateLimits");
        Assert.Equal("ed-key", logon["result"]!["apiKey"]!.GetValue<string>());
        Assert.Equal((200, null), Said(await CallAsync(socket, "account.status", new JsonObject { ["timestamp"] = TestExchange.Now })));
        Assert.Equal((400, -1102), Said(await CallAsync(socket, "account.status", [])));
        Assert.Equal((400, -1021), Said(await CallAsync(socket, "account.status", new JsonObject { ["timestamp"] = TestExchange.Now - 6_000 })));
        Assert.Equal((200, null), Said(await CallAsync(socket, "session.logout", [])));
        Assert.Equal((401, -2014), Said(await CallAsync(socket, "account.status", new JsonObject { ["timestamp"] = TestExchange.Now })));
    }

    [Fact]
    public async Task Only_ed25519_keys_log_on()
    {
        await using TestExchange exchange = await StartAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        Assert.Equal((400, -2028), Said(await socket.CallAsync("session.logon")));
        JsonObject forged = Signed([]);
        forged["timestamp"] = forged["timestamp"]!.GetValue<long>() - 1;
        Assert.Equal((400, -1022), Said(await CallAsync(socket, "session.logon", forged)));
        Assert.Null((await CallAsync(socket, "session.status", []))["result"]!["apiKey"]);
    }

    [Fact]
    public async Task User_data_are_subscribed_to_once_and_end_with_the_logout()
    {
        await using TestExchange exchange = await StartAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3");
        Assert.Equal((401, -2015), Said(await CallAsync(socket, "userDataStream.subscribe", [])));
        Assert.Equal((400, -2036), Said(await CallAsync(socket, "userDataStream.unsubscribe", [])));
        await CallAsync(socket, "session.logon", Signed([]));
        Assert.Equal(0, (await CallAsync(socket, "userDataStream.subscribe", []))["result"]!["subscriptionId"]!.GetValue<int>());
        Assert.Equal((400, -2035), Said(await CallAsync(socket, "userDataStream.subscribe", [])));
        Assert.True((await CallAsync(socket, "session.status", []))["result"]!["userDataStream"]!.GetValue<bool>());
        JsonNode logout = await CallAsync(socket, "session.logout", []);
        Assert.False(logout["result"]!["userDataStream"]!.GetValue<bool>());
        Assert.Equal("eventStreamTerminated", (await socket.EventAsync())["event"]!["e"]!.GetValue<string>());
    }

    [Fact]
    public async Task Times_are_microseconds_where_they_were_asked_for()
    {
        await using TestExchange exchange = await StartAsync();
        await using TestSocket socket = await exchange.ConnectAsync("/ws-api/v3?timeUnit=MICROSECOND");
        Assert.Equal(16, (await CallAsync(socket, "time", []))["result"]!["serverTime"]!.GetValue<long>().ToString().Length);
        long micros = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;
        JsonObject parameters = new() { ["apiKey"] = exchange.Options.ApiKey, ["recvWindow"] = "5000.125", ["timestamp"] = micros };
        parameters["signature"] = TestExchange.Hmac($"apiKey={exchange.Options.ApiKey}&recvWindow=5000.125&timestamp={micros}", exchange.Options.Secret);
        Assert.Equal((200, null), Said(await CallAsync(socket, "account.status", parameters)));
        Assert.Equal(13, (await exchange.GetAsync("/api/v3/time"))["serverTime"]!.GetValue<long>().ToString().Length);
    }

    [Theory]
    [InlineData("recvWindow=5000.1234", -1100)]
    [InlineData("recvWindow=60000.001", -1131)]
    [InlineData("recvWindow=60000", null)]
    [InlineData("nonsense=1", -1104)]
    public async Task The_window_has_three_decimals_and_a_minute(string query, int? code)
    {
        await using TestExchange exchange = await StartAsync();
        Assert.Equal(code, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account", query)).Body["code"]?.GetValue<int>());
    }

    [Fact]
    public async Task A_key_does_what_it_may_and_says_what_that_is()
    {
        await using TestExchange exchange = await StartAsync(Key with { Permissions = new KeyPermissions { EnableSpotAndMarginTrading = false, EnableWithdrawals = true } });
        string query = $"timestamp={TestExchange.Now}";
        string signed = $"{query}&signature={Uri.EscapeDataString(TestKeys.Sign(query))}";
        (int status, JsonNode body, _) = await exchange.SendAsync(HttpMethod.Get, $"/sapi/v1/account/apiRestrictions?{signed}", Key.ApiKey);
        Assert.Equal((200, true, false), (status, body["enableWithdrawals"]!.GetValue<bool>(), body["enableSpotAndMarginTrading"]!.GetValue<bool>()));
        Assert.Equal(200, (await exchange.SendAsync(HttpMethod.Get, $"/api/v3/account?{signed}", Key.ApiKey)).Status);
        string order = $"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&timestamp={TestExchange.Now}";
        (status, body, _) = await exchange.SendAsync(HttpMethod.Post, $"/api/v3/order?{order}&signature={Uri.EscapeDataString(TestKeys.Sign(order))}", Key.ApiKey);
        Assert.Equal((401, -2015), (status, body["code"]!.GetValue<int>()));
    }

    [Fact]
    public async Task What_was_encoded_after_signing_is_refused()
    {
        await using TestExchange exchange = await StartAsync();
        string raw = $"symbol=BTCUSDT&newClientOrderId=a:b/c&side=BUY&type=MARKET&quantity=0.001&timestamp={TestExchange.Now}";
        string encoded = raw.Replace("a:b/c", "a%3Ab%2Fc", StringComparison.Ordinal);
        Assert.Equal(-1022, (await exchange.SendAsync(HttpMethod.Post, $"/api/v3/order/test?{encoded}&signature={TestExchange.Hmac(raw, exchange.Options.Secret)}", exchange.Options.ApiKey)).Body["code"]!.GetValue<int>());
        Assert.Equal(200, (await exchange.SendAsync(HttpMethod.Post, $"/api/v3/order/test?{encoded}&signature={TestExchange.Hmac(encoded, exchange.Options.Secret)}", exchange.Options.ApiKey)).Status);
    }
}
