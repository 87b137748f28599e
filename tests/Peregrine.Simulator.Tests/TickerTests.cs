using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Tickers, candles and rules in the exchange's own shapes, and its words for bad parameters.</summary>
public sealed class TickerTests
{
    [Fact]
    public async Task Public_answers_have_the_shape_of_the_exchanges_examples()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using TestSocket trades = await exchange.ConnectAsync("/ws/btcusdt@trade");
        await trades.ReceiveAsync();
        foreach ((string path, string example) in ((string, string)[])[
            ("ticker/24hr?symbol=BTCUSDT", "24hr.full"), ("ticker/24hr?symbol=BTCUSDT&type=MINI", "24hr.mini"), ("ticker/24hr", "24hr.full.array"),
            ("ticker/tradingDay?symbol=BTCUSDT", "tradingDay.full"), ("ticker/tradingDay?symbol=BTCUSDT&type=MINI", "tradingDay.mini"),
            ("ticker?symbol=BTCUSDT&windowSize=7d", "full"), ("ticker?symbols=[%22BTCUSDT%22]&type=MINI", "mini.array"),
            ("ticker/price", "price.array"), ("ticker/bookTicker?symbols=[%22BTCUSDT%22,%22ETHUSDT%22]", "bookTicker.array")])
            Shape.Matches($"spot/rest/get.ticker.{example}.json", await exchange.GetAsync($"/api/v3/{path}"));
        Shape.Matches("spot/rest/get.avgPrice.json", await exchange.GetAsync("/api/v3/avgPrice?symbol=BTCUSDT"));
        Shape.Matches("spot/rest/get.historicalTrades.json", await exchange.GetAsync("/api/v3/historicalTrades?symbol=BTCUSDT&fromId=1"));
        foreach (string interval in (string[])["1s", "3d", "1w", "1M"])
            Shape.Matches("spot/rest/get.uiKlines.json", await exchange.GetAsync($"/api/v3/uiKlines?symbol=BTCUSDT&interval={interval}"));
    }

    [Theory]
    [InlineData("ticker", "24hrTicker.json")]
    [InlineData("miniTicker", "24hrMiniTicker.json")]
    [InlineData("avgPrice", "avgPrice.json")]
    [InlineData("ticker_1h", "1hTicker.json")]
    public async Task Streams_of_windows_come_once_a_second(string stream, string example)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using TestSocket socket = await exchange.ConnectAsync($"/ws/btcusdt@{stream}");
        JsonNode first = await socket.ReceiveAsync();
        JsonNode second = await socket.ReceiveAsync();
        Assert.Equal(example[..^5], first["e"]!.GetValue<string>());
        // On a busy machine one may come late, and the next on time: never two within one second of the clock.
        Assert.InRange((second["E"]!.GetValue<long>() / 1_000) - (first["E"]!.GetValue<long>() / 1_000), 1, 4);
    }

    [Theory]
    [InlineData("depth", 400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")]
    [InlineData("depth?symbol=NOSUCH", 400, -1121, "Invalid symbol.")]
    [InlineData("depth?symbol=btcusdt", 400, -1100, "Illegal characters found in parameter 'symbol'; legal range is '^[\\w\\-._&&[^a-z]]{1,50}$'.")]
    [InlineData("depth?symbol=BTCUSDT&limit=x", 400, -1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.")]
    [InlineData("depth?symbol=BTCUSDT&symbolStatus=BREAK", 400, -1220, "The symbol's status does not match the requested symbolStatus.")]
    [InlineData("ping?x=1", 400, -1101, "Too many parameters; expected '0' and received '1'.")]
    [InlineData("klines?symbol=BTCUSDT&interval=7m", 400, -1120, "Invalid interval.")]
    [InlineData("klines?symbol=BTCUSDT&interval=1d&timeZone=15", 400, -1130, "Data sent for parameter 'timeZone' is not valid.")]
    [InlineData("ticker?symbol=BTCUSDT&windowSize=8d", 400, -1130, "Data sent for parameter 'windowSize' is not valid.")]
    [InlineData("ticker/24hr?symbol=BTCUSDT&type=SMALL", 400, -1139, "Invalid ticker type.")]
    [InlineData("ticker/price?symbols=[%22BTCUSDT%22,%22BTCUSDT%22]", 400, -1151, "Symbol is present multiple times in the list.")]
    [InlineData("ticker/price?symbol=BTCUSDT&symbols=[%22BTCUSDT%22]", 400, -1128, "Combination of optional parameters invalid.")]
    [InlineData("referencePrice?symbol=BTCUSDT", 400, -2043, "This symbol doesn't have a reference price.")]
    public async Task Bad_parameters_are_refused_in_the_exchanges_words(string path, int status, int code, string message)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        (int got, JsonNode body, _) = await exchange.SendAsync(HttpMethod.Get, $"/api/v3/{path}");
        Assert.Equal((status, code, message), (got, body["code"]!.GetValue<int>(), body["msg"]!.GetValue<string>()));
    }

    [Theory] // What each call costs, by the headers of an exchange that nobody else uses.
    [InlineData("ping", 1)]
    [InlineData("exchangeInfo", 20)]
    [InlineData("depth?symbol=BTCUSDT&limit=100", 5)]
    [InlineData("depth?symbol=BTCUSDT&limit=5000", 250)]
    [InlineData("trades?symbol=BTCUSDT", 25)]
    [InlineData("aggTrades?symbol=BTCUSDT", 4)]
    [InlineData("ticker/24hr?symbol=BTCUSDT", 2)]
    [InlineData("ticker/24hr", 80)]
    [InlineData("ticker/price", 4)]
    [InlineData("ticker?symbols=[%22BTCUSDT%22,%22ETHUSDT%22]", 8)]
    public async Task Calls_cost_their_weight(string path, int weight)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        (_, _, HttpResponseMessage response) = await exchange.SendAsync(HttpMethod.Get, $"/api/v3/{path}");
        Assert.Equal(weight.ToString(), response.Headers.GetValues("X-MBX-USED-WEIGHT-1M").Single());
    }
}
