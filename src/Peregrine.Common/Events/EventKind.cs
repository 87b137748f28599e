namespace Peregrine.Common.Events;

/// <summary>
/// What an event says. Below 32 the market speaks, below 48 the shell, below 64 the account; from 64 on it is the core's own answer,
/// which a replay makes again and therefore does not feed.
/// </summary>
public enum EventKind : byte
{
    None = 0,

    AggTrade = 1,
    Trade = 2,
    Depth20 = 3,
    DepthDiff = 4,
    BookTicker = 5,
    Kline = 6,
    DepthSnapshot = 7,

    /// <summary>Mark and index price with the funding rate (USD-M); from the stream, or asked for over REST (<see cref="EventFlags.Polled"/>).</summary>
    MarkPrice = 8,

    /// <summary>An order that the exchange placed to close somebody's position (USD-M forceOrder).</summary>
    Liquidation = 9,

    /// <summary>Open contracts of a symbol (USD-M), asked for over REST.</summary>
    OpenInterest = 10,

    /// <summary>A process began: the core starts from nothing here.</summary>
    Session = 32,

    /// <summary>Time passed; the only clock the core has beside the stamps of events.</summary>
    Timer = 33,

    /// <summary>An operator's order (halt, arm, …).</summary>
    Command = 34,

    /// <summary>A connection to the exchange came up or went down.</summary>
    Line = 35,

    OrderReport = 48,
    Balance = 49,

    /// <summary>What a symbol's position was when an earlier process ended.</summary>
    Position = 50,

    /// <summary>
    /// A round of questions about the account began or ended (A = the round's number, B = <see cref="Orders.ReconcilePhase"/>, C = orders that the exchange
    /// had open). What was learned came in between as <see cref="OrderReport"/> and <see cref="Balance"/> events whose source is a query.
    /// </summary>
    Reconcile = 51,

    /// <summary>
    /// What the ledger of an earlier process expected of an asset, free and locked together (payload <see cref="BalanceUpdate"/>); with a symbol instead: the first
    /// trade id that no round has asked for (A), or, where C is 1, a trade that is in the ledger already (B).
    /// </summary>
    Holding = 52,

    /// <summary>The day's start, peak and latched levels of an earlier process (payload <see cref="Orders.RiskMemory"/>).</summary>
    RiskMemory = 53,

    /// <summary>What the exchange demands of orders on the symbol, and whether it takes any (payload <see cref="RulesRecord"/>); when a session begins, and whenever they were asked for.</summary>
    Rules = 54,

    /// <summary>Market data was missed or a book broke: a recorded fact.</summary>
    Gap = 64,

    /// <summary>What a strategy wanted and what the risk gate said.</summary>
    Decision = 65,

    /// <summary>An order on its way to the exchange, written before its bytes leave.</summary>
    OrderIntent = 66,

    /// <summary>A cancel on its way to the exchange.</summary>
    CancelIntent = 67,
}

/// <summary>Texts and classes of the kinds.</summary>
public static class EventKinds
{
    /// <summary>Every kind that market data has, in the order of their numbers.</summary>
    public static ReadOnlySpan<EventKind> Market =>
        [EventKind.AggTrade, EventKind.Trade, EventKind.Depth20, EventKind.DepthDiff, EventKind.BookTicker, EventKind.Kline, EventKind.DepthSnapshot,
            EventKind.MarkPrice, EventKind.Liquidation, EventKind.OpenInterest];

    /// <summary>Every kind there is, in the order of their numbers.</summary>
    public static ReadOnlySpan<EventKind> All =>
    [
        EventKind.AggTrade, EventKind.Trade, EventKind.Depth20, EventKind.DepthDiff, EventKind.BookTicker, EventKind.Kline, EventKind.DepthSnapshot,
        EventKind.MarkPrice, EventKind.Liquidation, EventKind.OpenInterest,
        EventKind.Session, EventKind.Timer, EventKind.Command, EventKind.Line, EventKind.OrderReport, EventKind.Balance, EventKind.Position,
        EventKind.Reconcile, EventKind.Holding, EventKind.RiskMemory, EventKind.Rules,
        EventKind.Gap, EventKind.Decision, EventKind.OrderIntent, EventKind.CancelIntent,
    ];

    /// <summary>The name in JSON results, files and flags: aggTrade, depthDiff, orderReport.</summary>
    public static string Text(this EventKind kind) => kind switch
    {
        EventKind.AggTrade => "aggTrade",
        EventKind.Trade => "trade",
        EventKind.Depth20 => "depth20",
        EventKind.DepthDiff => "depthDiff",
        EventKind.BookTicker => "bookTicker",
        EventKind.Kline => "kline",
        EventKind.DepthSnapshot => "depthSnapshot",
        EventKind.MarkPrice => "markPrice",
        EventKind.Liquidation => "liquidation",
        EventKind.OpenInterest => "openInterest",
        EventKind.Session => "session",
        EventKind.Timer => "timer",
        EventKind.Command => "command",
        EventKind.Line => "line",
        EventKind.OrderReport => "orderReport",
        EventKind.Balance => "balance",
        EventKind.Position => "position",
        EventKind.Reconcile => "reconcile",
        EventKind.Holding => "holding",
        EventKind.RiskMemory => "riskMemory",
        EventKind.Rules => "rules",
        EventKind.Gap => "gap",
        EventKind.Decision => "decision",
        EventKind.OrderIntent => "orderIntent",
        EventKind.CancelIntent => "cancelIntent",
        _ => "none",
    };

    public static bool TryParse(string text, out EventKind kind)
    {
        foreach (EventKind candidate in All)
        {
            if (candidate.Text() == text)
            {
                kind = candidate;
                return true;
            }
        }
        kind = EventKind.None;
        return false;
    }

    /// <summary>Whether all five words behind the header are the kind's own fields, and there is no payload.</summary>
    public static bool IsFlat(this EventKind kind) =>
        kind is EventKind.Trade or EventKind.AggTrade or EventKind.BookTicker or EventKind.MarkPrice or EventKind.Liquidation or EventKind.OpenInterest;

    public static bool IsMarket(this EventKind kind) => kind is > EventKind.None and < EventKind.Session;

    /// <summary>Whether the core answers with it rather than being told it.</summary>
    public static bool IsOutput(this EventKind kind) => kind >= EventKind.Gap;
}

/// <summary>Yes-or-no facts of an event.</summary>
[Flags]
public enum EventFlags : byte
{
    None = 0,

    /// <summary>Trades: the buyer was resting, so the taker sold.</summary>
    BuyerIsMaker = 1,

    /// <summary>Trades: not a trade of the market (USD-M <c>X</c> other than MARKET, or price zero); candles leave it out.</summary>
    OffMarket = 2,

    /// <summary>Klines: the candle is complete.</summary>
    Closed = 4,

    /// <summary>Liquidations: the forced order sells, so a long position was closed.</summary>
    Sell = 8,

    /// <summary>It was asked for over REST rather than pushed.</summary>
    Polled = 16,

    /// <summary>The rest of the event lies in the ring's payload words.</summary>
    HasPayload = 128,
}
