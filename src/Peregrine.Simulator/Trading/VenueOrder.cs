using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Trading;

/// <summary>An order of ours, as the exchange keeps it. Prices, quantities and money are whole 1e-8 units.</summary>
internal sealed class VenueOrder
{
    public required long Id { get; init; }
    public required string ClientId { get; set; }
    public required Instrument Instrument { get; init; }
    public required Side Side { get; init; }
    public required OrderType Type { get; init; }
    public TimeInForce TimeInForce { get; init; } = TimeInForce.GoodTillCancel;

    /// <summary>The limit; 0 for a market order.</summary>
    public long Price { get; init; }

    public long Quantity { get; set; }

    /// <summary>Quote money to spend or get, 0 where the quantity counts.</summary>
    public long QuoteQuantity { get; init; }

    /// <summary>The most that an order for quote money may sell: what the account has. 0 for no bound.</summary>
    public long QuantityBound { get; set; }

    /// <summary>Where it becomes active; 0 for an order that is at once.</summary>
    public long StopPrice { get; init; }

    /// <summary>The list that it belongs to.</summary>
    public OrderList? List { get; set; }

    /// <summary>Whether it waits for its list's working order to fill.</summary>
    public bool IsPending { get; set; }

    /// <summary>Whether its stop price was reached.</summary>
    public bool IsTriggered { get; set; }

    /// <summary>When it became active; -1 while it is not.</summary>
    public long WorkingMicros { get; set; } = -1;

    public bool IsStop => Type is OrderType.StopLoss or OrderType.StopLossLimit or OrderType.TakeProfit or OrderType.TakeProfitLimit;

    /// <summary>Whether it takes any price once it is active.</summary>
    public bool IsMarket => Type is OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit;

    /// <summary>Whether the market must rise to reach the stop price.</summary>
    public bool TriggersAbove => Type is OrderType.StopLoss or OrderType.StopLossLimit == (Side == Side.Buy);

    /// <summary>Whether it is in the book, or has been.</summary>
    public bool IsWorking => !IsPending && (!IsStop || IsTriggered);

    /// <summary>What must be set aside for what is left of it.</summary>
    public long Need => Side == Side.Sell ? Remaining : Money.QuoteCeiling(Price > 0 ? Price : StopPrice > 0 ? StopPrice : Trailing?.Level ?? 0, Remaining);

    public long TimeMicros { get; init; }
    public long UpdatedMicros { get; set; }
    public OrderStatus Status { get; set; } = OrderStatus.New;
    public long Executed { get; set; }
    public long ExecutedQuote { get; set; }
    public long Remaining => Quantity - Executed - Prevented;
    public bool IsOpen => Status is OrderStatus.New or OrderStatus.PartiallyFilled;

    /// <summary>What is set aside for it: quote money to buy, base to sell.</summary>
    public long Locked { get; set; }

    /// <summary>In the fill model: how much stood before us at our price and has not traded yet; below 0 while nothing is known of it.</summary>
    public long QueueAhead { get; set; }

    public List<Fill> Fills { get; } = [];

    /// <summary>How its quantity was made smaller, oldest first.</summary>
    public List<Amendment> Amendments { get; } = [];

    /// <summary>The number of the last event of it.</summary>
    public long ExecutionId { get; set; }

    /// <summary>What happens when it would meet an order of its own account.</summary>
    public SelfTradePrevention Prevention { get; init; }

    /// <summary>How much of it self-trade prevention took away.</summary>
    public long Prevented { get; set; }

    /// <summary>How much of it that was the last time.</summary>
    public long LastPrevented { get; set; }
    public PreventedMatch? LastPreventedMatch { get; set; }

    /// <summary>What it did not trade as a taker.</summary>
    public List<PreventedMatch> PreventedMatches { get; } = [];

    /// <summary>Whether self-trade prevention ended it.</summary>
    public bool IsExpiredInMatch { get; set; }

    /// <summary>Why it expired, in the exchange's word.</summary>
    public string? ExpiryReason { get; set; }

    /// <summary>Whose it is.</summary>
    public OrderDesk? Owner { get; init; }

    /// <summary>What the sender calls its strategy.</summary>
    public long? StrategyId { get; init; }
    public long? StrategyType { get; init; }

    /// <summary>How much of it the book shows at a time; 0 for all.</summary>
    public long IcebergQuantity { get; init; }

    /// <summary>How far behind the best price since it began to follow its trigger is, in basis points; 0 for none.</summary>
    public int TrailingDelta { get; init; }

    /// <summary>The trigger that follows the market; null where it stands still.</summary>
    public TrailingStop? Trailing => TrailingDelta == 0 ? null : field ??= new TrailingStop(TrailingDelta, TriggersAbove);

    /// <summary>Whether its quantity is what its list's working order will have bought.</summary>
    public bool IsUnknownQuantity { get; set; }

    public Remainder Remainder => Type switch
    {
        OrderType.LimitMaker => Remainder.OnlyRests,
        OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit => Remainder.Expires,
        _ => TimeInForce switch
        {
            TimeInForce.ImmediateOrCancel => Remainder.Expires,
            TimeInForce.FillOrKill => Remainder.FillsWhollyOrExpires,
            _ => Remainder.Rests,
        },
    };

    public string LockedAsset => Side == Side.Buy ? Instrument.QuoteAsset : Instrument.BaseAsset;
    public string ReceivedAsset => Side == Side.Buy ? Instrument.BaseAsset : Instrument.QuoteAsset;
}

/// <summary>One fill of an order of ours.</summary>
internal readonly record struct Fill(long TradeId, long Price, long Quantity, long Quote, long Commission, string CommissionAsset, bool IsMaker, long TimeMicros);

/// <summary>Hears of the fills of orders of ours.</summary>
internal interface IFillListener
{
    /// <param name="tradeId">The market's trade id; -1 lets the listener number it.</param>
    void OnFill(VenueOrder order, long price, long quantity, bool isMaker, long tradeId);

    /// <summary>Self-trade prevention kept one of ours from trading; where orders of ours never meet, that does not happen.</summary>
    void OnPrevented(VenueOrder order, PreventedMatch match)
    {
    }
}

/// <summary>Where orders of ours meet a market: a matching engine, or the fill model over a recorded or live one.</summary>
internal interface IOrderVenue
{
    /// <summary>The last price, for the value of a market order; 0 when there is none.</summary>
    long LastPrice(Instrument instrument);

    /// <summary>The symbol with the rules that hold for it now.</summary>
    Instrument Current(Instrument instrument) => instrument;

    /// <summary>The volume-weighted price of the last minutes; the last one where that is not known.</summary>
    long AveragePrice(Instrument instrument) => LastPrice(instrument);

    bool WouldTake(Instrument instrument, Side side, long price);

    /// <summary>What taking the quantity would move in quote money now; false when the book holds less than that.</summary>
    bool TryQuote(Instrument instrument, Side side, long quantity, out long quoteUnits);

    /// <summary>Matches the order; fills come to the listener inside the call, and later while it rests. True when a rest of it stays in the book.</summary>
    bool Execute(VenueOrder order, IFillListener listener);

    /// <summary>Called when a symbol has traded, with the lowest and the highest price of it; null where nobody is told, and stop orders cannot be.</summary>
    Action<Instrument, long, long>? Traded
    {
        get => null;
        set
        {
            // Nobody is told.
        }
    }

    /// <summary>Takes a resting order out.</summary>
    void Remove(VenueOrder order);

    /// <summary>A resting order has a smaller rest now, and keeps its place.</summary>
    void Shrink(VenueOrder order);
}
