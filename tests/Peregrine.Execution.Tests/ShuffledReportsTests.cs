using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Trading;

using Xunit;

namespace Peregrine.Execution.Tests;

/// <summary>The whole core against an oracle: whatever order, number and source the reports come in, the ledger is the account, to the last unit.</summary>
public sealed class ShuffledReportsTests(ITestOutputHelper output)
{
    private const int Seed = 36;
    private const int Sequences = 10_000;
    private static readonly AssetCode Btc = AssetCode.Create("BTC"), Usdt = AssetCode.Create("USDT"), Bnb = AssetCode.Create("BNB");

    [Fact]
    public void Row_36_duplicated_shuffled_early_and_lost_reports_leave_the_ledger_exact()
    {
        Random random = new(Seed);
        CoreRig rig = NewRig();
        long reports = 0, lost = 0, trades = 0;
        Dictionary<AssetCode, long> fees = [];
        for (int trial = 0; trial < Sequences; trial++)
        {
            if (trial % 100 == 0)
            {
                rig = NewRig();
                fees.Clear();
            }
            List<OrderReport> all = [], rows = [];
            List<int> slots = [];
            for (int n = 1 + random.Next(3); n > 0; n--) slots.Add(Live(rig, random, all, rows, fees));
            trades += rows.Count;
            OrderReport[] told = [.. all.Concat(rows).Where(_ => random.Next(10) < 7), .. all.Where(_ => random.Next(3) == 0)];
            lost += all.Count + rows.Count - told.Length;
            random.Shuffle(told);
            foreach (OrderReport report in told) rig.Report(report);
            reports += told.Length;

            // One round of questions tells the trades again, and the ends that were lost; then everything has to be right.
            rig.Command(CoreOrder.Reconcile);
            OrderReport[] states = [.. slots.Select(slot => End(all, rig.Core.Orders[slot].ClientId) with { Source = ReportSource.Query, Report = ReportType.Status })];
            OrderReport[] answers = [.. rows, .. states];
            random.Shuffle(answers);
            bool asked = false;
            for (int second = 0; second < 5 && !asked; second++)
            {
                rig.Wait(1);
                asked = rig.AnswerRound(null, answers);
            }
            Assert.True(asked, $"trial {trial}: no round was asked for");
            foreach (int slot in slots) Assert.False(rig.Core.Orders[slot].IsOpen, $"trial {trial}: {rig.Core.Orders[slot].ClientId} is {rig.Core.Orders[slot].Status}");
            foreach ((AssetCode asset, (long free, _)) in rig.Account) Assert.True((rig.Core.Ledger[asset] ?? free) == free, $"trial {trial} (seed {Seed}): the account has {free} of {asset}, the ledger {rig.Core.Ledger[asset]}");
            Assert.Equal(fees.GetValueOrDefault(Btc), rig.Symbol.Position.BaseFees.Raw);
            Assert.Equal(fees.GetValueOrDefault(Usdt), rig.Symbol.Position.QuoteFees.ToUnits());
            Assert.Equal(fees.GetValueOrDefault(Bnb), rig.Symbol.Position.OtherFeeUnits);
            Assert.Equal(rig.Account[Btc].Free - (1_000 * FixedPoint.One), rig.Symbol.Position.Quantity.Raw);
            Assert.True(rig.Core.Reconciler.IsReconciled, $"trial {trial}: {rig.Core.Reconciler.Difference}");
            _ = rig.Take(CoreRequestKind.Alert);
            _ = rig.Take(CoreRequestKind.OrderEnded);
        }
        output.WriteLine($"row 36: {Sequences} sequences, {reports} reports in any order, {lost} lost, {trades} trades with fees in BTC, USDT and BNB: 0 differences (seed {Seed})");
    }

    private static CoreRig NewRig()
    {
        CoreRig rig = new();
        rig.Account[Btc] = (1_000 * FixedPoint.One, 0);
        rig.Account[Usdt] = (1_000_000 * FixedPoint.One, 0);
        rig.Account[Bnb] = (100 * FixedPoint.One, 0);
        return rig.Ready();
    }

