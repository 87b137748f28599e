using System.Text.Json.Serialization;

namespace Peregrine.Benchmarks.Feed.Decoding;

// The classes that one would write for System.Text.Json: a property a field, decimals for amounts, read from text.

internal sealed record Combined<T>([property: JsonPropertyName("stream")] string Stream, [property: JsonPropertyName("data")] T Data);

internal sealed record TradeMessage(
    [property: JsonPropertyName("e")] string EventType, [property: JsonPropertyName("E")] long EventTime, [property: JsonPropertyName("s")] string Symbol,
    [property: JsonPropertyName("t")] long Id, [property: JsonPropertyName("p")] decimal Price, [property: JsonPropertyName("q")] decimal Quantity,
    [property: JsonPropertyName("T")] long TradeTime, [property: JsonPropertyName("m")] bool BuyerIsMaker);

internal sealed record AggTradeMessage(
    [property: JsonPropertyName("e")] string EventType, [property: JsonPropertyName("E")] long EventTime, [property: JsonPropertyName("s")] string Symbol,
    [property: JsonPropertyName("a")] long Id, [property: JsonPropertyName("p")] decimal Price, [property: JsonPropertyName("q")] decimal Quantity,
    [property: JsonPropertyName("f")] long FirstTradeId, [property: JsonPropertyName("l")] long LastTradeId, [property: JsonPropertyName("T")] long TradeTime,
    [property: JsonPropertyName("m")] bool BuyerIsMaker);

internal sealed record TickerMessage(
    [property: JsonPropertyName("u")] long UpdateId, [property: JsonPropertyName("s")] string Symbol, [property: JsonPropertyName("b")] decimal Bid,
    [property: JsonPropertyName("B")] decimal BidQuantity, [property: JsonPropertyName("a")] decimal Ask, [property: JsonPropertyName("A")] decimal AskQuantity);

internal sealed record PartialBookMessage(
    [property: JsonPropertyName("lastUpdateId")] long LastUpdateId, [property: JsonPropertyName("bids")] List<List<decimal>> Bids, [property: JsonPropertyName("asks")] List<List<decimal>> Asks);

internal sealed record DiffMessage(
    [property: JsonPropertyName("E")] long EventTime, [property: JsonPropertyName("s")] string Symbol, [property: JsonPropertyName("U")] long FirstUpdateId,
    [property: JsonPropertyName("u")] long FinalUpdateId, [property: JsonPropertyName("b")] List<List<decimal>> Bids, [property: JsonPropertyName("a")] List<List<decimal>> Asks);

internal sealed record CandleMessage([property: JsonPropertyName("E")] long EventTime, [property: JsonPropertyName("s")] string Symbol, [property: JsonPropertyName("k")] CandleBody Candle);

internal sealed record CandleBody(
    [property: JsonPropertyName("t")] long OpenTime, [property: JsonPropertyName("T")] long CloseTime, [property: JsonPropertyName("i")] string Interval,
    [property: JsonPropertyName("f")] long FirstTradeId, [property: JsonPropertyName("L")] long LastTradeId, [property: JsonPropertyName("o")] decimal Open,
    [property: JsonPropertyName("c")] decimal Close, [property: JsonPropertyName("h")] decimal High, [property: JsonPropertyName("l")] decimal Low,
    [property: JsonPropertyName("v")] decimal Volume, [property: JsonPropertyName("n")] long Trades, [property: JsonPropertyName("x")] bool Closed,
    [property: JsonPropertyName("q")] decimal QuoteVolume, [property: JsonPropertyName("V")] decimal TakerVolume, [property: JsonPropertyName("Q")] decimal TakerQuoteVolume);

internal sealed record MarkPriceMessage(
    [property: JsonPropertyName("E")] long EventTime, [property: JsonPropertyName("s")] string Symbol, [property: JsonPropertyName("p")] decimal Mark,
    [property: JsonPropertyName("i")] decimal Index, [property: JsonPropertyName("P")] decimal Settle, [property: JsonPropertyName("r")] decimal FundingRate,
    [property: JsonPropertyName("T")] long NextFunding);

[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(Combined<TradeMessage>))]
[JsonSerializable(typeof(Combined<AggTradeMessage>))]
[JsonSerializable(typeof(Combined<TickerMessage>))]
[JsonSerializable(typeof(Combined<PartialBookMessage>))]
[JsonSerializable(typeof(Combined<DiffMessage>))]
[JsonSerializable(typeof(PartialBookMessage))]
[JsonSerializable(typeof(Combined<CandleMessage>))]
[JsonSerializable(typeof(Combined<MarkPriceMessage>))]
internal sealed partial class SerializerMessages : JsonSerializerContext;
