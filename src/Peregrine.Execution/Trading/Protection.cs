using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Risk;

namespace Peregrine.Execution.Trading;

/// <summary>
/// Keeps the barriers around a long spot position: an OCO at the exchange for profit and loss, and the time. The OCO is placed when the entry is over, for what is
/// really held; between the two (milliseconds) the position has none. Where it cannot be placed the position is closed.
/// </summary>
internal sealed class Protection(CoreOptions options, OrderManager orders, OrderPlacement placement, RequestQueue requests)
{
    private const int RefusalsMax = 3;
    private const long AgainAfterNanos = 1_000_000_000;

    public bool IsOn => options.Bracket.Rests;

    /// <summary>Whether the holding time of the position is over.</summary>
    public bool IsTimeUp(SymbolTrading symbol, long nowNanos) =>
        options.Bracket.Seconds > 0 && symbol.EnteredNanos != 0 && nowNanos - symbol.EnteredNanos >= options.Bracket.Seconds * 1_000_000_000L;

    /// <summary>Places the barriers where a position has none and is wanted.</summary>
    public void Keep(long sequence, SymbolTrading symbol, in MarketEvent cause, long nowNanos)
    {
        if (!IsOn || symbol.StandsDown || nowNanos < symbol.ProtectionNotBefore || symbol.Position.Quantity.Raw <= 0 || symbol.Target.Raw <= 0) return;
        if (orders.HasOpen(symbol.Instrument.Id)) return;
        TradingRules rules = symbol.Instrument.Rules;
        Quantity quantity = rules.FloorToStep(symbol.Position.Quantity);
        Price entry = symbol.Position.AveragePrice;
        Price profit = rules.CeilingToTick(Shifted(entry, options.Bracket.ProfitBasisPoints));
        Price stop = rules.FloorToTick(Shifted(entry, -options.Bracket.LossBasisPoints));
        Price limit = rules.FloorToTick(Shifted(stop, -options.ReachBasisPoints));
        Price mid = symbol.State.Book.Mid;
        if (OrderPlacement.IsDust(symbol, limit, quantity)) return;
        if (!symbol.State.IsTradable || mid.IsZero) return;
        if (mid >= profit || mid <= stop)
        {
            symbol.StandsDown = true; // A barrier was crossed before it stood.
            return;
        }
        long list = orders.NextListNumber();
        NewOrder above = new(symbol.Instrument.Id, Side.Sell, OrderType.LimitMaker, TimeInForce.GoodTillCancel, profit, quantity, symbol.Strategy!.Id) { ListNumber = list, ListRole = ListRole.Above };
        NewOrder below = above with { Type = OrderType.StopLossLimit, Price = limit, StopPrice = stop, ListRole = ListRole.Below };
        RiskVerdict verdict = placement.Check(symbol, in above, isProtection: true);
        if (verdict == RiskVerdict.Approved) verdict = placement.Check(symbol, in below, isProtection: true);
        if (verdict == RiskVerdict.Approved)
        {
            symbol.ProtectionNotBefore = nowNanos + AgainAfterNanos;
            placement.PlaceOco(sequence, symbol, in cause, in above, in below);
            return;
        }
        if (verdict is RiskVerdict.Filter or RiskVerdict.PositionLimit or RiskVerdict.SymbolOrdersLimit or RiskVerdict.QuantityLimit) OnRefused(symbol, nowNanos);
    }

    /// <summary>A leg ended: a refusal is tried again a few times, a fill closed the position.</summary>
    public void OnEnded(SymbolTrading symbol, in TrackedOrder order, long nowNanos)
    {
        if (order.ListRole == ListRole.None) return;
        if (order.Booked.Raw > 0) symbol.StandsDown = true;
        else if (order.Status is OrderStatus.Rejected or OrderStatus.Absent) OnRefused(symbol, nowNanos);
    }

    private void OnRefused(SymbolTrading symbol, long nowNanos)
    {
        symbol.ProtectionNotBefore = nowNanos + AgainAfterNanos;
        if (++symbol.ProtectionRefusals < RefusalsMax || symbol.StandsDown) return;
        symbol.StandsDown = true;
        requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Symbol = symbol.Instrument.Id, Alert = CoreAlert.Unprotected });
    }

    private static Price Shifted(Price price, int basisPoints) => new((long)((Int128)price.Raw * (10_000 + basisPoints) / 10_000));
}
