using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class ReplayTests
{
    private static string[] Files(params string[] names)
    {
        string?[] found = [.. names.Select(n => Testing.Repository.Shared("data/raw-ws/" + n))];
        Assert.SkipWhen(found.Contains(null), "the recordings are not here");
        return found!;
    }

    private static ExchangeOptions Options(Market market, params string[] files) =>
        new() { Market = market, Source = new ReplaySource(Files(files)) { Speed = ReplaySource.Max, Once = true } };

    [Theory]
    [InlineData(Market.Spot, "spot/btcusdt_20240808.gz spot/btcusdt_20240809.gz", "btcusdt", "@depth@100ms", 6_495, 73_174, 19_904)]
    [InlineData(Market.UsdMargined, "usdm/btcusdt_20240808.gz", "btcusdt", "@depth@100ms", 6_551, 66_089, 21_313)]
    [InlineData(Market.Spot, "spot/nexousdt_20240723.dat.gz", "nexousdt", "@depth@100ms", 1_188, 437, 178)]
    public async Task A_real_recording_arrives_whole_and_builds_a_sound_book(Market market, string files, string symbol, string depth, int diffs, int tickers, int trades)
    {
        await using TestExchange exchange = await TestExchange.StartAsync(Options(market, files.Split(' ')));
        await using TestSocket socket = await exchange.ConnectAsync($"/stream?streams={symbol}{depth}/{symbol}@bookTicker/{symbol}@trade");
        string snapshot = (market == Market.Spot ? "/api/v3/depth" : "/fapi/v1/depth") + $"?symbol={symbol.ToUpperInvariant()}&limit=1000";
        PlainBook book = new(market == Market.Spot);
        book.Snapshot(await exchange.GetAsync(snapshot));
        int[] seen = new int[3];
        byte[] diffHead = Encoding.UTF8.GetBytes($"{{\"stream\":\"{symbol}{depth}\"");
        byte[] tickerHead = Encoding.UTF8.GetBytes($"{{\"stream\":\"{symbol}@bookTicker\"");
        byte[] tradeHead = Encoding.UTF8.GetBytes($"{{\"stream\":\"{symbol}@trade\"");
        while (await socket.ReceiveBytesAsync() is { IsEmpty: false } message)
        {
            if (message.Span.StartsWith(diffHead))
            {
                seen[0]++;
                book.Apply(JsonNode.Parse(message.Span)!["data"]!);
                Assert.False(book.IsCrossed);
            }
            else if (message.Span.StartsWith(tickerHead)) seen[1]++;
            else if (message.Span.StartsWith(tradeHead)) seen[2]++;
        }
        Assert.Equal([diffs, tickers, trades], seen);
        Assert.Equal(0, book.Gaps);
        Assert.True(book.Applied > diffs * 0.99, $"{book.Applied} of {diffs} diffs applied");
        await socket.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", TestContext.Current.CancellationToken);
        await exchange.Server.Completion.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        // Afterwards the exchange's own book is where the client's is.
        JsonNode own = await exchange.GetAsync(snapshot);
        Assert.Equal(book.UpdateId, own["lastUpdateId"]!.GetValue<long>());
        Assert.Equal(book.Bid, decimal.Parse(own["bids"]![0]![0]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(Market.Spot, "cryptofeed/spot_20211012.ws.txt.gz cryptofeed/spot_20211012.http-depth.txt.gz", 177, 84, 4)]
    [InlineData(Market.UsdMargined, "cryptofeed/usdm_20210722.ws.txt.gz cryptofeed/usdm_20210722.http-depth.txt.gz", 764, 613, 4)]
    [InlineData(Market.Spot, "cryptofeed/spot_20210405.mixed.txt.gz", 4_709, 5_408, 10)]
    public async Task Recordings_of_several_symbols_play_with_their_snapshots(Market market, string files, int diffs, int tickers, int symbols)
    {
        await using TestExchange exchange = await TestExchange.StartAsync(Options(market, files.Split(' ')));
        string prefix = market == Market.Spot ? "/api/v3/" : "/fapi/v1/";
        string[] names = [.. (await exchange.GetAsync(prefix + "exchangeInfo"))["symbols"]!.AsArray().Select(s => s!["symbol"]!.GetValue<string>())];
        Assert.Equal(symbols, names.Length);
        string streams = string.Join('/', names.SelectMany(n => (string[])[$"{n.ToLowerInvariant()}@depth@100ms", $"{n.ToLowerInvariant()}@bookTicker"]));
        await using TestSocket socket = await exchange.ConnectAsync("/stream?streams=" + streams);
        Dictionary<string, PlainBook> books = names.ToDictionary(n => n, _ => new PlainBook(market == Market.Spot));
        foreach (string name in names) books[name].Snapshot(await exchange.GetAsync($"{prefix}depth?symbol={name}&limit=1000"));
        int seenDiffs = 0;
        int seenTickers = 0;
        while (await socket.ReceiveBytesAsync() is { IsEmpty: false } message)
        {
            JsonNode node = JsonNode.Parse(message.Span)!;
            if (node["stream"]!.GetValue<string>().EndsWith("@bookTicker", StringComparison.Ordinal)) seenTickers++;
            else
            {
                seenDiffs++;
                PlainBook book = books[node["data"]!["s"]!.GetValue<string>()];
                book.Apply(node["data"]!);
                Assert.False(book.IsCrossed);
            }
        }
        Assert.Equal((diffs, tickers), (seenDiffs, seenTickers));
        Assert.All(books, b => Assert.Equal(0, b.Value.Gaps));
    }

    [Fact]
    public async Task Payloads_pass_byte_for_byte_under_the_subscribed_name()
    {
        string file = Path.GetTempFileName();
        try
        {
            const string Odd = """{"e":"trade",  "E":1,"s":"ABCUSDT","t":7,"p":"1.50","q":"2","T":1,"m":true,"M":true,"new":[1,{}]}""";
            await File.WriteAllTextAsync(file, $"1700000000000000 {{\"stream\":\"abcusdt@trade\",\"data\":{Odd}}}\n1700000000000001 {{\"stream\":\"abcusdt@depth@0ms\",\"data\":{{\"u\":5}}}}\n1700000000000002 torn");
            await using TestExchange exchange = await TestExchange.StartAsync(new ExchangeOptions { Source = new ReplaySource([file]) { Speed = ReplaySource.Max, Once = true } });
            await using TestSocket socket = await exchange.ConnectAsync("/stream?streams=abcusdt@trade/abcusdt@depth@100ms");
            Assert.Equal($"{{\"stream\":\"abcusdt@trade\",\"data\":{Odd}}}", Encoding.UTF8.GetString((await socket.ReceiveBytesAsync()).Span));
            Assert.Equal("""{"stream":"abcusdt@depth@100ms","data":{"u":5}}""", Encoding.UTF8.GetString((await socket.ReceiveBytesAsync()).Span));
            Assert.True((await socket.ReceiveBytesAsync()).IsEmpty); // Goodbye.
            (int status, JsonNode body, _) = await exchange.SendAsync(HttpMethod.Get, "/api/v3/depth?symbol=ABCUSDT");
            Assert.Equal(((int)HttpStatusCode.ServiceUnavailable, -1000), (status, body["code"]!.GetValue<int>()));
            JsonNode filters = (await exchange.GetAsync("/api/v3/exchangeInfo"))["symbols"]![0]!["filters"]!;
            Assert.Equal("0.10000000", filters[0]!["tickSize"]!.GetValue<string>());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Recorded_timing_is_kept_times_the_speed()
    {
        string file = Path.GetTempFileName();
        try
        {
            StringBuilder lines = new();
            for (int i = 0; i <= 10; i++) lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"{1700000000000000 + (i * 200_000)} {{\"stream\":\"abcusdt@trade\",\"data\":{{\"t\":{i}}}}}\n");
            await File.WriteAllTextAsync(file, lines.ToString());
            await using TestExchange exchange = await TestExchange.StartAsync(new ExchangeOptions { Source = new ReplaySource([file]) { Speed = 4, Once = true } });
            await using TestSocket socket = await exchange.ConnectAsync("/ws/abcusdt@trade");
            await socket.ReceiveBytesAsync();
            long begin = Stopwatch.GetTimestamp();
            int count = 1;
            while (!(await socket.ReceiveBytesAsync()).IsEmpty) count++;
            Assert.Equal(11, count);
            Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0.45, 2.5); // Two recorded seconds, four times as fast.
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Our_orders_fill_against_the_replayed_book()
    {
        await using TestExchange exchange = await TestExchange.StartAsync(
            new ExchangeOptions { Source = new ReplaySource(Files("spot/btcusdt_20240808.gz")) { Speed = ReplaySource.Max } });
        await using TestSocket socket = await exchange.ConnectAsync("/stream?streams=btcusdt@depth@100ms");
        await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT&limit=5");
        await socket.ReceiveAsync();
        JsonNode order;
        do order = (await exchange.SignedAsync(HttpMethod.Post, "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.5")).Body;
        while (order["status"]?.GetValue<string>() == "EXPIRED"); // The first diffs may not have a book yet.
        Assert.Equal("FILLED", order["status"]!.GetValue<string>());
        decimal price = decimal.Parse(order["fills"]![0]!["price"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(price, 60_000m, 63_000m);
    }

    [Fact]
    public async Task At_full_speed_it_sends_hundreds_of_thousands_of_messages_a_second()
    {
        await using TestExchange exchange = await TestExchange.StartAsync(Options(Market.Spot, "spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz"));
        // A reader that only takes bytes off the socket: what is measured is the server.
        using System.Net.Sockets.TcpClient client = new();
        Uri url = new(exchange.Server.Url);
        await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        System.Net.Sockets.NetworkStream stream = client.GetStream();
        string request = $"GET /stream?streams=btcusdt@bookTicker/btcusdt@trade HTTP/1.1\r\nHost: {url.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        byte[] buffer = new byte[1 << 18];
        long begin = Stopwatch.GetTimestamp();
        long total = 0;
        long end = begin;
        using CancellationTokenSource quiet = new(TimeSpan.FromSeconds(20));
        try
        {
            while (await stream.ReadAsync(buffer, quiet.Token) is > 0 and var read)
            {
                total += read;
                end = Stopwatch.GetTimestamp();
                quiet.CancelAfter(TimeSpan.FromMilliseconds(700));
            }
        }
        catch (OperationCanceledException)
        {
            // Silence: all was sent.
        }
        double perSecond = 93_078 / Stopwatch.GetElapsedTime(begin, end).TotalSeconds;
        TestContext.Current.SendDiagnosticMessage($"{perSecond:N0} messages/s, {total:N0} bytes");
        Assert.True(total > 93_078 * 150L);
        Assert.True(perSecond > 50_000, $"only {perSecond:N0} messages/s"); // A busy machine's floor; an idle one does many times that.
    }
}
