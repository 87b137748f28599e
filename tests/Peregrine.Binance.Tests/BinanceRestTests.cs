using System.IO.Compression;
using System.Text;

using Microsoft.AspNetCore.Http;

using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class BinanceRestTests
{
    private static byte[] Body(string file)
    {
        string? path = Repository.Shared($"data/rest/{file}");
        Assert.SkipWhen(path is null, "the recordings are not here");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is string line)
            if (line.Contains("exchangeInfo ->", StringComparison.Ordinal)) return Encoding.UTF8.GetBytes(line[line.IndexOf('{', StringComparison.Ordinal)..]);
        throw new InvalidDataException($"No body in {file}.");
    }

    [Fact]
    public void Recorded_spot_rules_are_read()
    {
        ExchangeInfo info = ExchangeInfoReader.Read(Body("exchangeInfo_spot_20211012.txt.gz"), Market.Spot, ["BTCUSDT", "ETHBTC"]);
        Assert.Equal(["BTCUSDT", "ETHBTC"], info.Instruments.Select(instrument => instrument.Symbol));
        Assert.Equal((50, 1200), (info.OrdersPer10Seconds, info.WeightPerMinute));
        Instrument eth = info.Instruments[1];
        Assert.Equal(("ETH", "BTC", true, Market.Spot), (eth.BaseAsset, eth.QuoteAsset, eth.IsTrading, eth.Market));
        Assert.Equal(("0.000001", "0.000001", "922327"), (eth.Rules.TickSize.ToString(), eth.Rules.MinPrice.ToString(), eth.Rules.MaxPrice.ToString()));
        Assert.Equal(("0.0001", "0.0001", "100000", "0.0001"), (eth.Rules.StepSize.ToString(), eth.Rules.MinQuantity.ToString(), eth.Rules.MaxQuantity.ToString(), eth.Rules.MinNotional.ToString().TrimEnd('0')));
    }

    [Fact]
    public void Recorded_rules_of_the_sister_exchange_and_of_futures_are_read()
    {
        Instrument spot = ExchangeInfoReader.Read(Body("exchangeInfo_binance-tr_20230410.txt.gz"), Market.Spot, ["ETHBTC"]).Instruments[0];
        Assert.Equal("0.000001", spot.Rules.TickSize.ToString());
        ExchangeInfo futures = ExchangeInfoReader.Read(Body("exchangeInfo_usdm_20210721.txt.gz"), Market.UsdMargined, ["BTCUSDT"]);
        Assert.Equal((300, 2400), (futures.OrdersPer10Seconds, futures.WeightPerMinute));
        TradingRules rules = futures.Instruments[0].Rules;
        Assert.Equal(("0.01", "0.001", "0.001"), (rules.TickSize.ToString(), rules.StepSize.ToString(), rules.MinQuantity.ToString()));
        Assert.True(rules.MinNotional > Notional.Zero);
    }

    [Theory]
    [InlineData("captures/spot/exchangeInfo.TSLABUSDT.json", Market.Spot, "TSLABUSDT")]
    [InlineData("captures/usdm/exchangeInfo.symbol.BTCUSDT.json", Market.UsdMargined, "BTCUSDT")]
    [InlineData("captures/usdm/exchangeInfo.symbol.XAUUSDT.json", Market.UsdMargined, "XAUUSDT")]
    public void Captured_rows_are_read(string file, Market market, string symbol)
    {
        string? path = Repository.Shared($"reference/payloads/{file}");
        Assert.SkipWhen(path is null, "the payload examples are not here");
        string text = File.ReadAllText(path);
        if (!text.Contains("\"symbols\"", StringComparison.Ordinal)) text = $$"""{"symbols":[{{text}}]}""";
        Instrument instrument = ExchangeInfoReader.Read(Some.Utf8(text), market, [symbol]).Instruments[0];
        Assert.True(instrument.Rules.TickSize.Raw > 1 && instrument.Rules.StepSize.Raw > 1 && instrument.Rules.MinNotional > Notional.Zero && instrument.IsTrading);
    }

    [Fact]
    public void An_unknown_symbol_is_named()
    {
        var error = Assert.Throws<UnknownSymbolException>(() => ExchangeInfoReader.Read("""{"symbols":[]}"""u8, Market.Spot, ["DOGEMOON"]));
        Assert.Contains("DOGEMOON", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waits_for_an_exchange_that_is_down_and_says_so()
    {
        int calls = 0;
        var said = new List<string>();
        await using LocalServer server = await LocalServer.Start(async context =>
        {
            if (calls++ == 0)
            {
                context.Response.StatusCode = 503;
                return;
            }
            Assert.Equal("""?symbols=["BTCUSDT"]""", Uri.UnescapeDataString(context.Request.QueryString.Value!));
            await context.Response.WriteAsync("""{"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[{"tickSize":"0.01","filterType":"PRICE_FILTER"}]}]}""");
        });
        using var rest = new BinanceRest(BinanceEndpoints.FromBase($"http://127.0.0.1:{server.Port}"), Market.Spot, TimeProvider.System, new Random(1), said.Add);
        ExchangeInfo info = await rest.LoadInstrumentsAsync(["BTCUSDT"], TestContext.Current.CancellationToken);
        Assert.Equal("0.01", info.Instruments[0].Rules.TickSize.ToString());
        Assert.Contains("503", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_exchanges_clock_is_measured()
    {
        await using LocalServer server = await LocalServer.Start(context =>
            context.Response.WriteAsync($$"""{"serverTime":{{DateTimeOffset.UtcNow.AddSeconds(5).ToUnixTimeMilliseconds()}}}"""));
        using var rest = new BinanceRest(BinanceEndpoints.FromBase($"http://127.0.0.1:{server.Port}"), Market.Spot, TimeProvider.System, new Random(1), _ => { });
        var clock = new ServerClock(TimeProvider.System);
        Assert.False(clock.IsKnown);
        await rest.MeasureClockAsync(clock, 5, TestContext.Current.CancellationToken);
        Assert.True(clock.IsKnown);
        Assert.InRange(clock.OffsetMicros, 4_900_000, 5_100_000);
    }

    [Fact]
    public void A_weight_budget_waits_for_the_next_minute()
    {
        var time = new SteppedTime();
        var budget = new WeightBudget(100, 0.5, time);
        Assert.Equal(TimeSpan.Zero, budget.Take(30));
        Assert.Equal(TimeSpan.Zero, budget.Take(20));
        Assert.Equal(TimeSpan.FromSeconds(60), budget.Take(20));
        time.Now += TimeSpan.FromSeconds(60);
        Assert.Equal(TimeSpan.Zero, budget.Take(20));
        budget.Observe(45); // Somebody else behind our address spends too.
        Assert.Equal(TimeSpan.FromSeconds(60), budget.Take(20));
        budget.BlockFor(TimeSpan.FromSeconds(90));
        time.Now += TimeSpan.FromSeconds(60);
        Assert.Equal(TimeSpan.FromSeconds(30), budget.Take(1));
    }

    private sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
