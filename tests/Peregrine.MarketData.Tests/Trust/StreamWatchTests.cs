using Peregrine.Common.Events;
using Peregrine.MarketData.Trust;

using Xunit;

namespace Peregrine.MarketData.Tests.Trust;

public sealed class StreamWatchTests
{
    private const long Second = 1_000_000_000;
    private const long Millisecond = 1_000_000;

    private readonly StreamWatch _watch = new([EventKind.DepthDiff, EventKind.BookTicker, EventKind.Liquidation]);
    private long _now = 1_795_000_000 * Second;
    private long _eventTime = 1_795_000_000_000_000;

    private void Say(EventKind kind, bool advances = true)
    {
        if (advances) _eventTime += 1_000;
        MarketEvent entry = new() { Kind = kind, ReceiveTimeNanos = _now, ExchangeTimeMicros = kind == EventKind.BookTicker ? 0 : _eventTime };
        _watch.OnEvent(in entry);
    }

    /// <summary>Both streams speak every 100 ms for some seconds.</summary>
    private List<StreamFinding> Talk(int seconds, bool diffs = true, bool tickers = true, bool diffTimeAdvances = true)
    {
        var findings = new List<StreamFinding>();
        for (int i = 0; i < seconds; i++)
        {
            for (int part = 0; part < 10; part++)
            {
                _now += 100 * Millisecond;
                if (diffs) Say(EventKind.DepthDiff, diffTimeAdvances);
                if (tickers) Say(EventKind.BookTicker);
            }
            _watch.Tick(Second);
            for (StreamFinding finding = _watch.Next(); !finding.IsNone; finding = _watch.Next()) findings.Add(finding);
        }
        return findings;
    }

    [Fact]
    public void Nothing_is_fresh_before_a_connection_and_all_is_after_it()
    {
        Assert.False(_watch.IsFresh);
        Assert.Empty(Talk(30, diffs: false, tickers: false)); // What is not connected is not expected to speak.
        Assert.Equal(0, _watch.OnLine(0, isUp: true));
        Assert.True(_watch.IsFresh);
        Assert.Empty(Talk(60));
        Assert.True(_watch.IsFresh);
    }

    [Fact]
    public void A_stream_that_never_speaks_is_found_from_the_moment_of_connecting()
    {
        _watch.OnLine(0, isUp: true);
        List<StreamFinding> findings = Talk(10, diffs: false);
        StreamFinding only = Assert.Single(findings);
        Assert.Equal((GapReason.Silent, EventKind.DepthDiff, true), (only.Reason, only.Kind, only.IsNew));
        Assert.InRange(only.SinceNanos, 8 * Second, 10 * Second);
        Assert.False(_watch.IsFresh);
    }

    [Fact]
    public void A_stream_that_falls_silent_is_found_within_three_seconds_and_forgiven_when_it_speaks()
    {
        _watch.OnLine(0, isUp: true);
        Assert.Empty(Talk(30));
        List<StreamFinding> findings = Talk(3, diffs: false);
        Assert.Equal((GapReason.Silent, EventKind.DepthDiff), (Assert.Single(findings).Reason, findings[0].Kind));
        Assert.False(_watch.IsFresh);
        Assert.Empty(Talk(2));
        Assert.True(_watch.IsFresh);
        Assert.True(_watch.BudgetOf(EventKind.DepthDiff) <= 3 * Second, "the pause of the episode must not widen the budget");
    }

    [Fact]
    public void A_stream_whose_event_time_stands_still_is_frozen_however_many_bytes_flow()
    {
        _watch.OnLine(0, isUp: true);
        Assert.Empty(Talk(30));
        StreamFinding only = Assert.Single(Talk(4, tickers: false, diffTimeAdvances: false), static finding => finding.Kind == EventKind.DepthDiff);
        Assert.Equal((GapReason.Frozen, EventKind.DepthDiff), (only.Reason, only.Kind));
        Assert.False(_watch.IsFresh);
    }

    [Fact]
    public void An_episode_that_lasts_is_told_again_ever_more_rarely()
    {
        _watch.OnLine(0, isUp: true);
        Talk(30);
        List<StreamFinding> findings = Talk(200, diffs: false);
        Assert.Single(findings, static finding => finding.IsNew);
        Assert.Equal(5, findings.Count); // After 10, 20, 40 and 80 seconds.
    }

    [Fact]
    public void A_stream_that_never_spoke_is_tried_three_times_and_then_left_alone()
    {
        _watch.OnLine(0, isUp: true);
        List<StreamFinding> findings = Talk(600, diffs: false);
        Assert.Equal(3, findings.Count);
        Assert.False(_watch.IsFresh);
    }

    [Fact]
    public void A_connection_that_goes_takes_its_own_kinds_only()
    {
        _watch.OnLine(0, isUp: true);
        Talk(30);
        Assert.Equal(1 << (int)EventKind.BookTicker, _watch.OnLine(1 << (int)EventKind.BookTicker, isUp: false));
        Assert.Equal(0, _watch.OnLine(1 << (int)EventKind.BookTicker, isUp: false)); // It is gone already.
        Assert.False(_watch.IsFresh);
        Assert.Empty(Talk(20, tickers: false));
        _watch.OnLine(1 << (int)EventKind.BookTicker, isUp: true);
        Assert.True(_watch.IsFresh);
    }

    [Fact]
    public void A_quiet_stream_gets_a_budget_of_its_own_and_a_step_of_the_clock_is_no_silence()
    {
        var quiet = new StreamWatch([EventKind.Trade]);
        quiet.OnLine(0, isUp: true);
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            int pause = random.Next(1, 25);
            for (int second = 0; second < pause; second++)
            {
                quiet.Tick(Second);
                if (i > 20) Assert.True(quiet.Next().IsNone, $"found silent after {second} s although pauses of 24 s are usual");
                else while (!quiet.Next().IsNone) { }
            }
            _now += pause * Second;
            _eventTime += pause * 1_000_000L;
            MarketEvent entry = new() { Kind = EventKind.Trade, ReceiveTimeNanos = _now, ExchangeTimeMicros = _eventTime };
            quiet.OnEvent(in entry);
        }
        quiet.Tick(3_600 * Second);
        Assert.True(quiet.Next().IsNone);
    }

    [Fact]
    public void The_history_of_pauses_says_what_the_pauses_were()
    {
        const int Seed = 11;
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            var history = new GapHistory();
            int count = random.Next(GapHistory.EnoughGaps, 10_000);
            double scale = Math.Pow(10, 1 + (4 * random.NextDouble()));
            long[] gaps = [.. Enumerable.Range(0, count).Select(_ => (long)(-Math.Log(1 - random.NextDouble()) * scale * Millisecond))];
            foreach (long gap in gaps) history.Add(gap);
            Array.Sort(gaps);
            Assert.True(history.IsEnough);
            long exact = gaps[count - 1 - (count / 1_000)];
            // The upper edge of a bucket that is half an octave wide, and no finer than two milliseconds.
            Assert.InRange(history.Quantile(1), exact, (exact * 3 / 2) + (3 * Millisecond));
            Assert.InRange(history.Longest, gaps[^1], (gaps[^1] * 3 / 2) + (3 * Millisecond));
        }
    }
}
