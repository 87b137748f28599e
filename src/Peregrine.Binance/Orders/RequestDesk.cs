using Peregrine.Binance.Rest;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Execution;

namespace Peregrine.Binance.Orders;

/// <summary>Sends requests and remembers them: within the budget, with an id each, and never one that was not sent.</summary>
internal sealed class RequestDesk(IOrderLine line, OrderRequests requests, RequestBudget budget, ServerClock clock, TimeProvider time)
{
    private long _sent;

    public IOrderLine Line => line;
    public OrderRequests Requests => requests;
    public RequestBudget Budget => budget;
    public InFlightTable InFlight { get; } = new();

    /// <summary>Requests that left. Any thread.</summary>
    public long Sent => Volatile.Read(ref _sent);

    public long NowMicros => clock.NowMicros;
    public long NowMillis => clock.NowMicros / 1_000;

    /// <summary>Takes a place and the costs for a request. False: neither is taken.</summary>
    public bool TryOpen(RequestKind kind, Lane lane, int weight, int orders, out long id)
    {
        id = 0;
        if (!budget.TryTake(lane, weight, orders, clock.NowMicros)) return false;
        if (InFlight.TryAdd(kind, time.GetTimestamp(), out id)) return true;
        budget.GiveBack(weight, orders);
        return false;
    }

    public SendResult Send(long id, ReadOnlySpan<byte> request, int weight, int orders)
    {
        switch (line.TrySend(request))
        {
            case LineSend.Sent:
                Volatile.Write(ref _sent, _sent + 1);
                return SendResult.Sent;
            case LineSend.Partial:
                Volatile.Write(ref _sent, _sent + 1);
                return SendResult.Unknown; // Its answer, or the line's end, still makes a report.
            default:
                _ = InFlight.TryTake(id, out _);
                budget.GiveBack(weight, orders);
                return SendResult.NotSent;
        }
    }
}

/// <summary>What requests cost at most (rest-api.md; the WebSocket API charges the same).</summary>
internal static class Weights
{
    public const int Place = 1;
    public const int Cancel = 1;
    public const int Amend = 4;
    public const int Query = 4;
    public const int OpenOrders = 6;
    public const int AllOpenOrders = 80;
    public const int Account = 20;
    public const int Commission = 20;
    public const int AllOrders = 20;
    public const int Trades = 20;
    public const int TradesOfOrder = 5;
    public const int Session = 2;
}
