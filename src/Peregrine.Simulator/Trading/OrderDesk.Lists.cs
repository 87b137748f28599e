using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;

namespace Peregrine.Simulator.Trading;

/// <summary>Order lists: what happens to one order because of another.</summary>
internal sealed partial class OrderDesk
{
    private readonly List<OrderList> _lists = [];
    private readonly Queue<Action> _todo = new();
    private int _depth;
    private long _nextListId;

    /// <summary>All order lists, oldest first.</summary>
    public IReadOnlyList<OrderList> Lists => _lists;

    /// <summary>Places an OCO (no working order), OTO (one leg) or OTOCO (two).</summary>
    /// <exception cref="ApiException">Refused; no order came into being.</exception>
    public OrderList PlaceList(OrderRequest? working, IReadOnlyList<OrderRequest> legs, string? listClientId)
    {
        Instrument instrument = legs[0].Instrument;
        OrderRequest[] all = working is null ? [.. legs] : [working, .. legs];
        string[] named = [.. all.Select(r => r.ClientId).OfType<string>()];
        if (named.Distinct(StringComparer.Ordinal).Count() < named.Length) throw ApiException.Rejected("Duplicate order sent.");
        if (listClientId is not null && _lists.Exists(l => l.ClientId == listClientId && l.IsOpen)) throw ApiException.Rejected("Duplicate order sent.");
        OrderFilter filter = OrderFilters.CheckLists(instrument.Rules, _lists.Count(l => l.IsOpen && l.Instrument.Symbol == instrument.Symbol), _lists.Count(l => l.IsOpen));
        if (filter != OrderFilter.None) throw ApiException.Filter(filter.Text());
        foreach (OrderRequest request in all)
        {
            bool isPending = working is not null && request != working;
            if (isPending && !HasTriggers) throw ApiException.Rejected("Stop orders are not supported for this symbol.");
            CheckFilters(request.IsUnknownQuantity ? request with { Quantity = working!.Quantity } : request);
            CheckMarket(isPending ? request with { StopPrice = 0 } : request); // Where the market stands then is not known yet.
            if (!isPending && request.Type == OrderType.LimitMaker && venue.WouldTake(instrument, request.Side, request.Price))
                throw ApiException.Rejected("Order would immediately match and take.");
        }
        VenueOrder? first = working is null ? null : Make(working);
        VenueOrder[] others = [.. legs.Select(Make)];
        OrderList list = new() { Id = _nextListId, ClientId = listClientId ?? NewClientId(), Instrument = instrument, TimeMicros = nowMicros(), Working = first, Legs = others };
        foreach (VenueOrder order in list.Orders) order.List = list;
        foreach (VenueOrder order in others) order.IsPending = working is not null;
        Act(() =>
        {
            foreach (VenueOrder order in others)
                if (first is null) BeginToTrail(order);
            if (first is null) ReserveShared(others);
            else Reserve(first);
            _nextListId++;
            _lists.Add(list);
            observer.OnList(list);
            foreach (VenueOrder order in list.Orders) Register(order);
            foreach (VenueOrder order in list.Orders) Start(order);
        });
        return list;
    }

    /// <summary>Cancels what is open of a list; the client id of the cancel.</summary>
    /// <exception cref="ApiException">It is over.</exception>
    public string CancelList(OrderList? list, string? cancelId) =>
        list?.Orders.FirstOrDefault(o => o.IsOpen) is { } open ? Cancel(open, cancelId) : throw new ApiException(-2011, "Unknown order list sent.");

    /// <summary>Does something, and then all that it set off: never one inside the other.</summary>
    private void Act(Action act)
    {
        _depth++;
        try
        {
            act();
            while (_depth == 1 && _todo.TryDequeue(out Action? next)) next();
        }
        finally
        {
            _depth--;
        }
    }

    /// <summary>Sets aside what the dearer of two legs may cost.</summary>
    private void ReserveShared(IReadOnlyList<VenueOrder> legs)
    {
        VenueOrder dearest = legs.MaxBy(l => l.Need)!;
        if (!Account.TryLock(dearest.LockedAsset, dearest.Need)) throw ApiException.Rejected("Account has insufficient balance for requested action.");
        dearest.Locked = dearest.Need;
    }

