using Peregrine.Binance.Wire;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>What a line sends stays within the exchange's limit, and answers to pings come first.</summary>
public sealed class WireBudgetTests
{
    private const int Limit = 5;

    private readonly HandTime _time = new();
    private readonly ListTransport _transport = new();

    private WireLine Line(int limit = Limit) => Lines.Over(
        _transport, new WireOptions { FramesPerSecond = limit, PingEvery = TimeSpan.FromSeconds(10), PongWithin = TimeSpan.FromHours(9), SilenceMax = TimeSpan.FromHours(9) }, _time);

    private static byte[] Ping(string payload) => [0x89, (byte)payload.Length, .. Some.Utf8(payload)];

    private string[] Sent(int opcode)
    {
        string[] texts = [.. _transport.SentFrames().Where(frame => frame.Opcode == opcode).Select(frame => frame.Text)];
        _transport.Sent.Clear();
        return texts;
    }

    [Fact]
    public void Texts_beyond_the_limit_are_not_sent_and_one_frame_is_kept_for_a_pong()
    {
        using WireLine line = Line();
        line.TryReceive(out _);
        for (int i = 0; i < Limit - 1; i++)
        {
            Assert.True(line.MaySend);
            Assert.Equal(LineSend.Sent, line.TrySend("x"u8));
        }
        Assert.False(line.MaySend);
        Assert.Equal(LineSend.NotSent, line.TrySend("x"u8));
        _transport.Say(Ping("are you there"));
        line.TryReceive(out _);
        Assert.Equal(["are you there"], Sent(10));
        _time.Pass(TimeSpan.FromSeconds(1.2));
        Assert.Equal(LineSend.Sent, line.TrySend("x"u8));
    }

    [Fact]
    public void A_burst_of_pings_is_answered_within_the_limit_and_the_last_one_always()
    {
        using WireLine line = Line();
        for (int i = 0; i < 40; i++) _transport.Say(Ping($"ping {i}"));
        for (int i = 0; i < 50; i++) line.TryReceive(out _);
        Assert.Equal(["ping 0", "ping 1", "ping 2", "ping 3", "ping 4"], Sent(10));
        Assert.False(line.MaySend);
        _time.Pass(TimeSpan.FromSeconds(1.2));
        Assert.Equal(LineSend.Sent, line.TrySend("text"u8)); // The pong goes before it.
        Assert.Equal([(10, "ping 39"), (1, "text")], _transport.SentFrames());
    }

    [Fact]
    public void Without_a_limit_every_ping_is_answered_and_every_text_leaves()
    {
        using WireLine line = Line(limit: 0);
        for (int i = 0; i < 40; i++) _transport.Say(Ping($"{i}"));
        for (int i = 0; i < 50; i++) line.TryReceive(out _);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}"), Sent(10));
        for (int i = 0; i < 40; i++) Assert.Equal(LineSend.Sent, line.TrySend("x"u8));
    }

    [Fact]
    public void Our_own_pings_wait_for_everything_else()
    {
        using WireLine line = Line();
        line.TryReceive(out _);
        for (int i = 0; i < Limit - 1; i++) line.TrySend("x"u8);
        _time.Pass(TimeSpan.FromSeconds(9.5));
        for (int i = 0; i < Limit - 1; i++) line.TrySend("x"u8);
        _time.Pass(TimeSpan.FromSeconds(0.6)); // It is time for a ping, and there is no room for one.
        line.TryReceive(out _);
        Assert.Empty(Sent(9));
        _time.Pass(TimeSpan.FromSeconds(0.6));
        line.TryReceive(out _);
        Assert.Single(Sent(9));
    }

    [Theory] // Whatever is asked of it, no second holds more frames than allowed.
    [InlineData(5, 1)]
    [InlineData(10, 2)]
    [InlineData(2, 3)]
    public void No_second_ever_holds_more_than_the_limit(int limit, int seed)
    {
        var random = new Random(seed);
        using WireLine line = Line(limit);
        List<double> times = [];
        double now = 0;
        for (int i = 0; i < 20_000; i++)
        {
            if (random.Next(3) == 0) _transport.Say(Ping("p"));
            line.TryReceive(out _);
            if (random.Next(2) == 0) line.TrySend("text"u8);
            times.AddRange(_transport.SentFrames().Select(_ => now));
            _transport.Sent.Clear();
            double pass = random.NextDouble() * 0.2;
            now += pass;
            _time.Pass(TimeSpan.FromSeconds(pass));
        }
        Assert.True(times.Count > limit * now * 0.6, $"Only {times.Count} frames in {now:0} s.");
        for (int i = limit; i < times.Count; i++) Assert.True(times[i] - times[i - limit] > 1, $"{limit + 1} frames within a second at {times[i]:0.0} s (seed {seed}).");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-5)]
    public void A_limit_that_leaves_nothing_beside_the_pong_is_refused(int limit) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Line(limit));

    [Fact]
    public void A_new_connection_has_its_own_limit()
    {
        using WireLine line = Line();
        line.TryReceive(out _);
        for (int i = 0; i < Limit; i++) line.TrySend("x"u8);
        Assert.False(line.MaySend);
        line.Abort("for the test");
        using var second = new ListTransport();
        line.Offer(second);
        line.TryReceive(out _);
        Assert.True(line.MaySend);
    }

    [Fact]
    public void A_pong_that_nobody_asked_for_does_not_prove_that_we_are_heard()
    {
        using WireLine line = Lines.Over(_transport, new WireOptions { PingEvery = TimeSpan.FromSeconds(1), PongWithin = TimeSpan.FromSeconds(2), SilenceMax = TimeSpan.FromHours(9) }, _time);
        line.TryReceive(out _);
        _time.Pass(TimeSpan.FromSeconds(1));
        line.TryReceive(out _);
        _transport.Say([0x8A, 4, 0, 0, 0, 1]); // It answers pings, the first of them at least.
        line.TryReceive(out _);
        for (int i = 0; i < 5 && line.IsUp; i++)
        {
            line.TryReceive(out _);
            _transport.Say([0x8A, 0]);
            _transport.Say([0x8A, 4, 9, 9, 9, 9]);
            _time.Pass(TimeSpan.FromSeconds(1));
            for (int j = 0; j < 3; j++) line.TryReceive(out _);
        }
        Assert.False(line.IsUp);
        Assert.Contains("not answered", line.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_never_answered_a_ping_is_believed_by_its_data()
    {
        using WireLine line = Lines.Over(_transport, new WireOptions { PingEvery = TimeSpan.FromSeconds(1), PongWithin = TimeSpan.FromSeconds(2), SilenceMax = TimeSpan.FromSeconds(5) }, _time);
        line.TryReceive(out _);
        for (int i = 0; i < 20; i++)
        {
            _transport.Say([0x81, 2, (byte)'{', (byte)'}']);
            _time.Pass(TimeSpan.FromSeconds(1));
            for (int j = 0; j < 3; j++) line.TryReceive(out _);
            Assert.True(line.IsUp, line.LastError);
        }
        for (int i = 0; i < 6; i++)
        {
            _time.Pass(TimeSpan.FromSeconds(1));
            line.TryReceive(out _);
        }
        Assert.False(line.IsUp);
    }
}
