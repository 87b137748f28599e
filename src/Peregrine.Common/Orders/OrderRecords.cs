using System.Runtime.InteropServices;

namespace Peregrine.Common.Orders;

/// <summary>Types of order, Binance's own names.</summary>
public enum OrderType : byte
{
    None = 0,
    Limit = 1,
    LimitMaker = 2,
    Market = 3,
    StopLoss = 4,
    StopLossLimit = 5,
    TakeProfit = 6,
    TakeProfitLimit = 7,

    /// <summary>One that we do not know yet; its order is still tracked.</summary>
    Other = 255,
}

public enum TimeInForce : byte
{
    None = 0,
    GoodTillCancel = 1,
    ImmediateOrCancel = 2,
    FillOrKill = 3,
}

/// <summary>Where an order stands. Unknown is the exposure that must be assumed whole.</summary>
public enum OrderStatus : byte
{
    None = 0,

    /// <summary>Written down, not sent.</summary>
    Intent = 1,

    /// <summary>Its bytes left; no answer yet.</summary>
    Sent = 2,
    New = 3,
    PartiallyFilled = 4,

    /// <summary>No answer, or none that can be trusted: it may be live.</summary>
    Unknown = 5,
    Filled = 6,
    Canceled = 7,
    Rejected = 8,
    Expired = 9,

    /// <summary>Proved never to have reached the exchange.</summary>
    Absent = 10,
}

/// <summary>What a report tells.</summary>
public enum ReportType : byte
{
    None = 0,
    New = 1,
    Trade = 2,
    Canceled = 3,
    Rejected = 4,
    Expired = 5,
    Replaced = 6,

    /// <summary>The order's state as a query showed it.</summary>
    Status = 7,

    /// <summary>We asked to cancel and the exchange refused.</summary>
    CancelRejected = 8,

    /// <summary>No reply, or one that says nothing certain.</summary>
    Unknown = 9,

    /// <summary>Self-trade prevention took something off.</summary>
    Prevented = 10,
}

/// <summary>Who told us.</summary>
public enum ReportSource : byte
{
    None = 0,
    Stream = 1,
    Reply = 2,
    Query = 3,

    /// <summary>Ourselves: a refusal of the gateway, a time-out.</summary>
    Local = 4,
}

/// <summary>One fact about one order, from whichever source. Payload of <see cref="Events.EventKind.OrderReport"/>; the symbol is the event's.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OrderReport
{
    /// <summary>Our id of the order (the original one where the wire has two).</summary>
    public ClientOrderId ClientId;

    public AssetCode CommissionAsset;
    public long ExchangeOrderId;

    /// <summary>The fill's trade id, -1 where this is no fill.</summary>
    public long TradeId;

    public Price Price;
    public Quantity Quantity;
    public Price LastPrice;
    public Quantity LastQuantity;
    public Quantity CumulativeQuantity;
    public long CumulativeQuoteUnits;
    public long CommissionUnits;
    public long TransactionTimeMicros;

    /// <summary>Binance's error code (negative), 0 for none.</summary>
    public int ErrorCode;

    public ReportType Report;
    public OrderStatus Status;
    public ReportSource Source;
    public Side Side;
    public OrderType Type;
    public TimeInForce TimeInForce;
    public byte IsMaker;
    private readonly byte _reserved0;
    private readonly int _reserved1;
}

/// <summary>An order that the risk gate let through. Payload of <see cref="Events.EventKind.OrderIntent"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OrderIntent
{
    public ClientOrderId ClientId;

    /// <summary>The arrival sequence of the event that caused it.</summary>
    public long CauseSequence;

    public Price Price;
    public Quantity Quantity;
    public int StrategyId;
    public Side Side;
    public OrderType Type;
    public TimeInForce TimeInForce;
    private readonly byte _reserved;
}

/// <summary>Which part an order plays in an order list; also C of its OrderIntent event, with the stop price in A and the list's number in B.</summary>
public enum ListRole : byte
{
    /// <summary>It stands alone.</summary>
    None = 0,

    /// <summary>The first order of an OTO or OTOCO: its whole fill places the others.</summary>
    Working = 1,

    /// <summary>The leg above the price of an OCO (a sell's profit, a short's stop).</summary>
    Above = 2,

    /// <summary>The leg below it.</summary>
    Below = 3,
}

