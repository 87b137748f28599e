using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.MarketData;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>The documentation's own examples and captured messages.</summary>
public sealed class PayloadExamplesTests
{
    private static byte[] Example(string name)
    {
        string? path = Repository.Shared($"reference/payloads/{name}");
        Assert.SkipWhen(path is null, "the payload examples are not here");
        return File.ReadAllBytes(path);
    }

    /// <summary>Examples are bare; a bare message is what a raw stream sends.</summary>
    private static (DecodeResult Result, Seen Seen) Decode(string name, string? streamKind = null)
    {
        byte[] message = Example(name);
        Market market = name.Contains("usdm", StringComparison.Ordinal) ? Market.UsdMargined : Market.Spot;
        var table = new StreamTable(Some.Instruments(market, "BTCUSDT", "BNBUSDT", "BNBBTC"), Some.Kinds);
        StreamInfo? stream = streamKind is null ? null : table.Find(Some.Utf8($"btcusdt@{streamKind}"));
        var seen = new Seen();
        EventRing ring = Some.Ring(seen);
        DecodeResult result = new StreamDecoder(market, table, stream).Decode(message, ring, 1);
        if (result.IsEvent) ring.Publish();
        return (result, seen);
    }

    [Theory]
    [InlineData("spot/ws/aggTrade.json", EventKind.AggTrade)]
    [InlineData("spot/ws/combined.envelope.aggTrade.json", EventKind.AggTrade)]
    [InlineData("spot/ws/trade.json", EventKind.Trade)]
    [InlineData("spot/ws/bookTicker.json", EventKind.BookTicker)]
    [InlineData("spot/ws/depthUpdate.json", EventKind.DepthDiff)]
    [InlineData("spot/ws/kline.json", EventKind.Kline)]
    [InlineData("spot/ws/kline.utc8.json", EventKind.Kline)]
    [InlineData("usdm/ws/aggTrade.json", EventKind.AggTrade)]
    [InlineData("usdm/ws/bookTicker.json", EventKind.BookTicker)]
    [InlineData("usdm/ws/bookTicker.all.json", EventKind.BookTicker)]
    [InlineData("usdm/ws/depthUpdate.json", EventKind.DepthDiff)]
    [InlineData("usdm/ws/rpiDepth.json", EventKind.DepthDiff)]
    [InlineData("usdm/ws/kline.json", EventKind.Kline)]
    [InlineData("usdm/connector-2026-07/ws/aggregateTradeStreams.json", EventKind.AggTrade)]
    [InlineData("usdm/connector-2026-07/ws/individualSymbolBookTickerStreams.json", EventKind.BookTicker)]
    [InlineData("usdm/connector-2026-07/ws/allBookTickersStream.json", EventKind.BookTicker)]
    [InlineData("usdm/connector-2026-07/ws/klineCandlestickStreams.json", EventKind.Kline)]
    [InlineData("captures/spot/ws.aggTrade.json", EventKind.AggTrade)]
    [InlineData("captures/spot/ws.depthUpdate.trimmed.json", EventKind.DepthDiff)]
    [InlineData("captures/spot/ws.kline_1m.json", EventKind.Kline)]
    [InlineData("captures/usdm/ws.aggTrade.json", EventKind.AggTrade)]
    [InlineData("captures/usdm/ws.bookTicker.json", EventKind.BookTicker)]
    [InlineData("captures/usdm/ws.depthUpdate.json", EventKind.DepthDiff)]
    [InlineData("usdm/ws/markPrice.json", EventKind.MarkPrice)]
    [InlineData("usdm/connector-2026-07/ws/markPriceStream.json", EventKind.MarkPrice)]
    [InlineData("usdm/ws/forceOrder.json", EventKind.Liquidation)]
    [InlineData("usdm/ws/forceOrder.arr.json", EventKind.Liquidation)]
    [InlineData("usdm/connector-2026-07/ws/liquidationOrderStreams.json", EventKind.Liquidation)]
    [InlineData("usdm/connector-2026-07/ws/allMarketLiquidationOrderStreams.json", EventKind.Liquidation)]
    [InlineData("captures/usdm/ws.forceOrder.json", EventKind.Liquidation)]
    public void Market_examples_decode_and_say_what_the_reference_reads(string name, EventKind kind)
    {
        (DecodeResult result, Seen seen) = Decode(name);
        Assert.Equal(DecodeResult.Event(kind), result);
        string? symbol = null;
        using JsonDocument document = JsonDocument.Parse(Example(name));
        JsonElement data = document.RootElement.TryGetProperty("data", out JsonElement inner) ? inner : document.RootElement;
        JsonElement named = kind == EventKind.Liquidation ? data.GetProperty("o") : data;
        if (named.TryGetProperty("s", out JsonElement says)) symbol = says.GetString();
        Market market = name.Contains("usdm", StringComparison.Ordinal) ? Market.UsdMargined : Market.Spot;
        int number = Array.IndexOf(["BTCUSDT", "BNBUSDT", "BNBBTC"], symbol) + 1;
        Assert.Null(ReferenceDecoder.Difference(data, market, kind, number, seen.Last.Entry, seen.Last.Payload));
    }

    [Theory]
    [InlineData("spot/ws/partialDepth.json", 1, 1)]
    [InlineData("usdm/ws/partialDepth.json", 5, 5)]
    public void Partial_books_decode_by_their_stream(string name, int bids, int asks)
    {
        (DecodeResult result, Seen seen) = Decode(name, "depth20@100ms");
        Assert.Equal(DecodeResult.Event(EventKind.Depth20), result);
        Assert.Equal((bids, asks), (seen.Last.Entry.Depth.BidCount, seen.Last.Entry.Depth.AskCount));
    }

    [Theory] // Their publisher cut the levels down to the price: what is no level is refused.
    [InlineData("usdm/connector-2026-07/ws/diffBookDepthStreams.json")]
    [InlineData("usdm/connector-2026-07/ws/partialBookDepthStreams.json")]
    [InlineData("usdm/connector-2026-07/ws/rpiDiffBookDepthStreams.json")]
    public void Levels_without_a_quantity_are_refused(string name) => Assert.Equal(DecodeResult.Refused(Refusal.WrongType), Decode(name).Result);

    [Theory]
    [InlineData("control.subscribe.response", DecodeOutcome.Control)]
    [InlineData("control.list_subscriptions.response", DecodeOutcome.Control)]
    [InlineData("serverShutdown.raw", DecodeOutcome.ServerShutdown)]
    [InlineData("serverShutdown.combined", DecodeOutcome.ServerShutdown)]
    [InlineData("miniTicker", DecodeOutcome.Unknown)]
    [InlineData("ticker", DecodeOutcome.Unknown)]
    [InlineData("avgPrice", DecodeOutcome.Unknown)]
    [InlineData("blockTrade", DecodeOutcome.Unknown)]
    [InlineData("referencePrice", DecodeOutcome.Unknown)]
    [InlineData("miniTicker.arr.elided", DecodeOutcome.Unknown)]
    public void What_is_no_event_of_ours_is_no_refusal(string name, DecodeOutcome expected) => Assert.Equal(expected, Decode($"spot/ws/{name}.json").Result.Outcome);
}
