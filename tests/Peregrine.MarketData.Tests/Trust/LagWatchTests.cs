using Peregrine.MarketData.Trust;

using Xunit;

namespace Peregrine.MarketData.Tests.Trust;

public sealed class LagWatchTests
{
    private const long Second = 1_000_000_000;

    private LagWatch _watch;
    private long _exchange = 1_795_000_000 * Second;

    private bool Say(long difference)
    {
        _exchange += Second / 10;
        _watch.OnEvent(_exchange + difference, _exchange / 1_000);
        return _watch.IsLate;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1_270_000_000L)] // As in recordings of 2024: our clock was behind the exchange's.
    [InlineData(3_600 * Second)]
    public void Only_what_is_later_than_usual_is_late_whatever_the_clocks_say(long usual)
    {
        Assert.False(Say(usual));
        Assert.False(Say(usual + (Second / 2)));
        Assert.True(Say(usual + Second + 1_000));
        Assert.Equal(Second + 1_000, _watch.TakeWorst());
        Assert.False(Say(usual + (Second / 10)));
    }

    [Fact]
    public void A_clock_that_was_set_is_no_lag_and_what_is_usual_is_learned_anew()
    {
        Assert.False(Say(0));
        _watch.Tick(Second, clockStepped: true);
        Assert.False(Say(30 * Second));
        Assert.True(Say(32 * Second));
    }

    [Fact]
    public void What_was_usual_four_minutes_ago_is_forgotten()
    {
        Assert.False(Say(0));
        for (int i = 0; i < 250; i++)
        {
            _watch.Tick(Second, clockStepped: false);
            Say(5 * Second);
        }
        Assert.False(Say(5 * Second));
    }
}
