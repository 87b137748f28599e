using Peregrine.Common;
using Peregrine.Common.Events;

using Xunit;

namespace Peregrine.MarketData.Tests;

public sealed class SymbolBookTests
{
    private static readonly Instrument Spot = new() { Id = new SymbolId(1), Symbol = "BTCUSDT", Market = Market.Spot };
    private static readonly Instrument Futures = Spot with { Market = Market.UsdMargined };

    private readonly SymbolBook _book = new(Spot);

    [Fact]
    public void Diffs_wait_for_the_snapshot_and_then_complete_it()
    {
        Assert.False(_book.WantsSnapshot);
        Assert.Equal(BookChange.Nothing, _book.Diff(90, 95, bid: (99, 7)));
        Assert.Equal(BookState.Buffering, _book.State);
        Assert.True(_book.WantsSnapshot);
        Assert.Equal(BookChange.Nothing, _book.Diff(96, 103, bid: (100, 5)));
        Assert.Equal(BookChange.Nothing, _book.Diff(104, 104, ask: (101, 0)));
        Assert.False(_book.IsTradable);

        Assert.Equal(BookChange.Synchronised, _book.Snapshot(100, [(99, 1), (98, 1)], [(101, 2), (102, 3)]));
        Assert.True(_book.IsTradable);
        Assert.False(_book.WantsSnapshot);
        Assert.Equal(104, _book.LastUpdateId);
        Assert.Equal(new Level(new Price(100), new Quantity(5)), _book.BestBid);
        Assert.Equal(new Level(new Price(102), new Quantity(3)), _book.BestAsk);
        Assert.Equal(101, _book.Mid.Raw);
        var bids = new Level[20];
        Assert.Equal(3, _book.Top(Side.Buy, bids));
        Assert.Equal(1, bids[1].Quantity.Raw); // The stale diff's seven was not applied.
        Assert.Equal(BookChange.Updated, _book.Diff(105, 106, bid: (100, 0)));
        Assert.Equal(99, _book.BestBid.Price.Raw);
    }

    [Fact]
    public void A_snapshot_older_than_the_first_diff_is_asked_for_again()
    {
        _book.Diff(110, 112);
        Assert.Equal(BookChange.Nothing, _book.Snapshot(100, [(99, 1)], [(101, 1)]));
        Assert.True(_book.WantsSnapshot);
        Assert.False(_book.IsTradable);
        Assert.Equal(BookChange.Synchronised, _book.Snapshot(109, [(99, 1)], [(101, 1)]));
    }

    [Fact]
    public void A_snapshot_alone_is_not_trusted_before_a_diff_follows_it()
    {
        _book.Snapshot(100, [(99, 1)], [(101, 1)]);
        Assert.False(_book.IsTradable);
        Assert.False(_book.WantsSnapshot);
        Assert.Equal(BookChange.Synchronised, _book.Diff(101, 101, bid: (98, 1)));
        Assert.True(_book.IsTradable);
    }

    [Fact]
    public void A_snapshot_that_lay_waiting_too_long_is_dropped_without_a_gap()
    {
        _book.Snapshot(100, [(99, 1)], [(101, 1)]);
        Assert.Equal(BookChange.Nothing, _book.Diff(105, 106));
        Assert.True(_book.WantsSnapshot);
        Assert.Equal(BookChange.Synchronised, _book.Snapshot(106, [(99, 1)], [(101, 1)]));
    }

    [Fact]
    public void A_missed_diff_ends_trading_at_once_and_resynchronises()
    {
        _book.Live();
        Assert.Equal(BookChange.Gap(GapReason.Sequence, expected: 102, got: 103), _book.Diff(103, 104, bid: (99, 9)));
        Assert.Equal(BookState.Gapped, _book.State);
        Assert.False(_book.IsTradable);
        Assert.True(_book.WantsSnapshot);
        Assert.Equal(BookChange.Nothing, _book.Diff(105, 105, bid: (98, 4)));
        Assert.Equal(BookChange.Nothing, _book.Snapshot(101, [(99, 1)], [(101, 1)])); // From before the hole.
        Assert.True(_book.WantsSnapshot);
        Assert.Equal(BookChange.Synchronised, _book.Snapshot(103, [(99, 1)], [(101, 1)]));
        Assert.Equal(9, _book.BestBid.Quantity.Raw);
        Assert.Equal(105, _book.LastUpdateId);
    }

