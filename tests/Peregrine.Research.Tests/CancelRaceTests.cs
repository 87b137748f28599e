using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Research.Tests;

public sealed class CancelRaceTests(ITestOutputHelper output)
{
    [Fact]
    public void Row_37_a_cancel_that_races_a_fill_leaves_the_ledger_exact_in_every_interleaving()
    {
        int trials = 0, filled = 0, cancelled = 0, partly = 0;
        using OrderRig rig = new(37);
        foreach (string before in (string[])["nothing", "part", "all"])
        foreach (bool during in (bool[])[false, true])
        foreach (ExchangeFault? reports in (ExchangeFault?[])[null, new ShuffleReports(), new LateReport { DelaySeconds = 3 }, new DuplicateReport(), new EarlyReport { Call = "order.*" }])
        foreach (ExchangeFault? reply in (ExchangeFault?[])[null, new ExecuteThenDropReply { Call = "order.cancel", Count = 1 }, new ExecuteLate { Call = "order.cancel", Count = 1, DelaySeconds = 5 }])
        foreach (bool mutes in (bool[])[false, true])
        {
            using ActiveFault? a = during ? rig.Fault(new FillDuringCancel { Count = 1 }) : null;
            using ActiveFault? b = reports is null ? null : rig.Fault(reports);
            using ActiveFault? c = mutes ? rig.Fault(new MuteUser()) : null;
            Side side = trials % 2 == 0 ? Side.Buy : Side.Sell;
            // Deep in the other side's book and larger than it: it fills in part and rests.
            (Price price, string quantity) = before switch
            {
                "nothing" => (rig.PriceAt(side == Side.Buy ? -1 : 1), "0.01"),
                "part" => (side == Side.Buy ? rig.Symbol.State.Book.BestAsk.Price : rig.Symbol.State.Book.BestBid.Price, "30"),
                _ => (rig.PriceAt(side == Side.Buy ? 0.3 : -0.3), "0.001"),
            };
            if (before == "part") quantity = (side == Side.Buy ? rig.Symbol.State.Book.BestAsk : rig.Symbol.State.Book.BestBid).Quantity is var size && size > Quantity.Parse("4") ? "5" : (size + Quantity.Parse("0.5")).ToString();
            int slot = rig.Place(side, OrderType.Limit, TimeInForce.GoodTillCancel, price, quantity);
            rig.Wait(rig.Random.NextDouble() * 0.2);
            using ActiveFault? d = reply is null ? null : rig.Fault(reply);
            rig.Cancel(slot);
            rig.Wait(rig.Random.NextDouble() * 2);
            c?.Dispose();
            bool ended = rig.Until(() => !rig.Core.Orders[slot].IsOpen && rig.Agrees(slot), 100);
            if (!ended && rig.AtExchange(rig.Core.Orders[slot].ClientId)!.Status is "NEW" or "PARTIALLY_FILLED")
            {
                rig.Cancel(slot); // The cancel was lost with its reply; whoever wants it asks again.
                ended = rig.Until(() => !rig.Core.Orders[slot].IsOpen && rig.Agrees(slot), 60);
            }
            TrackedOrder order = rig.Core.Orders[slot];
            Assert.True(ended, $"fill before {before}, during {during}, {reports?.GetType().Name}, {reply?.GetType().Name}, mute {mutes}: {order.Status} {order.Booked} of {order.Quantity} here, {rig.AtExchange(order.ClientId)} there");
            trials++;
            if (order.Status == OrderStatus.Filled) filled++;
            else if (order.Booked.Raw > 0) partly++;
            else cancelled++;
        }
        rig.Exchange.Faults.Clear();
        Assert.True(rig.Until(() => rig.Core.Orders.OpenCount == 0 && rig.Core.Reconciler.IsReconciled, 180), "it does not settle");
        rig.Wait(65);
        rig.AssertLedger();
        output.WriteLine($"row 37: {trials} interleavings of a fill and a cancel: {filled} filled, {partly} cancelled with a part filled, {cancelled} cancelled whole; ledger equals the exchange's to the last unit");
        Assert.True(filled > 0 && partly > 0 && cancelled > 0, "each way must have come up");
    }
}
