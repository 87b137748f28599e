using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Simulator;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

using Xunit;

namespace Peregrine.Research.Tests;

/// <summary>Scorecard row 42: whatever a strategy wants, and however often, the exchange never sees more than the limits allow.</summary>
public sealed class MadStrategyTests(ITestOutputHelper output)
{
    private const int Seeds = 9;
    private const double SecondsEach = 60;

    private static readonly RiskLimits Limits = new()
    {
        MaxOrderNotional = Notional.Parse("1000"), MaxPositionNotional = Notional.Parse("1500"), MaxOpenOrders = 6, MaxOpenOrdersPerSymbol = 4, MaxOrdersPerMinute = 120,
        DuplicateWindowMillis = 50, MaxOrdersWithoutFill = 0, MaxLoss = Notional.Parse("500"), PriceCollarBasisPoints = 50, MaxDataAgeMillis = 3_000,
    };

    [Fact]
    public void Row_42_a_strategy_gone_mad_never_exceeds_a_limit_and_is_killed_within_a_second()
    {
        long wishes = 0, orders = 0, refusals = 0;
        int stopped = 0, most = 0, perMinute = 0;
        double worst = 0, slowest = 0, largest = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            MadStrategy mad = new(new Random((int)seed));
            // In a third of them the day may cost more, so that the rate of orders is what ends them; in another third orders rest at the exchange.
            double lossMax = seed % 3 == 0 ? 200 : 20;
            CoreOptions options = new()
            {
                Trades = true, Reconciles = true, OrderPauseMillis = 0, Limits = Limits with { MaxDailyLoss = Notional.Parse(lossMax.ToString(CultureInfo.InvariantCulture)) },
                Bracket = seed % 3 == 1 ? new BracketOptions { ProfitBasisPoints = 20, LossBasisPoints = 20, Seconds = 5 } : new BracketOptions(),
            };
            using OrderRig rig = new(seed, null, 5, (instruments, events) => new TradingCore(options, instruments, static one => new SymbolState(one, new FeatureOptions()), _ => mad, events));
            double began = rig.Seconds, mid = rig.Symbol.State.Book.Mid.ToDouble(), next = 0;
            double money = Money(rig.Exchange.Oracle, rig.Symbol.State.Book.Mid.ToDouble());
            mad.IsOn = true;
            rig.Watch = () =>
            {
                if (rig.Seconds < next) return;
                next = rig.Seconds + 0.05;
                ExchangeLedger truth = rig.Exchange.Oracle;
                LedgerOrder[] open = [.. truth.Orders.Where(static order => order.Status is "NEW" or "PARTIALLY_FILLED")];
                double price = rig.Symbol.Mark.ToDouble();
                double held = truth.Trades.Sum(static trade => Number(trade.Quantity) * (trade.Side == "BUY" ? 1 : -1));
                double buys = open.Where(static order => order.Side == "BUY").Sum(static order => Number(order.Quantity) - Number(order.Executed));
                double exposure = Math.Max(Math.Abs(held + buys), Math.Abs(held)) * price;
                largest = Math.Max(largest, exposure);
                // Prices move behind an order that was allowed: one in a hundred is what they may move meanwhile.
                Assert.True(exposure <= 1500 * 1.01, $"seed {seed}: {exposure:F0} of exposure at the exchange");
                Assert.True(held >= -1e-9, $"seed {seed}: {held} sold that nobody bought");
                most = Math.Max(most, open.Length);
                Assert.True(open.Length <= 4, $"seed {seed}: {open.Length} orders open");
            };
            rig.Wait(SecondsEach);
            rig.Watch = null;
            foreach (LedgerOrder order in rig.Exchange.Oracle.Orders.Where(static order => order.Side == "BUY")) // What closes a position may be as large as the position.
                Assert.True(Number(order.Price) * Number(order.Quantity) <= 1000, $"seed {seed}: {order}");
            long[] times = [.. rig.Exchange.OrderCalls.Where(static call => call.Call == "order.place").Select(static call => call.TimeMicros)];
            for (int i = 0; i < times.Length; i++) perMinute = Math.Max(perMinute, times.Count(time => time >= times[i] && time < times[i] + 60_000_000));
            Assert.True(perMinute <= 125, $"seed {seed}: {perMinute} orders in a minute"); // The network may bring some a little nearer together.
            double result = Money(rig.Exchange.Oracle, rig.Symbol.Mark.ToDouble()) - money - (10 * (rig.Symbol.Mark.ToDouble() - mid));
            worst = Math.Min(worst, result + lossMax);
            // Beyond the day's limit only the exit was left, with its fee and what the price did until then.
            Assert.True(result >= -lossMax - 8, $"seed {seed}: {result:F2} lost");
            if (rig.Core.States.Reason == HaltReason.DailyLoss) stopped++;

            double killed = rig.Seconds;
            rig.Trader.Command(CoreOrder.CancelAll);
            Assert.True(rig.Until(() => !rig.Exchange.Oracle.Orders.Any(static order => order.Status is "NEW" or "PARTIALLY_FILLED"), 1), $"seed {seed}: orders are open a second after the kill");
            int before = rig.Exchange.Oracle.Orders.Count;
            slowest = Math.Max(slowest, rig.Seconds - killed);
            rig.Wait(10);
            Assert.Equal(before, rig.Exchange.Oracle.Orders.Count);
            (wishes, orders, refusals) = (wishes + mad.Wishes, orders + times.Length, refusals + rig.Core.Refusals);
            Assert.Empty(rig.Violations);
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 42: {Seeds} mad strategies of {SecondsEach:F0} s, {wishes / (Seeds * SecondsEach):F0} wishes a second, {refusals} refused, {orders} orders; at the exchange at most {largest:F0} of 1500 exposed, {most} of 4 open, {perMinute} of 120 a minute, at most {-worst:F2} lost beyond the day's limit ({stopped} stopped by it); nothing open {slowest:F2} s after a kill"));
        Assert.True(orders > Seeds * 20 && wishes > Seeds * SecondsEach * 700, "they must have been mad enough to prove anything");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static double Money(ExchangeLedger ledger, double price) => ledger.Balances.Sum(balance => (Number(balance.Free) + Number(balance.Locked)) * (balance.Asset == "USDT" ? 1 : balance.Asset == "BTC" ? price : 0));

    /// <summary>Wants another position with each event, several times in a row: too large, negative, tiny, or sensible.</summary>
    private sealed class MadStrategy(Random random) : IStrategy
    {
        public bool IsOn { get; set; }
        public long Wishes { get; private set; }
        public string Name => "mad";
        public int Id => 1;

        public void OnEvent(in StrategyInput input, ref StrategyAnswer answer)
        {
            if (!IsOn || input.Event.Kind == EventKind.Timer) return;
            Wishes++;
            answer.HasTarget = true;
            answer.Target = random.Next(6) switch
            {
                0 => new Quantity(random.NextInt64(-100_000_000_000, 100_000_000_000)),
                1 => new Quantity(random.NextInt64(-1_000, 1_000)),
                2 => Quantity.Zero,
                _ => new Quantity(random.NextInt64(0, 3_000_000)),
            };
        }
    }
}
