using System.Diagnostics;

using Peregrine.Binance.Feed;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Senses.Tests;

/// <summary>Scorecard row 26: connections end, and nothing is missing or doubled.</summary>
public sealed class RenewalTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Row_26_the_end_of_a_connection_s_life_costs_nothing(int lines)
    {
        // The exchange's 24 hours are 6 seconds here, and our 23 are 3 to 4.
        FeedOptions options = new() { LinesPerGroup = lines, LineLifetime = TimeSpan.FromSeconds(4), LifetimeJitter = TimeSpan.FromSeconds(1) };
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic with { Source = new SyntheticSource(7, 4) }, SenseRig.Two, options: options,
            before: static exchange => exchange.Faults.Apply(new SessionLifetime { LifetimeSeconds = 6 }));
        rig.Until(() => rig.AllTradable, 20, "everything comes up");
        rig.Run(1); // A book that began with a partial one is made anew when its diffs come.
        rig.Until(() => rig.AllTradable, 20, "the diffs are the books");
        rig.Audit.Forget();
        rig.Gaps.Clear();
        long untradable = 0;
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < 20)
        {
            rig.Turn();
            if (!rig.AllTradable) untradable++;
        }
        output.WriteLine($"row 26: {rig.Feed.Status.Renewed} connections renewed before their end ({lines} a group), {rig.Audit.Seen} numbered events, {rig.Audit.Missing} missing, {rig.Audit.Doubled} doubled, {rig.Feed.Status.Reconnects} lost, {rig.Gaps.Count} gaps");
        Assert.True(rig.Feed.Status.Renewed >= 4 * lines, $"only {rig.Feed.Status.Renewed} were renewed");
        Assert.Equal((0, 0, 0, 0), ((int)rig.Audit.Missing, (int)rig.Audit.Doubled, rig.Gaps.Count, (int)untradable));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Row_26_an_announced_shutdown_costs_nothing(int lines)
    {
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic with { Source = new SyntheticSource(7, 4) }, SenseRig.Two, options: new FeedOptions { LinesPerGroup = lines });
        rig.Settle(1);
        rig.Audit.Forget();
        for (int round = 0; round < 4; round++)
        {
            rig.OnOpen(static connection => new ShutdownEvent { Connection = connection, CloseAfterMilliseconds = 1_500 });
            rig.Run(3);
        }
        output.WriteLine($"row 26: 4 announced shutdowns ({lines} a group): {rig.Feed.Status.Renewed} connections renewed, {rig.Audit.Seen} numbered events, {rig.Audit.Missing} missing, {rig.Audit.Doubled} doubled, {rig.Gaps.Count} gaps");
        Assert.Equal(4 * lines, rig.Feed.Status.Renewed);
        Assert.Equal((0, 0, 0), ((int)rig.Audit.Missing, (int)rig.Audit.Doubled, rig.Gaps.Count));
    }
}
