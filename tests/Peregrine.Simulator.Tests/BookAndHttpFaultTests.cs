using System.Diagnostics;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Faults of books and of HTTP answers, and the control surface itself.</summary>
public sealed class BookAndHttpFaultTests
{
    private static Task<TestExchange> StartAsync(Market market = Market.Spot) => TestExchange.SyntheticAsync(market, rate: 4);
    private static long Id(JsonNode frame, string name) => frame[name]!.GetValue<long>();

    [Fact]
    public async Task A_gap_is_one_missing_diff()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@depth@100ms");
        await log.AtLeastAsync(3);
        exchange.Server.Faults.Apply(new DepthGap { Symbol = "BTCUSDT" });
        await log.AtLeastAsync(log.Count + 5);
        JsonNode[] diffs = [.. log.Json];
        Assert.Equal(1, Enumerable.Range(1, diffs.Length - 1).Count(i => Id(diffs[i], "U") != Id(diffs[i - 1], "u") + 1));
    }

    [Fact]
    public async Task On_futures_numbers_are_left_out_and_only_pu_tells_a_gap()
    {
        await using TestExchange exchange = await StartAsync(Market.UsdMargined);
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/public/ws/btcusdt@depth@100ms");
        await log.AtLeastAsync(3);
        exchange.Server.Faults.Apply(new DepthGap { Symbol = "BTCUSDT" });
        await log.AtLeastAsync(log.Count + 5);
        JsonNode[] diffs = [.. log.Json];
        Assert.All(diffs.Zip(diffs.Skip(1)), p => Assert.NotEqual(Id(p.First, "u") + 1, Id(p.Second, "U")));
        Assert.Equal(1, diffs.Zip(diffs.Skip(1)).Count(p => Id(p.Second, "pu") != Id(p.First, "u")));
    }

    [Fact]
    public async Task A_straddled_snapshot_lies_within_the_diff_that_follows_and_still_makes_a_sound_book()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/stream?streams=ethusdt@depth@100ms");
        await log.AtLeastAsync(1);
        for (int trial = 0; trial < 4; trial++)
        {
            exchange.Server.Faults.Apply(new DepthStraddle { Symbol = "ETHUSDT" });
            JsonNode snapshot = await exchange.GetAsync("/api/v3/depth?symbol=ETHUSDT&limit=1000");
            long id = Id(snapshot, "lastUpdateId");
            await FrameLog.UntilAsync(() => log.Json.Any(f => Id(f["data"]!, "u") > id));
            JsonNode next = log.Json.First(f => Id(f["data"]!, "u") > id)["data"]!;
            Assert.True(Id(next, "U") <= id && id < Id(next, "u"), $"{Id(next, "U")} <= {id} < {Id(next, "u")}");
            PlainBook book = new(isSpot: true);
            book.Snapshot(snapshot);
            foreach (JsonNode frame in log.Json) book.Apply(frame["data"]!);
            Assert.False(book.IsCrossed);
            exchange.Server.Faults.Clear();
        }
    }

    [Theory]
    [InlineData(CrossMode.Level, 1)]
    [InlineData(CrossMode.OmitDeletes, 200)]
    public async Task Crossing_diffs_cross_a_book_that_applies_them(CrossMode mode, int frames)
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@depth@100ms");
        await log.AtLeastAsync(1);
        PlainBook book = new(isSpot: true);
        book.Snapshot(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT&limit=5000"));
        exchange.Server.Faults.Apply(new DepthCross { Symbol = "BTCUSDT", Mode = mode, Frames = frames });
        int applied = 0;
        await FrameLog.UntilAsync(() =>
        {
            JsonNode[] all = [.. log.Json];
            for (; applied < all.Length && !book.IsCrossed; applied++) book.Apply(all[applied]);
            return book.IsCrossed;
        });
        exchange.Server.Faults.Clear();
        PlainBook sound = new(isSpot: true);
        int from = log.Count;
        await log.AtLeastAsync(from + 1);
        sound.Snapshot(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT&limit=5000"));
        await log.AtLeastAsync(log.Count + 5);
        foreach (JsonNode diff in log.Json.Skip(from)) sound.Apply(diff);
        Assert.False(sound.IsCrossed);
    }

    [Fact]
    public async Task Old_snapshots_are_older_than_any_diff_and_a_delayed_one_leaves_late()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@depth@100ms");
        long first = Id((await log.AtLeastAsync(2))[1], "U");
        exchange.Server.Faults.Apply(new OldSnapshot { Symbol = "BTCUSDT", Snapshots = 2 });
        for (int i = 0; i < 2; i++) Assert.True(Id(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT"), "lastUpdateId") < first);
        Assert.True(Id(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT"), "lastUpdateId") >= first);
        exchange.Server.Faults.Apply(new DelaySnapshot { Symbol = "*", Milliseconds = 400, Snapshots = 1 });
        long begin = Stopwatch.GetTimestamp();
        long made = Id(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT"), "lastUpdateId");
        Assert.True(Stopwatch.GetElapsedTime(begin).TotalMilliseconds >= 395);
        Assert.True(log.Json.Max(f => Id(f, "u")) > made, "while it was under way diffs went on");
        exchange.Server.Faults.Apply(new OldSnapshot { Symbol = "BTCUSDT", Snapshots = 9 });
        exchange.Server.Faults.Clear();
        Assert.True(Id(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT"), "lastUpdateId") >= first);
    }

    [Fact]
    public async Task Http_answers_are_replaced_counted_and_delayed()
    {
        await using TestExchange exchange = await StartAsync();
        using HttpClient http = new() { BaseAddress = new Uri(exchange.Server.Url) };
        exchange.Server.Faults.Apply("http.status", """{"path":"/api/v3/depth","code":418,"body":"{\"code\":-1003}","headers":{"Retry-After":"120"},"count":1}""");
        HttpResponseMessage banned = await http.GetAsync("/api/v3/depth?symbol=BTCUSDT", TestContext.Current.CancellationToken);
        Assert.Equal((418, "120"), ((int)banned.StatusCode, banned.Headers.GetValues("Retry-After").Single()));
        Assert.NotNull(await exchange.GetAsync("/api/v3/depth?symbol=BTCUSDT"));
        exchange.Server.Faults.Apply(new HttpHtml { Path = "/api/*" });
        HttpResponseMessage page = await http.GetAsync("/api/v3/exchangeInfo", TestContext.Current.CancellationToken);
        Assert.Equal((200, "text/html"), ((int)page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        exchange.Server.Faults.Clear();
        exchange.Server.Faults.Apply(new HttpDelay { Path = "*/time", Milliseconds = 300 });
        long begin = Stopwatch.GetTimestamp();
        await exchange.GetAsync("/api/v3/time");
        Assert.True(Stopwatch.GetElapsedTime(begin).TotalMilliseconds >= 295);
        exchange.Server.Faults.Clear();
        begin = Stopwatch.GetTimestamp();
        await exchange.GetAsync("/api/v3/time");
        Assert.True(Stopwatch.GetElapsedTime(begin).TotalMilliseconds < 250);
        exchange.Server.Faults.Apply(new HttpStatus { Path = "/ws/*", Code = 503, Body = "Service Unavailable." });
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade"));
    }

    [Fact]
    public async Task The_exchanges_clock_is_skewed_and_stepped_in_answers_and_events()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@depth@100ms");
        await log.AtLeastAsync(2);
        Assert.InRange(await Ahead(), -2_000, 2_000);
        exchange.Server.Faults.Apply(new SkewClock { Milliseconds = 90_000 });
        Assert.InRange(await Ahead(), 88_000, 92_000);
        exchange.Server.Faults.Apply(new StepClock { Milliseconds = -180_000 });
        Assert.InRange(await Ahead(), -92_000, -88_000);
        int from = log.Count + 1;
        await log.AtLeastAsync(from + 2); // Frames flow on although the clock went back.
        Assert.InRange(Id(log.Json[^1], "E") - TestExchange.Now, -92_000, -88_000);
        exchange.Server.Faults.Clear();
        Assert.InRange(await Ahead(), -2_000, 2_000);

        async Task<long> Ahead() => Id(await exchange.GetAsync("/api/v3/time"), "serverTime") - TestExchange.Now;
    }

    [Theory]
    [InlineData("stream.silence", "{}", "There is no fault 'stream.silence'; there are stream.mute, ")]
    [InlineData("stream.mute", "{}", "stream.mute: the field 'streams' is missing.")]
    [InlineData("stream.mute", """{"streams":"*","volume":3}""", "stream.mute: there is no field 'volume'; there are ")]
    [InlineData("stream.mute", """{"streams":"*","connection":9}""", "There is no stream connection 9; 0 are open.")]
    [InlineData("stream.mute", """{"streams":"*","connection":1,"nextConnections":1}""", "stream.mute: 'connection' and 'nextConnections' exclude each other.")]
    [InlineData("stream.mute", "nonsense", "stream.mute: the body is not valid JSON.")]
    [InlineData("stream.replay", """{"streams":"*","mode":"sometimes"}""", "stream.replay: the value of 'mode' is not allowed; it must be one of once, forever, onConnect.")]
    [InlineData("stream.dropNext", """{"streams":"*","frames":"many"}""", "stream.dropNext: the value of 'frames' is not allowed; it must be a whole number.")]
    [InlineData("stream.dropNext", """{"streams":"*","frames":0}""", "stream.dropNext: 'frames' must be at least 1.")]
    [InlineData("depth.cross", """{"symbol":"DOGEUSDT"}""", "depth.cross: no symbol of this exchange fits.")]
    [InlineData("clear", """{"id":77}""", "clear: no fault 77 is in force.")]
    public async Task A_wrong_call_is_refused_in_clear_words_and_changes_nothing(string name, string body, string error)
    {
        await using TestExchange exchange = await StartAsync();
        using HttpClient http = new() { BaseAddress = new Uri(exchange.Server.Url) };
        using StringContent content = new(body);
        HttpResponseMessage answer = await http.PostAsync(new Uri("/sim/" + name, UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.StartsWith(error, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(exchange.Server.Faults.Active);
        Assert.Empty(exchange.Server.Faults.Log);
    }

    [Fact]
    public async Task The_log_tells_every_call_with_its_time_and_body_as_it_can_be_sent_again()
    {
        await using TestExchange exchange = await StartAsync();
        using HttpClient http = new() { BaseAddress = new Uri(exchange.Server.Url) };
        using StringContent content = new("""{"streams":"*@trade","frames":2}""");
        await http.PostAsync(new Uri("/sim/stream.replay", UriKind.Relative), content, TestContext.Current.CancellationToken);
        JsonNode active = Assert.Single((await exchange.GetAsync("/sim/faults")).AsArray())!;
        Assert.Equal("stream.replay", active["name"]!.GetValue<string>());
        await exchange.SendAsync(HttpMethod.Post, "/sim/clear");
        JsonArray log = (await exchange.GetAsync("/sim/log")).AsArray();
        Assert.Equal(["stream.replay", "clear"], log.Select(c => c!["name"]!.GetValue<string>()));
        Assert.Equal("""{"frames":2,"mode":"once","streams":"*@trade"}""", log[0]!["body"]!.ToJsonString());
        Assert.True(log[1]!["seconds"]!.GetValue<double>() > 0);
        Assert.InRange(log[1]!["timeMicros"]!.GetValue<long>() - (TestExchange.Now * 1_000), -5_000_000, 5_000_000);
        Assert.Equal(exchange.Server.Faults.Apply("stream.replay", log[0]!["body"]!.ToJsonString()).Fault, new ReplayFrames { Streams = "*@trade", Frames = 2 });
    }
}
