using System.Net.WebSockets;
using System.Text;

using Microsoft.AspNetCore.Http;

using Peregrine.Binance.Feed;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class BinanceMarketFeedTests
{
    private const string Trade = """{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":ID,"p":"61837.63","q":"0.02","T":1723161255342,"m":true}}""";

    private static readonly FeedOptions Quick = new() { Wire = new() { BackoffFirst = TimeSpan.FromMilliseconds(10), BackoffCap = TimeSpan.FromMilliseconds(50) } };

    private static void Until(BinanceMarketFeed feed, LinePoller poller, Func<bool> reached)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(15)) throw new TimeoutException($"Not reached: {feed.Status}");
            if (!feed.Poll()) poller.Wait(TimeSpan.FromMilliseconds(20));
        }
    }

    [Fact]
    public async Task Publishes_streams_snapshots_and_what_happens_to_its_lines()
    {
        int connections = 0, depthCalls = 0;
        string streams = "";
        await using LocalServer server = await LocalServer.Start(async context =>
        {
            if (context.Request.Path == "/api/v3/depth")
            {
                Assert.Equal("?symbol=ETHUSDT&limit=1000", context.Request.QueryString.Value);
                if (Interlocked.Increment(ref depthCalls) == 1)
                {
                    context.Response.StatusCode = 429;
                    context.Response.Headers.RetryAfter = "1";
                    return;
                }
                await context.Response.WriteAsync("""{"lastUpdateId":77,"bids":[["10","1"],["9","2"]],"asks":[["11","3"]]}""");
                return;
            }
            streams = Uri.UnescapeDataString(context.Request.QueryString.Value!);
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            int connection = Interlocked.Increment(ref connections);
            foreach (string message in (string[])[Trade.Replace("ID", $"{connection}", StringComparison.Ordinal), "{", """{"result":null,"id":1}""", """{"stream":"x@y","data":{}}"""])
                await socket.SendAsync(Encoding.UTF8.GetBytes(message).AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None);
            if (connection == 1) await socket.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "bye", CancellationToken.None);
            else await socket.ReceiveAsync(new byte[100], CancellationToken.None);
        });
        var seen = new Seen();
        InstrumentTable instruments = Some.Instruments(Market.Spot, "BTCUSDT", "ETHUSDT");
        using var feed = new BinanceMarketFeed(
            BinanceEndpoints.FromBase($"http://127.0.0.1:{server.Port}"), Market.Spot, instruments, ["trade", "depth20@100ms"], Some.Ring(seen),
            TimeProvider.System, new Random(5), _ => { }, Quick);
        using var poller = new LinePoller();
        feed.AddTo(poller);
        feed.RequestSnapshot(new SymbolId(2));
        feed.RequestSnapshot(new SymbolId(2));
        Until(feed, poller, () => seen.All.Count(entry => entry.Entry.Kind == EventKind.Trade) == 2 && seen.All.Any(entry => entry.Entry.Kind == EventKind.DepthSnapshot));

        Assert.Equal("?streams=btcusdt@trade/ethusdt@trade/btcusdt@depth20@100ms/ethusdt@depth20@100ms", streams);
        (MarketEvent snapshot, long[] levels) = seen.All.Single(entry => entry.Entry.Kind == EventKind.DepthSnapshot);
        Assert.Equal((2, 77, 2, 1), ((int)snapshot.Symbol.Value, snapshot.Depth.FinalUpdateId, snapshot.Depth.BidCount, snapshot.Depth.AskCount));
        Assert.Equal([1_000_000_000, 100_000_000, 900_000_000, 200_000_000, 1_100_000_000, 300_000_000], levels);
        Assert.Equal(2, depthCalls);
        Assert.Equal(
            ["line 1 1", "trade 1", "line 1 0", "line 1 1", "trade 2"],
            seen.All.Where(entry => entry.Entry.Kind is EventKind.Line or EventKind.Trade).Select(entry =>
                entry.Entry.Kind == EventKind.Line ? $"line {entry.Entry.Plain.A} {entry.Entry.Plain.B}" : $"trade {entry.Entry.Trade.Id}"));
        Until(feed, poller, () => feed.Status.Unknown == 2);
        FeedStatus status = feed.Status;
        Assert.Equal((1, 1, 8, 2, 1), (status.ConnectedLines, status.Lines, status.Frames, status.Refused, status.Reconnects));
        Assert.Contains("1001", status.LastError, StringComparison.Ordinal);
        Assert.True(feed.LastReadTicks > 0);
    }

    [Fact]
    public void Futures_streams_go_where_their_route_is()
    {
        InstrumentTable instruments = Some.Instruments(Market.UsdMargined, "BTCUSDT");
        BinanceEndpoints endpoints = BinanceEndpoints.FromBase("http://127.0.0.1:9") with { AreStreamsRouted = true };
        using var feed = new BinanceMarketFeed(
            endpoints, Market.UsdMargined, instruments, ["depth@100ms", "aggTrade", "kline_1m", "bookTicker"], Some.Ring(), TimeProvider.System, new Random(5), _ => { }, Quick);
        Assert.Equal(2, feed.Status.Lines);
    }

    [Fact]
    public void A_stream_that_is_not_read_here_is_refused_with_what_there_is()
    {
        var error = Assert.Throws<ArgumentException>(() => new BinanceMarketFeed(
            BinanceEndpoints.FromBase("http://127.0.0.1:9"), Market.Spot, Some.Instruments(Market.Spot, "BTCUSDT"), ["depht"], Some.Ring(), TimeProvider.System, new Random(5), _ => { }));
        Assert.Contains("depth@100ms", error.Message, StringComparison.Ordinal);
    }
}
