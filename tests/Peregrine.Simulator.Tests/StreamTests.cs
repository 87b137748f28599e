using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Limits;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class StreamTests
{
    [Theory]
    [InlineData("btcusdt@trade", "spot/ws/trade.json")]
    [InlineData("btcusdt@aggTrade", "spot/ws/aggTrade.json")]
    [InlineData("btcusdt@bookTicker", "spot/ws/bookTicker.json")]
    [InlineData("btcusdt@depth20@100ms", "spot/ws/partialDepth.json")]
    [InlineData("btcusdt@depth5", "spot/ws/partialDepth.json")]
    [InlineData("btcusdt@depth@100ms", "spot/ws/depthUpdate.json")]
    [InlineData("btcusdt@kline_1m", "spot/ws/kline.json")]
    public async Task Spot_payloads_have_the_official_shape_raw_and_combined(string stream, string example)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(rate: 4);
        await using TestSocket raw = await exchange.ConnectAsync("/ws/" + stream);
        Shape.Matches(example, await raw.ReceiveAsync());
        await using TestSocket combined = await exchange.ConnectAsync("/stream?streams=" + stream);
        JsonNode envelope = await combined.ReceiveAsync();
        Assert.Equal(["stream", "data"], envelope.AsObject().Select(f => f.Key));
        Assert.Equal(stream, envelope["stream"]!.GetValue<string>());
        Shape.Matches(example, envelope["data"]!);
    }

    [Theory]
    [InlineData("/market/stream?streams=", "btcusdt@aggTrade", "usdm/ws/aggTrade.json")]
    [InlineData("/public/stream?streams=", "btcusdt@bookTicker", "usdm/ws/bookTicker.json")]
    [InlineData("/public/stream?streams=", "btcusdt@depth@100ms", "usdm/ws/depthUpdate.json")]
    [InlineData("/public/stream?streams=", "btcusdt@depth20@100ms", "usdm/ws/partialDepth.json")]
    [InlineData("/stream?streams=", "btcusdt@bookTicker", "usdm/ws/bookTicker.json")]
    [InlineData("/market/stream?streams=", "btcusdt@kline_1m", "usdm/ws/kline.json")]
    public async Task Futures_payloads_have_the_official_shape(string path, string stream, string example)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(Market.UsdMargined, rate: 4);
        await using TestSocket socket = await exchange.ConnectAsync(path + stream);
        Shape.Matches(example, (await socket.ReceiveAsync())["data"]!, "nq", "ps", "st"); // The examples are older than these fields.
    }

    [Fact]
    public async Task Control_frames_get_the_exchanges_replies()
    {
        await using TestExchange exchange = await TestExchange.StartAsync(new ExchangeOptions { Source = new SyntheticSource(7), Limits = new ExchangeLimits { MessagesPerSecond = 100 } });
        await using TestSocket socket = await exchange.ConnectAsync("/ws");
        Assert.Equal("""{"result":null,"id":1}""", await Reply("""{"method":"SUBSCRIBE","params":["btcusdt@kline_1d","nosuch@thing"],"id":1}"""));
        Assert.Equal("""{"result":["btcusdt@kline_1d","nosuch@thing"],"id":"x-3"}""", await Reply("""{"method":"LIST_SUBSCRIPTIONS","id":"x-3"}"""));
        Assert.Equal("""{"result":false,"id":2}""", await Reply("""{"method":"GET_PROPERTY","params":["combined"],"id":2}"""));
        Assert.Equal("""{"result":null,"id":5}""", await Reply("""{"method":"SET_PROPERTY","params":["combined",true],"id":5}"""));
        Assert.Equal("""{"result":null,"id":312}""", await Reply("""{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1d"],"id":312}"""));
        Assert.Contains("\"code\":0", await Reply("""{"method":"GET_PROPERTY","params":["colour"],"id":6}"""), StringComparison.Ordinal);
        Assert.Contains("\"code\":1", await Reply("""{"method":"SET_PROPERTY","params":["combined",1],"id":7}"""), StringComparison.Ordinal);
        Assert.Contains("unknown variant", await Reply("""{"method":"DANCE","id":8}"""), StringComparison.Ordinal);
        Assert.Contains("request ID must be", await Reply("""{"method":"SUBSCRIBE","params":[],"id":1.5}"""), StringComparison.Ordinal);
        Assert.Contains("\"code\":3", await Reply("{nonsense"), StringComparison.Ordinal);

        async Task<string> Reply(string request)
        {
            await socket.SendAsync(request);
            return (await socket.ReceiveAsync(m => m["result"] is not null || m.AsObject().ContainsKey("result") || m["code"] is not null)).ToJsonString(
                new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        }
    }

    [Fact]
    public async Task Diffs_tickers_trades_and_snapshot_tell_one_story()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(rate: 3);
        await using TestSocket socket = await exchange.ConnectAsync("/stream?streams=ethusdt@depth@100ms/ethusdt@bookTicker/ethusdt@trade");
        await socket.ReceiveAsync(m => m["stream"]!.GetValue<string>().Contains("@depth", StringComparison.Ordinal));
        PlainBook book = new(isSpot: true);
        book.Snapshot(await exchange.GetAsync("/api/v3/depth?symbol=ETHUSDT&limit=5000"));
        Dictionary<long, (string, string)> tickers = [];
        int compared = 0;
        long lastTrade = 0;
        for (int i = 0; i < 1_500; i++)
        {
            JsonNode message = await socket.ReceiveAsync();
            JsonNode data = message["data"]!;
            switch (message["stream"]!.GetValue<string>())
            {
                case "ethusdt@bookTicker":
                    tickers[data["u"]!.GetValue<long>()] = (data["b"]!.GetValue<string>(), data["a"]!.GetValue<string>());
                    break;
                case "ethusdt@trade":
                    long id = data["t"]!.GetValue<long>();
                    Assert.True(lastTrade == 0 || id == lastTrade + 1, "trade ids are consecutive");
                    lastTrade = id;
                    break;
                default:
                    book.Apply(data);
                    Assert.False(book.IsCrossed);
                    if (tickers.TryGetValue(book.UpdateId, out (string Bid, string Ask) best))
                    {
                        Assert.Equal((decimal.Parse(best.Bid, CultureInfo.InvariantCulture), decimal.Parse(best.Ask, CultureInfo.InvariantCulture)), (book.Bid, book.Ask));
                        compared++;
                    }
                    break;
            }
        }
        Assert.True(book.Applied > 20 && compared > 3, $"{book.Applied} diffs, {compared} comparisons");
        Assert.True(lastTrade > 0);
    }

    [Fact]
    public async Task By_default_some_hundreds_of_messages_come_each_second()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string[] kinds = ["trade", "aggTrade", "bookTicker", "depth@100ms", "depth20@100ms", "kline_1m"];
        string streams = string.Join('/', from s in (string[])["btcusdt", "ethusdt", "solusdt"] from k in kinds select $"{s}@{k}");
        await using TestSocket socket = await exchange.ConnectAsync("/stream?streams=" + streams);
        await socket.ReceiveBytesAsync();
        long begin = Environment.TickCount64;
        int count = 0;
        for (; Environment.TickCount64 - begin < 4_000; count++) await socket.ReceiveBytesAsync();
        TestContext.Current.SendDiagnosticMessage($"{count / 4.0:N0} messages/s");
        Assert.InRange(count / 4.0, 150, 1_200);
    }

    [Fact]
    public async Task A_socket_that_owes_its_pong_is_cut_and_one_that_answers_is_not()
    {
        await using TestExchange exchange = await TestExchange.StartAsync(new ExchangeOptions
        {
            Source = new SyntheticSource(1, 0.2), PingInterval = TimeSpan.FromMilliseconds(50), PongTimeout = TimeSpan.FromMilliseconds(300),
            Limits = new ExchangeLimits { MessagesPerSecond = 1_000 }, // So fast a ping makes more pongs than Binance allows.
        });
        // ClientWebSocket answers pings only while somebody reads: this one does not.
        await using TestSocket silent = await exchange.ConnectAsync("/ws/btcusdt@kline_1d");
        await using TestSocket alive = await exchange.ConnectAsync("/ws/btcusdt@bookTicker");
        long until = Environment.TickCount64 + 1_500;
        while (Environment.TickCount64 < until) Assert.NotNull(await alive.ReceiveAsync());
        await Assert.ThrowsAnyAsync<WebSocketException>(async () =>
        {
            while (!(await silent.ReceiveBytesAsync()).IsEmpty)
            {
            }
        });
    }
}
