using System.Globalization;
using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;

namespace Peregrine.Simulator.Trading;

/// <summary>A new order as it was asked for, its numbers checked for form.</summary>
internal sealed record OrderRequest(
    Instrument Instrument, Side Side, OrderType Type, TimeInForce TimeInForce, long Price, long Quantity, long QuoteQuantity, string? ClientId);

/// <summary>What happened to an order, for the user data stream.</summary>
internal interface IAccountObserver
{
    /// <param name="execution">NEW, TRADE, CANCELED or EXPIRED.</param>
    /// <param name="cancelId">The client id of the cancel, for CANCELED.</param>
    void OnOrder(VenueOrder order, string execution, Fill? fill, string? cancelId);

    void OnBalances(Account account, IReadOnlyList<string> assets);
}

/// <summary>Takes, checks, books and remembers the account's orders. Used under the exchange's gate.</summary>
internal sealed class OrderDesk(IOrderVenue venue, FeeSchedule fees, Func<long> nextOrderId, Func<long> nowMicros, IAccountObserver observer) : IFillListener
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

    public Account Account { get; } = new();
    public FeeSchedule Fees => fees;
    public IEnumerable<VenueOrder> Open => _open.Values;
    public IEnumerable<VenueOrder> All => _byId.Values.OrderBy(o => o.Id);
    public IReadOnlyList<(VenueOrder Order, Fill Fill)> Trades => _trades;

    /// <summary>All checks that come before the matching engine.</summary>
    /// <exception cref="ApiException">A filter refuses it.</exception>
    public void Check(OrderRequest request)
    {
        TradingRules rules = request.Instrument.Rules;
        if (!request.Instrument.IsTrading) throw ApiException.Rejected("Market is closed.");
        if (request.Type != OrderType.Market && !IsOnGrid(request.Price, rules.MinPrice.Raw, rules.MaxPrice.Raw, rules.TickSize.Raw))
            throw ApiException.Filter("PRICE_FILTER");
        if (request.QuoteQuantity == 0 && !IsOnGrid(request.Quantity, rules.MinQuantity.Raw, rules.MaxQuantity.Raw, rules.StepSize.Raw))
            throw ApiException.Filter("LOT_SIZE");
        long price = request.Type == OrderType.Market ? venue.LastPrice(request.Instrument) : request.Price;
        Int128 value = request.QuoteQuantity > 0 ? (Int128)request.QuoteQuantity * FixedPoint.One : (Int128)price * request.Quantity;
        bool isValued = price > 0 || request.QuoteQuantity > 0;
        if (isValued && value < rules.MinNotional.Raw) throw ApiException.Filter(request.Instrument.Market == Market.Spot ? "NOTIONAL" : "MIN_NOTIONAL");
    }

    /// <exception cref="ApiException">Refused; no order came into being.</exception>
    public VenueOrder Place(OrderRequest request)
    {
        Check(request);
        string clientId = request.ClientId ?? NewClientId();
        if (_openByClientId.ContainsKey(clientId)) throw ApiException.Rejected("Duplicate order sent.");
        if (request.Type == OrderType.LimitMaker && venue.WouldTake(request.Instrument, request.Side, request.Price))
            throw ApiException.Rejected("Order would immediately match and take.");

        long quoteQuantity = request.QuoteQuantity;
        long cost = 0;
        if (request.Type == OrderType.Market && quoteQuantity == 0 && request.Side == Side.Buy)
            venue.TryQuote(request.Instrument, request.Side, request.Quantity, out cost);
        long now = nowMicros();
        VenueOrder order = new()
        {
            Id = nextOrderId(), ClientId = clientId, Instrument = request.Instrument, Side = request.Side, Type = request.Type,
            TimeInForce = request.TimeInForce == TimeInForce.None ? TimeInForce.GoodTillCancel : request.TimeInForce,
            Price = request.Price, Quantity = request.Quantity, QuoteQuantity = quoteQuantity, TimeMicros = now, UpdatedMicros = now,
        };
        if (quoteQuantity > 0 && request.Side == Side.Sell)
        {
            // What is sold is only known from the book: more than is free cannot be needed, so all of it stands by.
            long standby = Account[order.LockedAsset].Free;
            order.QuantityBound = request.Instrument.Rules.FloorToStep(new Quantity(standby)).Raw;
            if (order.QuantityBound == 0) throw ApiException.Rejected("Account has insufficient balance for requested action.");
            Account.TryLock(order.LockedAsset, standby);
            order.Locked = standby;
        }
        else if (!Ledger.TryReserve(Account, order, cost))
            throw ApiException.Rejected("Account has insufficient balance for requested action.");

        _byId.Add(order.Id, order);
        _openByClientId[clientId] = order;
        _lastByClientId[clientId] = order;
        _open.Add(order.Id, order);
        observer.OnOrder(order, "NEW", null, null);
        if (order.Type != OrderType.Market) observer.OnBalances(Account, [order.LockedAsset]);

        bool rests = venue.Execute(order, this);
        if (order.QuoteQuantity > 0) order.Quantity = order.Executed;
        if (!rests && order.IsOpen) End(order, order.QuoteQuantity > 0 && order.Executed > 0 ? OrderStatus.Filled : OrderStatus.Expired, null);
        return order;
    }

    /// <summary>Fees in another asset than the received one; null for the received one.</summary>
    public FeePayment? FeePayment { get; set; }

    /// <summary>Someone outside takes all that is left of an open order, at its own price.</summary>
    public void FillWhole(VenueOrder order)
    {
        venue.Remove(order);
        OnFill(order, order.Price, order.Remaining, isMaker: true, -1);
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
        venue.Remove(order);
        End(order, OrderStatus.Canceled, cancelId);
        return cancelId;
    }

    public void OnFill(VenueOrder order, long price, long quantity, bool isMaker, long tradeId)
    {
        Fill fill = Ledger.Book(Account, order, fees, FeePayment, price, quantity, isMaker, tradeId >= 0 ? tradeId : _nextTradeId++, nowMicros());
        if (_trades.Count == HistoryMax) _trades.RemoveRange(0, HistoryMax / 2);
        _trades.Add((order, fill));
        if (!order.IsOpen) Forget(order);
        observer.OnOrder(order, "TRADE", fill, null);
        observer.OnBalances(Account, fill.CommissionAsset == order.ReceivedAsset
            ? [order.Instrument.BaseAsset, order.Instrument.QuoteAsset] : [order.Instrument.BaseAsset, order.Instrument.QuoteAsset, fill.CommissionAsset]);
    }

    private void End(VenueOrder order, OrderStatus status, string? cancelId)
    {
        Ledger.Close(Account, order, status, nowMicros());
        Forget(order);
        if (status == OrderStatus.Filled) return; // A money order that spent what could be spent: its last fill told all but the end.
        observer.OnOrder(order, status == OrderStatus.Canceled ? "CANCELED" : "EXPIRED", null, cancelId);
        observer.OnBalances(Account, [order.LockedAsset]);
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

    private static bool IsOnGrid(long value, long min, long max, long step) =>
        value > 0 && value >= min && (max == 0 || value <= max) && (step == 0 || value % step == 0);
}
