using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>The account's events on their way to those who subscribed. Used under the exchange's gate.</summary>
internal sealed class UserHub(Func<long> nowMicros) : IAccountObserver
{
    private readonly List<Subscriber> _subscribers = [];
    private readonly WireWriter _event = new();
    private readonly WireWriter _head = new(64);
    private readonly List<AccountEvent> _held = [];
    private AccountEvent? _shuffled;
    private bool _holding;

    /// <param name="timeUnit">Microseconds per unit of the connection's times.</param>
    public void Add(WebSocketConnection connection, int id, long timeUnit) => _subscribers.Add(new Subscriber(connection, id, timeUnit));

    /// <summary>Ends one subscription, or all of a connection; how many there were.</summary>
    public int Remove(WebSocketConnection connection, int? id) => _subscribers.RemoveAll(s => s.Connection == connection && (id is null || s.Id == id));

    public bool Has(WebSocketConnection connection, int id) => _subscribers.Exists(s => s.Connection == connection && s.Id == id);

    /// <summary>Keeps events back until <see cref="Release"/>, so that a request's answer leaves ahead of what it caused.</summary>
    public void Hold() => _holding = true;

    public void Release()
    {
        _holding = false;
        foreach (AccountEvent held in _held) Send(held);
        _held.Clear();
    }

    public void OnOrder(VenueOrder order, string execution, Fill? fill, string? otherId)
    {
        if (_subscribers.Count == 0) return;
        bool isResting = order.IsOpen && order.IsWorking && !order.IsMarket;
        (string clientId, string original) = execution == "REPLACED" ? (order.ClientId, otherId!) : otherId is null ? (order.ClientId, "") : (otherId, order.ClientId);
        Emit(json =>
        {
            json.Raw("{\"e\":\"executionReport\",\"E\":"u8).Time(nowMicros()).Raw(",\"s\":"u8).Text(order.Instrument.Symbol)
                .Raw(",\"c\":"u8).Text(clientId).Raw(",\"S\":"u8).Text(order.Side.Text()).Raw(",\"o\":"u8).Text(order.Type.Text())
                .Raw(",\"f\":"u8).Text(order.TimeInForce.Text()).Raw(",\"q\":"u8).Decimal(order.Quantity).Raw(",\"p\":"u8).Decimal(order.Price)
                .Raw(",\"P\":"u8).Decimal(order.StopPrice).Raw(",\"F\":"u8).Decimal(order.IcebergQuantity).Raw(",\"g\":"u8).Number(order.List?.Id ?? -1).Raw(",\"C\":"u8).Text(original)
                .Raw(",\"x\":"u8).Text(execution).Raw(",\"X\":"u8).Text(order.StatusText()).Raw(",\"r\":\"NONE\",\"i\":"u8).Number(order.Id)
                .Raw(",\"l\":"u8).Decimal(fill?.Quantity ?? 0).Raw(",\"z\":"u8).Decimal(order.Executed).Raw(",\"L\":"u8).Decimal(fill?.Price ?? 0);
            if (fill is { } f) json.Raw(",\"n\":"u8).Decimal(f.Commission).Raw(",\"N\":"u8).Text(f.CommissionAsset);
            else json.Raw(",\"n\":\"0\",\"N\":null"u8);
            json.Raw(",\"T\":"u8).Time(order.UpdatedMicros).Raw(",\"t\":"u8).Number(fill?.TradeId ?? -1).Raw(",\"I\":"u8).Number(order.ExecutionId)
                .Raw(",\"w\":"u8).Bool(isResting).Raw(",\"m\":"u8).Bool(fill?.IsMaker ?? false).Raw(",\"M\":"u8).Bool(fill is not null)
                .Raw(",\"O\":"u8).Time(order.TimeMicros).Raw(",\"Z\":"u8).Decimal(order.ExecutedQuote).Raw(",\"Y\":"u8).Decimal(fill?.Quote ?? 0)
                .Raw(",\"Q\":"u8).Decimal(order.QuoteQuantity);
            if (order.WorkingMicros >= 0) json.Raw(",\"W\":"u8).Time(order.WorkingMicros);
            json.Raw(",\"V\":"u8).Text(order.Prevention.Text());
            Conditions(json, order, execution);
            json.Raw("}"u8);
        });
    }

    /// <summary>Fields that are there for orders of some kinds.</summary>
    private static void Conditions(WireWriter json, VenueOrder order, string execution)
    {
        if (order.Trailing is { } trailing)
        {
            json.Raw(",\"d\":"u8).Number(order.TrailingDelta);
            if (trailing.SinceMicros >= 0) json.Raw(",\"D\":"u8).Time(trailing.SinceMicros);
        }
        if (order.StrategyId is { } strategy) json.Raw(",\"j\":"u8).Number(strategy);
        if (order.StrategyType is { } type) json.Raw(",\"J\":"u8).Number(type);
        if (execution == "TRADE_PREVENTION" && order.LastPreventedMatch is { } match)
        {
            VenueOrder counter = match.CounterOf(order);
            json.Raw(",\"v\":"u8).Number(match.Id).Raw(",\"A\":"u8).Decimal(order.Prevented).Raw(",\"B\":"u8).Decimal(order.LastPrevented)
                .Raw(",\"u\":"u8).Number(match.TradeGroupId).Raw(",\"U\":"u8).Number(counter.Id).Raw(",\"Cs\":"u8).Text(counter.Instrument.Symbol);
            if (match.Quantity > 0)
                json.Raw(",\"pl\":"u8).Decimal(match.Quantity).Raw(",\"pL\":"u8).Decimal(match.Price).Raw(",\"pY\":"u8).Decimal(Money.Quote(match.Price, match.Quantity));
        }
        if (order.ExpiryReason is { } reason) json.Raw(",\"eR\":"u8).Text(reason);
    }

