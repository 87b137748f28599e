namespace Peregrine.Common.Orders;

/// <summary>The numbers of a new order that filters look at. Zero is "not sent".</summary>
public readonly record struct OrderShape
{
    public Side Side { get; init; }
    public OrderType Type { get; init; }
    public Price Price { get; init; }
    public Price StopPrice { get; init; }
    public Quantity Quantity { get; init; }

    /// <summary>Quote money to spend or get, whole 1e-8 units: market orders only, instead of the quantity.</summary>
    public long QuoteUnits { get; init; }

    public Quantity IcebergQuantity { get; init; }

    /// <summary>In basis points.</summary>
    public int TrailingDelta { get; init; }

    public bool IsMarket => Type is OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit;
    public bool IsAlgo => Type is OrderType.StopLoss or OrderType.StopLossLimit or OrderType.TakeProfit or OrderType.TakeProfitLimit;
    public bool IsIceberg => !IcebergQuantity.IsZero;

    /// <summary>Whether the trigger lies above the market: a buy's stop, a sell's profit.</summary>
    public bool TriggersAbove => Type is OrderType.StopLoss or OrderType.StopLossLimit == (Side == Side.Buy);
}

/// <summary>What stands around a new order. A price of zero is unknown, and what it would decide is let through.</summary>
public readonly record struct FilterContext
{
    /// <summary>The symbol's own reference price, where the exchange has set one: it goes before the others.</summary>
    public Price ReferencePrice { get; init; }

    public Price LastPrice { get; init; }

    /// <summary>The volume-weighted average over the filter's minutes.</summary>
    public Price AveragePrice { get; init; }

    /// <summary>What is open on the symbol, the new order not counted.</summary>
    public int OpenOrders { get; init; }
    public int OpenAlgoOrders { get; init; }
    public int OpenIcebergOrders { get; init; }

    /// <summary>What is open on the whole exchange.</summary>
    public int ExchangeOpenOrders { get; init; }
    public int ExchangeOpenAlgoOrders { get; init; }
    public int ExchangeOpenIcebergOrders { get; init; }

    /// <summary>The base asset held, free and locked.</summary>
    public Quantity BaseHeld { get; init; }

    /// <summary>What open buy orders may still add.</summary>
    public Quantity OpenBuyQuantity { get; init; }
}

/// <summary>The exchange's filters, in exact integers and without allocation: one implementation for the exchange on the desk and for the gate before the real one.</summary>
public static class OrderFilters
{
    /// <summary>The first filter that fails, in the exchange's order; <see cref="OrderFilter.None"/> when all pass.</summary>
    public static OrderFilter Check(TradingRules rules, in OrderShape order, in FilterContext context)
    {
        if (!IsPriceInFilter(rules, order.Price) || !IsPriceInFilter(rules, order.StopPrice)) return OrderFilter.Price;
        if (!IsWithinPercent(rules, order, context)) return rules.HasPercentPriceBySide ? OrderFilter.PercentPriceBySide : OrderFilter.PercentPrice;
        if (order.QuoteUnits == 0 && !IsOnGrid(order.Quantity.Raw, rules.MinQuantity.Raw, rules.MaxQuantity.Raw, rules.Steps)) return OrderFilter.LotSize;
        if (order.IsIceberg && !IsOnGrid(order.IcebergQuantity.Raw, rules.MinQuantity.Raw, rules.MaxQuantity.Raw, rules.Steps)) return OrderFilter.LotSize;
        if (order.IsMarket && order.QuoteUnits == 0 && !IsOnGrid(order.Quantity.Raw, rules.MarketMinQuantity.Raw, rules.MarketMaxQuantity.Raw, rules.MarketSteps))
            return OrderFilter.MarketLotSize;
        if (!IsWorthIt(rules, order, context)) return rules.HasMinNotionalFilter ? OrderFilter.MinNotional : OrderFilter.Notional;
        if (order.IsIceberg && rules.IcebergPartsMax > 0 && ((Int128)order.Quantity.Raw + order.IcebergQuantity.Raw - 1) / order.IcebergQuantity.Raw > rules.IcebergPartsMax)
            return OrderFilter.IcebergParts;
        if (order.TrailingDelta != 0 && !IsTrailingAllowed(rules, order)) return OrderFilter.TrailingDelta;
        if (order.Side == Side.Buy && rules.PositionMax.Raw > 0 && order.QuoteUnits == 0
            && (Int128)context.BaseHeld.Raw + context.OpenBuyQuantity.Raw + order.Quantity.Raw > rules.PositionMax.Raw) return OrderFilter.MaxPosition;
        if (IsFull(context.OpenOrders, rules.OpenOrdersMax)) return OrderFilter.MaxOrders;
        if (order.IsAlgo && IsFull(context.OpenAlgoOrders, rules.AlgoOrdersMax)) return OrderFilter.MaxAlgoOrders;
        if (order.IsIceberg && IsFull(context.OpenIcebergOrders, rules.IcebergOrdersMax)) return OrderFilter.MaxIcebergOrders;
        if (IsFull(context.ExchangeOpenOrders, rules.ExchangeOrdersMax)) return OrderFilter.ExchangeMaxOrders;
        if (order.IsAlgo && IsFull(context.ExchangeOpenAlgoOrders, rules.ExchangeAlgoOrdersMax)) return OrderFilter.ExchangeMaxAlgoOrders;
        if (order.IsIceberg && IsFull(context.ExchangeOpenIcebergOrders, rules.ExchangeIcebergOrdersMax)) return OrderFilter.ExchangeMaxIcebergOrders;
        return IsAssetAllowed(rules, order, context) ? OrderFilter.None : OrderFilter.MaxAsset;
    }

