using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Research.Tests;

public sealed class LostStreamTests(ITestOutputHelper output)
{
    [Fact]
    public void Row_39_fills_while_the_user_stream_is_lost_are_booked_and_nothing_is_ordered_in_between()
    {
        const int trials = 90;
        double slowestStop = 0, slowestKnown = 0;
        int filled = 0;
        using OrderRig rig = new(39);
        for (int i = 0; i < trials; i++)
        {
            Side side = i % 2 == 0 ? Side.Buy : Side.Sell;
            int slot = rig.Place(side, OrderType.Limit, TimeInForce.GoodTillCancel, side == Side.Buy ? rig.Symbol.State.Book.BestBid.Price : rig.Symbol.State.Book.BestAsk.Price, "0.001");
            Assert.True(rig.Until(() => rig.Core.Orders[slot].Status != OrderStatus.Sent, 10));
            bool isTold = i % 3 != 2;
            double began = rig.Seconds;
            using ActiveFault mute = rig.Fault(new MuteUser());
            if (i % 3 == 0) rig.Fault(new TerminateUser());
            else if (i % 3 == 1) rig.World.OrderLink.Cut();
            if (isTold)
            {
                Assert.True(rig.Until(() => !rig.Core.Reconciler.IsReconciled || !rig.Trader.Session.IsReady, 2), $"trial {i}: an order could leave 2 s after the stream was lost");
                slowestStop = Math.Max(slowestStop, rig.Seconds - began);
            }
            // The market comes to it, or we do: it is filled while nobody tells us.
            if (!rig.Until(() => rig.AtExchange(rig.Core.Orders[slot].ClientId)!.Status == "FILLED", 20, 0.2)) rig.Cancel(slot);
            if (rig.AtExchange(rig.Core.Orders[slot].ClientId)!.Status == "FILLED") filled++;
            mute.Dispose();
            double back = rig.Seconds;
            Assert.True(rig.Until(() => rig.Agrees(slot) && rig.Core.Reconciler.IsReconciled && !rig.Core.Orders[slot].IsOpen, 150, 0.5), $"trial {i}: {rig.Core.Orders[slot].Status} here, {rig.AtExchange(rig.Core.Orders[slot].ClientId)!.Status} there");
            slowestKnown = Math.Max(slowestKnown, rig.Seconds - back);
        }
        rig.Wait(65);
        rig.AssertLedger();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 39: {trials} lost user streams (ended, cut, silent), {filled} fills meanwhile, 0 missing after the next round; no order could leave {slowestStop:F1} s after an end or a cut, known again after {slowestKnown:F1} s at most"));
        Assert.True(filled > trials / 4, $"only {filled} were filled");
    }

    [Fact]
    public void Row_40_what_could_not_be_sent_is_never_sent_later()
    {
        const int trials = 300;
        int refused = 0, sent = 0, unknown = 0;
        using OrderRig rig = new(40);
        HashSet<string> never = [], placed = [];
        for (int i = 0; i < trials; i++)
        {
            // Some are under way when the connection is cut, some are wanted while it is down, some before the log-on is over.
            for (int n = 0; n < 4; n++)
            {
                if (n == 1) rig.World.OrderLink.Cut();
                if (n > 1) rig.Wait(rig.Random.NextDouble() * 0.5);
                int slot = rig.Place(Side.Buy, OrderType.Limit, TimeInForce.ImmediateOrCancel, rig.PriceAt(-1), "0.001");
                string id = rig.Core.Orders[slot].ClientId.ToString();
                placed.Add(id);
                if (rig.Sent == SendResult.NotSent)
                {
                    refused++;
                    never.Add(id);
                    Report(rig, slot);
                }
                else if (rig.Sent == SendResult.Unknown) unknown++;
                else sent++;
            }
            Assert.True(rig.Until(() => rig.Trader.Session.IsReady && rig.Core.Orders.OpenCount < 100, 120), $"trial {i}: it does not come back");
        }
        rig.Wait(120);
        List<string> calls = [.. rig.Exchange.OrderCalls.Where(static call => call.Call == "order.place").Select(static call => call.ClientId)];
        int stale = calls.Count(never.Contains), twice = calls.Count - calls.Distinct().Count(), strange = calls.Count(id => !placed.Contains(id));
        output.WriteLine($"row 40: {trials} cuts, {sent} orders sent, {unknown} of unknown fate, {refused} refused for want of a connection: {stale} of those sent later, {twice} sent twice, {strange} that nobody wanted");
        Assert.Equal(0, stale + twice + strange);
        Assert.True(refused > trials / 2, "the connection must have been down to prove anything");
        Assert.True(rig.Until(() => rig.Core.Orders.OpenCount == 0, 120), "all of them end");
    }

    /// <summary>As the shell tells the core of an order whose bytes did not leave.</summary>
    private static void Report(OrderRig rig, int slot)
    {
        OrderReport report = new() { ClientId = rig.Core.Orders[slot].ClientId, TradeId = -1, Source = ReportSource.Local, Report = ReportType.Rejected, Status = OrderStatus.Rejected };
        rig.Core.OnEvent(long.MaxValue - 1, new Common.Events.MarketEvent { Kind = Common.Events.EventKind.OrderReport, Symbol = rig.Symbol.Instrument.Id }, Common.Events.Payload.Of(ref report));
    }
}