    public void OnList(OrderList list) => Emit(json =>
    {
        json.Raw("{\"e\":\"listStatus\",\"E\":"u8).Time(nowMicros()).Raw(",\"s\":"u8).Text(list.Instrument.Symbol).Raw(",\"g\":"u8).Number(list.Id)
            .Raw(",\"c\":"u8).Text(list.Contingency).Raw(",\"l\":"u8).Text(list.StatusType).Raw(",\"L\":"u8).Text(list.OrderStatus)
            .Raw(",\"r\":\"NONE\",\"C\":"u8).Text(list.ClientId).Raw(",\"T\":"u8).Time(nowMicros()).Raw(",\"O\":["u8);
        foreach (VenueOrder order in list.Orders)
            json.Comma().Raw("{\"s\":"u8).Text(list.Instrument.Symbol).Raw(",\"i\":"u8).Number(order.Id).Raw(",\"c\":"u8).Text(order.ClientId).Raw("}"u8);
        json.Raw("]}"u8);
    });

    public void OnBalances(Account account, IReadOnlyList<string> assets) => Emit(json =>
    {
        json.Raw("{\"e\":\"outboundAccountPosition\",\"E\":"u8).Time(nowMicros()).Raw(",\"u\":"u8).Time(nowMicros()).Raw(",\"B\":["u8);
        foreach (string asset in assets)
        {
            AssetBalance balance = account[asset];
            json.Comma().Raw("{\"a\":"u8).Text(asset).Raw(",\"f\":"u8).Decimal(balance.Free).Raw(",\"l\":"u8).Decimal(balance.Locked).Raw("}"u8);
        }
        json.Raw("]}"u8);
    });

    /// <summary>The last event of a subscription that ends.</summary>
    public void Terminate(WebSocketConnection connection, int id)
    {
        AccountEvent ended = Form(json => json.Raw("{\"e\":\"eventStreamTerminated\",\"E\":"u8).Time(nowMicros()).Raw("}"u8));
        foreach (Subscriber subscriber in _subscribers)
            if (subscriber.Connection == connection && subscriber.Id == id) SendTo(subscriber, ended);
    }

    /// <summary>What is to go wrong with events.</summary>
    public TradingFaults? Faults { get; set; }

    public void OnDeposit(string asset, long units) => Movement("balanceUpdate", asset, units);

    public void OnExternalLock(string asset, long units) => Movement("externalLockUpdate", asset, units);

    /// <summary>Ends all subscriptions; how many there were.</summary>
    public int TerminateAll()
    {
        Subscriber[] all = [.. _subscribers];
        foreach (Subscriber subscriber in all) Terminate(subscriber.Connection, subscriber.Id);
        _subscribers.Clear();
        return all.Length;
    }

    private void Movement(string name, string asset, long units) => Emit(json => json.Raw("{\"e\":"u8).Text(name).Raw(",\"E\":"u8).Time(nowMicros()).Raw(",\"a\":"u8).Text(asset)
        .Raw(",\"d\":"u8).Decimal(units).Raw(",\"T\":"u8).Time(nowMicros()).Raw("}"u8));

    /// <summary>An event in both units of time.</summary>
    private AccountEvent Form(Action<WireWriter> write)
    {
        byte[] In(long timeUnit)
        {
            _event.Clear();
            _event.TimeUnit = timeUnit;
            write(_event);
            return _event.Written.ToArray();
        }
        return new AccountEvent(In(1_000), In(1));
    }

    private void Emit(Action<WireWriter> write)
    {
        if (_subscribers.Count == 0 || Faults?.Has<MuteUser>() == true) return;
        AccountEvent told = Form(write);
        switch (Faults?.Take<ReportFault>(static _ => true))
        {
            case LateReport late:
                Faults!.After(late.DelaySeconds, () => Send(told));
                return;
            case ShuffleReports when _shuffled is null:
                _shuffled = told;
                return;
            case DuplicateReport:
                Leave(told);
                break;
        }
        Leave(told);
        if (_shuffled is not { } shuffled) return;
        _shuffled = null;
        Leave(shuffled);
    }

    private void Leave(AccountEvent told)
    {
        if (_holding) _held.Add(told);
        else Send(told);
    }

    private void Send(AccountEvent told)
    {
        foreach (Subscriber subscriber in _subscribers) SendTo(subscriber, told);
    }

    private void SendTo(Subscriber subscriber, AccountEvent told)
    {
        _head.Clear();
        _head.Raw("{\"subscriptionId\":"u8).Number(subscriber.Id).Raw(",\"event\":"u8);
        subscriber.Connection.AppendText(_head.Written, subscriber.TimeUnit == 1 ? told.Micros : told.Millis, "}"u8);
        subscriber.Connection.Flush();
    }

    private readonly record struct Subscriber(WebSocketConnection Connection, int Id, long TimeUnit);

    /// <summary>One event as JSON, with its times in milliseconds and in microseconds.</summary>
    private readonly record struct AccountEvent(byte[] Millis, byte[] Micros);
}
