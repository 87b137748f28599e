using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;

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

    /// <summary>Where a stop order triggers; zero for others.</summary>
    public Price StopPrice { get; init; }

    /// <summary>Price of the last trade; zero while nobody knows.</summary>
    public Price LastPrice { get; init; }

    /// <summary>The mid as it was half a minute to a minute ago; zero while nobody knows.</summary>
    public Price SteadyPrice { get; init; }

    public required bool BookIsTradable { get; init; }
    public required Price BestBid { get; init; }
    public required Price BestAsk { get; init; }

    /// <summary>Age of the newest book data, nanoseconds.</summary>
    public required long DataAgeNanos { get; init; }

    /// <summary>Age of the model's answer that wanted the order, nanoseconds; negative where no model was asked.</summary>
    public required long ModelAgeNanos { get; init; }

    /// <summary>The position now; orders that are open or unknown come on top at their full size.</summary>
    public required Quantity Position { get; init; }

    /// <summary>What is open of the symbol, unknown orders included.</summary>
    public required OpenOrders Open { get; init; }

    /// <summary>Open and unknown orders over all symbols.</summary>
    public required int OpenOrders { get; init; }

    /// <summary>Whether an order of this symbol has an unknown fate.</summary>
    public required bool HasUnknownOrder { get; init; }

    /// <summary>What positions and open orders of all other symbols are worth.</summary>
    public required Notional OtherExposure { get; init; }

    /// <summary>New orders within the last minute, over all symbols.</summary>
    public required int OrdersLastMinute { get; init; }

    /// <summary>Orders of the symbol since its last fill.</summary>
    public required int OrdersWithoutFill { get; init; }

    /// <summary>The same side, price and quantity was sent within the window of duplicates.</summary>
    public required bool IsRepeated { get; init; }

    /// <summary>Realised and unrealised result over all symbols, what earlier sessions left included; of today; and how far below its highest point.</summary>
    public required Notional Result { get; init; }
    public required Notional Today { get; init; }
    public required Notional Drawdown { get; init; }

    public required bool GatewayIsReady { get; init; }

    /// <summary>Whether the account was compared with our ledger since the connection came up.</summary>
    public required bool IsReconciled { get; init; }

    /// <summary>Exchange's clock minus ours and how wrong that may be, microseconds; a negative uncertainty is no knowledge.</summary>
    public required ClockReading Clock { get; init; }

    /// <summary>A leg that rests far away to guard a position: the collar does not apply, and it must reduce.</summary>
    public bool IsProtection { get; init; }

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
        // A price bounds every order, whatever its type.
        bool isKnownType = order.Type is OrderType.Limit or OrderType.LimitMaker || (order.IsProtection && order.Type is OrderType.StopLossLimit or OrderType.TakeProfitLimit);
        if (order.Side == Side.None || !isKnownType) return RiskVerdict.Filter;
        bool reduces = Reduces(order);
        if (order.State == TradingState.Halted) return RiskVerdict.Halted;
        if (order.State == TradingState.ReduceOnly && !reduces) return RiskVerdict.ReduceOnly;
        if (order.IsProtection && !reduces) return RiskVerdict.PositionLimit;
        if (!order.GatewayIsReady) return RiskVerdict.GatewayNotReady;
        if (!order.IsReconciled) return RiskVerdict.NotReconciled;
        if (!IsClockGood(order.Clock, limits.MaxClockOffsetMillis)) return RiskVerdict.ClockOffset;
        if (!order.Instrument.IsTrading) return RiskVerdict.NotTrading;
        if (!order.BookIsTradable) return RiskVerdict.BookNotTradable;
        if (order.BestBid.Raw <= 0 || order.BestAsk.Raw <= order.BestBid.Raw) return RiskVerdict.NoReferencePrice;
        if (!order.IsProtection && (IsJump(order, order.SteadyPrice, limits) || IsJump(order, order.LastPrice, limits))) return RiskVerdict.PriceJump;
        if (order.DataAgeNanos < 0 || order.DataAgeNanos > limits.MaxDataAgeMillis * 1_000_000L) return RiskVerdict.StaleData;
        if (!reduces && order.ModelAgeNanos > limits.MaxModelAgeMillis * 1_000_000L) return RiskVerdict.ModelStale;
        if (order.HasUnknownOrder) return RiskVerdict.UnknownOrder;

        if (CheckFilters(order) is not OrderFilter.None) return RiskVerdict.Filter;
        if (!order.IsProtection && !WithinCollar(order, limits.PriceCollarBasisPoints)) return RiskVerdict.PriceCollar;
        if (MeetsOwn(order)) return RiskVerdict.SelfTrade;
        if (order.IsRepeated) return RiskVerdict.Duplicate;

        Notional value = order.Price * order.Quantity;
        if (!limits.MaxOrderQuantity.IsZero && order.Quantity > limits.MaxOrderQuantity) return RiskVerdict.QuantityLimit;
        if (!reduces && value > limits.MaxOrderNotional) return RiskVerdict.NotionalLimit;
        Notional exposure = ExposureAfter(order);
        if (!reduces && exposure > limits.MaxPositionNotional) return RiskVerdict.PositionLimit;
        if (!reduces && !limits.MaxGrossExposure.IsZero && exposure + order.OtherExposure > limits.MaxGrossExposure) return RiskVerdict.GrossExposure;
        if (order.OpenOrders >= limits.MaxOpenOrders) return RiskVerdict.OpenOrdersLimit;
        if (order.Open.Count >= limits.MaxOpenOrdersPerSymbol) return RiskVerdict.SymbolOrdersLimit;
        if (order.OrdersLastMinute >= limits.MaxOrdersPerMinute) return RiskVerdict.RateLimit;
        if (!reduces && limits.MaxOrdersWithoutFill > 0 && order.OrdersWithoutFill >= limits.MaxOrdersWithoutFill) return RiskVerdict.OrdersWithoutFill;
        if (!reduces && order.Result < -limits.MaxLoss) return RiskVerdict.DailyLoss;
        if (!reduces && !limits.MaxDailyLoss.IsZero && order.Today < -limits.MaxDailyLoss) return RiskVerdict.DailyLoss;
        if (!reduces && !limits.MaxDrawdown.IsZero && order.Drawdown > limits.MaxDrawdown) return RiskVerdict.Drawdown;
        if (order.Instrument.Market == Market.Spot)
        {
            if (order.Side == Side.Sell && !reduces) return RiskVerdict.Balance; // What one does not own one cannot sell on spot.
            if (order.Side == Side.Buy && order.FreeQuote is { } free && value > free) return RiskVerdict.Balance;
        }
        return RiskVerdict.Approved;
    }

    /// <summary>Whether the exchange's clock is known to be near enough to ours.</summary>
    public static bool IsClockGood(ClockReading clock, int maxOffsetMillis) =>
        clock.UncertaintyMicros >= 0 && Math.Abs(clock.OffsetMicros) + clock.UncertaintyMicros <= maxOffsetMillis * 1_000L;

    /// <summary>The exchange's own filters, so that it never has to refuse. A bound that needs what nobody told (the average price) is left to the exchange.</summary>
    private static OrderFilter CheckFilters(in RiskInput order)
    {
        if (order.Price.Raw <= 0) return OrderFilter.Price;
        // Made where they are passed: a variable would be a copy, which has to wait for the fields that were just written.
        return OrderFilters.Check(
            order.Instrument.Rules,
            new OrderShape { Side = order.Side, Type = order.Type, Price = order.Price, StopPrice = order.StopPrice, Quantity = order.Quantity },
            new FilterContext
            {
                LastPrice = order.LastPrice,
                OpenOrders = order.Open.Count,
                OpenAlgoOrders = order.Open.Stops,
                ExchangeOpenOrders = order.OpenOrders,
                ExchangeOpenAlgoOrders = order.Open.Stops,
                BaseHeld = Quantity.Abs(order.Position),
                OpenBuyQuantity = order.Open.Buys,
            });
    }

    /// <summary>Whether the order, and all that is open on its side, only brings the position nearer to zero.</summary>
    private static bool Reduces(in RiskInput order) => order.Side switch
    {
        Side.Sell => order.Position.Raw > 0 && order.Open.Sells + order.Quantity <= order.Position,
        Side.Buy => order.Position.Raw < 0 && order.Open.Buys + order.Quantity <= -order.Position,
        _ => false,
    };

    private static bool MeetsOwn(in RiskInput order) => order.Side == Side.Buy
        ? !order.Open.LowestSell.IsZero && order.Price >= order.Open.LowestSell
        : !order.Open.HighestBuy.IsZero && order.Price <= order.Open.HighestBuy;

    private static bool WithinCollar(in RiskInput order, int basisPoints) => IsWithin(2 * (ulong)order.Price.Raw, TwiceMid(order), basisPoints);

    /// <summary>Whether the mid is too far from another price of the market to be believed; one that is not known says nothing.</summary>
    private static bool IsJump(in RiskInput order, Price reference, RiskLimits limits) =>
        limits.MaxPriceJumpPercent > 0 && reference.Raw > 0 && !IsWithin(TwiceMid(order), 2 * (ulong)reference.Raw, limits.MaxPriceJumpPercent * 100);

    /// <summary>Prices are positive here, so twice one fits 64 bits without a sign.</summary>
    private static ulong TwiceMid(in RiskInput order) => (ulong)order.BestBid.Raw + (ulong)order.BestAsk.Raw;

    /// <summary>Whether a value is within so many basis points of another; the products have up to 128 bits.</summary>
    private static bool IsWithin(ulong value, ulong of, int basisPoints)
    {
        ulong distance = value > of ? value - of : of - value;
        return Math.BigMul(distance, 10_000UL) <= Math.BigMul(of, (ulong)Math.Max(basisPoints, 0));
    }

    /// <summary>The larger of the two exposures that the open orders and this one could lead to, at this order's price.</summary>
    private static Notional ExposureAfter(in RiskInput order)
    {
        Quantity longest = order.Position + order.Open.Buys + (order.Side == Side.Buy ? order.Quantity : Quantity.Zero);
        Quantity shortest = order.Position - order.Open.Sells - (order.Side == Side.Sell ? order.Quantity : Quantity.Zero);
        Quantity largest = Quantity.Abs(longest) > Quantity.Abs(shortest) ? Quantity.Abs(longest) : Quantity.Abs(shortest);
        return order.Price * largest;
    }
}
