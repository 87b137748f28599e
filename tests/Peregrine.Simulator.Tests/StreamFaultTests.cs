using System.Text.Json.Nodes;
using Peregrine.Simulator.Faults;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Each fault of streams over a real socket: its effect, and that clearing ends it.</summary>
public sealed class StreamFaultTests
{
    private static Task<TestExchange> StartAsync() => TestExchange.SyntheticAsync(rate: 4);
    private static long UpdateId(JsonNode frame) => (frame["data"] ?? frame)["u"]!.GetValue<long>();
    private static long TradeId(JsonNode frame) => (frame["data"] ?? frame)["t"]!.GetValue<long>();
    private static long EventTime(JsonNode frame) => (frame["data"] ?? frame)["E"]!.GetValue<long>();
    private static bool IsAscending(IEnumerable<long> values) => values.Zip(values.Skip(1)).All(p => p.First < p.Second);

    [Fact]
    public async Task A_muted_stream_is_silent_while_its_siblings_flow_and_speaks_again_when_cleared()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker");
        await log.AtLeastAsync(10);
        ActiveFault mute = exchange.Server.Faults.Apply(new MuteStream { Streams = "btcusdt@*" });
        Assert.Equal(1, mute.Matched);
        await Task.Delay(60, TestContext.Current.CancellationToken);
        int from = log.Count;
        await log.AtLeastAsync(from + 20);
        Assert.All(log.Json.Skip(from), f => Assert.Equal("ethusdt@bookTicker", f["stream"]!.GetValue<string>()));
        mute.Dispose();
        from = log.Count;
        await FrameLog.UntilAsync(() => log.Json.Skip(from).Any(f => f["stream"]!.GetValue<string>() == "btcusdt@bookTicker"));
    }

    [Fact]
    public async Task A_mute_can_be_for_one_connection_or_for_the_next_to_come_or_for_a_time()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog first = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await using FrameLog second = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await second.AtLeastAsync(1);
        exchange.Server.Faults.Apply(new MuteStream { Streams = "*", Connection = 2 });
        Assert.Equal(0, await second.WithinAsync(300));
        Assert.True(await first.WithinAsync(300) > 0);
        exchange.Server.Faults.Clear();
        exchange.Server.Faults.Apply(new MuteStream { Streams = "*", NextConnections = 1 });
        await using FrameLog third = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await using FrameLog fourth = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await fourth.AtLeastAsync(1);
        Assert.Equal(0, third.Count);
        Assert.True(await first.WithinAsync(300) > 0);
        exchange.Server.Faults.Clear();
        exchange.Server.Faults.Apply(new MuteStream { Streams = "*", Seconds = 0.4 });
        Assert.Equal(0, await first.WithinAsync(200));
        await first.AtLeastAsync(first.Count + 5);
        Assert.Empty(exchange.Server.Faults.Active);
        Assert.Equal("expire", exchange.Server.Faults.Log[^1].Name);
    }

    [Fact]
    public async Task A_first_frame_that_never_comes_leaves_open_connections_alone()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog open = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        exchange.Server.Faults.Apply(new NeverFirst { Streams = "*@bookTicker" });
        await using FrameLog late = await FrameLog.OpenAsync(exchange, "/ws");
        await late.SendAsync("""{"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":1}""");
        await late.AtLeastAsync(1);
        Assert.True(await open.WithinAsync(400) > 0);
        Assert.Equal("""{"result":null,"id":1}""", Assert.Single(late.Json).ToJsonString());
        exchange.Server.Faults.Clear();
        await late.AtLeastAsync(5);
    }

    [Fact]
    public async Task Frames_are_replayed_once_or_for_ever_or_to_a_new_connection()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await log.AtLeastAsync(1);
        exchange.Server.Faults.Apply(new ReplayFrames { Streams = "*", Frames = 3 });
        await Task.Delay(500, TestContext.Current.CancellationToken);
        long[] ids = [.. log.Json.Select(UpdateId)];
        int back = Enumerable.Range(1, ids.Length - 1).Single(i => ids[i] <= ids[i - 1]);
        Assert.Equal(ids[(back - 3)..back], ids[back..(back + 3)]);
        exchange.Server.Faults.Clear();

        exchange.Server.Faults.Apply(new ReplayFrames { Streams = "*", Frames = 2, Mode = ReplayMode.Forever });
        int from = log.Count + 4;
        await log.AtLeastAsync(from + 20);
        Assert.InRange(log.Json.Skip(from).Select(UpdateId).Distinct().Count(), 1, 2);
        exchange.Server.Faults.Clear();
        long last = log.Json.Max(UpdateId);
        await FrameLog.UntilAsync(() => log.Json.Max(UpdateId) > last + 20);

        exchange.Server.Faults.Apply(new ReplayFrames { Streams = "*", Frames = 5, Mode = ReplayMode.OnConnect });
        await log.AtLeastAsync(log.Count + 10);
        await using FrameLog late = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await late.AtLeastAsync(6);
        long[] known = [.. log.Json.Select(UpdateId)];
        Assert.All(late.Json.Take(5), f => Assert.Contains(UpdateId(f), known));
    }

    [Fact]
    public async Task Frames_change_places_come_twice_or_are_lost()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        await log.AtLeastAsync(1);
        long[] swapped = await During(new ReorderFrames { Streams = "btcusdt@trade" });
        Assert.Equal(1, Enumerable.Range(1, swapped.Length - 1).Count(i => swapped[i] == swapped[i - 1] - 1));
        Assert.Equal(swapped.Max() - swapped.Min() + 1, swapped.Length);
        long[] doubled = await During(new DuplicateFrames { Streams = "btcusdt@trade", Frames = 2 });
        Assert.Equal(2, Enumerable.Range(1, doubled.Length - 1).Count(i => doubled[i] == doubled[i - 1]));
        long[] lost = await During(new DropFrames { Streams = "btcusdt@trade", Frames = 3 });
        Assert.Equal(lost.Max() - lost.Min() + 1 - 3, lost.Length);
        long[] whole = await During(null);
        Assert.Equal(whole.Max() - whole.Min() + 1, whole.Length);
        Assert.True(IsAscending(whole));

        async Task<long[]> During(ExchangeFault? fault)
        {
            await log.AtLeastAsync(log.Count + 1);
            int from = log.Count - 1;
            using ActiveFault? active = fault is null ? null : exchange.Server.Faults.Apply(fault);
            await log.AtLeastAsync(from + 14);
            return [.. log.Json.Skip(from).Take(14).Select(TradeId)];
        }
    }

    [Fact]
    public async Task Frozen_time_stands_still_while_the_rest_goes_on_and_a_frozen_payload_is_one_frame_for_ever()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@depth@100ms");
        await log.AtLeastAsync(1);
        exchange.Server.Faults.Apply(new FreezeStream { Streams = "btcusdt@depth*" });
        int from = log.Count + 1;
        await log.AtLeastAsync(from + 5);
        JsonNode[] frozen = [.. log.Json.Skip(from)];
        Assert.Single(frozen.Select(EventTime).Distinct());
        Assert.True(IsAscending(frozen.Select(UpdateId)));
        exchange.Server.Faults.Clear();
        exchange.Server.Faults.Apply(new FreezeStream { Streams = "btcusdt@depth*", Mode = FreezeMode.Payload });
        from = log.Count + 1;
        await log.AtLeastAsync(from + 5);
        Assert.Single(log.Json.Skip(from).Select(f => f.ToJsonString()).Distinct());
        exchange.Server.Faults.Clear();
        from = log.Count + 1;
        await log.AtLeastAsync(from + 4);
        Assert.True(IsAscending(log.Json.Skip(from).Select(EventTime)));
    }

    [Fact]
    public async Task A_burst_brings_that_many_times_as_many_new_events()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        await log.AtLeastAsync(1);
        int usual = Math.Max(1, await log.WithinAsync(1_000));
        using (exchange.Server.Faults.Apply(new BurstFlow { Streams = "btcusdt@*", Factor = 20 }))
        {
            int many = await log.WithinAsync(1_000);
            Assert.True(many > 4 * usual, $"{usual} trades/s became {many}");
        }
        int after = await log.WithinAsync(1_000);
        Assert.True(after < 4 * usual + 40, $"{usual} trades/s, {after} after the burst");
        long[] ids = [.. log.Json.Select(TradeId)];
        Assert.Equal(Enumerable.Range(0, ids.Length).Select(i => ids[0] + i), ids);
    }

    [Fact]
    public async Task A_part_of_a_subscription_is_acknowledged_and_forgotten()
    {
        await using TestExchange exchange = await StartAsync();
        exchange.Server.Faults.Apply(new IgnoreSubscribe { Streams = "*", Each = 2 });
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/stream");
        await log.SendAsync("""{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","ethusdt@bookTicker","solusdt@bookTicker"],"id":1}""");
        await log.AtLeastAsync(200);
        Assert.Equal("""{"result":null,"id":1}""", log.Json[0].ToJsonString());
        Assert.Equal(["btcusdt@bookTicker", "solusdt@bookTicker"], log.Json.Skip(1).Select(f => f["stream"]!.GetValue<string>()).Distinct().Order());
        exchange.Server.Faults.Clear();
        await log.SendAsync("""{"method":"SUBSCRIBE","params":["ethusdt@bookTicker"],"id":2}""");
        await FrameLog.UntilAsync(() => log.Json.Any(f => f["stream"]?.GetValue<string>() == "ethusdt@bookTicker"));
    }

    [Theory]
    [InlineData(Corruption.Cut, false)]
    [InlineData(Corruption.Nested, false)]
    [InlineData(Corruption.Oversized, true)]
    [InlineData(Corruption.BadUtf8, false)]
    [InlineData(Corruption.Html, false)]
    [InlineData(Corruption.NewField, true)]
    [InlineData(Corruption.NewEvent, true)]
    public async Task The_next_frame_is_broken_or_unheard_of_and_those_behind_it_are_sound(Corruption mode, bool isJson)
    {
        await using TestExchange exchange = await StartAsync();
        await using RawFrames raw = await RawFrames.OpenAsync(exchange, "/ws/btcusdt@bookTicker");
        await raw.NextAsync();
        exchange.Server.Faults.Apply(new CorruptFrames { Streams = "*", Mode = mode });
        byte[] frame = [];
        for (int i = 0; i < 500 && (i == 0 || (frame.AsSpan().StartsWith("{\"u\":"u8) && frame[^1] == '}')); i++) frame = await raw.NextAsync();
        bool parses = true;
        try
        {
            JsonNode.Parse(new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(frame));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or System.Text.DecoderFallbackException)
        {
            parses = false;
        }
        Assert.Equal(isJson, parses);
        if (mode == Corruption.Oversized) Assert.True(frame.Length > 2_000_000);
        if (mode == Corruption.NewField) Assert.NotNull(JsonNode.Parse(frame)!["zz"]);
        if (mode == Corruption.NewEvent) Assert.Equal("somethingNew", JsonNode.Parse(frame)!["e"]!.GetValue<string>());
        for (int i = 0; i < 3; i++) Assert.NotNull(JsonNode.Parse(await raw.NextAsync())!["A"]);
    }

    [Fact]
    public async Task Times_come_in_microseconds_though_nobody_asked()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        await log.AtLeastAsync(1);
        using (exchange.Server.Faults.Apply(new MixUnits { Streams = "*@trade" }))
        {
            int from = log.Count + 1;
            await log.AtLeastAsync(from + 2);
            Assert.All(log.Json.Skip(from), f => Assert.Equal((16, 16), (EventTime(f).ToString(System.Globalization.CultureInfo.InvariantCulture).Length, f["T"]!.ToJsonString().Length)));
        }
        int after = log.Count + 1;
        await log.AtLeastAsync(after + 2);
        Assert.All(log.Json.Skip(after), f => Assert.Equal(13, f["T"]!.ToJsonString().Length));
    }

    [Fact]
    public async Task Microseconds_that_are_asked_for_are_served_and_agree_with_the_milliseconds()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog millis = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade");
        await using FrameLog micros = await FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade?timeUnit=MICROSECOND");
        await micros.AtLeastAsync(5);
        await millis.AtLeastAsync(6);
        Dictionary<long, JsonNode> known = millis.Json.ToDictionary(TradeId);
        int compared = 0;
        foreach (JsonNode trade in micros.Json)
        {
            Assert.Equal(16, trade["T"]!.ToJsonString().Length);
            if (!known.TryGetValue(TradeId(trade), out JsonNode? same)) continue;
            Assert.Equal((EventTime(same), same["T"]!.GetValue<long>()), (EventTime(trade) / 1_000, trade["T"]!.GetValue<long>() / 1_000));
            compared++;
        }
        Assert.True(compared > 2);
        System.Net.WebSockets.WebSocketException refused = await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => FrameLog.OpenAsync(exchange, "/ws/btcusdt@trade?timeUnit=FORTNIGHT"));
        Assert.Contains("400", refused.Message, StringComparison.Ordinal);
    }
}
