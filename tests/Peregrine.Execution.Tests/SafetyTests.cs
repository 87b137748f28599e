using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;

using Xunit;

namespace Peregrine.Execution.Tests;

public sealed class SafetyTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(CoreOrder.ReduceOnly, TradingState.ReduceOnly)]
    [InlineData(CoreOrder.Halt, TradingState.Halted)]
    [InlineData(CoreOrder.CancelAll, TradingState.Halted)]
    [InlineData(CoreOrder.Flatten, TradingState.Halted)]
    public void A_level_holds_until_a_person_arms(CoreOrder order, TradingState state)
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Command(order);
        Assert.Equal(state, rig.Core.State);
        rig.Want("1");
        rig.Wait(5);
        Assert.Empty(rig.Take(CoreRequestKind.Place));
        rig.Command(CoreOrder.Arm);
        Assert.Equal(TradingState.Active, rig.Core.State);
        rig.Wait(2);
        rig.AnswerRound();
        rig.Wait(1);
        Assert.Single(rig.Take(CoreRequestKind.Place));
    }

    [Fact] // Row 46 of the faults: a delisted symbol, a broken ticker.
    public void A_price_that_jumped_is_no_price_until_it_has_lasted()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Wait(61);
        rig.Prices = ("70.00", "70.01");
        rig.Want("1");
        rig.Wait(25);
        Assert.Empty(rig.Take(CoreRequestKind.Place));
        Assert.Equal(RiskVerdict.PriceJump, rig.Symbol.LastRefusal);
        rig.Wait(40);
        Assert.Equal(Price.Parse("70.04"), Assert.Single(rig.Take(CoreRequestKind.Place)).Intent.Price);
    }

    [Fact]
    public void A_price_that_moves_as_markets_do_is_one()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Wait(61);
        rig.Prices = ("83.99", "84.00");
        rig.Want("1");
        rig.Wait(2);
        Assert.Single(rig.Take(CoreRequestKind.Place));
    }

    [Fact] // Whoever asks for less than what is latched gets no more freedom by it.
    public void A_level_never_falls_by_itself()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Command(CoreOrder.CancelAll, HaltReason.Disk);
        rig.Command(CoreOrder.ReduceOnly);
        Assert.Equal((KillLevel.CancelAll, HaltReason.Disk), (rig.Core.States.Level, rig.Core.States.Reason));
    }

    [Fact]
    public void Cancelling_all_is_asked_again_each_second_until_nothing_is_open()
    {
        CoreRig rig = new CoreRig().Ready();
        OrderIntent intent = rig.OrderFor("1");
        rig.Report(CoreRig.Of(in intent, ReportType.New, OrderStatus.New));
        rig.Command(CoreOrder.CancelAll);
        Assert.Single(rig.Take(CoreRequestKind.Cancel));
        rig.Wait(3);
        Assert.Equal(3, rig.Take(CoreRequestKind.Cancel).Count);
        rig.Report(CoreRig.Of(in intent, ReportType.Canceled, OrderStatus.Canceled));
        rig.Wait(3);
        Assert.Empty(rig.Take(CoreRequestKind.Cancel));
    }

    [Fact]
    public void Flatten_closes_what_is_held_with_collared_orders_and_leaves_dust()
    {
        CoreRig rig = new CoreRig().Ready();
        OrderIntent entry = rig.OrderFor("2");
        rig.Fill(in entry, "2");
        rig.Command(CoreOrder.Flatten);
        rig.Wait(2);
        OrderIntent exit = rig.Take(CoreRequestKind.Place)[0].Intent;
        Assert.Equal((Side.Sell, OrderType.Limit, Quantity.Parse("2")), (exit.Side, exit.Type, exit.Quantity));
        Assert.True(exit.Price >= Price.Parse("99.5"));
        rig.Fill(in exit, "1.9");
        rig.Report(CoreRig.Of(in exit, ReportType.Expired, OrderStatus.Expired, "1.9"));
        rig.Wait(5);
        Assert.Empty(rig.Take(CoreRequestKind.Place)); // 0.1 is worth 10 at most: what the exchange would not take.
        Assert.Equal(Quantity.Parse("0.1"), rig.Symbol.Position.Quantity);
    }

    [Fact]
    public void A_symbol_and_a_strategy_can_be_narrowed_alone()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Core.States.Set(Some.Instrument.Id, TradingState.ReduceOnly);
        rig.Want("1");
        rig.Wait(3);
        Assert.Empty(rig.Take(CoreRequestKind.Place));
        Assert.Equal(TradingState.Active, rig.Core.State);
        rig.Core.States.Set(Some.Instrument.Id, TradingState.Active);
        rig.Core.States.Set(1, TradingState.Halted);
        rig.Wait(3);
        Assert.Empty(rig.Take(CoreRequestKind.Place));
        rig.Core.States.Set(1, TradingState.Active);
        rig.Wait(1);
        Assert.Single(rig.Take(CoreRequestKind.Place));
    }

    [Fact] // The loss of the day leaves only exits, and a restart gives no fresh allowance.
    public void A_bad_day_is_remembered_over_a_restart()
    {
        CoreOptions options = new() { Trades = true, Reconciles = true, Limits = new RiskLimits { MaxDailyLoss = Notional.Parse("5") } };
        CoreRig rig = new CoreRig(options).Ready();
        OrderIntent entry = rig.OrderFor("9");
        rig.Fill(in entry, "9");
        for (int i = 0; i < 3; i++)
        {
            rig.Now += CoreRig.Second;
            rig.Book("99.30", "99.32");
            rig.Core.OnEvent(9_000 + i, new Common.Events.MarketEvent { Kind = Common.Events.EventKind.Timer, ReceiveTimeNanos = rig.Now, Plain = new Common.Events.PlainFields { A = rig.Now } }, default);
        }
        Assert.Equal((KillLevel.ReduceOnly, HaltReason.DailyLoss), (rig.Core.States.Level, rig.Core.States.Reason));

        LossWatch again = new();
        RiskMemory kept = rig.Core.Losses.ToMemory();
        again.Restore(in kept);
        again.Look(Notional.Parse("-7"), rig.Now);
        Assert.Equal(Notional.Parse("-7") - rig.Core.Losses.DayStart, again.Today(Notional.Parse("-7")));
        again.Look(Notional.Parse("-7"), rig.Now + (24L * 3_600 * CoreRig.Second));
        Assert.True(again.Today(Notional.Parse("-7")).IsZero);
        Assert.Equal(Notional.Parse("7") + again.Peak, again.Drawdown(Notional.Parse("-7")));
    }

    [Fact]
    public void No_order_leaves_while_the_clocks_differ_and_every_timer_is_heard()
    {
        CoreRig rig = new CoreRig().Ready();
        rig.Tick(2_000_000);
        rig.Want("1");
        int trials = 0;
        foreach ((long offset, long doubt) in ((long, long)[])[(2_000_000, 0), (-2_000_000, 0), (250_001, 0), (200_000, 60_000), (0, -1), (-1_700_000_000_000_000, 0)])
        {
            for (int i = 0; i < 20; i++, trials++)
            {
                rig.Now += CoreRig.Second;
                rig.Tick(offset, doubt);
            }
            Assert.Empty(rig.Take(CoreRequestKind.Place));
        }
        rig.Now += CoreRig.Second;
        rig.Tick(249_000, 1_000);
        Assert.Empty(rig.Take(CoreRequestKind.Reconcile).Skip(3));
        rig.Wait(1);
        Assert.Single(rig.Take(CoreRequestKind.Place));
        output.WriteLine($"row 46, core: {trials} seconds with a wrong or unknown clock, 0 orders");
    }

    private static CoreRig Bracketed() => new CoreRig(new CoreOptions
    {
        Trades = true, Reconciles = true, Bracket = new BracketOptions { ProfitBasisPoints = 100, LossBasisPoints = 50, Seconds = 30 },
    }).Ready();

    [Fact] // Profit and loss rest at the exchange as soon as the entry is over, for what is really held.
    public void A_position_gets_its_barriers_and_the_profit_ends_it()
    {
        CoreRig rig = Bracketed();
        OrderIntent entry = rig.OrderFor("2");
        Assert.Empty(rig.Take(CoreRequestKind.PlaceList));
        rig.Fill(in entry, "1.5");
        rig.Report(CoreRig.Of(in entry, ReportType.Expired, OrderStatus.Expired, "1.5"));
        OrderListIntent list = rig.Take(CoreRequestKind.PlaceList).Single().List;
        Assert.Equal((Side.Sell, OrderType.LimitMaker, Quantity.Parse("1.5")), (list.Above.Side, list.Above.Type, list.Above.Quantity));
        Assert.Equal((OrderType.StopLossLimit, Quantity.Parse("1.5")), (list.Below.Type, list.Below.Quantity));
        Price average = rig.Symbol.Position.AveragePrice;
        Assert.InRange(list.Above.Price.ToDouble() / average.ToDouble(), 1.0099, 1.0102);
        Assert.InRange(list.BelowStop.ToDouble() / average.ToDouble(), 0.9948, 0.9951);
        Assert.True(list.Below.Price < list.BelowStop);

        rig.Report(CoreRig.Of(in list.Above, ReportType.New, OrderStatus.New));
        rig.Report(CoreRig.Of(in list.Below, ReportType.New, OrderStatus.New));
        Assert.Equal(Quantity.Parse("1.5"), rig.Core.Orders.OpenOf(Some.Instrument.Id).Sells);
        rig.Report(CoreRig.Of(in list.Below, ReportType.Expired, OrderStatus.Expired));
        rig.Fill(in list.Above, "1.5");
        Assert.True(rig.Symbol.Position.Quantity.IsZero);
        rig.Wait(10);
        Assert.Empty(rig.Take(CoreRequestKind.Place)); // The wish that led into it still stands, and counts no more.
        rig.Want("0");
        rig.Wait(2);
        rig.Want("1");
        rig.Wait(2);
        Assert.Single(rig.Take(CoreRequestKind.Place));
    }

    [Fact] // The third barrier: barriers are taken away, then the position is closed.
    public void Time_ends_a_position_too()
    {
        CoreRig rig = Bracketed();
        OrderIntent entry = rig.OrderFor("1");
        rig.Fill(in entry, "1");
        OrderListIntent list = rig.Take(CoreRequestKind.PlaceList).Single().List;
        rig.Report(CoreRig.Of(in list.Above, ReportType.New, OrderStatus.New));
        rig.Report(CoreRig.Of(in list.Below, ReportType.New, OrderStatus.New));
        rig.Wait(29);
        Assert.Empty(rig.Take(CoreRequestKind.Cancel));
        rig.Wait(2);
        Assert.NotEmpty(rig.Take(CoreRequestKind.Cancel));
        rig.Report(CoreRig.Of(in list.Above, ReportType.Canceled, OrderStatus.Canceled));
        rig.Report(CoreRig.Of(in list.Below, ReportType.Canceled, OrderStatus.Canceled));
        rig.Wait(2);
        OrderIntent exit = rig.Take(CoreRequestKind.Place)[0].Intent;
        Assert.Equal((Side.Sell, Quantity.Parse("1")), (exit.Side, exit.Quantity));
    }

    [Fact]
    public void A_position_that_cannot_be_protected_is_closed()
    {
        CoreRig rig = Bracketed();
        OrderIntent entry = rig.OrderFor("1");
        rig.Fill(in entry, "1");
        for (int i = 0; i < 4; i++)
        {
            foreach (CoreRequest list in rig.Take(CoreRequestKind.PlaceList))
            {
                rig.Report(CoreRig.Of(in list.List.Above, ReportType.Rejected, OrderStatus.Rejected, source: ReportSource.Reply));
                rig.Report(CoreRig.Of(in list.List.Below, ReportType.Rejected, OrderStatus.Rejected, source: ReportSource.Reply));
            }
            rig.Wait(2);
        }
        Assert.Contains(rig.Take(CoreRequestKind.Alert), static one => one.Alert == CoreAlert.Unprotected);
        Assert.Contains(rig.Take(CoreRequestKind.Place), static one => one.Intent.Side == Side.Sell);
    }
}
