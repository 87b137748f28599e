using Peregrine.Binance.Feed;
using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Simulator;

using Xunit;

namespace Peregrine.Senses.Tests;

/// <summary>What only the futures market tells: mark prices, funding, liquidations, open interest.</summary>
public sealed class DerivativeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Marks_funding_liquidations_and_open_interest_are_events_with_an_age_of_their_own()
    {
        ExchangeOptions futures = SenseRig.Synthetic with { Market = Market.UsdMargined, Source = new SyntheticSource(7, 4) };
        FeedOptions options = new() { LinesPerGroup = 2, Derivatives = new DerivativesSchedule(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) };
        await using SenseRig rig = await SenseRig.StartAsync(futures, SenseRig.Two, ["aggTrade", "depth@100ms", "bookTicker", "markPrice@1s", "forceOrder"], options);
        rig.Settle(1);
        (EventKind, bool)[] wanted = [(EventKind.MarkPrice, false), (EventKind.MarkPrice, true), (EventKind.OpenInterest, true), (EventKind.Liquidation, false)];
        rig.Until(() => wanted.All(rig.Newest.ContainsKey), 45, "each of them comes");
        rig.Audit.Forget();
        rig.Run(4);
        long now = TimeProvider.System.GetUnixNanos();
        foreach ((EventKind kind, bool polled) in wanted)
        {
            MarketEvent entry = rig.Newest[(kind, polled)];
            double age = (entry.ReceiveTimeNanos - (entry.ExchangeTimeMicros * 1_000)) / 1e6;
            output.WriteLine($"{kind.Text()}{(polled ? " (asked for)" : "")}: {age:0.0} ms old when it came, {(now - entry.ReceiveTimeNanos) / 1e9:0.0} s ago");
            Assert.InRange(age, -5, 3_000);
        }
        foreach (bool polled in (bool[])[false, true])
        {
            MarketEvent mark = rig.Newest[(EventKind.MarkPrice, polled)];
            double middle = rig.Core[mark.Symbol].State.Book.Mid.ToDouble();
            Assert.InRange(mark.Mark.Mark.ToDouble() / middle, 0.98, 1.02);
            Assert.InRange(mark.Mark.FundingRateUnits, -1_000_000, 1_000_000);
            Assert.True(mark.Mark.NextFundingTimeMicros > mark.ExchangeTimeMicros);
        }
        Assert.True(rig.Newest[(EventKind.OpenInterest, true)].Interest.Contracts.Raw > 0);
        MarketEvent forced = rig.Newest[(EventKind.Liquidation, false)];
        Assert.True(forced.Liquidation.Quantity.Raw > 0 && forced.Liquidation.AveragePrice.Raw > 0);
        Assert.Equal((0, 0, 0), ((int)rig.Audit.Missing, (int)rig.Audit.Doubled, rig.Gaps.Count));
        Assert.Equal(4, rig.Feed.Lines.Count); // Two routes, two connections each.
        Assert.InRange(rig.Exchange.Meters.WeightPeak, 1, 1_200);
    }
}
