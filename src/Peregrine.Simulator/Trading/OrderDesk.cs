using System.Globalization;
using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Trading;

/// <summary>A new order as it was asked for, its numbers checked for form.</summary>
internal sealed record OrderRequest(
    Instrument Instrument, Side Side, OrderType Type, TimeInForce TimeInForce, long Price, long Quantity, long QuoteQuantity, string? ClientId, long StopPrice = 0)
{
    /// <summary>How much the book shows at a time; 0 for all.</summary>
    public long IcebergQuantity { get; init; }

    /// <summary>In basis points; 0 for a stop price that stands still.</summary>
    public int TrailingDelta { get; init; }
    public SelfTradePrevention Prevention { get; init; }
    public long? StrategyId { get; init; }
    public long? StrategyType { get; init; }

    /// <summary>Whether its quantity is what the list's working order will have bought.</summary>
    public bool IsUnknownQuantity { get; init; }
    public bool IsStop => Type is OrderType.StopLoss or OrderType.StopLossLimit or OrderType.TakeProfit or OrderType.TakeProfitLimit;
}

/// <summary>What happened to an order, for the user data stream.</summary>
internal interface IAccountObserver
{
    /// <param name="execution">NEW, TRADE, CANCELED, EXPIRED, REPLACED or TRADE_PREVENTION.</param>
    /// <param name="otherId">The client id of the cancel, for CANCELED; the order's client id before, for REPLACED.</param>
    void OnOrder(VenueOrder order, string execution, Fill? fill, string? otherId);

    /// <summary>An order list began, or is over.</summary>
    void OnList(OrderList list)
    {
    }

    void OnBalances(Account account, IReadOnlyList<string> assets);
}

/// <summary>Takes, checks, books and remembers the account's orders. Used under the exchange's gate.</summary>
internal sealed partial class OrderDesk(IOrderVenue venue, FeeSchedule fees, Func<long> nextOrderId, Func<long> nowMicros, IAccountObserver observer) : IFillListener
{
    /// <summary>How many ended orders and trades are remembered.</summary>
    public const int HistoryMax = 100_000;

    private readonly Dictionary<long, VenueOrder> _byId = [];
    private readonly Dictionary<string, VenueOrder> _openByClientId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VenueOrder> _lastByClientId = new(StringComparer.Ordinal);
    private readonly Queue<VenueOrder> _ended = new();
    private readonly SortedDictionary<long, VenueOrder> _open = [];
    private readonly List<(VenueOrder Order, Fill Fill)> _trades = [];
    private readonly Dictionary<string, long> _externalLocks = new(StringComparer.Ordinal);
    private long _nextClientId;
    private long _nextTradeId = 1;
    private long _nextExecutionId = 1;

    public Account Account { get; } = new();
    public FeeSchedule Fees => fees;

    /// <summary>Accounts of one group (above 0) do not trade with each other either; -1 for an account on its own.</summary>
    public int TradeGroupId { get; init; } = -1;

    /// <summary>Hears of an order's first fill as a maker (true) and as a taker (false): it takes off the count of unfilled orders.</summary>
    public Action<bool>? FirstFilled { get; set; }
    public IEnumerable<VenueOrder> Open => _open.Values;
    public IEnumerable<VenueOrder> All => _byId.Values.OrderBy(o => o.Id);
    public IReadOnlyList<(VenueOrder Order, Fill Fill)> Trades => _trades;

    /// <summary>The checks that come before the matching engine.</summary>
    /// <exception cref="ApiException">A filter refuses it.</exception>
    public void CheckFilters(OrderRequest request)
    {
        OrderShape shape = new()
        {
            Side = request.Side, Type = request.Type, Price = new Price(request.Price), StopPrice = new Price(request.StopPrice), Quantity = new Quantity(request.Quantity),
            QuoteUnits = request.QuoteQuantity, IcebergQuantity = new Quantity(request.IcebergQuantity), TrailingDelta = request.TrailingDelta,
        };
        OrderFilter filter = OrderFilters.Check(request.Instrument.Rules, shape, Around(request.Instrument));
        if (filter == OrderFilter.Notional && request.Instrument.Market != Market.Spot) filter = OrderFilter.MinNotional;
        if (filter != OrderFilter.None) throw ApiException.Filter(filter.Text());
    }

