using System.Globalization;

using Peregrine.Common;

using Xunit;

namespace Peregrine.MarketData.Tests;

/// <summary>binance-spot web-socket-streams.md and the USD-M page "How to manage a local order book correctly".</summary>
public sealed class BookSequenceTests
{
    [Theory] // Each diff is first..final and what the rule must say. The snapshot ends at 100.
    [InlineData("90..100 Stale, 99..105 Next, 106..106 Next")]
    [InlineData("101..105 Next, 107..109 Gap")]
    [InlineData("101..101 Next, 101..101 Stale, 102..110 Next, 95..104 Stale, 111..111 Next")]
    [InlineData("102..105 Gap")]
    [InlineData("100..101 Next, 102..102 Next")]
    [InlineData("101..110 Next, 108..112 Next")]
    public void Follows_the_spot_rule(string story)
    {
        var sequence = new BookSequence(Market.Spot, snapshotUpdateId: 100);
        foreach (DiffStep step in DiffStep.Story(story)) Assert.Equal(step.Expected, sequence.Accept(step.First, step.Final));
    }

    [Theory] // Each diff is pu<first..final. The snapshot ends at 100.
    [InlineData("70<80..99 Stale, 99<99..105 Next, 105<140..160 Next")]
    [InlineData("90<95..100 Next, 100<101..110 Next")]
    [InlineData("90<95..105 Next, 104<106..110 Gap")]
    [InlineData("90<95..105 Next, 90<95..105 Stale, 105<107..110 Next")]
    [InlineData("90<110..120 Next, 120<130..140 Next")] // The snapshot's id lies in a hole of a quiet symbol.
    [InlineData("100<110..120 Next")] // As recorded of AKROUSDT, CTKUSDT and KEEPUSDT in July 2021.
    [InlineData("101<110..120 Gap")] // What ended at 101 was missed.
    [InlineData("90<95..105 Next, 105<106..110 Next, 111<112..115 Gap")]
    public void Follows_the_usd_margined_rule(string story)
    {
        var sequence = new BookSequence(Market.UsdMargined, snapshotUpdateId: 100);
        foreach (DiffStep step in DiffStep.Story(story)) Assert.Equal(step.Expected, sequence.Accept(step.First, step.Final, step.PreviousFinal));
    }

    [Fact]
    public void A_diff_without_pu_is_not_taken_for_a_bridge()
    {
        var sequence = new BookSequence(Market.UsdMargined, snapshotUpdateId: 100);
        Assert.Equal(DiffVerdict.Gap, sequence.Accept(110, 120, previousFinalUpdateId: 0));
    }

    [Fact]
    public void Without_a_market_nothing_follows()
    {
        BookSequence sequence = default;
        Assert.Equal(DiffVerdict.Gap, sequence.Accept(1, 1));
    }

    [Theory]
    [InlineData(Market.Spot, 101)]
    [InlineData(Market.UsdMargined, 100)]
    public void Says_what_it_expects(Market market, long expected)
    {
        Assert.Equal(expected, new BookSequence(market, snapshotUpdateId: 100).Expected);
    }

    private sealed record DiffStep(long PreviousFinal, long First, long Final, DiffVerdict Expected)
    {
        public static IEnumerable<DiffStep> Story(string story)
        {
            foreach (string step in story.Split(", "))
            {
                string[] words = step.Split(' ');
                string[] ids = words[0].Split('<');
                string[] range = ids[^1].Split("..");
                yield return new DiffStep(
                    ids.Length == 2 ? Number(ids[0]) : 0, Number(range[0]), Number(range[1]), Enum.Parse<DiffVerdict>(words[1]));
            }
        }

        private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }
}
