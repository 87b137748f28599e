using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>The exchange's limits are Binance's, always on, and what was used of them can be read.</summary>
public sealed class LimitTests
{
    private static Task<TestExchange> StartAsync(Market market = Market.Spot) => TestExchange.SyntheticAsync(market, rate: 1);

    [Theory]
    [InlineData(Market.Spot, "/api/v3/depth?symbol=BTCUSDT&limit=100", 5)]
    [InlineData(Market.Spot, "/api/v3/depth?symbol=BTCUSDT&limit=101", 25)]
    [InlineData(Market.Spot, "/api/v3/depth?symbol=BTCUSDT&limit=1000", 50)]
    [InlineData(Market.Spot, "/api/v3/depth?symbol=BTCUSDT&limit=5000", 250)]
    [InlineData(Market.Spot, "/api/v3/exchangeInfo", 20)]
    [InlineData(Market.Spot, "/api/v3/klines?symbol=BTCUSDT&interval=1m", 2)]
    [InlineData(Market.Spot, "/api/v3/ticker/bookTicker", 4)]
    [InlineData(Market.UsdMargined, "/fapi/v1/depth?symbol=BTCUSDT&limit=50", 2)]
    [InlineData(Market.UsdMargined, "/fapi/v1/depth?symbol=BTCUSDT&limit=100", 5)]
    [InlineData(Market.UsdMargined, "/fapi/v1/depth?symbol=BTCUSDT&limit=500", 10)]
    [InlineData(Market.UsdMargined, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 20)]
    [InlineData(Market.UsdMargined, "/fapi/v1/premiumIndex?symbol=BTCUSDT", 1)]
    [InlineData(Market.UsdMargined, "/fapi/v1/premiumIndex", 10)]
    [InlineData(Market.UsdMargined, "/fapi/v1/openInterest?symbol=BTCUSDT", 1)]
    public async Task Calls_weigh_what_they_weigh(Market market, string path, int weight)
    {
        await using TestExchange exchange = await StartAsync(market);
        (int status, _, HttpResponseMessage response) = await exchange.SendAsync(HttpMethod.Get, path);
        Assert.Equal((200, weight.ToString(CultureInfo.InvariantCulture)), (status, response.Headers.GetValues("X-MBX-USED-WEIGHT-1M").Single()));
        Assert.Equal(weight, exchange.Server.Meters.WeightTotal);
        Assert.Equal(new KeyValuePair<string, int>(path.Split('?')[0], 1), Assert.Single(exchange.Server.Meters.Requests));
    }

    [Fact]
    public async Task Too_much_weight_is_429_insisting_makes_it_longer_and_then_a_ban_that_grows()
    {
        await using TestExchange exchange = await StartAsync();
        exchange.Server.Faults.Apply(new LimitWeight { PerMinute = 500, BanSeconds = 1 });
        const string Depth = "/api/v3/depth?symbol=BTCUSDT&limit=5000";
        for (int i = 0; i < 2; i++) Assert.Equal(200, (await exchange.SendAsync(HttpMethod.Get, Depth)).Status);
        (int status, JsonNode body, int retry) = await CallAsync();
        Assert.Equal((429, -1003), (status, body["code"]!.GetValue<int>()));
        Assert.InRange(retry, 1, 61);
        (_, _, int longer) = await CallAsync();
        Assert.True(longer > retry, $"{retry} s became {longer} s");
        int calls = 2;
        while ((await CallAsync()) is { Status: 429 }) calls++;
        Assert.InRange(calls, 5, 15);
        (status, body, retry) = await CallAsync();
        Assert.Equal((418, 1), (status, retry));
        Assert.Contains("banned until", body["msg"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, exchange.Server.Meters.Bans);
        Assert.True(exchange.Server.Meters.CallsWhileBanned > 5);
        await Task.Delay(1_100, TestContext.Current.CancellationToken);
        while ((await CallAsync()).Status != 418)
        {
        }
        Assert.Equal(2, (await CallAsync()).Retry); // The second ban takes twice as long.

        async Task<(int Status, JsonNode Body, int Retry)> CallAsync()
        {
            (int status, JsonNode body, HttpResponseMessage response) = await exchange.SendAsync(HttpMethod.Get, Depth);
            return (status, body, response.Headers.RetryAfter is { } after ? (int)after.Delta!.Value.TotalSeconds : 0);
        }
    }

    [Theory]
    [InlineData(Market.Spot, 5)]
    [InlineData(Market.UsdMargined, 10)]
    public async Task More_frames_a_second_than_allowed_end_the_connection(Market market, int allowed)
    {
        await using TestExchange exchange = await StartAsync(market);
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws");
        for (int i = 0; i < allowed; i++) await log.SendAsync($$"""{"method":"LIST_SUBSCRIPTIONS","id":{{i}}}""");
        await log.AtLeastAsync(allowed);
        Assert.False(log.Ended.IsCompleted);
        ConnectionMeters meters = Assert.Single(exchange.Server.Meters.Connections);
        Assert.Equal((allowed, allowed), ((int)meters.Messages, meters.MessagesPerSecondMax));
        await log.SendAsync("""{"method":"LIST_SUBSCRIPTIONS","id":99}""");
        await log.Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal(1008, log.CloseCode);
        Assert.Equal((allowed + 1, 1), (exchange.Server.Meters.MessagesPerSecondMax, exchange.Server.Meters.MessageCuts));
    }

    [Fact]
    public async Task Connections_and_streams_are_limited()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        string names = string.Join(',', Enumerable.Range(0, 1_024).Select(i => $"\"s{i}@trade\""));
        await log.SendAsync($$"""{"method":"SUBSCRIBE","params":[{{names}}],"id":7}""");
        await FrameLog.UntilAsync(() => log.Json.Any(f => f["code"] is not null));
        Assert.Equal(1, exchange.Server.Meters.Connections[0].Streams);
        exchange.Server.Faults.Apply(new LimitStreams { PerConnection = 2 });
        Assert.Contains("400", (await Assert.ThrowsAsync<WebSocketException>(() => FrameLog.OpenAsync(exchange, "/ws/a@trade/b@trade/c@trade"))).Message, StringComparison.Ordinal);
        exchange.Server.Faults.Apply(new LimitConnections { PerFiveMinutes = 3 });
        await using FrameLog third = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        Assert.Contains("429", (await Assert.ThrowsAsync<WebSocketException>(() => FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade"))).Message, StringComparison.Ordinal);
        Assert.Equal((4, 1), (exchange.Server.Meters.Connects, exchange.Server.Meters.ConnectsRefused));
        exchange.Server.Faults.Clear();
        await using FrameLog fifth = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        JsonNode meters = await exchange.GetAsync("/sim/meters");
        Assert.Equal((5, 3), (meters["connects"]!.GetValue<int>(), meters["connections"]!.AsArray().Count));
    }
}
