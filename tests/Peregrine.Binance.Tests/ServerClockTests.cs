using Peregrine.Binance.Rest;
using Peregrine.Execution;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class ServerClockTests
{
    private const long BlockedFromMicros = 250_000;

    /// <summary>Asks an exchange whose clock is ahead of the true time by so much, with a round trip of twice the way.</summary>
    private static void Ask(ServerClock clock, TwoClocks time, DateTimeOffset trueStart, long startTicks, double millisWay, TimeSpan ahead = default)
    {
        long sent = time.GetTimestamp();
        time.Pass(TimeSpan.FromMilliseconds(millisWay));
        DateTimeOffset exchange = trueStart + TimeSpan.FromMicroseconds(time.GetTimestamp() - startTicks) + ahead;
        time.Pass(TimeSpan.FromMilliseconds(millisWay));
        clock.Observe((exchange - DateTimeOffset.UnixEpoch).Ticks / 10, sent, time.GetTimestamp());
    }

    [Fact] // Our wall clock is wrong in every way there is; time stamps of orders follow the exchange's, and a step is doubted until it was measured.
    public void Whatever_our_clock_does_an_order_carries_the_exchanges_time()
    {
        int trials = 0;
        long worst = 0;
        foreach ((string name, TimeSpan wrong) in ((string, TimeSpan)[])
            [("+2 s", TimeSpan.FromSeconds(2)), ("-2 s", TimeSpan.FromSeconds(-2)), ("1970", DateTimeOffset.UnixEpoch - new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero)), ("right", TimeSpan.Zero)])
        {
            var time = new TwoClocks();
            DateTimeOffset truth = time.GetUtcNow();
            long ticks = time.GetTimestamp();
            time.Step(wrong);
            var clock = new ServerClock(time);
            Assert.True(clock.Reading.UncertaintyMicros < 0, "never measured");
            for (int i = 0; i < 5; i++) Ask(clock, time, truth, ticks, 2 + (i * 3));
            ClockReading reading = clock.Reading;
            Assert.InRange(reading.OffsetMicros + (long)wrong.TotalMicroseconds, -reading.UncertaintyMicros, reading.UncertaintyMicros);
            Assert.InRange(reading.UncertaintyMicros, 1, 3_000);
            Check();

            // The wall clock steps back by an hour: the exchange's time goes on, but it is not believed until it was asked again.
            time.Step(TimeSpan.FromHours(-1));
            Check();
            Assert.True(clock.Reading.UncertaintyMicros > BlockedFromMicros, name);
            Ask(clock, time, truth, ticks, 2);
            Assert.True(clock.Reading.UncertaintyMicros < BlockedFromMicros, name);
            Check();

            // Left alone, it becomes less certain, and says so before it can be wrong by more.
            long before = clock.Reading.UncertaintyMicros;
            time.Pass(TimeSpan.FromHours(1));
            Assert.True(clock.Reading.UncertaintyMicros > before + BlockedFromMicros);

            void Check()
            {
                long expected = (truth - DateTimeOffset.UnixEpoch).Ticks / 10 + time.GetTimestamp() - ticks;
                worst = Math.Max(worst, Math.Abs(clock.NowMicros - expected));
                trials++;
            }
        }
        Assert.True(worst <= 3_000, $"{worst} us");
        TestContext.Current.TestOutputHelper?.WriteLine($"row 46 (gateway): {trials} looks at clocks +2 s, -2 s, 1970, stepping back, drifting; worst error {worst} us; a step is uncertain by its size until measured");
    }

    [Fact]
    public void The_quickest_answer_counts_until_a_newer_one_contradicts_it()
    {
        var time = new TwoClocks();
        DateTimeOffset truth = time.GetUtcNow();
        long ticks = time.GetTimestamp();
        var clock = new ServerClock(time);
        Ask(clock, time, truth, ticks, 1);
        Ask(clock, time, truth, ticks, 80, TimeSpan.FromMilliseconds(40)); // A slow and lopsided answer.
        Assert.InRange(clock.OffsetMicros, -1_000, 1_000);
        Ask(clock, time, truth, ticks, 5, TimeSpan.FromSeconds(3)); // The exchange's clock itself was set.
        Assert.InRange(clock.OffsetMicros, 2_990_000, 3_010_000);
    }

    [Fact]
    public void A_slow_drift_is_followed()
    {
        var time = new TwoClocks();
        DateTimeOffset truth = time.GetUtcNow();
        long ticks = time.GetTimestamp();
        var clock = new ServerClock(time);
        for (int minute = 0; minute < 240; minute++)
        {
            TimeSpan ahead = TimeSpan.FromMicroseconds(minute * 60 * 50); // 50 parts in a million.
            Ask(clock, time, truth, ticks, 3, ahead);
            Assert.True(Math.Abs(clock.OffsetMicros - (long)ahead.TotalMicroseconds) <= clock.Reading.UncertaintyMicros, $"minute {minute}");
            Assert.True(clock.Reading.UncertaintyMicros < BlockedFromMicros);
            time.Pass(TimeSpan.FromMinutes(1));
        }
    }
}
