using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Synthetic;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Faults;

/// <summary>A call that gets no answer: over REST the connection is cut, over the WebSocket API there is silence.</summary>
internal sealed class NoReplyException() : Exception("No reply.");

/// <summary>An answer that a fault gives in the exchange's place.</summary>
internal sealed class RawReplyException(int status, string body) : Exception("An answer of a fault's.")
{
    public int Status { get; } = status;
    public string Body { get; } = body;
}

/// <summary>What is to go wrong with orders, and the log of what was asked and done. Used under the exchange's gate.</summary>
internal sealed class TradingFaults(ExchangeGate gate, ExchangeClock clock, ulong seed)
{
    /// <summary>So many order calls are remembered, the newest ones.</summary>
    private const int LogMax = 100_000;

    private readonly SeededRandom _random = new(seed ^ 0xF4017);
    private readonly List<Armed> _armed = [];
    private readonly Dictionary<long, long> _hiddenUntil = [];
    private readonly Queue<OrderCall> _log = new();
    private int _sequence;

    public IEnumerable<OrderCall> Log => _log;

    /// <summary>One more; the result ends it.</summary>
    public Action Add(ExchangeFault fault, int? count)
    {
        Armed armed = new(fault) { Left = count };
        _armed.Add(armed);
        return () => _armed.Remove(armed);
    }

    /// <summary>Runs an order call with what is to go wrong with it.</summary>
    public void Run(Operation operation, RequestParameters parameters, WireWriter writer)
    {
        if (!IsTrade(operation.Name))
        {
            operation.Run(parameters, writer);
            return;
        }
        switch (Take<CallFault>(f => f is not (EarlyReport or DelayMatching) && Fits(f, parameters) && StreamPattern.Matches(f.Call, operation.Name)))
        {
            case ExecuteThenDropReply:
                RunQuietly(operation, parameters, "executed, reply dropped");
                throw new NoReplyException();
            case RejectThenDropReply:
                Write(operation, parameters, "not executed, reply dropped");
                throw new NoReplyException();
            case ExecuteLate late:
                Write(operation, parameters, "kept back, reply dropped");
                After(late.DelaySeconds, () => RunQuietly(operation, parameters, "executed late"));
                throw new NoReplyException();
            case AnswerCall answer:
                WireWriter answered = new();
                if (answer.Executes) RunQuietly(operation, parameters, $"executed, answered {answer.Status}", answered);
                else Write(operation, parameters, $"not executed, answered {answer.Status}");
                if (answer.CutAt is { } cut) throw new RawReplyException(answer.Status, System.Text.Encoding.UTF8.GetString(answered.Written[..Math.Min(cut, answered.Length)]));
                throw answer.Code != 0 ? new ApiException(answer.Code, answer.Body, answer.Status) : new RawReplyException(answer.Status, answer.Body);
        }
        try
        {
            operation.Run(parameters, writer);
            Write(operation, parameters, "executed");
            if (Take<EarlyReport>(f => Fits(f, parameters) && StreamPattern.Matches(f.Call, operation.Name)) is not null) parameters.Key?.Account.Users.Release();
        }
        catch (ApiException e)
        {
            Write(operation, parameters, $"refused {e.Code}");
            throw;
        }
    }

    /// <summary>How many seconds a call waits between its arrival and the matching engine; 0 for none.</summary>
    /// <remarks>A call whose time is wrong on arrival does not wait.</remarks>
    public double TakeWait(Operation operation, RequestParameters parameters, RequestSignature signature)
    {
        if (!Has<DelayMatching>() || !IsTrade(operation.Name)) return 0;
        try
        {
            signature.CheckTime(parameters);
        }
        catch (ApiException)
        {
            return 0;
        }
        return Take<DelayMatching>(f => Fits(f, parameters) && StreamPattern.Matches(f.Call, operation.Name))?.DelaySeconds ?? 0;
    }

    /// <summary>An order was placed: whether queries do not see it for a while is decided now.</summary>
    public void OnPlaced(VenueOrder order)
    {
        if (Take<HideFromQuery>(f => Fits(f, order)) is { } hide) _hiddenUntil[order.Id] = clock.NowMicros + (long)(hide.DelaySeconds * 1e6);
        bool isPrunable = !order.IsOpen && order.Executed == 0 && order.Status == OrderStatus.Expired;
        if (isPrunable && Take<PruneIoc>(f => Fits(f, order)) is not null) _hiddenUntil[order.Id] = long.MaxValue;
    }

