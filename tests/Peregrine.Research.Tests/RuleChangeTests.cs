using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Trading;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Research.Tests;

/// <summary>Scorecard row 47: the exchange changes its rules, halts the symbol or takes its fee from what was bought, while we trade.</summary>
public sealed class RuleChangeTests(ITestOutputHelper output)
{
    private static readonly CoreSetup Trading = new()
    {
        Mode = "live", Trades = true, Reconciles = true, EnterProbability = 0.6, ExitProbability = 0.4, HoldingMillis = 1_500, PositionValue = "500", OrderPauseMillis = 200,
        MaxOrderNotional = "1000", MaxPositionNotional = "1500", MaxOpenOrders = 6, MaxOrdersPerMinute = 120, MaxLoss = "100000",
    };

    [Fact]
    public void Row_47_changed_filters_cost_at_most_one_refusal_each()
    {
        int changes = 0, refusals = 0, worst = 0, tradedAfter = 0;
        using OrderRig rig = new(47, Trading);
        (string, ExchangeFault)[] kinds =
        [
            ("tick", new SymbolFilters { Symbol = "BTCUSDT", TickSize = "1" }),
            ("step", new SymbolFilters { Symbol = "BTCUSDT", StepSize = "0.001", MinQuantity = "0.001" }),
            ("least value", new SymbolFilters { Symbol = "BTCUSDT", MinNotional = "300" }),
            ("largest quantity", new SymbolFilters { Symbol = "BTCUSDT", MaxQuantity = "0.001" }),
        ];
        for (int i = 0; i < 40; i++)
        {
            (string name, ExchangeFault fault) = kinds[i % kinds.Length];
            rig.Wait(75); // Rules that are in the way are read again each minute.
            int before = Refused(rig), orders = Executed(rig);
            using (rig.Fault(fault)) rig.Wait(60);
            int refused = Refused(rig) - before;
            if (Executed(rig) > orders) tradedAfter++;
            // Back to the old rules: whatever is allowed by the newer, narrower ones is allowed by those too.
            worst = Math.Max(worst, refused);
            refusals += refused;
            changes++;
            Assert.True(refused <= 1, $"{name}: {refused} refusals; {string.Join(", ", rig.Exchange.OrderCalls.TakeLast(5))}");
        }
        output.WriteLine($"row 47: {changes} changes of filters (tick, step, least value, largest quantity) while trading: {refusals} refusals, at most {worst} each; orders went on in {tradedAfter}");
        Assert.True(refusals > 0 && tradedAfter > changes / 3, "the changes must have met orders to prove anything");
    }

    [Fact]
    public void Row_47_a_halted_symbol_costs_at_most_one_refusal_and_trades_again_when_it_opens()
    {
        int worst = 0, refusals = 0, again = 0;
        using OrderRig rig = new(48, Trading);
        for (int i = 0; i < 20; i++)
        {
            rig.Wait(20);
            int before = Refused(rig);
            using (rig.Fault(new SymbolStatus { Symbol = "BTCUSDT", Status = i % 2 == 0 ? "HALT" : "BREAK" })) rig.Wait(150);
            worst = Math.Max(worst, Refused(rig) - before);
            refusals += Refused(rig) - before;
            int executed = Executed(rig);
            if (rig.Until(() => Executed(rig) > executed, 90, 0.5)) again++;
        }
        output.WriteLine($"row 47: 20 halts of a symbol for 150 s: {refusals} refusals, at most {worst} each; traded again after {again}");
        Assert.True(worst <= 1, $"{worst} refusals in one halt");
        Assert.Equal(20, again);
    }

    [Fact]
    public void Row_47_fees_in_the_bought_asset_and_dust_never_make_us_sell_more_than_we_hold()
    {
        using OrderRig rig = new(49, Trading);
        rig.Wait(900);
        LedgerTrade[] trades = [.. rig.Exchange.Oracle.Trades];
        int fees = trades.Count(static trade => trade.CommissionAsset == "BTC"), sells = trades.Count(static trade => trade.Side == "SELL");
        int refused = Refused(rig);
        Quantity held = rig.Symbol.Position.Quantity;
        output.WriteLine($"row 47: 15 minutes with the fee taken from what was bought: {trades.Length} fills, {fees} fees in BTC, {sells} sales, {refused} refusals, {held} BTC held at the end (dust included)");
        Assert.True(fees > 20 && sells > 20, "it must have traded to prove anything");
        Assert.Equal(0, refused);
        rig.Trader.Command(CoreOrder.Flatten);
        Assert.True(rig.Until(() => rig.Core.Orders.OpenCount == 0 && rig.Core.Reconciler.IsReconciled && rig.Symbol.Mark * rig.Symbol.Position.Quantity < rig.Symbol.Instrument.Rules.MinNotional, 120));
        int orders = rig.Exchange.OrderCalls.Count;
        rig.Wait(60);
        Assert.Equal(orders, rig.Exchange.OrderCalls.Count); // Dust is left alone.
        rig.AssertLedger();
    }

    private static int Refused(OrderRig rig) => rig.Exchange.OrderCalls.Count(static call => call.Call == "order.place" && call.Done.StartsWith("refused", StringComparison.Ordinal));

    private static int Executed(OrderRig rig) => rig.Exchange.OrderCalls.Count(static call => call.Call == "order.place" && call.Done.StartsWith("executed", StringComparison.Ordinal));
}
