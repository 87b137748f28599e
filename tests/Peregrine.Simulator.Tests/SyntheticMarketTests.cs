using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class SyntheticMarketTests
{
    private static (SyntheticMarket Market, List<(string, char, long, long, long)> Events) Market(ulong seed, int limit = int.MaxValue)
    {
        List<(string, char, long, long, long)> events = [];
        long nextId = 1;
        SyntheticMarket market = new(["BTCUSDT", "ETHUSDT", "SOLUSDT"], Common.Market.Spot, new SyntheticSource(seed), new StreamHub((_, n) => n), new ExchangeGate(), new ExchangeClock(TimeProvider.System), () => nextId++);
        foreach (SyntheticSymbol symbol in market.Books)
        {
            symbol.Trace = e =>
            {
                if (events.Count < limit) events.Add((symbol.Name, e.What, e.First, e.Second, e.Third));
            };
            symbol.Begin(0);
        }
        return (market, events);
    }

    [Fact]
    public void The_same_seed_gives_the_same_first_twenty_thousand_engine_events()
    {
        (SyntheticMarket first, List<(string, char, long, long, long)> one) = Market(11, 20_000);
        (SyntheticMarket second, List<(string, char, long, long, long)> two) = Market(11, 20_000);
        (SyntheticMarket other, List<(string, char, long, long, long)> three) = Market(12, 20_000);
        first.AdvanceTo(120);
        for (double t = 0.1; t < 120; t += 0.1) second.AdvanceTo(t); // However time is cut.
        second.AdvanceTo(120);
        other.AdvanceTo(120);
        Assert.Equal(20_000, one.Count);
        Assert.Equal(one, two);
        Assert.NotEqual(one, three);
    }

    [Fact]
    public void Books_stay_deep_sound_and_in_motion()
    {
        (SyntheticMarket market, List<(string, char What, long, long, long)> events) = Market(3);
        HashSet<long> mids = [];
        for (int second = 1; second <= 120; second++)
        {
            market.AdvanceTo(second);
            foreach (SyntheticSymbol symbol in market.Books)
            {
                Assert.True(symbol.Book.LevelCount(Side.Buy) > 20 && symbol.Book.LevelCount(Side.Sell) > 20, $"{symbol.Name} is thin after {second} s");
                Assert.True(symbol.Best.BidPrice < symbol.Best.AskPrice);
                double spread = (symbol.Best.AskPrice - symbol.Best.BidPrice) / (double)symbol.Best.AskPrice;
                Assert.True(spread < 0.002, $"{symbol.Name} has a spread of {spread:P3} after {second} s");
                if (symbol.Name == "BTCUSDT") mids.Add(symbol.Best.BidPrice);
            }
        }
        double perSecond = events.Count / 120.0;
        Assert.InRange(perSecond, 250, 1_500);
        Assert.True(mids.Count > 60, "the price does not move");
        Assert.Contains(events, e => e.What == 'T');
    }

    [Fact]
    public void Imbalance_leads_the_price_over_the_next_seconds()
    {
        List<(double Imbalance, double Move)> samples = [];
        foreach (ulong seed in (ulong[])[21, 22, 23])
        {
            (SyntheticMarket market, _) = Market(seed, 0);
            SyntheticSymbol symbol = market.Books[0];
            double lastMid = 0;
            double lastImbalance = 0;
            for (int i = 1; i <= 600; i++)
            {
                market.AdvanceTo(i);
                double mid = (symbol.Best.BidPrice + symbol.Best.AskPrice) / 2.0;
                if (lastMid > 0) samples.Add((lastImbalance, (mid / lastMid) - 1));
                (lastMid, lastImbalance) = (mid, Imbalance(symbol, 20));
            }
        }
        double correlation = Correlation(samples);
        TestContext.Current.SendDiagnosticMessage($"imbalance(20 levels) against the next second's return: {correlation:F3}");
        Assert.InRange(correlation, 0.05, 0.9);
    }

    private static double Imbalance(SyntheticSymbol symbol, int levels)
    {
        double bids = Enumerable.Range(0, levels).Sum(r => (double)symbol.Book.LevelAt(Side.Buy, r).Quantity);
        double asks = Enumerable.Range(0, levels).Sum(r => (double)symbol.Book.LevelAt(Side.Sell, r).Quantity);
        return (bids - asks) / (bids + asks);
    }

    private static double Correlation(List<(double X, double Y)> samples)
    {
        double x = samples.Average(s => s.X);
        double y = samples.Average(s => s.Y);
        return samples.Sum(s => (s.X - x) * (s.Y - y)) / Math.Sqrt(samples.Sum(s => (s.X - x) * (s.X - x)) * samples.Sum(s => (s.Y - y) * (s.Y - y)));
    }
}
