using Peregrine.Common;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Tests.Reference;

/// <summary>Price-time matching as one would explain it: a list of orders, searched from the start each time.</summary>
internal sealed class ReferenceBook
{
    private readonly List<(long Id, Side Side, long Price, long Remaining)> _orders = [];

    public List<(long Taker, long Maker, long Price, long Quantity)> Fills { get; } = [];
    public IReadOnlyList<(long Id, Side Side, long Price, long Remaining)> Orders => _orders;

    public (long Filled, bool Rested, bool WouldTake) Submit(IncomingOrder order)
    {
        List<int> reached = Reached(order);
        if (order.Remainder == Remainder.OnlyRests && reached.Count > 0) return (0, false, true);
        if (order.Remainder == Remainder.FillsWhollyOrExpires && reached.Sum(i => _orders[i].Remaining) < order.Quantity) return (0, false, false);
        long left = order.Quantity;
        while (left > 0 && Reached(order) is { Count: > 0 } now)
        {
            int first = now[0];
            (long id, Side side, long price, long remaining) = _orders[first];
            long quantity = Math.Min(left, remaining);
            Fills.Add((order.Id, id, price, quantity));
            left -= quantity;
            if (quantity == remaining) _orders.RemoveAt(first);
            else _orders[first] = (id, side, price, remaining - quantity);
        }
        bool rests = left > 0 && order.Remainder is Remainder.Rests or Remainder.OnlyRests && left > 0;
        if (rests) _orders.Add((order.Id, order.Side, order.Price, left));
        return (order.Quantity - left, rests, false);
    }

    public bool Cancel(long id) => _orders.RemoveAll(o => o.Id == id) > 0;

    /// <summary>Counter orders within the limit: the best price first, then who came first (the list's own order).</summary>
    private List<int> Reached(IncomingOrder order) =>
    [
        .. Enumerable.Range(0, _orders.Count)
            .Where(i => _orders[i].Side != order.Side)
            .Where(i => order.Price == 0 || (order.Side == Side.Buy ? _orders[i].Price <= order.Price : _orders[i].Price >= order.Price))
            .OrderBy(i => order.Side == Side.Buy ? _orders[i].Price : -_orders[i].Price).ThenBy(i => i),
    ];
}
