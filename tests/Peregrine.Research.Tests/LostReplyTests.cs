using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Research.Tests;

public sealed class LostReplyTests(ITestOutputHelper output)
{
    private const ulong Seed = 33;

    /// <summary>Receive window (1 s) and 15 s.</summary>
    private const double WithinSeconds = 16;

    /// <summary>That an order never came into being takes longer to be sure of: it stays exposure until every source denies it.</summary>
    private const double DeniedWithinSeconds = 75;

    [Fact]
    public void Row_33_a_reply_lost_after_the_order_was_executed_never_makes_a_second_order()
    {
        const int trials = 1_000;
        int executed = 0, refused = 0, silent = 0;
        double slowest = 0, sum = 0, denied = 0;
        using OrderRig rig = new(Seed);
        for (int i = 0; i < trials; i++)
        {
            // Without the user stream the state can only be learned by asking.
            bool executes = rig.Random.Next(4) != 0, mutes = rig.Random.Next(2) == 0;
            using ActiveFault drop = rig.Fault(executes ? new ExecuteThenDropReply { Count = 1 } : new RejectThenDropReply { Count = 1 });
            using ActiveFault? mute = mutes ? rig.Fault(new MuteUser()) : null;
            if (mutes) silent++;
            Side side = rig.Random.Next(2) == 0 ? Side.Buy : Side.Sell;
            int slot = (i % 3) switch
            {
                0 => rig.Place(side, OrderType.Limit, TimeInForce.GoodTillCancel, rig.PriceAt(side == Side.Buy ? -1 : 1), "0.002"),
                1 => rig.Place(side, OrderType.Market, TimeInForce.None, Price.Zero, "0.002"),
                _ => rig.Place(side, OrderType.Limit, TimeInForce.ImmediateOrCancel, rig.PriceAt(side == Side.Buy ? 0.3 : -0.3), "0.002"),
            };
            double began = rig.Seconds;
            Assert.True(rig.Until(() => rig.Core.Orders[slot].Status is not (OrderStatus.Sent or OrderStatus.Unknown) && rig.Agrees(slot), executes ? WithinSeconds : DeniedWithinSeconds), $"trial {i}: {rig.Core.Orders[slot].Status} here, {rig.AtExchange(rig.Core.Orders[slot].ClientId)?.Status ?? "unknown"} there");
            double took = rig.Seconds - began;
            if (!executes)
            {
                Assert.Null(rig.AtExchange(rig.Core.Orders[slot].ClientId));
                (refused, denied) = (refused + 1, Math.Max(denied, took));
            }
            else (slowest, sum, executed) = (Math.Max(slowest, took), sum + took, executed + 1);
            mute?.Dispose();
            if (rig.Core.Orders[slot].IsOpen)
            {
                rig.Cancel(slot);
                Assert.True(rig.Until(() => !rig.Core.Orders[slot].IsOpen, 30), $"trial {i}: it cannot be cancelled");
            }
        }
        IReadOnlyList<LedgerOrder> orders = rig.Exchange.Oracle.Orders;
        int twice = orders.Count - orders.Select(static order => order.ClientOrderId).Distinct().Count();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 33: {trials} replies lost (LIMIT, MARKET, IOC; {silent} of them without a user stream): {executed} executed, {refused} refused, {twice} double orders, {orders.Count - executed} that nobody placed; state of what was executed right after {sum / executed:F1} s on average, {slowest:F1} s at most, of what was refused after {denied:F1} s at most (seed {Seed})"));
        Assert.Equal(0, twice);
        Assert.Equal(executed, orders.Count);
        Assert.True(rig.Until(() => rig.Core.Orders.OpenCount == 0 && rig.Core.Reconciler.IsReconciled, 180), "it does not settle");
        rig.Wait(65); // One more round after the last trade.
        rig.AssertLedger();
    }
}
