using System.Runtime.InteropServices;

namespace Peregrine.Common.Events;

/// <summary>
/// One input or output of the core: 64 bytes, no references, the same in the ring, in a replay and in tests. Its arrival sequence is its
/// position in the ring and costs no bytes. Kinds with <see cref="EventFlags.HasPayload"/> keep the rest in payload words (64-bit each) that
/// <see cref="PayloadPosition"/> points to.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct MarketEvent
{
    public const int SizeBytes = 64;

    [FieldOffset(0)] public EventKind Kind;
    [FieldOffset(1)] public EventFlags Flags;
    [FieldOffset(2)] public SymbolId Symbol;

    /// <summary>Exchange event time minus transaction time, microseconds: 0 where the wire has only one of them.</summary>
    [FieldOffset(4)] public int TransactionLagMicros;

    /// <summary>The exchange's event time (E), microseconds since 1970; 0 where the wire has none (spot bookTicker, spot depth20).</summary>
    [FieldOffset(8)] public long ExchangeTimeMicros;

    /// <summary>Our clock when the bytes were read, nanoseconds since 1970.</summary>
    [FieldOffset(16)] public long ReceiveTimeNanos;

    /// <summary>AggTrade and Trade.</summary>
    [FieldOffset(24)] public TradeFields Trade;

    /// <summary>BookTicker.</summary>
    [FieldOffset(24)] public BookTickerFields Ticker;

    /// <summary>Depth20, DepthDiff and DepthSnapshot; the levels are the payload, bids first.</summary>
    [FieldOffset(24)] public DepthFields Depth;

    /// <summary>MarkPrice.</summary>
    [FieldOffset(24)] public MarkPriceFields Mark;

    /// <summary>Liquidation.</summary>
    [FieldOffset(24)] public LiquidationFields Liquidation;

    /// <summary>OpenInterest.</summary>
    [FieldOffset(24)] public OpenInterestFields Interest;

    /// <summary>Where the payload words begin; a position of the ring that only it can turn into memory.</summary>
    [FieldOffset(24)] public long PayloadPosition;

    /// <summary>How many payload words there are.</summary>
    [FieldOffset(32)] public int PayloadWords;

    /// <summary>Free numbers of kinds that have no shape of their own (Timer, Line, Command, Gap, Session).</summary>
    [FieldOffset(40)] public PlainFields Plain;

    /// <summary>The exchange's transaction time (T), microseconds since 1970; the event time where the wire has no other.</summary>
    public readonly long TransactionTimeMicros => ExchangeTimeMicros - TransactionLagMicros;

    public readonly bool HasPayload => (Flags & EventFlags.HasPayload) != 0;
}

/// <summary>A trade, or an aggregate of the fills of one taker order at one price.</summary>
public struct TradeFields
{
    /// <summary>The trade's id, or the aggregate's.</summary>
    public long Id;

    public Price Price;
    public Quantity Quantity;

    /// <summary>The first and last trade in it; a single trade has its own id in both.</summary>
    public long FirstTradeId;

    public long LastTradeId;
}

/// <summary>The best bid and ask after one book update.</summary>
public struct BookTickerFields
{
    public long UpdateId;
    public Price BidPrice;
    public Quantity BidQuantity;
    public Price AskPrice;
    public Quantity AskQuantity;
}

/// <summary>What positions are valued at, and what holding them costs.</summary>
public struct MarkPriceFields
{
    public Price Mark;
    public Price Index;

    /// <summary>The price that a settlement now would use; zero where the exchange says none.</summary>
    public Price EstimatedSettle;

    /// <summary>What longs pay shorts at the next funding, 1e-8 of the position's value; negative where shorts pay.</summary>
    public long FundingRateUnits;

    /// <summary>Microseconds since 1970.</summary>
    public long NextFundingTimeMicros;
}

/// <summary>A forced order as the exchange reports it, at most one a second for each symbol. Its side is <see cref="EventFlags.Sell"/>.</summary>
public struct LiquidationFields
{
    public Price Price;
    public Price AveragePrice;
    public Quantity Quantity;

    /// <summary>Of the last fill.</summary>
    public Quantity LastQuantity;

    /// <summary>Filled so far.</summary>
    public Quantity FilledQuantity;
}

/// <summary>Contracts that are open, in the base asset.</summary>
public struct OpenInterestFields
{
    public Quantity Contracts;
}

/// <summary>Levels of a book and the update ids that place them.</summary>
public struct DepthFields
{
    public long PayloadPosition;
    public int PayloadWords;
    public int BidCount;

    /// <summary>DepthDiff: U. Otherwise 0.</summary>
    public long FirstUpdateId;

    /// <summary>DepthDiff: u. Depth20 and DepthSnapshot: lastUpdateId (USD-M depth20: u).</summary>
    public long FinalUpdateId;

    /// <summary>USD-M diffs: pu, the final id of the update before. Spot: 0.</summary>
    public long PreviousFinalUpdateId;

    public readonly int AskCount => (PayloadWords / Level.Words) - BidCount;
}

/// <summary>Numbers whose meaning the kind gives.</summary>
public struct PlainFields
{
    public long A;
    public long B;
    public long C;
}

/// <summary>One price of a book with the quantity that rests there; quantity zero removes it.</summary>
public readonly record struct Level(Price Price, Quantity Quantity)
{
    /// <summary>Payload words a level takes.</summary>
    public const int Words = 2;
}
