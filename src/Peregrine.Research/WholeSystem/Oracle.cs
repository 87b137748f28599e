using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Trading;
using Peregrine.Simulator;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>Compares what we believe with what the exchange knows, by rules of its own.</summary>
internal sealed class Oracle(VirtualExchange exchange)
{
    private readonly HashSet<long> _judged = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    /// <summary>While it runs: no order without an intent, no id twice, no more exposure than allowed.</summary>
    public void Check(TradingCore core, TraderHome home, Action<string> violate)
    {
        ExchangeLedger truth = exchange.Oracle;
        Notional open = Notional.Zero;
        Quantity held = Quantity.Zero;
        foreach (LedgerOrder order in truth.Orders)
        {
            bool isOurs = ClientOrderIds.IsOurs(System.Text.Encoding.UTF8.GetBytes(order.ClientOrderId));
            if (!isOurs) continue;
            Quantity executed = Quantity.Parse(order.Executed);
            held += order.Side == "BUY" ? executed : -executed;
            bool isOpen = order.Status is "NEW" or "PARTIALLY_FILLED";
            if (isOpen && order.Side == "BUY") open += Price.Parse(order.Price) * (Quantity.Parse(order.Quantity) - executed);
            if (!_judged.Add(order.OrderId)) continue;
            if (!home.Journal.Written.Contains(order.ClientOrderId)) violate($"{order.ClientOrderId} is at the exchange without an intent");
            if (!_ids.Add(order.ClientOrderId)) violate($"{order.ClientOrderId} came into being twice");
        }
        Price mark = core.Symbols[0].Mark;
        if (!mark.IsZero && (mark * Quantity.Abs(held)) + open > Notional.Parse("1600")) violate($"{held} held and {open} in open buys is more than the limit of 1500");
    }

    /// <summary>When all is over: positions, fills, fees and balances are the exchange's, to the last unit.</summary>
    public void CheckEnd(TradingCore core, TraderHome home, Action<string> violate)
    {
        Check(core, home, violate);
        CheckLedger(core, violate);
    }

    /// <summary>Nothing is open, and what we have is what the exchange says that we have.</summary>
    public void CheckLedger(TradingCore core, Action<string> violate)
    {
        ExchangeLedger truth = exchange.Oracle;
        foreach (LedgerOrder order in truth.Orders)
            if (order.Status is "NEW" or "PARTIALLY_FILLED" or "PENDING_NEW") violate($"{order.ClientOrderId} is still {order.Status} at the exchange");
        foreach (LedgerBalance balance in truth.Balances)
        {
            long units = Quantity.Parse(balance.Free).Raw + Quantity.Parse(balance.Locked).Raw;
            if (core.Ledger[AssetCode.Create(balance.Asset)] is { } expected && expected != units) violate($"{balance.Asset}: the exchange has {units} units, our ledger {expected}");
        }
        Quantity position = Quantity.Zero;
        foreach (LedgerTrade trade in truth.Trades)
        {
            if (!ClientOrderIds.IsOurs(System.Text.Encoding.UTF8.GetBytes(trade.ClientOrderId))) continue;
            Quantity quantity = Quantity.Parse(trade.Quantity);
            position += trade.Side == "BUY" ? quantity : -quantity;
            if (trade.CommissionAsset == "BTC") position -= Quantity.Parse(trade.Commission);
        }
        if (position != core.Symbols[0].Position.Quantity) violate($"our fills at the exchange make a position of {position}, ours is {core.Symbols[0].Position.Quantity}");
    }
}
