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

    private static AnswerReader Reader() => new(new StreamTable(Some.Instruments(Market.Spot, "BTCUSDT", "ETHBTC"), []));

    private static Answer Read(string name)
    {
        // Ids of ours are numbers; the documentation's are texts.
        string text = Encoding.UTF8.GetString(Example(name));
        int at = text.IndexOf("\"id\": \"", StringComparison.Ordinal);
        if (at >= 0) text = string.Concat(text.AsSpan(0, at), "\"id\": 7", text.AsSpan(text.IndexOf('"', at + 7) + 1));
        Assert.True(Reader().TryRead(Some.Utf8(text), out Answer answer));
        Assert.False(answer.IsBroken);
        return answer;
    }

    [Theory]
    [InlineData("order.place.response.result", "4d96324ff9d44481926157ec08158a40", OrderStatus.New, OrderType.Limit, "23416.1", "0.00847", "0", "0", 1660801715639)]
    [InlineData("order.place.response.full", "4d96324ff9d44481926157ec08158a40", OrderStatus.Filled, OrderType.Limit, "23416.1", "0.00847", "0.00847", "198.335215", 1660801715793)]
    [InlineData("order.cancel.response.single", "4d96324ff9d44481926157", OrderStatus.Canceled, OrderType.Limit, "23416.1", "0.00847", "0.00001", "0.234161", 1684804350068)]
    [InlineData("order.status.response", "4d96324ff9d44481926157", OrderStatus.Filled, OrderType.Limit, "23416.1", "0.00847", "0.00847", "198.335215", 1660801717945)]
    public void Replies_about_orders_parse(
        string name, string clientId, OrderStatus status, OrderType type, string price, string quantity, string executed, string quote, long timeMillis)
    {
        Answer answer = Read($"spot/wsapi/{name}.json");
        Assert.Equal((AnswerKind.Reply, 7, 200, 0, true, 1), (answer.Kind, answer.Id, answer.Status, answer.Code, answer.HasOrder, (int)answer.Symbol.Value));
        OrderReport order = answer.Order;
        Assert.Equal((clientId, status, type, Side.Sell, TimeInForce.GoodTillCancel), (order.ClientId.ToString(), order.Status, order.Type, order.Side, order.TimeInForce));
        Assert.Equal((price, quantity, executed), (order.Price.ToString(), order.Quantity.ToString(), order.CumulativeQuantity.ToString()));
        Assert.Equal((FixedPoint.TryParse(quote, out long units) ? units : -1, 12569099453, timeMillis * 1000, -1), (order.CumulativeQuoteUnits, order.ExchangeOrderId, order.TransactionTimeMicros, order.TradeId));
    }

    [Fact]
    public void The_shortest_reply_says_only_that_the_order_was_taken()
    {
        Answer answer = Read("spot/wsapi/order.place.response.ack.json");
        Assert.Equal((true, OrderStatus.None, 12569099453), (answer.HasOrder, answer.Order.Status, answer.Order.ExchangeOrderId));
    }

    [Theory]
    [InlineData("order.cancelReplace.error.400.both-failed", 400, -2022, Verdict.Unknown)]
    [InlineData("order.cancelReplace.error.409.cancel-only", 409, -2021, Verdict.Unknown)]
    [InlineData("order.cancelReplace.error.429.do-nothing", 429, -1015, Verdict.Throttled)]
    public void Errors_parse_and_are_judged(string name, int status, int code, Verdict verdict)
    {
        Answer answer = Read($"spot/wsapi/{name}.json");
        Assert.Equal((status, code, false), (answer.Status, answer.Code, answer.HasOrder));
        Assert.Equal(verdict, Verdicts.Judge(answer.Status, answer.Code, default));
    }

    [Fact]
    public void A_list_reply_is_about_no_order_of_ours() => Assert.False(Read("spot/wsapi/order.cancel.response.orderlist.json").HasOrder);

    [Fact]
    public void A_subscription_reply_parses()
    {
        Answer answer = Read("spot/wsapi/userDataStream.subscribe.signature.response.json");
        Assert.Equal((AnswerKind.Reply, 7, 200), (answer.Kind, answer.Id, answer.Status));
    }

    [Fact]
    public void An_execution_report_parses()
    {
        Answer answer = Read("spot/userdata/executionReport.json");
        OrderReport order = answer.Order;
        Assert.Equal((AnswerKind.ExecutionReport, true, 2, 1499405658658000), (answer.Kind, answer.HasOrder, (int)answer.Symbol.Value, answer.EventTimeMicros));
        Assert.Equal(("mUvoqJxFIILMdfAW5iGSOW", ReportType.New, OrderStatus.New, ReportSource.Stream), (order.ClientId.ToString(), order.Report, order.Status, order.Source));
        Assert.Equal((4293153, -1, 10264410, 100000000, 0), (order.ExchangeOrderId, order.TradeId, order.Price.Raw, order.Quantity.Raw, order.CumulativeQuantity.Raw));
        Assert.Equal((Side.Buy, OrderType.Limit, TimeInForce.GoodTillCancel, 1499405658657000), (order.Side, order.Type, order.TimeInForce, order.TransactionTimeMicros));
    }

    [Fact]
    public void A_fill_carries_its_trade_and_commission_even_beside_every_conditional_field()
    {
        byte[] conditional = Example("spot/userdata/executionReport.conditional-fields.json");
        using JsonDocument extra = JsonDocument.Parse(conditional);
        var fields = new StringBuilder();
        foreach (JsonElement field in extra.RootElement.EnumerateArray()) fields.Append(field.GetProperty("example").GetRawText().Trim('{', '}', ' ', '\n')).Append(',');
        string message = $$"""
            {"subscriptionId":0,"event":{{{fields}}"e":"executionReport","E":1499405658658,"s":"BTCUSDT","c":"cancel-9","S":"SELL","o":"MARKET","f":"IOC","q":"2.0","p":"0","C":"mine-1","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE",
            "i":11,"l":"0.5","z":"1.5","L":"100.25","n":"-0.00000001","N":"BNB","T":1499405658657,"t":77,"w":false,"m":true,"Z":"150.3"} }
            """;
        Assert.True(Reader().TryRead(Some.Utf8(message), out Answer answer));
        OrderReport order = answer.Order;
        Assert.False(answer.IsBroken);
        Assert.Equal(("mine-1", ReportType.Trade, OrderStatus.PartiallyFilled, 77, 1), (order.ClientId.ToString(), order.Report, order.Status, order.TradeId, (int)order.IsMaker));
        Assert.Equal(("100.25", "0.5", "1.5", 15030000000, -1, "BNB"),
            (order.LastPrice.ToString(), order.LastQuantity.ToString(), order.CumulativeQuantity.ToString(), order.CumulativeQuoteUnits, order.CommissionUnits, order.CommissionAsset.ToString()));
    }

    [Theory]
    [InlineData("CANCELED", "CANCELED", ReportType.Canceled, OrderStatus.Canceled)]
    [InlineData("EXPIRED", "EXPIRED_IN_MATCH", ReportType.Expired, OrderStatus.Expired)]
    [InlineData("TRADE_PREVENTION", "NEW", ReportType.Prevented, OrderStatus.New)]
    [InlineData("REPLACED", "NEW", ReportType.Replaced, OrderStatus.New)]
    [InlineData("TELEPORTED", "NEW", ReportType.Unknown, OrderStatus.Unknown)] // A word of tomorrow: look the order up.
    [InlineData("TRADE", "HALF_FILLED", ReportType.Unknown, OrderStatus.Unknown)]
    public void Execution_types_become_reports(string execution, string status, ReportType report, OrderStatus state)
    {
        string message = $$$"""{"event":{"e":"executionReport","E":1,"s":"BTCUSDT","c":"a","C":"","x":"{{{execution}}}","X":"{{{status}}}","i":1,"z":"0"} }""";
        Assert.True(Reader().TryRead(Some.Utf8(message), out Answer answer));
        Assert.Equal((report, state, "a"), (answer.Order.Report, answer.Order.Status, answer.Order.ClientId.ToString()));
    }

    [Fact]
    public void Balances_are_absolute()
    {
        AnswerReader reader = Reader();
        Assert.True(reader.TryRead(Example("spot/userdata/outboundAccountPosition.json"), out Answer answer));
        Assert.Equal((AnswerKind.Balances, 1, 1564034571105000), (answer.Kind, answer.Balances, answer.EventTimeMicros));
        Assert.Equal(("ETH", 1_000_000_000_000, 0), (reader.Balances[0].Asset.ToString(), reader.Balances[0].FreeUnits, reader.Balances[0].LockedUnits));
    }

    [Theory]
    [InlineData("balanceUpdate", 0)]
    [InlineData("externalLockUpdate", 0)]
    [InlineData("listStatus", 0)]
    [InlineData("eventStreamTerminated", 4)]
    public void Other_account_events_are_known(string name, int kind) => Assert.Equal((AnswerKind)kind, Read($"spot/userdata/{name}.json").Kind);
}
