using Peregrine.Binance.Orders;
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

    [Theory]
    [InlineData(ReplaceMode.StopOnFailure)]
    [InlineData(ReplaceMode.AllowFailure)]
    public void Row_37_both_halves_of_a_cancel_and_replace_are_told_apart(ReplaceMode mode)
    {
        int trials = 0, both = 0, cancelOnly = 0, placeOnly = 0, neither = 0;
        using OrderRig rig = new(370);
        foreach (bool cancels in (bool[])[true, false])
        foreach (bool places in (bool[])[true, false])
        foreach (ExchangeFault? reports in (ExchangeFault?[])[null, new ShuffleReports(), new LateReport { DelaySeconds = 3 }, new DuplicateReport(), new EarlyReport { Call = "order.*" }])
        foreach (ExchangeFault? reply in (ExchangeFault?[])[null, new ExecuteThenDropReply { Call = "order.cancelReplace", Count = 1 }])
        {
            using ActiveFault? a = reports is null ? null : rig.Fault(reports);
            int old = rig.Place(Side.Buy, OrderType.Limit, TimeInForce.GoodTillCancel, rig.PriceAt(-1), "0.001");
            Assert.True(rig.Until(() => rig.Core.Orders[old].Status == OrderStatus.New, 20));
            using ActiveFault? b = cancels ? null : rig.Fault(new FillDuringCancel { Count = 1 });
            using ActiveFault? c = reply is null ? null : rig.Fault(reply);
            // The new order fails for want of balance: a definite refusal that no filter of ours foresees.
            int next = rig.Write(Side.Buy, OrderType.Limit, TimeInForce.GoodTillCancel, rig.PriceAt(-1), places ? "0.002" : "900");
            rig.Replace(old, next, mode);
            rig.Wait(1);
            Assert.True(
                rig.Until(() => rig.Core.Orders[old].Status is not (OrderStatus.Unknown or OrderStatus.Sent) && rig.Agrees(old) && rig.Core.Orders[next].Status is not (OrderStatus.Unknown or OrderStatus.Sent) && rig.Agrees(next), 120, 0.1),
                $"cancels {cancels}, places {places}, {reports?.GetType().Name}, {reply?.GetType().Name}: {rig.Core.Orders[old].Status} and {rig.Core.Orders[next].Status} here, {rig.AtExchange(rig.Core.Orders[old].ClientId)?.Status} and {rig.AtExchange(rig.Core.Orders[next].ClientId)?.Status} there");
            bool isCancelled = rig.Core.Orders[old].Status == OrderStatus.Canceled, isPlaced = rig.Core.Orders[next].IsOpen;
            (both, cancelOnly, placeOnly, neither) = (both + (isCancelled && isPlaced ? 1 : 0), cancelOnly + (isCancelled && !isPlaced ? 1 : 0), placeOnly + (!isCancelled && isPlaced ? 1 : 0), neither + (!isCancelled && !isPlaced ? 1 : 0));
            trials++;
            foreach (int slot in (int[])[old, next])
                if (rig.Core.Orders[slot].IsOpen) rig.Cancel(slot);
            Assert.True(rig.Until(() => !rig.Core.Orders[old].IsOpen && !rig.Core.Orders[next].IsOpen, 90));
        }
        rig.Exchange.Faults.Clear();
        Assert.True(rig.Until(() => rig.Core.Orders.OpenCount == 0 && rig.Core.Reconciler.IsReconciled, 180), "it does not settle");
        rig.Wait(65);
        rig.AssertLedger();
        output.WriteLine($"row 37: {trials} cancel-and-replace calls ({mode}): {both} did both, {cancelOnly} only cancelled, {placeOnly} only placed, {neither} did neither; ledger equals the exchange's to the last unit");
        Assert.True(both > 0 && cancelOnly > 0 && neither > 0 && placeOnly > 0 == (mode == ReplaceMode.AllowFailure), "each way must have come up");
    }
}