    /// <summary>A leg of an OCO fills or is triggered: the other one is over, and the lock is this one's.</summary>
    private void OnLegActs(VenueOrder order)
    {
        if (order.List is not { } list || order == list.Working || order.IsPending) return;
        foreach (VenueOrder other in list.Legs)
            if (other != order && other.IsOpen) End(other, OrderStatus.Expired, null, "OCO_TRIGGER");
        if (order.Locked < order.Need && Account.TryLock(order.LockedAsset, order.Need - order.Locked)) order.Locked = order.Need;
    }

    /// <summary>An order of a list is over: what that means for the others.</summary>
    private void OnLegEnded(VenueOrder order)
    {
        if (order.List is not { } list) return;
        if (order == list.Working && order.Status == OrderStatus.Filled) _todo.Enqueue(() => PlacePending(list));
        else if (order == list.Working || order.Status == OrderStatus.Canceled)
        {
            foreach (VenueOrder other in list.Orders)
                if (other.IsOpen) End(other, order.Status, order.Status == OrderStatus.Canceled ? other.ClientId : null, "OTO_PHASE_ONE_EXPIRED");
        }
        if (list.IsOpen || list.IsEnded) return;
        list.IsEnded = true;
        observer.OnList(list);
    }

    /// <summary>What the working order bought, less what it paid for that in the same asset, on the grid.</summary>
    /// <exception cref="ApiException">A filter refuses an order of that size.</exception>
    private void SetQuantity(VenueOrder leg, VenueOrder working)
    {
        long paid = working.Fills.Where(f => f.CommissionAsset == working.ReceivedAsset).Sum(static f => f.Commission);
        Instrument instrument = venue.Current(leg.Instrument);
        leg.Quantity = instrument.Rules.FloorToStep(new Quantity(working.Executed - paid)).Raw;
        leg.IsUnknownQuantity = false;
        CheckFilters(new OrderRequest(instrument, leg.Side, leg.Type, leg.TimeInForce, leg.Price, leg.Quantity, 0, null, leg.StopPrice)
        {
            IcebergQuantity = leg.IcebergQuantity, TrailingDelta = leg.TrailingDelta,
        });
    }

    /// <summary>The working order is filled: the others come to life, or expire where the account cannot carry them.</summary>
    private void PlacePending(OrderList list)
    {
        VenueOrder[] legs = [.. list.Legs.Where(l => l is { IsOpen: true, IsPending: true })];
        try
        {
            foreach (VenueOrder leg in legs)
            {
                BeginToTrail(leg);
                if (leg.IsUnknownQuantity) SetQuantity(leg, list.Working!);
            }
            if (legs.Length == 2) ReserveShared(legs);
            else if (legs.Length == 1) Reserve(legs[0]);
        }
        catch (ApiException)
        {
            foreach (VenueOrder leg in legs)
                if (leg.IsOpen) End(leg, OrderStatus.Expired, null, "REJECTED");
            return;
        }
        long last = venue.LastPrice(list.Instrument);
        foreach (VenueOrder leg in legs)
        {
            leg.IsPending = false;
            leg.UpdatedMicros = nowMicros();
            if (!leg.IsStop) leg.WorkingMicros = leg.UpdatedMicros;
            Tell(leg, "NEW", null, null);
        }
        observer.OnBalances(Account, [legs[0].LockedAsset]);
        bool isRefused = Array.Exists(legs, leg =>
            (leg is { IsStop: true, StopPrice: > 0 } && last > 0 && (leg.TriggersAbove ? leg.StopPrice <= last : leg.StopPrice >= last))
            || (leg.Type == OrderType.LimitMaker && venue.WouldTake(leg.Instrument, leg.Side, leg.Price)));
        foreach (VenueOrder leg in legs)
        {
            // A leg that would be refused takes the other with it: one alone is no OCO.
            if (isRefused && leg.IsOpen) End(leg, OrderStatus.Expired, null, "REJECTED");
            else Start(leg);
        }
    }
}
