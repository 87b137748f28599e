using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;

using Xunit;

namespace Peregrine.MarketData.Tests;

/// <summary>
/// Scorecard row 27: whatever is lost, doubled, swapped or late among diffs and snapshots, a book that calls itself tradable is the exchange's own at its update id.
/// </summary>
public sealed class BookFaultTests(ITestOutputHelper output)
{
    private const int Seed = 27;

    [Fact]
    public void A_tradable_book_is_the_exchange_s_own_or_it_is_not_tradable()
    {
        int runs = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") is { Length: > 0 } ? 200_000 : 10_000;
        var total = new Tally();
        for (int run = 0; run < runs; run++)
        {
            Market market = run % 2 == 0 ? Market.Spot : Market.UsdMargined;
            var trial = new Trial(market, Seed + run);
            trial.Play(total);
            Assert.True(trial.Wrong is null, $"seed {Seed + run}: {trial.Wrong}");
        }
        output.WriteLine(
            $"row 27: {runs} runs of 60 diffs with {total.Lost} lost, {total.Doubled} doubled, {total.Swapped} swapped, {total.Replayed} replayed, {total.OldSnapshots} old snapshots, {total.Straddled} that straddle: "
            + $"{total.Tradable} tradable books compared, 0 wrong; {total.Gaps} gaps recorded, {total.Recovered} recoveries (seed {Seed})");
        Assert.True(total.Tradable > runs * 10);
        Assert.True(total.Gaps > runs / 10 && total.Recovered > runs / 10);
    }

    private sealed class Tally
    {
        public long Lost, Doubled, Swapped, Replayed, OldSnapshots, Straddled, Tradable, Gaps, Recovered;
    }

