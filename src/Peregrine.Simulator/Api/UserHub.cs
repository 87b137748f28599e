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
    private readonly List<(WebSocketConnection Connection, int Id)> _subscribers = [];
    private readonly WireWriter _event = new();
    private readonly WireWriter _head = new(64);
    private readonly List<byte[]> _held = [];
    private byte[]? _shuffled;
    private bool _holding;

    public void Add(WebSocketConnection connection, int id) => _subscribers.Add((connection, id));

    /// <summary>Ends one subscription, or all of a connection; how many there were.</summary>
    public int Remove(WebSocketConnection connection, int? id) => _subscribers.RemoveAll(s => s.Connection == connection && (id is null || s.Id == id));

    public bool Has(WebSocketConnection connection, int id) => _subscribers.Contains((connection, id));

    /// <summary>Keeps events back until <see cref="Release"/>, so that a request's answer leaves ahead of what it caused.</summary>
    public void Hold() => _holding = true;

    public void Release()
    {
        _holding = false;
        foreach (byte[] held in _held) Send(held);
        _held.Clear();
    }

    public void OnOrder(VenueOrder order, string execution, Fill? fill, string? otherId)
    {
        long eventMillis = nowMicros() / 1_000;
        bool isResting = order.IsOpen && order.IsWorking && !order.IsMarket;
        (string clientId, string original) = execution == "REPLACED" ? (order.ClientId, otherId!) : otherId is null ? (order.ClientId, "") : (otherId, order.ClientId);
        _event.Clear();
        _event.Raw("{\"e\":\"executionReport\",\"E\":"u8).Number(eventMillis).Raw(",\"s\":"u8).Text(order.Instrument.Symbol)
            .Raw(",\"c\":"u8).Text(clientId).Raw(",\"S\":"u8).Text(order.Side.Text()).Raw(",\"o\":"u8).Text(order.Type.Text())
            .Raw(",\"f\":"u8).Text(order.TimeInForce.Text()).Raw(",\"q\":"u8).Decimal(order.Quantity).Raw(",\"p\":"u8).Decimal(order.Price)
            .Raw(",\"P\":"u8).Decimal(order.StopPrice).Raw(",\"F\":"u8).Decimal(order.IcebergQuantity).Raw(",\"g\":"u8).Number(order.List?.Id ?? -1).Raw(",\"C\":"u8).Text(original)
            .Raw(",\"x\":"u8).Text(execution).Raw(",\"X\":"u8).Text(order.StatusText()).Raw(",\"r\":\"NONE\",\"i\":"u8).Number(order.Id)
            .Raw(",\"l\":"u8).Decimal(fill?.Quantity ?? 0).Raw(",\"z\":"u8).Decimal(order.Executed).Raw(",\"L\":"u8).Decimal(fill?.Price ?? 0);
        if (fill is { } f) _event.Raw(",\"n\":"u8).Decimal(f.Commission).Raw(",\"N\":"u8).Text(f.CommissionAsset);
        else _event.Raw(",\"n\":\"0\",\"N\":null"u8);
        _event.Raw(",\"T\":"u8).Number(order.UpdatedMicros / 1_000).Raw(",\"t\":"u8).Number(fill?.TradeId ?? -1).Raw(",\"I\":"u8).Number(order.ExecutionId)
            .Raw(",\"w\":"u8).Bool(isResting).Raw(",\"m\":"u8).Bool(fill?.IsMaker ?? false).Raw(",\"M\":"u8).Bool(fill is not null)
            .Raw(",\"O\":"u8).Number(order.TimeMicros / 1_000).Raw(",\"Z\":"u8).Decimal(order.ExecutedQuote).Raw(",\"Y\":"u8).Decimal(fill?.Quote ?? 0)
            .Raw(",\"Q\":"u8).Decimal(order.QuoteQuantity);
        if (order.WorkingMicros >= 0) _event.Raw(",\"W\":"u8).Number(order.WorkingMicros / 1_000);
        _event.Raw(",\"V\":"u8).Text(order.Prevention.Text());
        Conditions(order, execution);
        _event.Raw("}"u8);
        Emit();
    }

    /// <summary>Fields that are there for orders of some kinds.</summary>
    private void Conditions(VenueOrder order, string execution)
    {
        if (order.Trailing is { } trailing)
        {
            _event.Raw(",\"d\":"u8).Number(order.TrailingDelta);
            if (trailing.SinceMicros >= 0) _event.Raw(",\"D\":"u8).Number(trailing.SinceMicros / 1_000);
        }
        if (order.StrategyId is { } strategy) _event.Raw(",\"j\":"u8).Number(strategy);
        if (order.StrategyType is { } type) _event.Raw(",\"J\":"u8).Number(type);
        if (execution == "TRADE_PREVENTION" && order.LastPreventedMatch is { } match)
        {
            VenueOrder counter = match.CounterOf(order);
            _event.Raw(",\"v\":"u8).Number(match.Id).Raw(",\"A\":"u8).Decimal(order.Prevented).Raw(",\"B\":"u8).Decimal(order.LastPrevented)
                .Raw(",\"u\":"u8).Number(match.TradeGroupId).Raw(",\"U\":"u8).Number(counter.Id).Raw(",\"Cs\":"u8).Text(counter.Instrument.Symbol);
            if (match.Quantity > 0)
                _event.Raw(",\"pl\":"u8).Decimal(match.Quantity).Raw(",\"pL\":"u8).Decimal(match.Price).Raw(",\"pY\":"u8).Decimal(Money.Quote(match.Price, match.Quantity));
        }
        if (order.ExpiryReason is { } reason) _event.Raw(",\"eR\":"u8).Text(reason);
    }

    public void OnList(OrderList list)
    {
        long millis = nowMicros() / 1_000;
        _event.Clear();
        _event.Raw("{\"e\":\"listStatus\",\"E\":"u8).Number(millis).Raw(",\"s\":"u8).Text(list.Instrument.Symbol).Raw(",\"g\":"u8).Number(list.Id)
            .Raw(",\"c\":"u8).Text(list.Contingency).Raw(",\"l\":"u8).Text(list.StatusType).Raw(",\"L\":"u8).Text(list.OrderStatus)
            .Raw(",\"r\":\"NONE\",\"C\":"u8).Text(list.ClientId).Raw(",\"T\":"u8).Number(millis).Raw(",\"O\":["u8);
        foreach (VenueOrder order in list.Orders)
            _event.Comma().Raw("{\"s\":"u8).Text(list.Instrument.Symbol).Raw(",\"i\":"u8).Number(order.Id).Raw(",\"c\":"u8).Text(order.ClientId).Raw("}"u8);
        _event.Raw("]}"u8);
        Emit();
    }

    public void OnBalances(Account account, IReadOnlyList<string> assets)
    {
        long millis = nowMicros() / 1_000;
        _event.Clear();
        _event.Raw("{\"e\":\"outboundAccountPosition\",\"E\":"u8).Number(millis).Raw(",\"u\":"u8).Number(millis).Raw(",\"B\":["u8);
        foreach (string asset in assets)
        {
            AssetBalance balance = account[asset];
            _event.Comma().Raw("{\"a\":"u8).Text(asset).Raw(",\"f\":"u8).Decimal(balance.Free).Raw(",\"l\":"u8).Decimal(balance.Locked).Raw("}"u8);
        }
        _event.Raw("]}"u8);
        Emit();
    }

    /// <summary>The last event of a subscription that ends.</summary>
    public void Terminate(WebSocketConnection connection, int id)
    {
        _event.Clear();
        _event.Raw("{\"e\":\"eventStreamTerminated\",\"E\":"u8).Number(nowMicros() / 1_000).Raw("}"u8);
        SendTo(connection, id, _event.Written);
    }

    /// <summary>What is to go wrong with events.</summary>
    public TradingFaults? Faults { get; set; }

    public void OnDeposit(string asset, long units) => Movement("balanceUpdate"u8, asset, units);

    public void OnExternalLock(string asset, long units) => Movement("externalLockUpdate"u8, asset, units);

    /// <summary>Ends all subscriptions; how many there were.</summary>
    public int TerminateAll()
    {
        (WebSocketConnection Connection, int Id)[] all = [.. _subscribers];
        foreach ((WebSocketConnection connection, int id) in all) Terminate(connection, id);
        _subscribers.Clear();
        return all.Length;
    }

    private void Movement(ReadOnlySpan<byte> name, string asset, long units)
    {
        long millis = nowMicros() / 1_000;
        _event.Clear();
        _event.Raw("{\"e\":\""u8).Raw(name).Raw("\",\"E\":"u8).Number(millis).Raw(",\"a\":"u8).Text(asset).Raw(",\"d\":"u8).Decimal(units)
            .Raw(",\"T\":"u8).Number(millis).Raw("}"u8);
        Emit();
    }

    private void Emit()
    {
        if (_subscribers.Count == 0) return;
        if (Faults is null)
        {
            Leave();
            return;
        }
        if (Faults.Has<MuteUser>()) return;
        switch (Faults.Take<ReportFault>(_ => true))
        {
            case LateReport late:
                byte[] kept = _event.Written.ToArray();
                Faults.After(late.DelaySeconds, () => Send(kept));
                return;
            case ShuffleReports when _shuffled is null:
                _shuffled = _event.Written.ToArray();
                return;
            case DuplicateReport:
                Leave();
                break;
        }
        Leave();
        if (_shuffled is not { } shuffled) return;
        _shuffled = null;
        if (_holding) _held.Add(shuffled);
        else Send(shuffled);
    }

    private void Leave()
    {
        if (_holding) _held.Add(_event.Written.ToArray());
        else Send(_event.Written);
    }

    private void Send(ReadOnlySpan<byte> json)
    {
        foreach ((WebSocketConnection connection, int id) in _subscribers) SendTo(connection, id, json);
    }

    private void SendTo(WebSocketConnection connection, int id, ReadOnlySpan<byte> json)
    {
        _head.Clear();
        _head.Raw("{\"subscriptionId\":"u8).Number(id).Raw(",\"event\":"u8);
        connection.AppendText(_head.Written, json, "}"u8);
        connection.Flush();
    }
}
