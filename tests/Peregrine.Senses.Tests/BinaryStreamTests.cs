using Peregrine.Binance.Feed;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Senses.Tests;

/// <summary>The SBE streams of the spot market through the whole feed.</summary>
public sealed class BinaryStreamTests(ITestOutputHelper output)
{
    private static readonly string[] Streams = ["trade", "aggTrade", "depth@100ms", "depth20@100ms", "bookTicker"];

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    public async Task Binary_streams_make_the_same_books_and_miss_nothing(int lines, int laterVersion)
    {
        ExchangeOptions exchange = SenseRig.Synthetic with { Source = new SyntheticSource(7, 3) };
        FeedOptions options = new() { LinesPerGroup = lines, Binary = true, ApiKey = exchange.ApiKey };
        await using SenseRig rig = await SenseRig.StartAsync(exchange, SenseRig.Two, Streams, options,
            before: server => { if (laterVersion > 0) server.Faults.Apply(new SbeSchema { Version = laterVersion, RootBytes = 6, GroupBytes = 10 }); });
        rig.Settle(2);
        rig.Audit.Forget();
        rig.Run(6);
        var referees = rig.Core.Symbols.Select(static symbol => symbol.State.Trust.Referee).ToArray();
        output.WriteLine($"SBE, {lines} connection(s) a group, version {laterVersion}: {rig.Audit.Seen} numbered events, {rig.Audit.Missing} missing, {rig.Audit.Doubled} doubled; {referees.Sum(static referee => referee.Agreed)} of {referees.Sum(static referee => referee.Compared)} comparable moments agree; JSON messages beside it {rig.Feed.Decoded.Scanned}");
        Assert.Equal((0, 0, 0), ((int)rig.Audit.Missing, (int)rig.Audit.Doubled, rig.Gaps.Count));
        Assert.True(rig.Audit.Seen > 1_000);
        Assert.All(referees, static referee => Assert.True(referee.Compared > 10 && referee.Agreed == referee.Compared));
        Assert.Equal(2 * lines, rig.Feed.Lines.Count); // One group of SBE, one of JSON for what SBE does not have.
        Assert.Equal((0, 0), (rig.Feed.Status.Refused, rig.Feed.Status.Unknown));
    }
}