    private sealed class Trial(Market market, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Instrument _instrument = new() { Id = new SymbolId(1), Symbol = "BTCUSDT", Market = market };
        private readonly SortedDictionary<long, long>[] _truth = [new(), new()];
        private readonly Dictionary<long, (Level[] Bids, Level[] Asks)> _states = [];
        private readonly List<(MarketEvent Entry, long[] Words)> _sent = [];
        private long _id = 1_000;

        public string? Wrong { get; private set; }

        public void Play(Tally tally)
        {
            var book = new SymbolBook(_instrument, 64);
            for (int i = 0; i < 12; i++)
            {
                _truth[0][10_000 - (i * 10) - _random.Next(5)] = 1 + _random.Next(100);
                _truth[1][10_010 + (i * 10) + _random.Next(5)] = 1 + _random.Next(100);
            }
            Remember();
            bool wasGapped = false;
            long oldSnapshot = _id;
            for (int step = 0; step < 60 && Wrong is null; step++)
            {
                int first = _sent.Count;
                MakeDiff();
                if (_random.Next(10) == 0) MakeDiff();
                List<int> order = [.. Enumerable.Range(first, _sent.Count - first)];
                switch (_random.Next(24))
                {
                    case 0: order.RemoveAt(_random.Next(order.Count)); tally.Lost++; break;
                    case 1: order.Add(order[^1]); tally.Doubled++; break;
                    case 2 when order.Count > 1: order.Reverse(); tally.Swapped++; break;
                    case 3 when first > 3: order.AddRange([first - 3, first - 2]); tally.Replayed++; break;
                    default: break;
                }
                foreach (int at in order) Give(book, _sent[at].Entry, _sent[at].Words, tally, ref wasGapped);
                if (!book.WantsSnapshot || _random.Next(3) > 0) continue;
                long id = _id;
                if (_random.Next(5) == 0)
                {
                    id = oldSnapshot;
                    tally.OldSnapshots++;
                }
                (MarketEvent snapshot, long[] words) = Snapshot(id);
                if (_random.Next(6) == 0)
                {
                    // The id of a snapshot may lie within the diff that follows it: nothing of that diff may be lost.
                    MakeDiff();
                    (MarketEvent diff, long[] levels) = _sent[^1];
                    if (market == Market.Spot) diff.Depth.FirstUpdateId -= Math.Min(_random.Next(3), diff.Depth.FirstUpdateId - 1);
                    tally.Straddled++;
                    Give(book, snapshot, words, tally, ref wasGapped);
                    Give(book, diff, levels, tally, ref wasGapped);
                    continue;
                }
                oldSnapshot = _random.Next(4) == 0 ? _id : oldSnapshot;
                Give(book, snapshot, words, tally, ref wasGapped);
            }
        }

        private void Give(SymbolBook book, MarketEvent entry, long[] words, Tally tally, ref bool wasGapped)
        {
            BookChange change = book.OnEvent(in entry, words);
            if (change.IsGap)
            {
                tally.Gaps++;
                wasGapped = true;
            }
            if (!book.IsTradable) return;
            if (wasGapped) tally.Recovered++;
            wasGapped = false;
            tally.Tradable++;
            if (!_states.TryGetValue(book.LastUpdateId, out (Level[] Bids, Level[] Asks) truth))
            {
                Wrong = $"tradable at update id {book.LastUpdateId}, which the exchange never had";
                return;
            }
            Compare(book, Side.Buy, truth.Bids);
            Compare(book, Side.Sell, truth.Asks);
        }

        private void Compare(SymbolBook book, Side side, Level[] truth)
        {
            var levels = new Level[256];
            int count = book.Top(side, levels);
            if (!levels.AsSpan(0, count).SequenceEqual(truth)) Wrong = $"{side} at update id {book.LastUpdateId}: {string.Join(' ', levels[..count])} instead of {string.Join(' ', truth)}";
        }

        private void MakeDiff()
        {
            // USD-M's ids have holes, and only pu tells what a diff follows.
            long previous = _id;
            long first = market == Market.Spot ? _id + 1 : _id + _random.Next(1, 100);
            _id = first + _random.Next(0, 12);
            var levels = new List<Level>[] { [], [] };
            for (int i = _random.Next(0, 6); i > 0; i--)
            {
                int side = _random.Next(2);
                long middle = 10_005;
                long price = side == 0 ? middle - 1 - _random.Next(150) : middle + 1 + _random.Next(150);
                long quantity = _random.Next(3) == 0 ? 0 : 1 + _random.Next(100);
                if (quantity == 0) _truth[side].Remove(price);
                else _truth[side][price] = quantity;
                levels[side].Add(new Level(new Price(price), new Quantity(quantity)));
            }
            Remember();
            MarketEvent entry = Entry(EventKind.DepthDiff, levels[0].Count);
            entry.Depth.FirstUpdateId = first;
            entry.Depth.FinalUpdateId = _id;
            entry.Depth.PreviousFinalUpdateId = market == Market.Spot ? 0 : previous;
            _sent.Add((entry, Words([.. levels[0], .. levels[1]])));
        }

        private (MarketEvent Entry, long[] Words) Snapshot(long id)
        {
            (Level[] bids, Level[] asks) = _states[id];
            MarketEvent entry = Entry(EventKind.DepthSnapshot, bids.Length);
            entry.Depth.FinalUpdateId = id;
            return (entry, Words([.. bids, .. asks]));
        }

        private static MarketEvent Entry(EventKind kind, int bids)
        {
            MarketEvent entry = new() { Kind = kind, Symbol = new SymbolId(1), Flags = EventFlags.HasPayload, ReceiveTimeNanos = 1 };
            entry.Depth.BidCount = bids;
            return entry;
        }

        private static long[] Words(Level[] levels) => MemoryMarshal.Cast<Level, long>(levels).ToArray();

        private void Remember() => _states[_id] = (
            [.. _truth[0].Reverse().Select(static level => new Level(new Price(level.Key), new Quantity(level.Value)))],
            [.. _truth[1].Select(static level => new Level(new Price(level.Key), new Quantity(level.Value)))]);
    }
}
