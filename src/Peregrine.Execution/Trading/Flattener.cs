using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Risk;

namespace Peregrine.Execution.Trading;

/// <summary>
/// The highest level of the kill switch: once nothing is open, each position is closed with collared limit orders, immediate or cancel, again each second until
/// only dust is left. Orders at market could be refused or expire, and would take any price.
/// </summary>
internal sealed class Flattener(SymbolTrading[] symbols, OrderManager orders, OrderPlacement placement)
{
    private const long PauseNanos = 900_000_000;

    public void OnTimer(long sequence, in MarketEvent timer, long nowNanos)
    {
        foreach (SymbolTrading symbol in symbols)
        {
            SymbolId id = symbol.Instrument.Id;
            if (symbol.Position.Quantity.IsZero || orders.HasOpen(id) || !symbol.State.IsTradable || nowNanos - symbol.LastOrderNanos < PauseNanos || symbol.Patience.IsPausing(nowNanos)) continue;
            Side side = symbol.Position.Quantity.IsNegative ? Side.Buy : Side.Sell;
            Quantity quantity = symbol.Instrument.Rules.FloorToStep(Quantity.Abs(symbol.Position.Quantity));
            Price price = placement.LimitPrice(symbol, side);
            if (OrderPlacement.IsDust(symbol, price, quantity)) continue;
            NewOrder order = new(id, side, OrderType.Limit, TimeInForce.ImmediateOrCancel, price, quantity, symbol.Strategy?.Id ?? 0);
            if (placement.Check(symbol, in order, state: TradingState.ReduceOnly) == RiskVerdict.Approved) placement.Place(sequence, symbol, in timer, in order);
            else placement.Refusals++;
        }
    }
}
