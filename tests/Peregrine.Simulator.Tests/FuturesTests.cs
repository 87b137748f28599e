using System.Globalization;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>What only futures have: routes that keep silent, mark prices, liquidations, open interest.</summary>
public sealed class FuturesTests
{
    private static Task<TestExchange> StartAsync() => TestExchange.SyntheticAsync(Market.UsdMargined, rate: 6);
    private static decimal Number(JsonNode? text) => decimal.Parse(text!.GetValue<string>(), CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("/market", "btcusdt@bookTicker")]
    [InlineData("/private", "btcusdt@bookTicker")]
    [InlineData("/public", "btcusdt@aggTrade")]
    [InlineData("", "btcusdt@aggTrade")]
    [InlineData("", "btcusdt@markPrice@1s")]
    [InlineData("/public", "btcusdt@markPrice@1s")]
    [InlineData("/market", "btcusdt@depth@100ms")]
    public async Task A_stream_on_the_wrong_route_is_acknowledged_and_stays_silent(string route, string stream)
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, $"{route}/ws/{stream}");
        await log.SendAsync($$"""{"method":"SUBSCRIBE","params":["{{stream.Replace("btc", "eth", StringComparison.Ordinal)}}"],"id":1}""");
        await log.AtLeastAsync(1);
        await Task.Delay(1_300, TestContext.Current.CancellationToken);
        Assert.Equal("""{"result":null,"id":1}""", Assert.Single(log.Json).ToJsonString());
        string right = stream.Contains("@depth", StringComparison.Ordinal) || stream.EndsWith("@bookTicker", StringComparison.Ordinal) ? "/public" : "/market";
        await using FrameLog there = await FrameLog.OpenAsync(exchange, $"{right}/ws/{stream}");
        await there.AtLeastAsync(1);
    }

    [Theory]
    [InlineData("/market/stream?streams=btcusdt@aggTrade", "usdm/ws.aggTrade.json", "e E a s p q nq f l T m st")]
    [InlineData("/public/stream?streams=btcusdt@bookTicker", "usdm/ws.bookTicker.json", "e u s ps b B a A T E st")]
    [InlineData("/public/stream?streams=btcusdt@depth@100ms", "usdm/ws.depthUpdate.json", "e E T s ps U u pu b a st")]
    [InlineData("/market/stream?streams=!forceOrder@arr", "usdm/ws.forceOrder.json", "e E o")]
    public async Task Fields_and_their_order_are_those_of_live_captures(string path, string capture, string fields)
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, path);
        JsonNode frame = (await log.AtLeastAsync(1, 20))[0];
        Assert.Equal(fields.Split(' '), frame["data"]!.AsObject().Select(f => f.Key));
        string? file = Testing.Repository.Shared("reference/payloads/captures/" + capture);
        Assert.SkipWhen(file is null, "the captures are not here");
        JsonNode live = JsonNode.Parse((await File.ReadAllTextAsync(file!, TestContext.Current.CancellationToken)).Split('\n')[0])!;
        Shape.Compare(capture, live, frame, []);
        Assert.Equal(live["data"]!.AsObject().Select(f => f.Key), frame["data"]!.AsObject().Select(f => f.Key));
        if (live["data"]!["o"] is JsonObject order) Assert.Equal(order.Select(f => f.Key), frame["data"]!["o"]!.AsObject().Select(f => f.Key));
    }

    [Fact]
    public async Task Mark_prices_come_by_the_second_and_agree_with_the_premium_index_and_the_book()
    {
        await using TestExchange exchange = await StartAsync();
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/market/stream?streams=btcusdt@markPrice@1s/btcusdt@markPrice");
        await FrameLog.UntilAsync(() => log.Json.Count(f => f["stream"]!.GetValue<string>() == "btcusdt@markPrice@1s") >= 4, 8);
        JsonNode[] marks = [.. log.Json.Where(f => f["stream"]!.GetValue<string>() == "btcusdt@markPrice@1s").Select(f => f["data"]!)];
        Assert.Contains(log.Json, f => f["stream"]!.GetValue<string>() == "btcusdt@markPrice");
        Assert.Equal("e E s p i P r ap T st".Split(' '), marks[0].AsObject().Select(f => f.Key));
        Shape.Matches("usdm/ws/markPrice.json", marks[0], "ap", "st");
        Assert.All(marks.Zip(marks.Skip(1)), p => Assert.InRange((p.Second["E"]!.GetValue<long>() / 1_000) - (p.First["E"]!.GetValue<long>() / 1_000), 1, 2)); // Once in each second; a busy machine may miss one.
        JsonNode premium = await exchange.GetAsync("/fapi/v1/premiumIndex?symbol=BTCUSDT");
        Shape.Matches("usdm/rest/get.v1.premiumIndex.json", premium);
        decimal bid = Number((await exchange.GetAsync("/fapi/v1/depth?symbol=BTCUSDT&limit=5"))["bids"]![0]![0]);
        Assert.InRange(Number(premium["markPrice"]) / bid, 0.995m, 1.005m);
        Assert.Equal(3, (await exchange.GetAsync("/fapi/v1/premiumIndex")).AsArray().Count);
        Assert.InRange(premium["nextFundingTime"]!.GetValue<long>() - TestExchange.Now, 0, 8 * 3_600_000);
    }

    [Fact]
    public async Task Open_interest_moves_with_trades()
    {
        await using TestExchange exchange = await StartAsync();
        JsonNode first = await exchange.GetAsync("/fapi/v1/openInterest?symbol=BTCUSDT");
        Shape.Matches("usdm/rest/get.v1.openInterest.json", first);
        Assert.True(Number(first["openInterest"]) > 0);
        decimal last = 0;
        for (int i = 0; i < 100 && (last == 0 || last == Number(first["openInterest"])); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            last = Number((await exchange.GetAsync("/fapi/v1/openInterest?symbol=BTCUSDT"))["openInterest"]);
        }
        Assert.NotEqual(Number(first["openInterest"]), last);
    }

    [Fact]
    public async Task A_symbols_liquidations_are_among_all_and_at_most_one_a_second()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(Market.UsdMargined, rate: 20);
        await using FrameLog all = await FrameLog.OpenAsync(exchange, "/market/stream?streams=!forceOrder@arr/btcusdt@forceOrder");
        await FrameLog.UntilAsync(() => all.Json.Count(f => f["stream"]!.GetValue<string>() == "btcusdt@forceOrder") >= 3, 15);
        JsonNode[] own = [.. all.Json.Where(f => f["stream"]!.GetValue<string>() == "btcusdt@forceOrder").Select(f => f["data"]!)];
        Assert.All(own.Zip(own.Skip(1)), p => Assert.True(p.Second["o"]!["T"]!.GetValue<long>() - p.First["o"]!["T"]!.GetValue<long>() >= 1_000));
        HashSet<string> known = [.. all.Json.Where(f => f["stream"]!.GetValue<string>() == "!forceOrder@arr").Select(f => f["data"]!.ToJsonString())];
        Assert.Contains(own[0].ToJsonString(), known);
    }
}