    [Fact]
    public void A_hole_among_the_waiting_diffs_is_a_gap_and_what_lies_before_it_is_dropped()
    {
        _book.Diff(90, 95, bid: (99, 7));
        Assert.Equal(BookChange.Gap(GapReason.Sequence, expected: 96, got: 101), _book.Diff(101, 102, bid: (98, 7)));
        Assert.Equal(1, _book.PendingDiffs);
        Assert.Equal(BookChange.Nothing, _book.Snapshot(94, [(99, 1)], [(103, 1)]));
        Assert.Equal(BookChange.Synchronised, _book.Snapshot(100, [(99, 1)], [(103, 1)]));
        Assert.Equal(1, _book.BestBid.Quantity.Raw);
    }

    [Fact]
    public void A_crossed_book_is_not_traded_on_and_is_fetched_anew()
    {
        _book.Live();
        Assert.Equal(BookChange.Gap(GapReason.Crossed, expected: 101, got: 101), _book.Diff(102, 102, bid: (101, 1)));
        Assert.Equal(BookState.Crossed, _book.State);
        Assert.False(_book.IsTradable);
        Assert.True(_book.WantsSnapshot);
        Assert.Equal(BookChange.Synchronised, _book.Snapshot(102, [(101, 1)], [(102, 1)]));
        Assert.True(_book.IsTradable);
    }

    [Fact]
    public void A_crossed_snapshot_is_not_used()
    {
        _book.Diff(100, 101);
        Assert.Equal(GapReason.Crossed, _book.Snapshot(100, [(101, 1)], [(101, 1)]).Reason);
        Assert.False(_book.IsTradable);
        _book.Diff(102, 102);
        Assert.True(_book.WantsSnapshot);
    }

    [Fact]
    public void Frames_that_come_twice_change_nothing()
    {
        _book.Live();
        _book.Diff(102, 103, bid: (99, 5));
        Assert.Equal(BookChange.Nothing, _book.Diff(102, 103, bid: (99, 1)));
        Assert.Equal(BookChange.Nothing, _book.Diff(101, 101, bid: (99, 2)));
        Assert.Equal(BookChange.Nothing, _book.Snapshot(101, [(90, 1)], [(110, 1)]));
        Assert.Equal(5, _book.BestBid.Quantity.Raw);
        Assert.True(_book.IsTradable);
    }

    [Fact]
    public void Nothing_is_assumed_about_the_time_without_a_connection()
    {
        _book.Live();
        BookChange change = _book.OnEvent(LineEvent.Of(line: 0, isUp: false, receiveTimeNanos: 9), default);
        Assert.Equal(BookChange.Gap(GapReason.Disconnected, expected: 101, got: 0), change);
        Assert.Equal(BookState.Empty, _book.State);
        Assert.Equal(default, _book.BestBid);
        Assert.Equal(BookChange.Nothing, _book.OnEvent(LineEvent.Of(line: 0, isUp: false, receiveTimeNanos: 9), default));
        Assert.Equal(BookChange.Nothing, _book.OnEvent(LineEvent.Of(line: 0, isUp: true, receiveTimeNanos: 9), default));
        _book.Diff(102, 102);
        Assert.Equal(BookState.Buffering, _book.State);
        Assert.True(_book.WantsSnapshot);
    }

    [Fact]
    public void More_diffs_than_are_kept_are_an_overflow()
    {
        BookChange change = BookChange.Nothing;
        long id = 0;
        while (!change.IsGap)
        {
            id++;
            change = _book.Diff(id, id, bid: (99, 1));
            Assert.True(id < 10_000);
        }
        Assert.Equal(GapReason.Overflow, change.Reason);
        Assert.Equal(4_097, id);
        Assert.Equal(1, _book.PendingDiffs);
        Assert.Equal(BookChange.Synchronised, _book.Snapshot(id, [(99, 1)], [(101, 1)]));
    }

    [Fact]
    public void Futures_bridge_a_snapshot_whose_id_falls_into_a_hole()
    {
        var book = new SymbolBook(Futures);
        book.Diff(50, 60, previousFinal: 40);
        book.Diff(90, 95, previousFinal: 60, bid: (99, 4));
        Assert.Equal(BookChange.Synchronised, book.Snapshot(80, [(99, 1)], [(101, 1)]));
        Assert.Equal(4, book.BestBid.Quantity.Raw);
        Assert.Equal(BookChange.Updated, book.Diff(120, 130, previousFinal: 95));
        Assert.Equal(BookChange.Gap(GapReason.Sequence, expected: 130, got: 140), book.Diff(150, 160, previousFinal: 140));
    }