    /// <summary>The last state that was reported of an order.</summary>
    private static OrderReport End(List<OrderReport> all, ClientOrderId id) => all.Last(report => report.ClientId == id && report.Report is ReportType.Trade or ReportType.Canceled or ReportType.Expired && report.ClientId == id);

    /// <summary>One order from its placing to its end, as the exchange would tell it: by the stream, by the reply, by queries on the way, and as rows of trades.</summary>
    private static int Live(CoreRig rig, Random random, List<OrderReport> all, List<OrderReport> rows, Dictionary<AssetCode, long> fees)
    {
        Side side = random.Next(2) == 0 ? Side.Buy : Side.Sell;
        Quantity quantity = new(random.Next(1, 40) * Some.Instrument.Rules.StepSize.Raw);
        int slot = rig.Core.Orders.Add(new NewOrder(Some.Instrument.Id, side, OrderType.Limit, TimeInForce.GoodTillCancel, Price.Parse("100"), quantity, 1), rig.Now);
        ref readonly TrackedOrder order = ref rig.Core.Orders[slot];
        OrderReport report = new()
        {
            ClientId = order.ClientId, ExchangeOrderId = 10_000 + Next(), TradeId = -1, Price = order.Price, Quantity = quantity, Side = side, Type = OrderType.Limit, TimeInForce = TimeInForce.GoodTillCancel,
            Report = ReportType.New, Status = OrderStatus.New, Source = ReportSource.Stream,
        };
        all.Add(report);
        all.Add(report with { Source = ReportSource.Reply });
        bool endsEarly = random.Next(2) == 0;
        Quantity left = quantity;
        while (left.Raw > 0 && !(endsEarly && random.Next(3) == 0))
        {
            Quantity part = new(Some.Instrument.Rules.StepSize.Raw * random.NextInt64(1, (left.Raw / Some.Instrument.Rules.StepSize.Raw) + 1));
            left -= part;
            report.LastPrice = new Price(Price.Parse("100").Raw - (side.Sign() * random.Next(0, 500) * 1_000_000L));
            report.LastQuantity = part;
            report.CumulativeQuantity += part;
            long quote = (report.LastPrice * part).ToUnits();
            report.CumulativeQuoteUnits += quote;
            report.TradeId = Next();
            (report.CommissionAsset, report.CommissionUnits) = random.Next(3) switch
            {
                0 => (Bnb, random.Next(1, 100_000)),
                _ => side == Side.Buy ? (Btc, part.Raw / 1_000) : (Usdt, quote / 1_000),
            };
            report.Report = ReportType.Trade;
            report.Status = left.IsZero ? OrderStatus.Filled : OrderStatus.PartiallyFilled;
            all.Add(report);
            rows.Add(report with { ClientId = default, Source = ReportSource.Query, CumulativeQuantity = Quantity.Zero, CumulativeQuoteUnits = 0 });
            if (random.Next(3) == 0) all.Add(Plain(report) with { Report = ReportType.Status, Source = ReportSource.Query });
            Move(rig, Btc, part.Raw * side.Sign());
            Move(rig, Usdt, -quote * side.Sign());
            Move(rig, report.CommissionAsset, -report.CommissionUnits);
            fees[report.CommissionAsset] = fees.GetValueOrDefault(report.CommissionAsset) + report.CommissionUnits;
        }
        if (left.Raw > 0)
        {
            report = Plain(report);
            report.Report = random.Next(2) == 0 ? ReportType.Canceled : ReportType.Expired;
            report.Status = report.Report == ReportType.Canceled ? OrderStatus.Canceled : OrderStatus.Expired;
            all.Add(report);
            all.Add(report with { Source = ReportSource.Reply });
        }
        return slot;
    }

    private static OrderReport Plain(OrderReport report) => report with { TradeId = -1, LastPrice = Price.Zero, LastQuantity = Quantity.Zero, CommissionAsset = default, CommissionUnits = 0 };

    private static void Move(CoreRig rig, AssetCode asset, long units) => rig.Account[asset] = (rig.Account[asset].Free + units, 0);

    private static long s_next = 1;

    private static long Next() => s_next++;
}