/// <summary>
/// An OCO, OTO or OTOCO: legs whose client id is empty are not there. OCO: Above and Below. OTO: Working and Above (the pending order). OTOCO: all three.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct OrderListIntent
{
    public ClientOrderId ListId;
    public OrderIntent Working;
    public OrderIntent Above;
    public OrderIntent Below;

    /// <summary>Where the leg becomes active; zero for a leg that rests at its own price (LIMIT_MAKER).</summary>
    public Price AboveStop;
    public Price BelowStop;
}

/// <summary>Where a round of questions about the account stands.</summary>
public enum ReconcilePhase : byte
{
    None = 0,

    /// <summary>The first question left.</summary>
    Begun = 1,

    /// <summary>Every answer came, and all of it was published.</summary>
    Done = 2,

    /// <summary>An answer did not come or said nothing: nothing may be concluded.</summary>
    Failed = 3,
}

/// <summary>What must outlive a process so that a restart resets no limit. Payload of <see cref="Events.EventKind.RiskMemory"/>; amounts are 1e-16 quote units in two halves.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RiskMemory
{
    /// <summary>Days since 1970 (UTC) that the day's start belongs to.</summary>
    public long Day;

    /// <summary>The result when the day began.</summary>
    public ulong DayStartHigh;
    public ulong DayStartLow;

    /// <summary>The highest result ever.</summary>
    public ulong PeakHigh;
    public ulong PeakLow;
}

/// <summary>A cancel of one of our orders. Payload of <see cref="Events.EventKind.CancelIntent"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CancelIntent
{
    public ClientOrderId ClientId;
    public long ExchangeOrderId;
    public long CauseSequence;
}

/// <summary>What the risk gate said. Zero is not an approval.</summary>
public enum RiskVerdict : byte
{
    None = 0,
    Approved = 1,
    Halted = 2,
    ReduceOnly = 3,
    BookNotTradable = 4,
    StaleData = 5,
    NoReferencePrice = 6,
    PriceCollar = 7,
    QuantityLimit = 8,
    NotionalLimit = 9,
    PositionLimit = 10,
    OpenOrdersLimit = 11,
    UnknownOrder = 12,
    RateLimit = 13,
    Filter = 14,
    DailyLoss = 15,
    ModelOutput = 16,
    GatewayNotReady = 17,
    Duplicate = 18,
    Balance = 19,
    NotTrading = 20,

    /// <summary>The exchange's clock and ours differ by more than may be, or nobody knows by how much.</summary>
    ClockOffset = 21,

    /// <summary>Since the connection came up, or since a doubt arose, the account was not compared with our ledger.</summary>
    NotReconciled = 22,

    /// <summary>It would meet an open order of our own.</summary>
    SelfTrade = 23,

    /// <summary>Positions and open orders of all symbols together.</summary>
    GrossExposure = 24,
    Drawdown = 25,

    /// <summary>Too many orders since the last fill.</summary>
    OrdersWithoutFill = 26,

    /// <summary>The model's answer is older than it may be.</summary>
    ModelStale = 27,
    SymbolOrdersLimit = 28,

    /// <summary>The price is too far from that of a moment ago, or from the last trade's, to be believed yet.</summary>
    PriceJump = 29,
}

/// <summary>What a strategy wanted for a symbol and what came of it. Payload of <see cref="Events.EventKind.Decision"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DecisionRecord
{
    /// <summary>The arrival sequence of the event that caused it.</summary>
    public long CauseSequence;

    /// <summary>A hash of the features the model was shown.</summary>
    public ulong InputHash;

    public Quantity Position;
    public Quantity TargetPosition;

    /// <summary>The order price that was wanted; zero where none was.</summary>
    public Price Price;

    public Quantity OrderQuantity;
    public float DownProbability;
    public float FlatProbability;
    public float UpProbability;
    public int StrategyId;
    public RiskVerdict Verdict;
    public Side Side;
    private readonly ushort _reserved0;
    private readonly int _reserved1;
}

/// <summary>A position as a session takes it over from the one before. Payload of <see cref="Events.EventKind.Position"/>; amounts are 1e-16 quote units in two halves.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PositionRecord
{
    public Quantity Quantity;
    public ulong CostHigh;
    public ulong CostLow;
    public ulong RealisedHigh;
    public ulong RealisedLow;
    public ulong QuoteFeesHigh;
    public ulong QuoteFeesLow;
    public Quantity BaseFees;
    public long OtherFeeUnits;
    public long Fills;
}
