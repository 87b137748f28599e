using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Risk;

/// <summary>All that the gate looks at for one order, as it stood when the order was wanted.</summary>
public readonly ref struct RiskInput
{
    public required Instrument Instrument { get; init; }
    public required TradingState State { get; init; }
    public required Side Side { get; init; }
    public required OrderType Type { get; init; }
    public required Price Price { get; init; }
    public required Quantity Quantity { get; init; }
    public required bool BookIsTradable { get; init; }
    public required Price BestBid { get; init; }
    public required Price BestAsk { get; init; }

    /// <summary>Age of the newest book data, nanoseconds.</summary>
    public required long DataAgeNanos { get; init; }

    /// <summary>The position now; orders that are open or unknown come on top at their full size.</summary>
    public required Quantity Position { get; init; }

    public required Quantity OpenBuyQuantity { get; init; }
    public required Quantity OpenSellQuantity { get; init; }

    /// <summary>Open and unknown orders over all symbols.</summary>
    public required int OpenOrders { get; init; }

    /// <summary>Whether an order of this symbol has an unknown fate.</summary>
    public required bool HasUnknownOrder { get; init; }

    /// <summary>New orders within the last minute, over all symbols.</summary>
    public required int OrdersLastMinute { get; init; }

    /// <summary>Realised and unrealised result over all symbols, what earlier sessions left included.</summary>
    public required Notional Result { get; init; }
    public required bool GatewayIsReady { get; init; }

    /// <summary>Free quote asset as the exchange last said; null while it has not.</summary>
    public required Notional? FreeQuote { get; init; }
}

/// <summary>
/// The one gate that every order passes: a pure function of the limits and the moment. Whatever is missing or not finite is a refusal.
/// </summary>
public static class RiskGate
{
    public static RiskVerdict Check(in RiskInput order, RiskLimits limits)
    {
        if (order.Side == Side.None || order.Type is not (OrderType.Limit or OrderType.LimitMaker)) return RiskVerdict.Filter; // A price bounds every order.
        bool reduces = Reduces(order.Side, order.Position, order.Quantity, order.OpenSellQuantity, order.OpenBuyQuantity);
        if (order.State == TradingState.Halted) return RiskVerdict.Halted;
        if (order.State == TradingState.ReduceOnly && !reduces) return RiskVerdict.ReduceOnly;
        if (!order.GatewayIsReady) return RiskVerdict.GatewayNotReady;
        if (!order.Instrument.IsTrading) return RiskVerdict.NotTrading;
        if (!order.BookIsTradable) return RiskVerdict.BookNotTradable;
        if (order.BestBid.Raw <= 0 || order.BestAsk.Raw <= order.BestBid.Raw) return RiskVerdict.NoReferencePrice;
        if (order.DataAgeNanos < 0 || order.DataAgeNanos > limits.MaxDataAgeMillis * 1_000_000L) return RiskVerdict.StaleData;
        if (order.HasUnknownOrder) return RiskVerdict.UnknownOrder;

        if (CheckFilters(order.Instrument.Rules, order.Price, order.Quantity) is RiskVerdict filter and not RiskVerdict.Approved) return filter;
        if (!WithinCollar(order, limits.PriceCollarBasisPoints)) return RiskVerdict.PriceCollar;

        Notional value = order.Price * order.Quantity;
        if (!limits.MaxOrderQuantity.IsZero && order.Quantity > limits.MaxOrderQuantity) return RiskVerdict.QuantityLimit;
        if (!reduces && value > limits.MaxOrderNotional) return RiskVerdict.NotionalLimit;
        if (!reduces && ExposureAfter(order) > limits.MaxPositionNotional) return RiskVerdict.PositionLimit;
        if (order.OpenOrders >= limits.MaxOpenOrders) return RiskVerdict.OpenOrdersLimit;
        if (order.OrdersLastMinute >= limits.MaxOrdersPerMinute) return RiskVerdict.RateLimit;
        if (!reduces && order.Result < -limits.MaxLoss) return RiskVerdict.DailyLoss;
        if (order.Instrument.Market == Market.Spot)
        {
            if (order.Side == Side.Sell && !reduces) return RiskVerdict.Balance; // What one does not own one cannot sell on spot.
            if (order.Side == Side.Buy && order.FreeQuote is { } free && value > free) return RiskVerdict.Balance;
        }
        return RiskVerdict.Approved;
    }

    /// <summary>The exchange's own filters, so that it never has to refuse: price on the tick, quantity on the step, both in range, worth enough.</summary>
    public static RiskVerdict CheckFilters(TradingRules rules, Price price, Quantity quantity)
    {
        if (price.Raw <= 0 || quantity.Raw <= 0) return RiskVerdict.Filter;
        if (price.Raw % rules.TickSize.Raw != 0 || quantity.Raw % rules.StepSize.Raw != 0) return RiskVerdict.Filter;
        if (price < rules.MinPrice || (!rules.MaxPrice.IsZero && price > rules.MaxPrice)) return RiskVerdict.Filter;
        if (quantity < rules.MinQuantity || (!rules.MaxQuantity.IsZero && quantity > rules.MaxQuantity)) return RiskVerdict.Filter;
        return price * quantity < rules.MinNotional ? RiskVerdict.Filter : RiskVerdict.Approved;
    }

    /// <summary>Whether the order, and all that is open on its side, only brings the position nearer to zero.</summary>
    private static bool Reduces(Side side, Quantity position, Quantity quantity, Quantity openSell, Quantity openBuy) => side switch
    {
        Side.Sell => position.Raw > 0 && openSell + quantity <= position,
        Side.Buy => position.Raw < 0 && openBuy + quantity <= -position,
        _ => false,
    };

    private static bool WithinCollar(in RiskInput order, int basisPoints)
    {
        Int128 twiceMid = (Int128)order.BestBid.Raw + order.BestAsk.Raw;
        Int128 distance = Int128.Abs((2 * (Int128)order.Price.Raw) - twiceMid);
        return distance * 10_000 <= twiceMid * basisPoints;
    }

    /// <summary>The larger of the two exposures that the open orders and this one could lead to, at this order's price.</summary>
    private static Notional ExposureAfter(in RiskInput order)
    {
        Quantity longest = order.Position + order.OpenBuyQuantity + (order.Side == Side.Buy ? order.Quantity : Quantity.Zero);
        Quantity shortest = order.Position - order.OpenSellQuantity - (order.Side == Side.Sell ? order.Quantity : Quantity.Zero);
        Quantity largest = Quantity.Abs(longest) > Quantity.Abs(shortest) ? Quantity.Abs(longest) : Quantity.Abs(shortest);
        return order.Price * largest;
    }
}
