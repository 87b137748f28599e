using Peregrine.Binance.Rest;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>How long a start waits to learn what its key may do.</summary>
public sealed class KeyQuestionTests
{
    private static readonly KeyVerdict Good = new([], []);
    private static readonly KeyVerdict Silent = new(["No answer."], []) { IsKnown = false };
    private static readonly KeyVerdict Throttled = Silent with { IsThrottled = true };

    private readonly EagerTime _time = new();
    private readonly ExchangeDeadlines _deadlines;
    private int _asked;

    public KeyQuestionTests() => _deadlines = new ExchangeDeadlines(_time);

    private Task<KeyVerdict> Ask(Func<int, KeyVerdict> answer) => KeyQuestion.UntilKnownAsync(_ => Task.FromResult(answer(++_asked)), _deadlines, _time, static _ => { }, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Silence_is_given_up_after_five_questions_a_second_apart()
    {
        Assert.False((await Ask(static _ => Silent)).IsKnown);
        Assert.Equal((5, 4.0), (_asked, _time.Passed.TotalSeconds));
    }

    [Fact]
    public async Task Where_the_requests_of_a_minute_are_used_up_the_next_minute_is_waited_for()
    {
        _time.Pass(TimeSpan.FromSeconds(17));
        Assert.True((await Ask(static number => number == 1 ? Throttled : Good)).MayTrade);
        Assert.Equal((2, 17.0 + 44), (_asked, _time.Passed.TotalSeconds)); // Until a second past the full minute.
    }

    [Fact]
    public async Task A_deadline_that_the_exchange_named_is_kept()
    {
        _deadlines.StayAwayUntil(_time.GetUtcNow().AddSeconds(100).ToUnixTimeMilliseconds());
        Assert.True((await Ask(_ => _deadlines.IsAway ? Throttled : Good)).MayTrade);
        Assert.Equal((2, 100.0), (_asked, _time.Passed.TotalSeconds));
    }

    [Fact]
    public async Task A_ban_of_hours_is_not_sat_out()
    {
        _deadlines.StayAwayUntil(_time.GetUtcNow().AddHours(2).ToUnixTimeMilliseconds());
        Assert.False((await Ask(static _ => Throttled)).IsKnown);
        Assert.Equal((5, 4.0), (_asked, _time.Passed.TotalSeconds));
    }

    [Fact]
    public async Task Three_minutes_without_room_are_enough()
    {
        Assert.False((await Ask(static _ => Throttled)).IsKnown);
        Assert.Equal(8, _asked);
    }

    /// <summary>A clock on which whatever is waited for comes at once, at its time.</summary>
    private sealed class EagerTime : TimeProvider
    {
        private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private DateTimeOffset _now = Start;

        public TimeSpan Passed => _now - Start;

        public void Pass(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero) _now += dueTime;
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
