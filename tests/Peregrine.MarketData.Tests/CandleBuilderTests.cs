using System.Globalization;
using System.IO.Compression;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.MarketData.Tests;

public sealed class CandleBuilderTests
{
    [Fact]
    public void Candles_of_recorded_trades_equal_the_published_ones()
    {
        string? first = Repository.Shared("data/raw-ws/usdm/btcusdt_20230404.dat.gz");
        string? second = Repository.Shared("data/raw-ws/usdm/btcusdt_20230405.dat.gz");
        string? klines = Repository.Shared("data/klines/usdm/BTCUSDT-1m-2023-04.zip");
        Assert.SkipWhen(first is null || second is null || klines is null, "the recordings are not on this machine");

        Recording recording = Recording.Load(Market.UsdMargined, "BTCUSDT", int.MaxValue, first, second);
        var builder = new CandleBuilder();
        var built = new List<Kline>();
        for (int i = 0; i < recording.Count; i++)
        {
            MarketEvent entry = recording[i];
            if (builder.OnEvent(in entry, out Kline closed)) built.Add(closed);
        }
        // The first minute began before the recording did.
        Dictionary<long, Kline> candles = built.Skip(1).ToDictionary(candle => candle.OpenTimeMicros);
        Assert.Equal(7, candles.Count);
        Assert.Equal(0, builder.LateTrades);

        int compared = 0;
        foreach (Kline published in Published(klines))
        {
            if (!candles.TryGetValue(published.OpenTimeMicros, out Kline candle)) continue;
            compared++;
            Assert.Equal(published.CloseTimeMicros, candle.CloseTimeMicros);
            Assert.Equal(published.Open, candle.Open);
            Assert.Equal(published.High, candle.High);
            Assert.Equal(published.Low, candle.Low);
            Assert.Equal(published.Close, candle.Close);
            Assert.Equal(published.Volume, candle.Volume);
            Assert.Equal(published.QuoteVolumeUnits, candle.QuoteVolumeUnits);
            Assert.Equal(published.TradeCount, candle.TradeCount);
            Assert.Equal(published.TakerBuyVolume, candle.TakerBuyVolume);
            Assert.Equal(published.TakerBuyQuoteUnits, candle.TakerBuyQuoteUnits);
        }
        Assert.Equal(7, compared);
    }

    [Fact]
    public void A_candle_holds_first_highest_lowest_and_last()
    {
        var builder = new CandleBuilder();
        Assert.False(builder.OnEvent(Trade(1, second: 1, price: 100, quantity: 5), out _));
        Assert.False(builder.OnEvent(Trade(2, second: 30, price: 120, quantity: 1, buyerIsMaker: true), out _));
        Assert.False(builder.OnEvent(Trade(3, second: 59, price: 90, quantity: 2), out _));
        Assert.True(builder.OnEvent(Trade(4, second: 60, price: 95, quantity: 1), out Kline candle));
        Assert.Equal((100, 120, 90, 90), (candle.Open.Raw, candle.High.Raw, candle.Low.Raw, candle.Close.Raw));
        Assert.Equal((8, 7, 3), (candle.Volume.Raw, candle.TakerBuyVolume.Raw, candle.TradeCount));
        Assert.Equal((1, 3), (candle.FirstTradeId, candle.LastTradeId));
        Assert.Equal((0, 59_999_000), (candle.OpenTimeMicros, candle.CloseTimeMicros));
        Assert.Equal(95, builder.Current.Open.Raw);
    }

    [Fact]
    public void Off_market_trades_are_in_no_candle()
    {
        var builder = new CandleBuilder();
        MarketEvent off = Trade(1, second: 1, price: 0, quantity: 5);
        off.Flags |= EventFlags.OffMarket;
        builder.OnEvent(in off, out _);
        Assert.False(builder.HasCurrent);
    }

    [Fact]
    public void A_trade_of_a_closed_candle_is_counted_and_left_out()
    {
        var builder = new CandleBuilder();
        builder.OnEvent(Trade(1, second: 1, price: 100, quantity: 5), out _);
        builder.OnEvent(Trade(2, second: 61, price: 100, quantity: 5), out _);
        Assert.False(builder.OnEvent(Trade(3, second: 59, price: 1, quantity: 5), out _));
        Assert.Equal(1, builder.LateTrades);
        Assert.Equal(100, builder.Current.Low.Raw);
    }

    [Fact]
    public void Aggregates_beside_trades_are_not_counted_twice()
    {
        var builder = new CandleBuilder();
        builder.OnEvent(Trade(1, second: 1, price: 100, quantity: 5), out _);
        MarketEvent aggregate = Trade(1, second: 1, price: 100, quantity: 5);
        aggregate.Kind = EventKind.AggTrade;
        builder.OnEvent(in aggregate, out _);
        Assert.Equal(5, builder.Current.Volume.Raw);
    }

    private static MarketEvent Trade(long id, int second, long price, long quantity, bool buyerIsMaker = false) => new()
    {
        Kind = EventKind.Trade,
        Flags = buyerIsMaker ? EventFlags.BuyerIsMaker : EventFlags.None,
        ExchangeTimeMicros = (second * 1_000_000L) + 2_000,
        TransactionLagMicros = 2_000,
        Trade = new TradeFields { Id = id, Price = new Price(price), Quantity = new Quantity(quantity), FirstTradeId = id, LastTradeId = id },
    };

    private static IEnumerable<Kline> Published(string path)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        foreach (string day in (string[])["04", "05"])
        {
            using var text = new StreamReader(zip.GetEntry($"BTCUSDT-1m-2023-04-{day}.csv")!.Open());
            text.ReadLine(); // The header.
            while (text.ReadLine() is { } line) yield return Candle(line.Split(','));
        }
    }

    private static Kline Candle(string[] cells) => new()
    {
        OpenTimeMicros = long.Parse(cells[0], CultureInfo.InvariantCulture) * 1_000,
        Open = Price.Parse(cells[1]),
        High = Price.Parse(cells[2]),
        Low = Price.Parse(cells[3]),
        Close = Price.Parse(cells[4]),
        Volume = Quantity.Parse(cells[5]),
        CloseTimeMicros = long.Parse(cells[6], CultureInfo.InvariantCulture) * 1_000,
        QuoteVolumeUnits = Price.Parse(cells[7]).Raw,
        TradeCount = long.Parse(cells[8], CultureInfo.InvariantCulture),
        TakerBuyVolume = Quantity.Parse(cells[9]),
        TakerBuyQuoteUnits = Price.Parse(cells[10]).Raw,
    };
}
