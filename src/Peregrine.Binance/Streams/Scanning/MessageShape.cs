using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Which scanner reads a shape: the values that it has, and their order.</summary>
internal enum ScanProgram : byte
{
    None = 0,
    AggTrade = 1,
    Trade = 2,
    FuturesTrade = 3,
    Ticker = 4,
    Diff = 5,
    PartialBook = 6,
    Candle = 7,
    MarkPrice = 8,
    ForcedOrder = 9,
}

/// <summary>
/// A message as Binance sends it, without the envelope: every byte of it is fixed but the values. Those are marked: ~ a time, # another whole number,
/// % a decimal, - one that may be negative, ? true or false, * the levels of a side, ! BUY or SELL; $ stands for the symbol.
/// </summary>
internal sealed record MessageShape(Market Market, EventKind Kind, ScanProgram Program, string Text, EventFlags Flags = EventFlags.None)
{
    public const string Marks = "~#%-?*!";

    /// <summary>Every shape that was seen, the newest first. Whatever looks otherwise is read by the general decoder.</summary>
    public static readonly MessageShape[] Known =
    [
        new(Market.Spot, EventKind.AggTrade, ScanProgram.AggTrade, """
            "e":"aggTrade","E":~,"s":"$","a":#,"p":"%","q":"%","f":#,"l":#,"T":~,"m":?,"M":true
            """),
        new(Market.Spot, EventKind.Trade, ScanProgram.Trade, """
            "e":"trade","E":~,"s":"$","t":#,"p":"%","q":"%","T":~,"m":?,"M":true
            """),
        new(Market.Spot, EventKind.Trade, ScanProgram.Trade, """
            "e":"trade","E":~,"s":"$","t":#,"p":"%","q":"%","b":#,"a":#,"T":~,"m":?,"M":true
            """), // With the orders' ids, until 2023.
        new(Market.Spot, EventKind.BookTicker, ScanProgram.Ticker, """
            "u":#,"s":"$","b":"%","B":"%","a":"%","A":"%"
            """),
        new(Market.Spot, EventKind.DepthDiff, ScanProgram.Diff, """
            "e":"depthUpdate","E":~,"s":"$","U":#,"u":#,"b":*,"a":*
            """),
        new(Market.Spot, EventKind.Depth20, ScanProgram.PartialBook, """
            "lastUpdateId":#,"bids":*,"asks":*
            """),
        new(Market.Spot, EventKind.Kline, ScanProgram.Candle, """
            "e":"kline","E":~,"s":"$","k":{"t":~,"T":~,"s":"$","i":"1m","f":#,"L":#,"o":"%","c":"%","h":"%","l":"%","v":"%","n":#,"x":?,"q":"%","V":"%","Q":"%","B":"%"}
            """),

        new(Market.UsdMargined, EventKind.AggTrade, ScanProgram.AggTrade, """
            "e":"aggTrade","E":~,"a":#,"s":"$","p":"%","q":"%","nq":"%","f":#,"l":#,"T":~,"m":?,"st":1
            """), // Live, 2026.
        new(Market.UsdMargined, EventKind.AggTrade, ScanProgram.AggTrade, """
            "e":"aggTrade","E":~,"s":"$","a":#,"p":"%","q":"%","nq":"%","f":#,"l":#,"T":~,"m":?,"st":1
            """), // The documentation, 2026.
        new(Market.UsdMargined, EventKind.AggTrade, ScanProgram.AggTrade, """
            "e":"aggTrade","E":~,"a":#,"s":"$","p":"%","q":"%","f":#,"l":#,"T":~,"m":?
            """), // Live, until 2025.
        new(Market.UsdMargined, EventKind.AggTrade, ScanProgram.AggTrade, """
            "e":"aggTrade","E":~,"s":"$","a":#,"p":"%","q":"%","f":#,"l":#,"T":~,"m":?
            """),
        new(Market.UsdMargined, EventKind.Trade, ScanProgram.FuturesTrade, """
            "e":"trade","E":~,"T":~,"s":"$","t":#,"p":"%","q":"%","X":"MARKET","m":?
            """),
        new(Market.UsdMargined, EventKind.Trade, ScanProgram.FuturesTrade, """
            "e":"trade","E":~,"T":~,"s":"$","t":#,"p":"%","q":"%","X":"INSURANCE_FUND","m":?
            """, EventFlags.OffMarket),
        new(Market.UsdMargined, EventKind.Trade, ScanProgram.FuturesTrade, """
            "e":"trade","E":~,"T":~,"s":"$","t":#,"p":"%","q":"%","X":"MARKET","m":?,"st":1
            """),
        new(Market.UsdMargined, EventKind.BookTicker, ScanProgram.Ticker, """
            "e":"bookTicker","u":#,"s":"$","ps":"$","b":"%","B":"%","a":"%","A":"%","T":~,"E":~,"st":1
            """), // Live, 2026.
        new(Market.UsdMargined, EventKind.BookTicker, ScanProgram.Ticker, """
            "e":"bookTicker","u":#,"s":"$","b":"%","B":"%","a":"%","A":"%","T":~,"E":~
            """), // Live, until 2025.
        new(Market.UsdMargined, EventKind.BookTicker, ScanProgram.Ticker, """
            "e":"bookTicker","u":#,"E":~,"T":~,"s":"$","b":"%","B":"%","a":"%","A":"%"
            """), // The documentation.
        new(Market.UsdMargined, EventKind.DepthDiff, ScanProgram.Diff, """
            "e":"depthUpdate","E":~,"T":~,"s":"$","ps":"$","U":#,"u":#,"pu":#,"b":*,"a":*,"st":1
            """), // Live, 2026.
        new(Market.UsdMargined, EventKind.DepthDiff, ScanProgram.Diff, """
            "e":"depthUpdate","E":~,"T":~,"s":"$","U":#,"u":#,"pu":#,"b":*,"a":*
            """), // Live, until 2025, and the documentation.
        new(Market.UsdMargined, EventKind.Depth20, ScanProgram.Diff, """
            "e":"depthUpdate","E":~,"T":~,"s":"$","ps":"$","U":#,"u":#,"pu":#,"b":*,"a":*,"st":1
            """),
        new(Market.UsdMargined, EventKind.Depth20, ScanProgram.Diff, """
            "e":"depthUpdate","E":~,"T":~,"s":"$","U":#,"u":#,"pu":#,"b":*,"a":*
            """),
        new(Market.UsdMargined, EventKind.Kline, ScanProgram.Candle, """
            "e":"kline","E":~,"s":"$","k":{"t":~,"T":~,"s":"$","i":"1m","f":#,"L":#,"o":"%","c":"%","h":"%","l":"%","v":"%","n":#,"x":?,"q":"%","V":"%","Q":"%","B":"%"}
            """),
        new(Market.UsdMargined, EventKind.Kline, ScanProgram.Candle, """
            "e":"kline","E":~,"s":"$","k":{"t":~,"T":~,"s":"$","i":"1m","f":#,"L":#,"o":"%","c":"%","h":"%","l":"%","v":"%","n":#,"x":?,"q":"%","V":"%","Q":"%","B":"%"},"st":1
            """),
        new(Market.UsdMargined, EventKind.MarkPrice, ScanProgram.MarkPrice, """
            "e":"markPriceUpdate","E":~,"s":"$","p":"%","i":"%","P":"%","r":"-","ap":"%","T":~,"st":1
            """), // 2026.
        new(Market.UsdMargined, EventKind.MarkPrice, ScanProgram.MarkPrice, """
            "e":"markPriceUpdate","E":~,"s":"$","p":"%","i":"%","P":"%","r":"-","T":~
            """), // The documentation until then.
        new(Market.UsdMargined, EventKind.MarkPrice, ScanProgram.MarkPrice, """
            "e":"markPriceUpdate","E":~,"s":"$","p":"%","P":"%","i":"%","r":"-","T":~
            """), // Live, 2023.
        new(Market.UsdMargined, EventKind.Liquidation, ScanProgram.ForcedOrder, """
            "e":"forceOrder","E":~,"o":{"s":"$","S":"!","o":"LIMIT","f":"IOC","q":"%","p":"%","ap":"%","X":"FILLED","l":"%","z":"%","T":~,"ps":"$","st":1}
            """), // Live, 2026.
        new(Market.UsdMargined, EventKind.Liquidation, ScanProgram.ForcedOrder, """
            "e":"forceOrder","E":~,"o":{"s":"$","S":"!","o":"LIMIT","f":"IOC","q":"%","p":"%","ap":"%","X":"FILLED","l":"%","z":"%","T":~}
            """),
    ];
}
