using System.Diagnostics;

using Peregrine.Binance.Feed;
using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>Two connections with the same streams are one stream: the laws of the gate between them and the ring.</summary>
public sealed class ArrivalGateTests(ITestOutputHelper output)
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1_000;

    private static FeedLine Line(StreamGroup group, int slot)
    {
        // Never started: only its place among the others counts here.
        var wire = new WireLine("x", new Uri("ws://127.0.0.1:1"), new WireOptions(), TimeProvider.System, new Random(1), static _ => { });
        var line = new FeedLine(group, slot, wire, 64);
        group.Lines.Add(line);
        return line;
    }

    private static StreamGroup Group() => new(1, [new Uri("ws://127.0.0.1:1")], [new StreamInfo("btcusdt@trade", new SymbolId(1), EventKind.Trade), new StreamInfo("btcusdt@bookTicker", new SymbolId(1), EventKind.BookTicker)], 1);

    private static MarketEvent Event(EventKind kind, long id)
    {
        MarketEvent entry = new() { Kind = kind, Symbol = new SymbolId(1), ExchangeTimeMicros = kind == EventKind.BookTicker ? 0 : id };
        if (kind == EventKind.Trade) entry.Trade.Id = id;
        else entry.Ticker.UpdateId = id;
        return entry;
    }

    [Fact] // A server may send what nobody asked for, of any symbol that we know.
    public void Every_kind_of_the_last_symbol_finds_its_place()
    {
        const int symbols = 3;
        StreamGroup group = Group();
        FeedLine line = new(group, 0, Line(group, 0).Wire, StreamGroup.KeysOf(symbols));
        var gate = new ArrivalGate(StreamGroup.KeysOf(symbols));
        foreach (EventKind kind in EventKinds.Market)
        {
            MarketEvent entry = Event(kind, 5) with { Symbol = new SymbolId(symbols) };
            gate.Passes(line, in entry, Millisecond);
        }
    }

    /// <summary>
    /// One stream over two connections whose delays change at random, which break and come back (what was sent meanwhile is lost on them), but never both at once:
    /// everything must come through once and in order.
    /// </summary>
    [Theory]
    [InlineData(EventKind.Trade)]
    [InlineData(EventKind.BookTicker)]
    public void Everything_passes_once_and_in_order_while_one_connection_lives(EventKind kind)
    {
        const int Seed = 26, Trials = 400, Events = 2_000;
        long wins = 0, second = 0, breaks = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            var random = new Random(Seed + trial);
            StreamGroup group = Group();
            FeedLine[] lines = [Line(group, 0), Line(group, 1)];
            var gate = new ArrivalGate(64);
            List<(long Ticks, int Line, long Id, bool Up)> arrivals = [];
            List<long> ids = [];
            long now = 1_000 * Millisecond, id = 100;
            long[] downUntil = new long[2], freeAt = new long[2];
            for (int line = 0; line < 2; line++) arrivals.Add((now - 1, line, 0, true));
            for (int i = 0; i < Events; i++)
            {
                now += random.Next(1, 20) * Millisecond / 4;
                // Ids of trades are consecutive, those of best prices are not.
                id += kind == EventKind.Trade ? 1 : random.Next(1, 30);
                ids.Add(id);
                for (int line = 0; line < 2; line++)
                {
                    int other = 1 - line;
                    // Only one may break, and only when the other has been back for a while.
                    if (random.Next(150) == 0 && downUntil[line] < now && downUntil[other] < now - (400 * Millisecond) && freeAt[other] < now + (60 * Millisecond))
                    {
                        downUntil[line] = now + (random.Next(5, 200) * Millisecond);
                        freeAt[line] = Math.Max(freeAt[line], downUntil[line]);
                        arrivals.Add((freeAt[line], line, 0, true)); // Up again, as another connection.
                        breaks++;
                    }
                    if (now < downUntil[line]) continue;
                    freeAt[line] = Math.Max(freeAt[line] + 1, now + (random.Next(0, 40) * Millisecond)); // Later messages never overtake on one connection.
                    arrivals.Add((freeAt[line], line, id, false));
                }
            }
            List<long> passed = [];
            foreach ((long ticks, int at, long each, bool up) in arrivals.OrderBy(static arrival => arrival.Ticks))
            {
                if (up) lines[at].CameUp(ticks, long.MaxValue);
                else
                {
                    MarketEvent entry = Event(kind, each);
                    if (gate.Passes(lines[at], in entry, ticks)) passed.Add(each);
                }
            }
            // What was sent while a connection was down before the other's first message cannot be asked for.
            Assert.True(ids.SequenceEqual(passed), $"seed {Seed + trial}: {ids.Except(passed).Count()} lost, {passed.Count - passed.Distinct().Count()} doubled, in order: {passed.SequenceEqual(passed.Order())}");
            wins += lines[0].Wins;
            second += lines[1].Wins;
            foreach (FeedLine line in lines) line.Wire.Dispose();
        }
        output.WriteLine($"two connections, {Trials} trials of {Events} {kind.Text()} events, {breaks} broken connections: 0 lost, 0 doubled, 0 out of order; first by A {wins}, by B {second} (seed {Seed})");
    }

    [Fact]
    public void One_connection_alone_passes_all_but_what_is_old()
    {
        StreamGroup group = Group();
        FeedLine line = Line(group, 0);
        var gate = new ArrivalGate(64);
        line.CameUp(1, long.MaxValue);
        Assert.True(Passes(10));
        Assert.True(Passes(11));
        Assert.False(Passes(11));
        Assert.False(Passes(10));
        Assert.True(Passes(20)); // A hole, but nobody else can fill it.
        line.WentDown();
        line.CameUp(2, long.MaxValue);
        Assert.True(Passes(30));
        Assert.Equal((4, 2), (line.Wins, line.Duplicates));
        line.Wire.Dispose();

        bool Passes(long id)
        {
            MarketEvent entry = Event(EventKind.Trade, id);
            return gate.Passes(line, in entry, Stopwatch.Frequency);
        }
    }

    [Fact]
    public void What_ran_ahead_waits_a_quarter_of_a_second_and_no_longer()
    {
        StreamGroup group = Group();
        FeedLine slow = Line(group, 0), quick = Line(group, 1);
        var gate = new ArrivalGate(64);
        long now = Stopwatch.Frequency;
        slow.CameUp(now, long.MaxValue);
        MarketEvent first = Event(EventKind.BookTicker, 100);
        Assert.True(gate.Passes(slow, in first, now));
        quick.CameUp(now, long.MaxValue);
        MarketEvent ahead = Event(EventKind.BookTicker, 110);
        Assert.False(gate.Passes(quick, in ahead, now + Millisecond)); // 101 to 109 may still be on their way on the other.
        for (int i = 1; i < 24; i++)
        {
            MarketEvent more = Event(EventKind.BookTicker, 110 + i);
            Assert.False(gate.Passes(quick, in more, now + (i * 10 * Millisecond)));
        }
        MarketEvent enough = Event(EventKind.BookTicker, 200);
        Assert.True(gate.Passes(quick, in enough, now + (300 * Millisecond)));
        Assert.Equal(24, quick.Early);
        slow.Wire.Dispose();
        quick.Wire.Dispose();
    }

    [Fact]
    public void Ids_that_begin_anew_pass_when_their_times_are_later()
    {
        StreamGroup group = Group();
        FeedLine line = Line(group, 0);
        var gate = new ArrivalGate(64);
        line.CameUp(1, long.MaxValue);
        MarketEvent old = Event(EventKind.Trade, 5_000_000);
        old.ExchangeTimeMicros = 1_000_000_000;
        Assert.True(gate.Passes(line, in old, 2));
        MarketEvent replayed = Event(EventKind.Trade, 4_999_999);
        replayed.ExchangeTimeMicros = 1_000_000_000;
        Assert.False(gate.Passes(line, in replayed, 3));
        MarketEvent listedAgain = Event(EventKind.Trade, 1);
        listedAgain.ExchangeTimeMicros = 1_000_000_000 + 60_000_000;
        Assert.True(gate.Passes(line, in listedAgain, 4));
        line.Wire.Dispose();
    }
}