    /// <summary>Whether one more order list may open.</summary>
    public static OrderFilter CheckLists(TradingRules rules, int openLists, int exchangeOpenLists) =>
        IsFull(openLists, rules.OrderListsMax) ? OrderFilter.MaxOrderLists
        : IsFull(exchangeOpenLists, rules.ExchangeOrderListsMax) ? OrderFilter.ExchangeMaxOrderLists : OrderFilter.None;

    /// <summary>Whether an order that was amended so often may be amended once more.</summary>
    public static OrderFilter CheckAmends(TradingRules rules, int amends) => IsFull(amends, rules.AmendsMax) ? OrderFilter.MaxOrderAmends : OrderFilter.None;

    private static bool IsFull(int open, int max) => max > 0 && open >= max;

    private static bool IsPriceInFilter(TradingRules rules, Price price) => price.IsZero || IsOnGrid(price.Raw, rules.MinPrice.Raw, rules.MaxPrice.Raw, rules.Ticks);

    private static bool IsOnGrid(long value, long min, long max, StepGrid steps) =>
        value > 0 && value >= min && (max == 0 || value <= max) && steps.Has(value);

    private static Price Reference(in FilterContext context, int minutes) =>
        !context.ReferencePrice.IsZero ? context.ReferencePrice : minutes == 0 ? context.LastPrice : context.AveragePrice;

    private static bool IsWithinPercent(TradingRules rules, in OrderShape order, in FilterContext context)
    {
        Price reference = Reference(context, rules.PercentPriceAverageMinutes);
        if (order.Price.IsZero || reference.IsZero) return true;
        (long up, long down) = order.Side == Side.Buy ? (rules.BidMultiplierUp, rules.BidMultiplierDown) : (rules.AskMultiplierUp, rules.AskMultiplierDown);
        Int128 price = (Int128)order.Price.Raw * FixedPoint.One;
        return (up == 0 || price <= (Int128)reference.Raw * up) && (down == 0 || price >= (Int128)reference.Raw * down);
    }

    private static bool IsWorthIt(TradingRules rules, in OrderShape order, in FilterContext context)
    {
        bool isMin = !rules.MinNotional.IsZero && (!order.IsMarket || rules.AppliesMinNotionalToMarket);
        bool isMax = !rules.MaxNotional.IsZero && (!order.IsMarket || rules.AppliesMaxNotionalToMarket);
        if (!isMin && !isMax) return true;
        Notional value;
        if (order.QuoteUnits > 0) value = Notional.FromUnits(order.QuoteUnits);
        else
        {
            Price price = order.IsMarket ? Reference(context, rules.NotionalAverageMinutes) : order.Price;
            if (price.IsZero) return true;
            value = Notional.Of(price, order.Quantity);
        }
        return (!isMin || value >= rules.MinNotional) && (!isMax || value <= rules.MaxNotional);
    }

    private static bool IsTrailingAllowed(TradingRules rules, in OrderShape order)
    {
        (int min, int max) = order.TriggersAbove ? (rules.TrailingAboveMin, rules.TrailingAboveMax) : (rules.TrailingBelowMin, rules.TrailingBelowMax);
        return order.TrailingDelta >= min && (max == 0 || order.TrailingDelta <= max);
    }

    private static bool IsAssetAllowed(TradingRules rules, in OrderShape order, in FilterContext context)
    {
        if (rules.BaseAssetMax.Raw > 0 && order.Quantity.Raw > rules.BaseAssetMax.Raw) return false;
        if (rules.QuoteAssetMax.IsZero) return true;
        if (order.QuoteUnits > 0) return Notional.FromUnits(order.QuoteUnits) <= rules.QuoteAssetMax;
        Price price = order.IsMarket ? Reference(context, rules.NotionalAverageMinutes) : order.Price;
        return price.IsZero || Notional.Of(price, order.Quantity) <= rules.QuoteAssetMax;
    }
}