    /// <summary>What the matching engine looks at first.</summary>
    /// <exception cref="ApiException">It refuses the order.</exception>
    private void CheckMarket(OrderRequest request)
    {
        if (!request.Instrument.IsTrading) throw ApiException.Rejected("Market is closed.");
        if (request.IcebergQuantity > 0 && request.IcebergQuantity >= request.Quantity && !request.IsUnknownQuantity) throw ApiException.Rejected("IcebergQty exceeds QTY.");
        if (!request.IsStop) return;
        if (!HasTriggers) throw ApiException.Rejected("Stop orders are not supported for this symbol.");
        if (request.StopPrice == 0) return;
        long last = venue.LastPrice(request.Instrument);
        bool triggersAbove = new OrderShape { Side = request.Side, Type = request.Type }.TriggersAbove;
        if (last > 0 && (triggersAbove ? request.StopPrice <= last : request.StopPrice >= last)) throw ApiException.Rejected("Order would trigger immediately.");
    }

    /// <exception cref="ApiException">Refused; no order came into being.</exception>
    public VenueOrder Place(OrderRequest request)
    {
        CheckFilters(request);
        CheckMarket(request);
        VenueOrder order = Make(request);
        if (request.Type == OrderType.LimitMaker && venue.WouldTake(request.Instrument, request.Side, request.Price))
            throw ApiException.Rejected("Order would immediately match and take.");
        Act(() =>
        {
            BeginToTrail(order);
            Reserve(order);
            Register(order);
            Start(order);
        });
        return order;
    }

    /// <summary>Tells of what happened to an order, under a number of its own.</summary>
    private void Tell(VenueOrder order, string execution, Fill? fill, string? otherId)
    {
        order.ExecutionId = _nextExecutionId++;
        observer.OnOrder(order, execution, fill, otherId);
    }

    private VenueOrder Make(OrderRequest request)
    {
        string clientId = request.ClientId ?? NewClientId();
        if (_openByClientId.ContainsKey(clientId)) throw ApiException.Rejected("Duplicate order sent.");
        long now = nowMicros();
        return new VenueOrder
        {
            Id = nextOrderId(), ClientId = clientId, Instrument = request.Instrument, Side = request.Side, Type = request.Type,
            TimeInForce = request.TimeInForce == TimeInForce.None ? TimeInForce.GoodTillCancel : request.TimeInForce,
            Price = request.Price, StopPrice = request.StopPrice, Quantity = request.Quantity, QuoteQuantity = request.QuoteQuantity, TimeMicros = now, UpdatedMicros = now,
            IcebergQuantity = request.IcebergQuantity, TrailingDelta = request.TrailingDelta, Prevention = request.Prevention, IsUnknownQuantity = request.IsUnknownQuantity,
            StrategyId = request.StrategyId, StrategyType = request.StrategyType, Owner = this,
        };
    }

    private void Reserve(VenueOrder order)
    {
        if (order.QuoteQuantity > 0 && order.Side == Side.Sell)
        {
            // What is sold is only known from the book: more than is free cannot be needed, so all of it stands by.
            long standby = Account[order.LockedAsset].Free;
            order.QuantityBound = order.Instrument.Rules.FloorToStep(new Quantity(standby)).Raw;
            if (order.QuantityBound == 0) throw ApiException.Rejected("Account has insufficient balance for requested action.");
            Account.TryLock(order.LockedAsset, standby);
            order.Locked = standby;
            return;
        }
        long cost = 0;
        if (order.Type == OrderType.Market && order.QuoteQuantity == 0 && order.Side == Side.Buy) venue.TryQuote(order.Instrument, order.Side, order.Quantity, out cost);
        if (!Ledger.TryReserve(Account, order, cost)) throw ApiException.Rejected("Account has insufficient balance for requested action.");
    }

    private void Register(VenueOrder order)
    {
        _byId.Add(order.Id, order);
        _openByClientId[order.ClientId] = order;
        _lastByClientId[order.ClientId] = order;
        _open.Add(order.Id, order);
        if (!order.IsPending && !order.IsStop) order.WorkingMicros = order.TimeMicros;
        Tell(order, "NEW", null, null);
        if (order.Type != OrderType.Market && !order.IsPending) observer.OnBalances(Account, [order.LockedAsset]);
    }

    /// <summary>Puts an order to work: a stop waits, anything else meets the book.</summary>
    private void Start(VenueOrder order)
    {
        if (order.IsPending || !order.IsOpen) return;
        if (order is { IsStop: true, IsTriggered: false })
        {
            _stops.Add(order.Id, order);
            return;
        }
        bool rests = venue.Execute(order, this);
        if (order.QuoteQuantity > 0) order.Quantity = order.Executed;
        if (!rests && order.IsOpen) End(order, order.QuoteQuantity > 0 && order.Executed > 0 ? OrderStatus.Filled : OrderStatus.Expired, null, UnfilledReason(order));
    }

