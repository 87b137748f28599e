using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Simulator.Trading;

/// <summary>Stop orders, and what filters look at: what happens to an order because of the market.</summary>
internal sealed partial class OrderDesk
{
    private readonly SortedDictionary<long, VenueOrder> _stops = [];

    /// <summary>The exchange takes all open orders of a symbol back.</summary>
    public void ExpireAll(string symbol) => Act(() =>
    {
        foreach (VenueOrder order in (VenueOrder[])[.. _open.Values.Where(o => o.Instrument.Symbol == symbol)])
            if (order.IsOpen) End(order, OrderStatus.Expired, null, "EXCHANGE_CANCELED");
    });

    private bool HasTriggers => venue.Traded is not null;

    /// <summary>Lets stop orders and lists follow the market.</summary>
    public void FollowMarket() => venue.Traded += OnTraded;

    /// <summary>What the filters want to know of the account and the market.</summary>
    private FilterContext Around(Instrument instrument)
    {
        int orders = 0, algo = 0, allAlgo = 0, icebergs = 0, allIcebergs = 0;
        long buys = 0;
        if (_open.Count > 0)
        {
            foreach (VenueOrder order in _open.Values)
            {
                if (order.IsStop) allAlgo++;
                if (order.IcebergQuantity > 0) allIcebergs++;
                if (order.Instrument.Symbol != instrument.Symbol) continue;
                orders++;
                if (order.IsStop) algo++;
                if (order.IcebergQuantity > 0) icebergs++;
                if (order.Side == Side.Buy) buys += order.Remaining;
            }
        }
        TradingRules rules = instrument.Rules;
        long last = venue.LastPrice(instrument);
        long average = rules.PercentPriceAverageMinutes > 0 || rules.NotionalAverageMinutes > 0 ? venue.AveragePrice(instrument) : last;
        AssetBalance held = Account[instrument.BaseAsset];
        return new FilterContext
        {
            LastPrice = new Price(last), AveragePrice = new Price(average), OpenOrders = orders, OpenAlgoOrders = algo, ExchangeOpenOrders = _open.Count,
            ExchangeOpenAlgoOrders = allAlgo, OpenIcebergOrders = icebergs, ExchangeOpenIcebergOrders = allIcebergs, BaseHeld = new Quantity(held.Free + held.Locked), OpenBuyQuantity = new Quantity(buys),
        };
    }

    private void OnTraded(Instrument instrument, long low, long high)
    {
        if (_stops.Count > 0)
        {
            foreach (VenueOrder order in _stops.Values)
            {
                if (order.Instrument.Symbol == instrument.Symbol && IsReached(order, low, high)) _todo.Enqueue(() => Trigger(order));
            }
        }
        Settle();
    }

    /// <summary>Does what fills set off that came from the market: the orders that wait for a working one.</summary>
    public void Settle()
    {
        if (_depth == 0 && _todo.Count > 0) Act(static () => { });
    }

    /// <summary>A trailing stop without a stop price follows the market from the start.</summary>
    private void BeginToTrail(VenueOrder order)
    {
        if (order is { StopPrice: 0, Trailing: { } trailing }) trailing.Begin(venue.LastPrice(order.Instrument), nowMicros());
    }

    /// <summary>Whether trades between two prices trigger an order; one that trails begins to at its stop price.</summary>
    private bool IsReached(VenueOrder order, long low, long high)
    {
        bool isAtStop = order.TriggersAbove ? high >= order.StopPrice : low <= order.StopPrice;
        if (order.Trailing is not { } trailing) return isAtStop;
        if (trailing.SinceMicros >= 0) return trailing.Follow(low, high);
        if (isAtStop) trailing.Begin(order.TriggersAbove ? high : low, nowMicros());
        return false;
    }

    private void Trigger(VenueOrder order)
    {
        if (!_stops.Remove(order.Id) || !order.IsOpen) return;
        OnLegActs(order);
        order.IsTriggered = true;
        order.WorkingMicros = order.UpdatedMicros = nowMicros();
        if (order is { IsMarket: true, Side: Side.Buy })
        {
            // What it costs is known only now.
            Account.Unlock(order.LockedAsset, order.Locked);
            order.Locked = 0;
            venue.TryQuote(order.Instrument, order.Side, order.Remaining, out long cost);
            if (!Account.TryLock(order.LockedAsset, cost))
            {
                End(order, OrderStatus.Expired, null, "INSUFFICIENT_LIQUIDITY");
                return;
            }
            order.Locked = cost;
        }
        Tell(order, "NEW", null, null);
        Start(order);
    }
}
