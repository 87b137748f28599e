
using Peregrine.Binance.Feed;
using Peregrine.Common.Events;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Senses.Tests;

/// <summary>Scorecard rows 28 and 31: books that break come back soon, and all of them within the exchange's limits.</summary>
public sealed class BookTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(CrossMode.Level)]
    [InlineData(CrossMode.OmitDeletes)]
    public async Task Row_28_a_crossed_book_is_not_traded_on_and_comes_back_within_two_seconds(CrossMode mode)
    {
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic with { Source = new SyntheticSource(7, 4) }, SenseRig.Two, options: SenseRig.Single);
        rig.Settle(1);
        double longest = 0;
        int broken = 0;
        for (int trial = 0; trial < 6; trial++)
        {
            int before = rig.Gaps.Count;
            using (rig.Exchange.Faults.Apply(new DepthCross { Symbol = "BTCUSDT", Mode = mode, Frames = mode == CrossMode.Level ? 3 : 20 }))
            {
                rig.Until(() => rig.Gaps.Count > before, 6, $"crossed ({mode}): noticed");
                broken++;
            }
            longest = Math.Max(longest, rig.Until(() => rig.AllTradable, 4, $"crossed ({mode}): tradable again").TotalSeconds);
        }
        output.WriteLine($"row 28: {broken} crossed books ({mode}): {rig.Crossed} moments tradable while crossed, back after {longest:0.00} s at most; recorded {string.Join(", ", rig.Gaps.Select(static gap => (GapReason)gap.Plain.A).Distinct())}");
        Assert.Equal(0, rig.Crossed);
        Assert.True(longest <= 2, $"{longest} s");
    }

    [Fact]
    public async Task Row_31_two_hundred_books_come_back_within_half_the_weight()
    {
        string[] symbols = [.. Enumerable.Range(0, 200).Select(static i => $"S{i:000}USDT")];
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic with { Source = new SyntheticSource(7, 0.2) }, symbols, ["depth@100ms", "bookTicker"], new FeedOptions { LinesPerGroup = 1 });
        TimeSpan up = rig.Until(() => rig.Core.Symbols.All(static symbol => symbol.State.Book.State == MarketData.BookState.Live), 60, "200 books come up");
        rig.Exchange.Faults.Apply(new ResetSocket());
        rig.Until(() => rig.Core.Symbols.Count(static symbol => symbol.State.Book.State == MarketData.BookState.Live) < 20, 5, "all connections reset");
        TimeSpan back = rig.Until(() => rig.Core.Symbols.All(static symbol => symbol.State.Book.State == MarketData.BookState.Live), 60, "200 books come back");
        Simulator.Limits.ExchangeMeters meters = rig.Exchange.Meters;
        output.WriteLine($"row 31: 200 books up after {up.TotalSeconds:0.0} s and back after {back.TotalSeconds:0.0} s; {meters.WeightPeak} of 6000 weight in the busiest minute, {meters.WeightTotal} in all; at most {meters.MessagesPerSecondMax} frames a second from one socket, {meters.Connects} connections, {meters.Answers429} answers 429");
        Assert.InRange(meters.WeightPeak, 1, 3_000);
        Assert.InRange(meters.MessagesPerSecondMax, 0, 5);
        Assert.Equal(0, meters.Answers429 + meters.CallsWhileBanned + meters.MessageCuts);
    }

    [Fact]
    public async Task Row_29_a_burst_is_taken_in_or_not_traded_on()
    {
        double seconds = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") is { Length: > 0 } ? 30 : 10;
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic with { Source = new SyntheticSource(7, 3) }, SenseRig.Two, options: new FeedOptions { LinesPerGroup = 2 });
        rig.Settle(3);
        rig.Audit.Forget();
        long quiet = rig.Events;
        rig.Run(2);
        double usual = (rig.Events - quiet) / 2.0;
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        long before = rig.Events;
        rig.LongestLag = rig.LongestLagWhileTradable = 0;
        using (rig.Exchange.Faults.Apply(new BurstFlow { Streams = "*", Factor = 10 })) rig.Run(seconds);
        double rate = (rig.Events - before) / seconds;
        rig.Until(() => rig.AllTradable, 20, "after the burst everything is tradable");
        long later = GC.GetTotalMemory(forceFullCollection: true);
        output.WriteLine($"row 29: {rate:0} events/s for {seconds:0} s after {usual:0}: {rig.Audit.Missing} missing, {rig.Audit.Doubled} doubled, longest lag {rig.LongestLag:0} ms, {rig.LongestLagWhileTradable:0} ms while tradable, memory {(later - memory) / 1024:+0;-0} KB, gaps: {string.Join(", ", rig.Gaps.Select(SenseRig.Describe).Distinct())}");
        Assert.True(rate > 5 * usual, $"{rate} events/s are no burst after {usual}");
        Assert.Equal(0, rig.Audit.Missing + rig.Audit.Doubled);
        Assert.True(rig.LongestLagWhileTradable < 1_500, $"traded on data that were {rig.LongestLagWhileTradable} ms old");
        // The exchange lives in this process too and keeps what it sent for a while; without a bound ten times the flow would fill gigabytes.
        Assert.True(later - memory < 256 << 20, $"{(later - memory) >> 20} MB more");
    }
}
