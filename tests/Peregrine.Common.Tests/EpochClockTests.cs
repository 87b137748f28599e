using Xunit;

namespace Peregrine.Common.Tests;

public sealed class EpochClockTests
{
    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    [Fact]
    public void Stamps_count_from_1970_and_go_back_to_the_same_moment()
    {
        DateTimeOffset moment = new DateTimeOffset(2024, 8, 8, 23, 54, 14, TimeSpan.Zero).AddTicks(2_060_671);
        var clock = new StoppedClock(moment.ToOffset(TimeSpan.FromHours(9)));
        Assert.Equal(1_723_161_254_206_067_100, clock.GetUnixNanos());
        Assert.Equal(1_723_161_254_206_067, clock.GetUnixMicros());
        Assert.Equal(moment, EpochClock.FromNanos(clock.GetUnixNanos()));
        Assert.Equal(moment.AddTicks(-1), EpochClock.FromMicros(clock.GetUnixMicros()));
    }
}
