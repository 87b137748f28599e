using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData.Trust;

using Xunit;

namespace Peregrine.MarketData.Tests.Trust;

public sealed class SymbolTrustTests
{
    private const long Second = 1_000_000_000;

    private readonly SymbolTrust _trust;
    private long _now = 1_795_000_000 * Second;

    public SymbolTrustTests()
    {
        _trust = new SymbolTrust(new SymbolBook(new Instrument { Id = new SymbolId(1), Symbol = "BTCUSDT", Market = Market.UsdMargined }), [EventKind.MarkPrice, EventKind.Trade, EventKind.AggTrade]);
        _trust.Streams.OnLine(0, isUp: true);
    }

    private void Say(EventKind kind, long id = 0, long ageNanos = 0, EventFlags flags = EventFlags.None)
    {
        MarketEvent entry = new() { Kind = kind, Flags = flags, Symbol = new SymbolId(1), ReceiveTimeNanos = _now, ExchangeTimeMicros = (_now - ageNanos) / 1_000 };
        if (kind is EventKind.Trade or EventKind.AggTrade) entry.Trade = new TradeFields { Id = id, FirstTradeId = id, LastTradeId = id, Price = new Price(1) };
        _trust.OnEvent(in entry, [], BookChangeKind.None);
    }

    private List<StreamFinding> Tick()
    {
        _now += Second;
        _trust.Tick(Second);
        var findings = new List<StreamFinding>();
        for (StreamFinding finding = _trust.Next(); !finding.IsNone; finding = _trust.Next()) findings.Add(finding);
        return findings;
    }

    [Fact]
    public void What_was_asked_for_may_be_old_and_is_no_sign_of_life()
    {
        for (int i = 0; i < 7; i++)
        {
            Say(EventKind.Trade, id: 100 + i);
            Say(EventKind.AggTrade, id: 100 + i);
            Say(EventKind.MarkPrice, ageNanos: 6 * Second, flags: EventFlags.Polled);
            Say(EventKind.OpenInterest, ageNanos: 40 * Second, flags: EventFlags.Polled);
            Assert.Empty(Tick());
            Assert.True(_trust.IsGood, "old answers are not late data");
        }
        // The stream itself has never said a mark price, whatever was asked for.
        StreamFinding silent = Assert.Single(Enumerable.Range(0, 3).SelectMany(i => { Say(EventKind.Trade, 107 + i); Say(EventKind.AggTrade, 107 + i); Say(EventKind.MarkPrice, flags: EventFlags.Polled); return Tick(); }));
        Assert.Equal((GapReason.Silent, EventKind.MarkPrice), (silent.Reason, silent.Kind));
    }

    [Fact]
    public void Data_that_come_a_second_later_than_usual_are_not_good_before_a_whole_tick_in_time()
    {
        Say(EventKind.Trade, 1);
        Say(EventKind.Trade, 2, ageNanos: Second + 1_000_000);
        Assert.False(_trust.IsGood);
        Say(EventKind.Trade, 3);
        Assert.False(_trust.IsGood);
        StreamFinding late = Assert.Single(Tick());
        Assert.Equal(GapReason.Late, late.Reason);
        Assert.False(_trust.IsGood);
        Say(EventKind.Trade, 4);
        Assert.Empty(Tick());
        Assert.True(_trust.IsGood);
    }

    [Fact]
    public void A_hole_in_the_ids_of_trades_says_how_many_are_missing()
    {
        Say(EventKind.Trade, 10);
        Say(EventKind.Trade, 11);
        Say(EventKind.Trade, 15);
        Say(EventKind.Trade, 17);
        StreamFinding hole = Assert.Single(Tick());
        Assert.Equal((GapReason.Sequence, EventKind.Trade, 4L), (hole.Reason, hole.Kind, hole.Lost));
    }

    [Fact]
    public void Of_trades_and_aggregates_the_one_that_falls_behind_the_other_is_found_in_two_seconds()
    {
        for (int i = 0; i < 3; i++)
        {
            Say(EventKind.Trade, 100 + i);
            Say(EventKind.AggTrade, 100 + i);
            Say(EventKind.MarkPrice);
            Assert.Empty(Tick());
        }
        var findings = new List<StreamFinding>();
        for (int i = 3; i < 6; i++)
        {
            Say(EventKind.Trade, 100 + i);
            Say(EventKind.MarkPrice);
            findings.AddRange(Tick());
        }
        Assert.Equal((GapReason.Silent, EventKind.AggTrade), (Assert.Single(findings).Reason, findings[0].Kind));
        Assert.False(_trust.IsGood);
    }
}
