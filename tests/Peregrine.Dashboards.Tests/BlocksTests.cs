namespace Peregrine.Dashboards.Tests;

public sealed class BlocksTests
{
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "████")]
    [InlineData(0.5, "██")]
    [InlineData(0.28125, "█▏")] // Nine of 32 eighths.
    [InlineData(7, "████")]
    [InlineData(-1, "")]
    [InlineData(double.NaN, "")]
    public void A_bar_is_exact_to_an_eighth_of_a_cell(double share, string bar) => Assert.Equal(bar, Blocks.Bar(share, 4));

    [Fact]
    public void A_chart_spans_from_its_lowest_to_its_highest_value()
    {
        Assert.Equal(["▁▃▆█"], Blocks.Chart([1, 3, 6, 8], 10, 1));
        Assert.Equal(["▁▅█"], Blocks.Chart([99, 3, 6, 8], 3, 1)); // Of more values than cells, the last.
        Assert.Equal(["  █", "▁██"], Blocks.Chart([0, 7, 15], 3, 2));
        Assert.Equal([""], Blocks.Chart([], 5, 1));
        Assert.Single(Blocks.Chart([5, 5, 5], 5, 1)[0].Distinct()); // A price that stands still is a level line.
    }
}