    /// <summary>Why what is left of an order that may not rest expires.</summary>
    private static string UnfilledReason(VenueOrder order) => order switch
    {
        { IsMarket: true } => "INSUFFICIENT_LIQUIDITY",
        { TimeInForce: TimeInForce.FillOrKill } => "UNFILLED_FOK_ORDER_EXPIRED",
        _ => "UNFILLED_IOC_QUANTITY_EXPIRED",
    };

    /// <summary>Fees in another asset than the received one; null for the received one.</summary>
    public FeePayment? FeePayment { get; set; }

    /// <summary>Someone outside takes all that is left of an open order, at its own price.</summary>
    public void FillWhole(VenueOrder order)
    {
        if (!order.IsWorking) return;
        Act(() =>
        {
            venue.Remove(order);
            OnFill(order, order.Price, order.Remaining, isMaker: true, -1);
        });
    }

    public void AddExternalLock(string asset, long units) => _externalLocks[asset] = _externalLocks.GetValueOrDefault(asset) + units;

    /// <summary>Gives back what was locked from outside; false when less is.</summary>
    public bool TryEndExternalLock(string asset, long units)
    {
        if (_externalLocks.GetValueOrDefault(asset) < units) return false;
        _externalLocks[asset] -= units;
        Account.Unlock(asset, units);
        return true;
    }

    /// <summary>Null when there is none of that symbol with these ids.</summary>
    public VenueOrder? Find(string symbol, long? orderId, string? clientId)
    {
        VenueOrder? order = orderId is { } id ? _byId.GetValueOrDefault(id)
            : clientId is not null ? _openByClientId.GetValueOrDefault(clientId) ?? _lastByClientId.GetValueOrDefault(clientId) : null;
        return order?.Instrument.Symbol == symbol ? order : null;
    }

    /// <exception cref="ApiException">The order is not open.</exception>
    public string Cancel(VenueOrder? order, string? cancelId)
    {
        if (order is not { IsOpen: true }) throw new ApiException(-2011, "Unknown order sent.");
        cancelId ??= NewClientId();
        Act(() => End(order, OrderStatus.Canceled, cancelId));
        return cancelId;
    }

    public void OnFill(VenueOrder order, long price, long quantity, bool isMaker, long tradeId)
    {
        OnLegActs(order);
        Fill fill = Ledger.Book(Account, order, fees, FeePayment, price, quantity, isMaker, tradeId >= 0 ? tradeId : _nextTradeId++, nowMicros());
        if (order.Fills.Count(f => f.IsMaker == isMaker) == 1) FirstFilled?.Invoke(isMaker);
        if (_trades.Count == HistoryMax) _trades.RemoveRange(0, HistoryMax / 2);
        _trades.Add((order, fill));
        if (!order.IsOpen) Forget(order);
        if (order.Status == OrderStatus.Filled) OnLegEnded(order);
        Tell(order, "TRADE", fill, null);
        observer.OnBalances(Account, fill.CommissionAsset == order.ReceivedAsset
            ? [order.Instrument.BaseAsset, order.Instrument.QuoteAsset] : [order.Instrument.BaseAsset, order.Instrument.QuoteAsset, fill.CommissionAsset]);
    }

    /// <param name="reason">Why it expires, in the exchange's word.</param>
    private void End(VenueOrder order, OrderStatus status, string? cancelId, string? reason = null)
    {
        if (status == OrderStatus.Expired) order.ExpiryReason = reason;
        if (order.IsWorking) venue.Remove(order);
        _stops.Remove(order.Id);
        Ledger.Close(Account, order, status, nowMicros());
        Forget(order);
        if (status == OrderStatus.Filled) return; // A money order that spent what could be spent: its last fill told all but the end.
        Tell(order, status == OrderStatus.Canceled ? "CANCELED" : order.IsExpiredInMatch ? "TRADE_PREVENTION" : "EXPIRED", null, cancelId);
        observer.OnBalances(Account, [order.LockedAsset]);
        OnLegEnded(order);
    }

    private void Forget(VenueOrder order)
    {
        _openByClientId.Remove(order.ClientId);
        _open.Remove(order.Id);
        _ended.Enqueue(order);
        if (_ended.Count <= HistoryMax) return;
        VenueOrder oldest = _ended.Dequeue();
        _byId.Remove(oldest.Id);
        if (_lastByClientId.GetValueOrDefault(oldest.ClientId) == oldest) _lastByClientId.Remove(oldest.ClientId);
    }

    private string NewClientId() => "sim" + (++_nextClientId).ToString("D19", CultureInfo.InvariantCulture);
}