    [Fact]
    public void Without_diffs_each_depth20_is_the_whole_book()
    {
        Assert.Equal(BookChange.Synchronised, _book.Depth20(100, [(99, 1)], [(101, 1)]));
        Assert.True(_book.IsTradable);
        Assert.Equal(BookChange.Updated, _book.Depth20(102, [(98, 2)], [(100, 2)]));
        Assert.Equal((98, 100), (_book.BestBid.Price.Raw, _book.BestAsk.Price.Raw));
        Assert.Equal(1, _book.Count(Side.Buy));
        Assert.Equal(BookChange.Nothing, _book.Depth20(101, [(97, 2)], [(100, 2)])); // Older than what is known.
        Assert.Equal(98, _book.BestBid.Price.Raw);
        Assert.False(_book.WantsSnapshot);
    }

    [Fact]
    public void A_crossed_depth20_is_mended_by_the_next()
    {
        _book.Depth20(100, [(99, 1)], [(101, 1)]);
        Assert.Equal(GapReason.Crossed, _book.Depth20(101, [(101, 1)], [(101, 1)]).Reason);
        Assert.False(_book.IsTradable);
        Assert.Equal(BookChange.Nothing, _book.Depth20(102, [(102, 1)], [(101, 1)]));
        Assert.Equal(BookChange.Synchronised, _book.Depth20(103, [(99, 1)], [(101, 1)]));
    }

    [Fact]
    public void A_book_with_an_empty_side_is_sound_but_not_tradable()
    {
        _book.Depth20(100, [(99, 1)], []);
        Assert.Equal(BookState.Live, _book.State);
        Assert.False(_book.IsTradable);
        Assert.Equal(Price.Zero, _book.Mid);
    }

    [Fact]
    public void Once_there_are_diffs_they_are_the_book()
    {
        _book.Depth20(100, [(99, 1)], [(101, 1)]);
        _book.Diff(101, 101);
        Assert.False(_book.IsTradable);
        Assert.Equal(BookChange.Nothing, _book.Depth20(101, [(99, 1)], [(101, 1)]));
        Assert.False(_book.IsTradable);
        _book.Snapshot(101, [(90, 1)], [(91, 1)]);
        Assert.Equal(BookChange.Nothing, _book.Depth20(102, [(99, 1)], [(101, 1)]));
        Assert.Equal(90, _book.BestBid.Price.Raw);
        Assert.True(_book.IsTradable);
    }

    [Fact]
    public void A_ticker_is_kept_beside_the_book()
    {
        _book.Live();
        var entry = new MarketEvent { Kind = EventKind.BookTicker, Symbol = Spot.Id, Ticker = new BookTickerFields { UpdateId = 999, BidPrice = new Price(100) } };
        Assert.Equal(BookChange.Nothing, _book.OnEvent(in entry, default));
        Assert.Equal(999, _book.Ticker.UpdateId);
        Assert.Equal(99, _book.BestBid.Price.Raw);
    }

    [Fact]
    public void Another_symbol_s_events_change_nothing()
    {
        _book.Live();
        var entry = new MarketEvent { Kind = EventKind.DepthDiff, Symbol = new SymbolId(2), Depth = new DepthFields { FirstUpdateId = 500, FinalUpdateId = 501 } };
        Assert.Equal(BookChange.Nothing, _book.OnEvent(in entry, default));
        Assert.True(_book.IsTradable);
    }

    [Fact]
    public void A_new_session_starts_from_nothing()
    {
        _book.Live();
        _book.OnEvent(new MarketEvent { Kind = EventKind.Session }, default);
        Assert.Equal(BookState.Empty, _book.State);
        Assert.Equal(BookChange.Synchronised, _book.Depth20(1, [(99, 1)], [(101, 1)]));
    }

