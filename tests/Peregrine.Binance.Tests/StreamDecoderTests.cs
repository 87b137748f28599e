using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class StreamDecoderTests
{
    private readonly Seen _seen = new();
    private readonly EventRing _ring;

    public StreamDecoderTests() => _ring = Some.Ring(_seen);

    private (MarketEvent Entry, long[] Payload) Read(Market market, string message)
    {
        DecodeResult result = Some.Decoder(market, "BNBBTC", "BTCUSDT").Decode(message, _ring);
        Assert.Equal(DecodeResult.Event(result.Kind), result);
        _ring.Publish();
        return _seen.Last;
    }

    [Fact]
    public void Reads_an_aggregate_trade()
    {
        (MarketEvent entry, _) = Read(Market.Spot, """
            {"stream":"bnbbtc@aggTrade","data":{"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":12345,"p":"0.001","q":"100","f":100,"l":105,"T":1672515782130,"m":true,"M":true}}
            """.Trim());
        Assert.Equal(EventKind.AggTrade, entry.Kind);
        Assert.Equal(1, entry.Symbol.Value);
        Assert.Equal(1_672_515_782_136_000, entry.ExchangeTimeMicros);
        Assert.Equal(1_672_515_782_130_000, entry.TransactionTimeMicros);
        Assert.Equal(1, entry.ReceiveTimeNanos);
        Assert.Equal((12345, 100_000, 10_000_000_000, 100, 105), (entry.Trade.Id, entry.Trade.Price.Raw, entry.Trade.Quantity.Raw, entry.Trade.FirstTradeId, entry.Trade.LastTradeId));
        Assert.Equal(EventFlags.BuyerIsMaker, entry.Flags);
    }

    [Fact]
    public void Fields_come_in_any_order_with_escapes_blanks_and_unknown_ones_between()
    {
        (MarketEvent entry, _) = Read(Market.Spot, """
            { "data" : { "\u0045":1672515782136123, "new":{"deep":[1,{"x":null}]}, "m":false, "T":1672515782136100, "t":7, "q":"0.\u00350000000000", "p":"1.0", "s":"BNB\u0042TC", "e":"tra\u0064e" },
              "later": [], "stream" : "bnbbtc\u0040trade" }
            """);
        Assert.Equal((EventKind.Trade, 1_672_515_782_136_123, 23), (entry.Kind, entry.ExchangeTimeMicros, entry.TransactionLagMicros));
        Assert.Equal((7, 100_000_000, 50_000_000), (entry.Trade.LastTradeId, entry.Trade.Price.Raw, entry.Trade.Quantity.Raw));
    }

    [Fact]
    public void The_stream_name_says_whose_partial_book_it_is()
    {
        (MarketEvent entry, long[] payload) = Read(Market.Spot, """
            {"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":160,"asks":[["0.0026","100"],["0.0027","1"]],"bids":[["0.0024","10"]]}}
            """);
        Assert.Equal((EventKind.Depth20, 2, 160, 1, 2), (entry.Kind, (int)entry.Symbol.Value, entry.Depth.FinalUpdateId, entry.Depth.BidCount, entry.Depth.AskCount));
        Assert.Equal([new Level(new Price(240_000), new Quantity(1_000_000_000))], Payload.Bids(in entry, payload));
        Assert.Equal([new Level(new Price(260_000), new Quantity(10_000_000_000)), new Level(new Price(270_000), new Quantity(100_000_000))], Payload.Asks(in entry, payload));
    }

    [Fact]
    public void A_futures_partial_book_looks_like_a_diff_and_is_told_by_its_stream()
    {
        const string Data = """{"e":"depthUpdate","E":1571889248277,"T":1571889248276,"s":"BTCUSDT","U":390497796,"u":390497878,"pu":390497794,"b":[["7403.89","0.002"]],"a":[["7405.96","3.340"]]}""";
        (MarketEvent partial, _) = Read(Market.UsdMargined, $$"""{"stream":"btcusdt@depth20@100ms","data":{{Data}}}""");
        (MarketEvent diff, _) = Read(Market.UsdMargined, $$"""{"stream":"btcusdt@depth@100ms","data":{{Data}}}""");
        Assert.Equal((EventKind.Depth20, 0, 390497878, 0), (partial.Kind, partial.Depth.FirstUpdateId, partial.Depth.FinalUpdateId, partial.Depth.PreviousFinalUpdateId));
        Assert.Equal((EventKind.DepthDiff, 390497796, 390497878, 390497794), (diff.Kind, diff.Depth.FirstUpdateId, diff.Depth.FinalUpdateId, diff.Depth.PreviousFinalUpdateId));
        Assert.Equal(1_000, diff.TransactionLagMicros);
    }

    [Fact]
    public void A_futures_trade_off_the_market_is_kept_and_marked()
    {
        const string Trade = """{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455,"T":1680652700452,"s":"BTCUSDT","t":3,"p":"P","q":"0.002","X":"KIND","m":false}}""";
        foreach ((string price, string kind, EventFlags expected) in new[]
                 {
                     ("28145.10", "MARKET", EventFlags.None), ("28722.50", "INSURANCE_FUND", EventFlags.OffMarket), ("0", "MARKET", EventFlags.OffMarket), ("0", "", EventFlags.OffMarket),
                 })
        {
            (MarketEvent entry, _) = Read(Market.UsdMargined, Trade.Replace("\"P\"", $"\"{price}\"", StringComparison.Ordinal).Replace("KIND", kind, StringComparison.Ordinal));
            Assert.Equal(expected, entry.Flags);
        }
    }

    [Fact]
    public void Reads_a_candle()
    {
        (MarketEvent entry, long[] payload) = Read(Market.Spot, """
            {"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1791142274032,"s":"BTCUSDT","k":{"t":1791142260000,"T":1791142319999,"s":"BTCUSDT","i":"1m","f":-1,"L":-1,"o":"85462.5","c":"85462.6","h":"85462.7","l":"85462.4","v":"0.29537","n":54,"x":true,"q":"25243.05602030","V":"0.0349","Q":"2982.64125","B":"0"}}}
            """);
        Kline kline = Payload.Read<Kline>(payload);
        Assert.Equal(EventFlags.Closed | EventFlags.HasPayload, entry.Flags);
        Assert.Equal((1_791_142_260_000_000, 1_791_142_319_999_000, -1, -1, 54), (kline.OpenTimeMicros, kline.CloseTimeMicros, kline.FirstTradeId, kline.LastTradeId, kline.TradeCount));
        Assert.Equal(("85462.5", "85462.7", "85462.4", "85462.6"), (kline.Open.ToString(), kline.High.ToString(), kline.Low.ToString(), kline.Close.ToString()));
        Assert.Equal((29_537_000, 2_524_305_602_030, 3_490_000, 298_264_125_000), (kline.Volume.Raw, kline.QuoteVolumeUnits, kline.TakerBuyVolume.Raw, kline.TakerBuyQuoteUnits));
    }

    [Theory]
    [InlineData("\"p\":\"1.000000001\"", Refusal.BadNumber)] // A ninth decimal.
    [InlineData("\"p\":\"1e5\"", Refusal.BadNumber)]
    [InlineData("\"p\":\"-1\"", Refusal.BadNumber)]
    [InlineData("\"p\":\"-0\"", Refusal.BadNumber)]
    [InlineData("\"p\":\"NaN\"", Refusal.BadNumber)]
    [InlineData("\"p\":\"\"", Refusal.BadNumber)]
    [InlineData("\"p\":\"92233720369\"", Refusal.BadNumber)] // Beyond 64 bits.
    [InlineData("\"p\":1.5", Refusal.WrongType)]
    [InlineData("\"p\":null", Refusal.WrongType)]
    [InlineData("\"p\":{\"p\":\"1\"}", Refusal.WrongType)]
    [InlineData("\"P\":\"1\"", Refusal.MissingField)] // Names differ by their case alone.
    [InlineData("\"p\":\"1\",\"p\":\"1\"", Refusal.DuplicateField)]
    [InlineData("\"p\":\"1\",\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", Refusal.Malformed)] // Deeper than 16.
    [InlineData("\"p\":\"1\",\"x\":\"\\ud800\",\"e\":\"\\ud800\"", Refusal.Malformed)]
    [InlineData("\"p\":\"1\",", Refusal.Malformed)]
    public void Refuses_what_has_no_exact_value_and_reads_on(string price, Refusal expected)
    {
        const string Message = """{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455,"T":1680652700452,"s":"BTCUSDT","t":3,PRICE,"q":"0.002","m":false}}""";
        StreamDecoder decoder = Some.Decoder(Market.Spot, "BTCUSDT");
        Assert.Equal(DecodeResult.Refused(expected), decoder.Decode(Message.Replace("PRICE", price, StringComparison.Ordinal), _ring));
        Assert.Equal(DecodeResult.Event(EventKind.Trade), decoder.Decode(Message.Replace("PRICE", "\"p\":\"1\"", StringComparison.Ordinal), _ring));
    }

    [Theory]
    [InlineData("""{"stream":"btcusdt@trade","data":{"e":"aggTrade"}}""", Refusal.Mismatch)]
    [InlineData("""{"stream":"btcusdt@trade","data":{"e":"trade","s":"ETHUSDT"}}""", Refusal.Mismatch)]
    [InlineData("""{"stream":"btcusdt@trade","data":{"e":"trade","E":-1}}""", Refusal.BadNumber)]
    [InlineData("""{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455000000}}""", Refusal.BadTime)] // Nanoseconds.
    [InlineData("""{"stream":"btcusdt@trade","data":[]}""", Refusal.WrongType)]
    [InlineData("""{"stream":"btcusdt@trade"}""", Refusal.MissingField)]
    [InlineData("""{"stream":7,"data":{}}""", Refusal.WrongType)]
    [InlineData("""{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":1,"bids":[["1"]],"asks":[]}}""", Refusal.WrongType)]
    [InlineData("""{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":1,"bids":[["1","-2"]],"asks":[]}}""", Refusal.BadNumber)]
    [InlineData("""{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT","k":{"i":"5m"}}}""", Refusal.Mismatch)]
    [InlineData("""{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":1,"bids":[],"asks":[]}} x""", Refusal.Malformed)]
    [InlineData("", Refusal.Malformed)]
    [InlineData("7", Refusal.WrongType)]
    public void Refuses_what_contradicts_itself(string message, Refusal expected) =>
        Assert.Equal(DecodeResult.Refused(expected), Some.Decoder(Market.Spot, "BTCUSDT", "ETHUSDT").Decode(message, _ring));

    [Theory]
    [InlineData("""{"result":null,"id":1}""", DecodeOutcome.Control)]
    [InlineData("""{"code":2,"msg":"Invalid request"}""", DecodeOutcome.Control)]
    [InlineData("""{"stream":"dogeusdt@trade","data":{"e":"trade"}}""", DecodeOutcome.Unknown)]
    [InlineData("""{"stream":"btcusdt@markPrice","data":{"e":"markPriceUpdate"}}""", DecodeOutcome.Unknown)]
    [InlineData("""[{"e":"24hrMiniTicker"}]""", DecodeOutcome.Unknown)]
    [InlineData("""{"e":"referencePrice","s":"BAZUSD","r":"1.00","t":1770313263917}""", DecodeOutcome.Unknown)]
    [InlineData("""{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}""", DecodeOutcome.ServerShutdown)]
    [InlineData("""{"e":"serverShutdown","E":1770123456789}""", DecodeOutcome.ServerShutdown)]
    public void Knows_what_is_no_event(string message, DecodeOutcome expected) =>
        Assert.Equal(expected, Some.Decoder(Market.Spot, "BTCUSDT").Decode(message, _ring).Outcome);

    [Fact]
    public void Refuses_bad_text_and_too_much_of_it()
    {
        StreamDecoder decoder = Some.Decoder(Market.Spot, "BTCUSDT");
        Assert.Equal(DecodeResult.Refused(Refusal.BadUtf8), decoder.Decode([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'], _ring, 1));
        Assert.Equal(DecodeResult.Refused(Refusal.TooLarge), decoder.Decode(new byte[(1 << 20) + 1], _ring, 1));
        string levels = string.Join(',', Enumerable.Repeat("[\"1\",\"1\"]", 16_385));
        Assert.Equal(DecodeResult.Refused(Refusal.TooManyLevels), decoder.Decode($$"""{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":1,"bids":[{{levels}}],"asks":[]} }""", _ring));
    }
}
