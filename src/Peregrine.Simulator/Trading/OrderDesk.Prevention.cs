using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Trading;

/// <summary>Self-trade prevention: what an order loses when it would have met one of its own account.</summary>
internal sealed partial class OrderDesk
{
    private readonly List<PreventedMatch> _prevented = [];

    /// <summary>The matches of this account that were prevented, oldest first.</summary>
    public IReadOnlyList<PreventedMatch> PreventedMatches => _prevented;

    public void OnPrevented(VenueOrder order, PreventedMatch match)
    {
        if (_prevented.Count == 0 || _prevented[^1] != match)
        {
            if (_prevented.Count == HistoryMax) _prevented.RemoveRange(0, HistoryMax / 2);
            _prevented.Add(match);
        }
        if (ReferenceEquals(order, match.Taker)) order.PreventedMatches.Add(match);
        long prevented = match.PreventedOf(order);
        if (prevented == 0) return;
        OnLegActs(order);
        order.Prevented += prevented;
        order.LastPrevented = prevented;
        order.LastPreventedMatch = match;
        order.UpdatedMicros = nowMicros();
        if (match.IsTransfer) Transfer(order, match);
        bool isSpent = order.QuoteQuantity > 0 ? match.Mode is SelfTradePrevention.ExpireTaker or SelfTradePrevention.ExpireBoth : order.Remaining == 0;
        if (isSpent)
        {
            order.IsExpiredInMatch = true;
            End(order, OrderStatus.Expired, null);
            return;
        }
        if (order is { IsMarket: false }) ReleaseExcess(order);
        Tell(order, "TRADE_PREVENTION", null, null);
        observer.OnBalances(Account, [order.LockedAsset, order.ReceivedAsset]);
    }

    /// <summary>What would have been traded moves without a trade: paid out of the lock, received without a fee.</summary>
    private void Transfer(VenueOrder order, PreventedMatch match)
    {
        long quote = Money.Quote(match.Price, match.Quantity);
        (long paid, long received) = order.Side == Side.Buy ? (quote, match.Quantity) : (match.Quantity, quote);
        Account.PayLocked(order.LockedAsset, paid, paid);
        order.Locked -= paid;
        Account.Receive(order.ReceivedAsset, received);
    }
}