    /// <summary>Whether queries do not know the order.</summary>
    public bool IsHidden(VenueOrder order)
    {
        if (!_hiddenUntil.TryGetValue(order.Id, out long until)) return false;
        if (clock.NowMicros < until) return true;
        _hiddenUntil.Remove(order.Id);
        return false;
    }

    /// <summary>An open order is about to be cancelled.</summary>
    /// <exception cref="ApiException">It is gone, or said to be.</exception>
    public void BeforeCancel(VenueOrder order)
    {
        if (Take<FillDuringCancel>(f => Fits(f, order)) is not null) order.Owner!.FillWhole(order);
        if (order.IsOpen && Take<HideThenFill>(f => Fits(f, order)) is { } hide)
        {
            _hiddenUntil[order.Id] = clock.NowMicros + (long)(hide.DelaySeconds * 1e6);
            After(hide.DelaySeconds, () =>
            {
                if (order.IsOpen) order.Owner!.FillWhole(order);
            });
            throw new ApiException(-2011, "Unknown order sent.");
        }
    }

    /// <summary>The first fault of a kind that fits; one of its count is used up.</summary>
    public T? Take<T>(Predicate<T> fits) where T : ExchangeFault
    {
        foreach (Armed armed in _armed)
        {
            if (armed.Fault is not T fault || armed.Left == 0 || !fits(fault)) continue;
            double probability = fault switch { OrderFault f => f.Probability, ReportFault f => f.Probability, _ => 1 };
            if (probability < 1 && _random.NextDouble() >= probability) continue;
            armed.Left--;
            return fault;
        }
        return null;
    }

    public bool Has<T>() where T : ExchangeFault => _armed.Exists(a => a.Fault is T && a.Left != 0);

    /// <summary>Does something later, by the exchange's own timers.</summary>
    public void After(double seconds, Action act)
    {
        ITimer? timer = null;
        timer = clock.CreateTimer(
            _ =>
            {
                gate.Request(act);
                timer?.Dispose();
            },
            null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
    }

    private void RunQuietly(Operation operation, RequestParameters parameters, string done, WireWriter? writer = null)
    {
        writer ??= new WireWriter();
        try
        {
            operation.Run(parameters, writer);
            Write(operation, parameters, done);
        }
        catch (ApiException e)
        {
            RestApi.WriteError(writer, e);
            Write(operation, parameters, $"refused {e.Code}, {done[(done.IndexOf(' ', StringComparison.Ordinal) + 1)..]}");
        }
    }

    private void Write(Operation operation, RequestParameters parameters, string done)
    {
        if (_log.Count == LogMax) _log.Dequeue();
        _log.Enqueue(new OrderCall(
            ++_sequence, clock.NowMicros, operation.Name, parameters.Optional("symbol") ?? "",
            parameters.Optional("newClientOrderId") ?? parameters.Optional("listClientOrderId") ?? parameters.Optional("origClientOrderId") ?? parameters.Optional("orderId") ?? "", done));
    }

    private static bool IsTrade(string name) =>
        name.StartsWith("order.", StringComparison.Ordinal) && name is not ("order.status" or "order.test" or "order.amendments")
        || name.StartsWith("orderList.", StringComparison.Ordinal) && name != "orderList.status" || name == "openOrders.cancelAll";

    private static bool Fits(OrderFault fault, RequestParameters parameters) =>
        StreamPattern.Matches(fault.Symbol, parameters.Optional("symbol") ?? "") && StreamPattern.Matches(fault.Type, parameters.Optional("type") ?? "");

    private static bool Fits(OrderFault fault, VenueOrder order) =>
        StreamPattern.Matches(fault.Symbol, order.Instrument.Symbol) && StreamPattern.Matches(fault.Type, order.Type.Text());

    private sealed class Armed(ExchangeFault fault)
    {
        public ExchangeFault Fault => fault;
        public int? Left { get; set; }
    }
}

/// <summary>One order call and what came of it.</summary>
/// <param name="ClientId">The client id that the call brought, or the order's number.</param>
/// <param name="Done">What was done, in words.</param>
public sealed record OrderCall(int Sequence, long TimeMicros, string Call, string Symbol, string ClientId, string Done);
