using FsCheck;
using FsCheck.Fluent;

namespace Peregrine.Kernel.Tests;

public sealed class BudgetTests
{
    [Theory] // Failures before, and the bound in milliseconds.
    [InlineData(0, 100)]
    [InlineData(1, 200)]
    [InlineData(5, 3_200)]
    [InlineData(8, 25_600)]
    [InlineData(9, 30_000)]
    [InlineData(1_000_000, 30_000)]
    public void The_bound_doubles_up_to_the_cap(int failures, int millis) =>
        Assert.Equal(TimeSpan.FromMilliseconds(millis), new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30)).Bound(failures));

    [Fact]
    public void A_first_bound_above_the_cap_is_the_cap() =>
        Assert.Equal(TimeSpan.FromSeconds(1), new Backoff(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(1)).Bound(0));

    [Fact]
    public void Pauses_fill_the_whole_range_below_the_bound()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        var random = new Random(1);
        double[] pauses = [.. Enumerable.Range(0, 4_000).Select(_ => backoff.Pause(3, random).TotalSeconds)];
        Assert.All(pauses, pause => Assert.InRange(pause, 0, 8));
        Assert.InRange(pauses.Average(), 3.8, 4.2);
        Assert.True(pauses.Min() < 0.1 && pauses.Max() > 7.9);
    }

    [Fact]
    public void A_limit_is_kept_in_every_window_and_refuses_only_what_would_break_it()
    {
        Property law = Prop.ForAll<PositiveInt[], PositiveInt, PositiveInt>((gaps, count, within) =>
        {
            var limit = new RestartLimit(count.Get % 6, TimeSpan.FromSeconds(within.Get % 40 + 1));
            var time = new ManualTime();
            var window = new RestartWindow(limit, time);
            var taken = new List<long>();
            foreach (PositiveInt gap in gaps)
            {
                time.Advance(TimeSpan.FromSeconds(gap.Get % 15));
                long now = time.GetTimestamp();
                bool fits = taken.Count(at => time.GetElapsedTime(at, now) < limit.Within) < limit.Count;
                if (window.TryTake() != fits) return false;
                if (fits) taken.Add(now);
            }
            return true;
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20261122, 11), law);
    }
}
