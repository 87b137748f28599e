using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Each fault of sockets and sessions over a real socket: its effect, and that clearing ends it.</summary>
public sealed class SocketFaultTests
{
    private static Task<TestExchange> StartAsync() => TestExchange.SyntheticAsync(rate: 4);

    [Fact]
    public async Task Through_a_black_hole_nothing_passes_and_the_connection_stays_open()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await log.AtLeastAsync(1);
        exchange.Server.Faults.Apply(new Blackhole());
        Assert.Equal(0, await log.WithinAsync(400));
        await log.SendAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        await using FrameLog late = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        Assert.Equal(0, await late.WithinAsync(300));
        Assert.False(log.Ended.IsCompleted);
        exchange.Server.Faults.Clear();
        await log.AtLeastAsync(log.Count + 5);
        await late.AtLeastAsync(5);
        Assert.DoesNotContain(log.Json, f => f["result"] is not null); // What was sent into the hole is lost.
    }

    [Fact]
    public async Task Through_a_hole_upwards_data_comes_and_nothing_is_answered()
    {
        await using TestExchange exchange = await TestExchange.StartAsync(new ExchangeOptions
        {
            Source = new SyntheticSource(7, 4), PingInterval = TimeSpan.FromMilliseconds(100), PongTimeout = TimeSpan.FromMilliseconds(700),
            Limits = new ExchangeLimits { MessagesPerSecond = 1_000 },
        });
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await using FrameLog deaf = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        exchange.Server.Faults.Apply(new Blackhole { Direction = Direction.Up, Connection = 1 });
        await log.SendAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        Assert.True(await log.WithinAsync(300) > 0);
        Assert.DoesNotContain(log.Json, f => f["result"] is not null);
        await log.Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken); // Its pongs are lost: the exchange hangs up.
        Assert.False(deaf.Ended.IsCompleted);
    }

    [Fact]
    public async Task Sockets_are_reset_or_closed_with_a_code()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog first = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await using FrameLog second = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await second.AtLeastAsync(1);
        exchange.Server.Faults.Apply(new ResetSocket { Connection = 1 });
        await first.Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Null(first.CloseCode);
        Assert.Contains(Causes(first.Failure), e => e is SocketException { SocketErrorCode: SocketError.ConnectionReset });
        await second.AtLeastAsync(second.Count + 1);
        exchange.Server.Faults.Apply(new CloseSocket { Code = 1012, Reason = "restart" });
        await second.Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal(1012, second.CloseCode);
        Assert.Equal(0, exchange.Server.Faults.Apply(new ResetSocket()).Matched);

        static IEnumerable<Exception> Causes(Exception? e)
        {
            for (; e is not null; e = e.InnerException) yield return e;
        }
    }

    [Fact]
    public async Task Slices_split_frames_everywhere_and_the_reader_still_gets_them_whole()
    {
        await using TestExchange exchange = await StartAsync();
        exchange.Server.Faults.Apply(new SliceWrites { Connection = null });
        Uri url = new(exchange.Server.Url);
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        string hello = $"GET /ws/btcusdt@depth20@100ms HTTP/1.1\r\nHost: {url.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(hello), TestContext.Current.CancellationToken);
        int total = 0;
        byte[] buffer = new byte[4096];
        while (total < 3_000)
        {
            int read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            Assert.True(read > 0);
            total += read;
        }
        // The kernel counts segments with data; a slow reader would see several at once.
        byte[] info = new byte[232];
        const int TcpInfo = 11;
        const int DataSegmentsIn = 152;
        Assert.SkipWhen(!OperatingSystem.IsLinux() || socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfo, info) < DataSegmentsIn + 4, "this kernel does not count segments");
        uint segments = BitConverter.ToUInt32(info, DataSegmentsIn);
        TestContext.Current.TestOutputHelper?.WriteLine($"{total} bytes in {segments} segments");
        Assert.True(segments > total / 50, // The kernel may join some; unsliced it is one for each frame.
            $"{total} bytes in {segments} segments");
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@depth20@100ms");
        Assert.All(await log.AtLeastAsync(3), f => Assert.Equal(20, f["bids"]!.AsArray().Count));
        exchange.Server.Faults.Clear();
        await log.AtLeastAsync(log.Count + 3);
    }

    [Fact]
    public async Task While_refused_requests_are_reset_and_the_control_surface_is_not()
    {
        await using TestExchange exchange = await StartAsync();
        exchange.Server.Faults.Apply(new RefuseSocket { What = RefuseWhat.Streams, Seconds = 30 });
        await Assert.ThrowsAnyAsync<System.Net.WebSockets.WebSocketException>(() => FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker"));
        Assert.NotNull(await exchange.GetAsync("/api/v3/ping"));
        exchange.Server.Faults.Apply(new RefuseSocket());
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => exchange.GetAsync("/api/v3/ping"));
        (int status, JsonNode cleared, _) = await exchange.SendAsync(HttpMethod.Post, "/sim/clear");
        Assert.Equal((200, 2), (status, cleared["cleared"]!.GetValue<int>()));
        Assert.NotNull(await exchange.GetAsync("/api/v3/ping"));
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await log.AtLeastAsync(1);
    }

    [Fact]
    public async Task A_shutdown_is_announced_raw_and_combined_and_then_comes()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog raw = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@kline_1d");
        await using FrameLog combined = await FrameLog.OpenAsync(exchange, "/stream?streams=btcusdt@kline_1d");
        await FrameLog.UntilAsync(() => exchange.Server.Meters.Connections.Count == 2);
        exchange.Server.Faults.Apply(new ShutdownEvent { CloseAfterMilliseconds = 400 });
        await FrameLog.UntilAsync(() => raw.Json.Any(f => f["e"]?.GetValue<string>() == "serverShutdown" && f["E"]!.GetValue<long>() > 1_600_000_000_000));
        await FrameLog.UntilAsync(() => combined.Json.Any(f => f["stream"]!.GetValue<string>() == "!serverShutdown" && f["data"]!["e"]!.GetValue<string>() == "serverShutdown"));
        Assert.False(raw.Ended.IsCompleted);
        await Task.WhenAll(raw.Ended, combined.Ended).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal((1001, 1001), (raw.CloseCode, combined.CloseCode));
        await using FrameLog next = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        Assert.True(await next.WithinAsync(600) > 0);
    }

    [Fact]
    public async Task A_session_lives_so_long_and_no_longer()
    {
        await using TestExchange exchange = await StartAsync();
        ActiveFault fault = exchange.Server.Faults.Apply(new SessionLifetime { LifetimeSeconds = 0.5 });
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        long begin = Stopwatch.GetTimestamp();
        await log.Ended.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0.3, 3);
        Assert.Equal(1001, log.CloseCode);
        fault.Dispose();
        await using FrameLog next = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        Assert.True(await next.WithinAsync(900) > 0);
        Assert.False(next.Ended.IsCompleted);
    }
}