    [Theory] // Whatever is lost, late or doubled on the way: while the book says that it is live, it is what the exchange's is.
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_live_book_is_right_whatever_the_wire_does(int seed)
    {
        var random = new Random(seed);
        foreach (Market market in (Market[])[Market.Spot, Market.UsdMargined])
        {
            var book = new SymbolBook(Spot with { Market = market });
            var exchange = new ObviousBook();
            exchange.Load([.. Levels(random, 900, 999)], [.. Levels(random, 1_001, 1_100)]);
            long id = 1_000;
            long last = 1_000;
            long live = 0;
            for (int step = 0; step < 4_000; step++)
            {
                long first = id + 1 + (market == Market.UsdMargined ? random.Next(3) : 0);
                long final = first + random.Next(3);
                (long Price, long Quantity) bid = (random.NextInt64(900, 1_000), random.Next(3));
                (long Price, long Quantity) ask = (random.NextInt64(1_001, 1_101), random.Next(3));
                exchange.Apply(Side.Buy, new Price(bid.Price), new Quantity(bid.Quantity));
                exchange.Apply(Side.Sell, new Price(ask.Price), new Quantity(ask.Quantity));
                bool isLost = random.Next(60) == 0;
                if (!isLost) book.Diff(first, final, last, bid, ask);
                if (!isLost && random.Next(40) == 0) book.Diff(first, final, last, bid, ask);
                id = final;
                last = final;
                if (book.WantsSnapshot && random.Next(4) == 0)
                {
                    var bids = new Level[300];
                    var asks = new Level[300];
                    int bidCount = exchange.Top(Side.Buy, bids);
                    int askCount = exchange.Top(Side.Sell, asks);
                    book.OnEvent(SymbolBookStory.Event(EventKind.DepthSnapshot, 0, id, 0, bids[..bidCount], asks[..askCount], out long[] payload), payload);
                }
                // A lost diff cannot be known before the next one: only then does the book promise anything.
                if (isLost || book.State != BookState.Live || book.LastUpdateId != id) continue;
                live++;
                var top = new Level[300];
                var expected = new Level[300];
                foreach (Side side in (Side[])[Side.Buy, Side.Sell])
                {
                    int count = book.Top(side, top);
                    int expectedCount = exchange.Top(side, expected);
                    Assert.True(top.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, expectedCount)), $"{market}, seed {seed}, step {step}");
                }
            }
            Assert.True(live > 1_000, $"live only {live} times: the test shows nothing");
        }
    }

    private static IEnumerable<Level> Levels(Random random, long from, long to)
    {
        for (long price = from; price <= to; price++)
        {
            if (random.Next(2) == 0) yield return new Level(new Price(price), new Quantity(random.NextInt64(1, 100)));
        }
    }
}

/// <summary>Events in the words of a test.</summary>
internal static class SymbolBookStory
{
    public static BookChange Diff(
        this SymbolBook book, long first, long final, long previousFinal = 0, (long Price, long Quantity)? bid = null, (long Price, long Quantity)? ask = null) =>
        book.OnEvent(Event(EventKind.DepthDiff, first, final, previousFinal, Levels(bid), Levels(ask), out long[] payload), payload);

    public static BookChange Snapshot(this SymbolBook book, long id, (long Price, long Quantity)[] bids, (long Price, long Quantity)[] asks) =>
        book.OnEvent(Event(EventKind.DepthSnapshot, 0, id, 0, Levels(bids), Levels(asks), out long[] payload), payload);

    public static BookChange Depth20(this SymbolBook book, long id, (long Price, long Quantity)[] bids, (long Price, long Quantity)[] asks) =>
        book.OnEvent(Event(EventKind.Depth20, 0, id, 0, Levels(bids), Levels(asks), out long[] payload), payload);

    /// <summary>Brings a spot book to update id 101, with 99 bid and 101 asked.</summary>
    public static void Live(this SymbolBook book)
    {
        book.Diff(100, 101);
        Assert.Equal(BookChange.Synchronised, book.Snapshot(100, [(99, 1), (98, 1)], [(101, 1), (102, 1)]));
    }

    public static MarketEvent Event(EventKind kind, long first, long final, long previousFinal, Level[] bids, Level[] asks, out long[] payload)
    {
        payload = [.. bids.Concat(asks).SelectMany(level => new[] { level.Price.Raw, level.Quantity.Raw })];
        return new MarketEvent
        {
            Kind = kind,
            Symbol = new SymbolId(1),
            Flags = EventFlags.HasPayload,
            Depth = new DepthFields
            {
                PayloadWords = payload.Length, BidCount = bids.Length, FirstUpdateId = first, FinalUpdateId = final, PreviousFinalUpdateId = previousFinal,
            },
        };
    }

    private static Level[] Levels(params (long Price, long Quantity)?[] levels) =>
        [.. levels.Where(level => level is not null).Select(level => new Level(new Price(level!.Value.Price), new Quantity(level.Value.Quantity)))];

    private static Level[] Levels((long Price, long Quantity)[] levels) => [.. levels.Select(level => new Level(new Price(level.Price), new Quantity(level.Quantity)))];
}
