using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;

using Xunit;

namespace Peregrine.Execution.Tests;

public sealed class ReconcilerTests(ITestOutputHelper output)
{
    private static readonly AssetCode Usdt = AssetCode.Create("USDT");

    private static OrderReport Denial(in OrderIntent intent) =>
        CoreRig.Of(in intent, ReportType.Unknown, OrderStatus.Unknown, source: ReportSource.Query) with { ExchangeOrderId = 0, ErrorCode = -2013 };

    private static OrderReport Lost(in OrderIntent intent) =>
        CoreRig.Of(in intent, ReportType.Unknown, OrderStatus.Unknown, source: ReportSource.Local) with { ExchangeOrderId = 0 };

    [Fact]
    public void Orders_nothing_before_the_account_agrees()
    {
        CoreRig rig = new();
        rig.Want("1");
        rig.Line(isUp: true);
        rig.Wait(3);
        Assert.Empty(rig.Take(CoreRequestKind.Place));
        Assert.True(rig.AnswerRound());
        rig.Wait(1);
        Assert.Single(rig.Take(CoreRequestKind.Place));
    }

    [Fact]
    public void Compares_again_after_each_reconnect_and_each_minute()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Wait(59);
        Assert.False(rig.AnswerRound());
        rig.Wait(2);
        Assert.True(rig.AnswerRound());
        rig.Line(isUp: false);
        Assert.False(rig.Core.Reconciler.IsReconciled);
        rig.Line(isUp: true);
        Assert.True(rig.AnswerRound());
        Assert.True(rig.Core.Reconciler.IsReconciled);
    }

    [Fact] // One source after the other denies an order that lives: the answer to its question, the list of open orders. The lock in the balance gives it away.
    public void Row_34_an_order_that_questions_do_not_show_is_never_given_up_while_money_is_set_aside_for_it()
    {
        CoreRig rig = new CoreRig().Ready();
        OrderIntent intent = rig.OrderFor("1");
        rig.Report(Lost(in intent));
        rig.Account[Usdt] = (rig.Account[Usdt].Free - 101 * FixedPoint.One, 101 * FixedPoint.One);
        int rounds = 0;
        for (int second = 0; second < 90; second++)
        {
            rig.Wait(1);
            foreach (CoreRequest query in rig.Take(CoreRequestKind.Query)) rig.Report(Denial(in intent));
            if (rig.AnswerRound()) rounds++;
            Assert.True(rig.Core.Orders.HasUnknown(Some.Instrument.Id), $"given up after {second} s");
        }
        Assert.Empty(rig.Take(CoreRequestKind.Place)); // It counts as full exposure: nothing takes its place.
        rig.Account[Usdt] = (rig.Account[Usdt].Free + 101 * FixedPoint.One, 0);
        rig.Report(CoreRig.Of(in intent, ReportType.Canceled, OrderStatus.Canceled));
        Assert.Equal(0, rig.Core.Orders.OpenCount);
        output.WriteLine($"row 34, hidden order: 90 s of denials, {rounds} rounds, 0 wrong ends, 0 placed again");
    }

    [Fact] // It filled, and was then forgotten by the question: the trade is there, and belongs to nobody else.
    public void Row_34_a_pruned_fill_is_found_among_the_trades()
    {
        CoreRig rig = new CoreRig().Ready();
        OrderIntent intent = rig.OrderFor("1");
        rig.Report(Lost(in intent));
        OrderReport row = rig.Fill(in intent, "1", tells: false) with { ClientId = default, Source = ReportSource.Query, Report = ReportType.Trade, CumulativeQuantity = default, CumulativeQuoteUnits = 0 };
        rig.Want("0");
        for (int second = 0; second < 40 && rig.Core.Orders.OpenCount > 0; second++)
        {
            rig.Wait(1);
            foreach (CoreRequest query in rig.Take(CoreRequestKind.Query)) rig.Report(Denial(in intent));
            rig.AnswerRound(found: row);
        }
        Assert.Equal((Quantity.Parse("1"), 0), (rig.Symbol.Position.Quantity, rig.Core.Orders.OpenCount));
        Assert.Equal(rig.Account[Usdt].Free, rig.Core.Ledger[Usdt]);
    }

    [Fact]
    public void An_order_that_never_arrived_is_given_up_when_every_source_denies_it()
    {
        CoreRig rig = new CoreRig().Ready();
        OrderIntent intent = rig.OrderFor("1");
        rig.Report(Lost(in intent));
        rig.Want("0");
        int seconds = 0;
        while (rig.Core.Orders.OpenCount > 0 && seconds++ < 60)
        {
            rig.Wait(1);
            foreach (CoreRequest query in rig.Take(CoreRequestKind.Query)) rig.Report(Denial(in intent));
            rig.AnswerRound();
        }
        Assert.InRange(seconds, 12, 45);
        Assert.Equal(OrderStatus.Absent, rig.Core.Orders.Orders.ToArray().Single(one => one.ClientId == intent.ClientId).Status);
    }

    [Fact]
    public void Row_35_a_fill_of_an_order_that_was_given_up_is_booked_at_once_and_trading_waits_for_agreement()
    {
        const int Trials = 100;
        int wrong = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            CoreRig rig = new CoreRig().Ready();
            OrderIntent intent = rig.OrderFor("1");
            rig.Report(Lost(in intent));
            rig.Want("0");
            for (int second = 0; second < 60 && rig.Core.Orders.OpenCount > 0; second++)
            {
                rig.Wait(1);
                foreach (CoreRequest query in rig.Take(CoreRequestKind.Query)) rig.Report(Denial(in intent));
                rig.AnswerRound();
            }
            rig.Wait(60 * (trial % 20));
            rig.AnswerRound();
            rig.Fill(in intent, "1");
            bool right = rig.Symbol.Position.Quantity == Quantity.Parse("1") && rig.Core.LateFills == 1 && !rig.Core.Reconciler.IsReconciled
                && rig.Take(CoreRequestKind.Alert).Exists(static one => one.Alert == CoreAlert.LateFill);
            if (!right) wrong++;
        }
        output.WriteLine($"row 35: {Trials} late fills, {wrong} not booked and told with the very report");
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Row_49_a_balance_that_nobody_explains_halts_and_is_never_traded_away()
    {
        const int Trials = 50;
        int wrong = 0, orders = 0;
        Random random = new(49);
        for (int trial = 0; trial < Trials; trial++)
        {
            CoreRig rig = new CoreRig().Ready();
            long difference = random.NextInt64(1, 5_000) * (random.Next(2) == 0 ? 1 : -1);
            rig.Account[Usdt] = (rig.Account[Usdt].Free + difference, 0);
            rig.Want("0");
            for (int second = 0; second < 90; second++)
            {
                rig.Wait(1);
                rig.AnswerRound();
                if (second > 65) rig.Want("1");
                orders += rig.Take(CoreRequestKind.Place).Count;
            }
            if (rig.Core.States is not { Level: KillLevel.HaltNew, Reason: HaltReason.Balances } || rig.Core.Reconciler.Difference.Units != difference) wrong++;
            rig.Command(CoreOrder.AcceptBalances);
            rig.Wait(2);
            rig.AnswerRound();
            rig.Command(CoreOrder.Arm);
            rig.Wait(2);
            rig.AnswerRound();
            rig.Wait(1);
            if (rig.Take(CoreRequestKind.Place).Count != 1) wrong++; // A person accepted it and armed: it goes on.
        }
        output.WriteLine($"row 49: {Trials} differences, {wrong} not halted or not told right, {orders} orders (seed 49)");
        Assert.Equal((0, 0), (wrong, orders));
    }

    [Fact] // A deposit explains itself, somebody else's trade too: neither is a difference.
    public void Deposits_and_foreign_trades_are_no_difference()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Account[Usdt] = (rig.Account[Usdt].Free + 500, 0);
        rig.Deposit(Usdt, 500);
        OrderIntent foreign = Some.Intent(ClientOrderId.Create("web_1"));
        rig.Fill(in foreign, "0.3");
        rig.Wait(61);
        Assert.True(rig.AnswerRound());
        rig.Wait(2);
        rig.AnswerRound();
        Assert.True(rig.Core.Reconciler.IsReconciled);
        Assert.True(rig.Symbol.Position.Quantity.IsZero);
        Assert.Equal(KillLevel.None, rig.Core.States.Level);
    }

    [Fact] // An order with our prefix that nothing of ours knows: counted, told and cancelled; a foreign one is only counted.
    public void Orphans_are_cancelled_and_foreign_orders_left_alone()
    {
        CoreRig rig = new CoreRig();
        rig.Line(isUp: true);
        OrderIntent orphan = Some.Intent(ClientOrderId.Create("pg-00000000000000aa-7")), foreign = Some.Intent(ClientOrderId.Create("android_1"));
        rig.Account[Usdt] = (rig.Account[Usdt].Free - 60 * FixedPoint.One, 60 * FixedPoint.One);
        Assert.True(rig.AnswerRound(null, CoreRig.Of(in orphan, ReportType.Status, OrderStatus.New, source: ReportSource.Query), CoreRig.Of(in foreign, ReportType.Status, OrderStatus.New, source: ReportSource.Query)));
        Assert.Equal(orphan.ClientId, rig.Take(CoreRequestKind.Cancel).Single().Cancel.ClientId);
        Assert.Equal((1, 1), (rig.Core.Orders.OpenCount, rig.Core.Reconciler.ForeignOpen));
        Assert.Contains(rig.Take(CoreRequestKind.Alert), static one => one.Alert == CoreAlert.Orphan);
    }

    [Fact] // Its end was missed: it is asked for, not assumed.
    public void An_open_order_that_the_exchange_does_not_list_is_asked_for()
    {
        CoreRig rig = new CoreRig().Ready();
        OrderIntent intent = rig.OrderFor("1");
        rig.Report(CoreRig.Of(in intent, ReportType.New, OrderStatus.New));
        rig.Wait(61);
        rig.AnswerRound();
        Assert.True(rig.Core.Orders.HasUnknown(Some.Instrument.Id));
        rig.Wait(1);
        Assert.Single(rig.Take(CoreRequestKind.Query));
    }
}
