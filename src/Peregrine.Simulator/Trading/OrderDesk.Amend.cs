using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;

namespace Peregrine.Simulator.Trading;

/// <summary>Orders that are made smaller.</summary>
internal sealed partial class OrderDesk
{
    /// <summary>Makes an open order smaller; its place in the queue stays. One of which nothing is left to fill then is over.</summary>
    /// <param name="newClientId">Its client id from now on; null for one that is made up.</param>
    /// <exception cref="ApiException">Refused; the order is as it was.</exception>
    public Amendment Amend(VenueOrder? order, long quantity, string? newClientId)
    {
        if (order is not { IsOpen: true }) throw Rejected("Unknown order sent.");
        if (order.QuoteQuantity > 0) throw Rejected("Order amend is not supported for this symbol.");
        if (quantity == order.Quantity) throw Rejected("The requested action would change no state; rejecting");
        if (quantity > order.Quantity) throw Rejected("Order amend (quantity increase) is not supported.");
        if (order.IsUnknownQuantity) throw Rejected("Order amend (pending OPO order) is not supported.");
        Check(order, quantity);
        string before = order.ClientId, after = newClientId ?? NewClientId();
        if (after != before && _openByClientId.ContainsKey(after)) throw Rejected("Duplicate order sent.");

        long now = nowMicros(), original = order.Quantity;
        Amendment done = default;
        Act(() =>
        {
            Rename(order, after);
            order.Quantity = quantity;
            order.UpdatedMicros = now;
            if (order.Remaining <= 0)
            {
                End(order, OrderStatus.Expired, null);
                done = Record();
                return;
            }
            if (order.IsWorking) venue.Shrink(order);
            ReleaseExcess(order);
            Tell(order, "REPLACED", null, before);
            done = Record();
            observer.OnBalances(Account, [order.LockedAsset]);
        });
        return done;

        Amendment Record()
        {
            Amendment amendment = new(order.ExecutionId, before, after, original, quantity, now);
            order.Amendments.Add(amendment);
            return amendment;
        }
    }

    private static ApiException Rejected(string reason) => new(-2038, reason);

    /// <exception cref="ApiException">A filter refuses the smaller order.</exception>
    private void Check(VenueOrder order, long quantity)
    {
        TradingRules rules = venue.Current(order.Instrument).Rules;
        if (OrderFilters.CheckAmends(rules, order.Amendments.Count) is var amends and not OrderFilter.None) throw Rejected($"Filter failure: {amends.Text()}");
        // What is open and held around it was looked at when it came; a smaller order adds nothing to that.
        OrderShape shape = new()
        {
            Side = order.Side, Type = order.Type, Price = new Price(order.Price), StopPrice = new Price(order.StopPrice), Quantity = new Quantity(quantity),
            IcebergQuantity = new Quantity(order.IcebergQuantity), TrailingDelta = order.TrailingDelta,
        };
        OrderFilter filter = OrderFilters.Check(rules, shape, default);
        if (filter != OrderFilter.None) throw ApiException.Filter(filter.Text());
        if (order.IcebergQuantity > 0 && order.IcebergQuantity >= quantity) throw Rejected("IcebergQty exceeds QTY.");
    }

    private void Rename(VenueOrder order, string clientId)
    {
        _openByClientId.Remove(order.ClientId);
        if (_lastByClientId.GetValueOrDefault(order.ClientId) == order) _lastByClientId.Remove(order.ClientId);
        order.ClientId = clientId;
        _openByClientId[clientId] = order;
        _lastByClientId[clientId] = order;
    }

    /// <summary>Gives back what is set aside beyond what the order, and the one that it shares its lock with, still need.</summary>
    private void ReleaseExcess(VenueOrder order)
    {
        VenueOrder[] sharing = order.List is { Legs.Count: 2 } list && order != list.Working ? [.. list.Legs.Where(static l => l is { IsOpen: true, IsPending: false })] : [order];
        VenueOrder? holder = Array.Find(sharing, static o => o.Locked > 0);
        if (holder is null || order.IsPending || (order.IsMarket && order.Side == Side.Buy && order.StopPrice == 0)) return;
        long excess = holder.Locked - sharing.Max(static o => o.Need);
        if (excess <= 0) return;
        Account.Unlock(holder.LockedAsset, excess);
        holder.Locked -= excess;
    }
}
