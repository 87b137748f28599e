using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.MarketData.Tests;

/// <summary>Books rebuilt from what Binance really sent, held against the best prices that it sent beside it.</summary>
public sealed class RecordedBookTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Market.Spot, "BTCUSDT", int.MaxValue, "spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz")]
    [InlineData(Market.Spot, "NEXOUSDT", 40_000, "spot/nexousdt_20240723.dat.gz", "spot/nexousdt_20240724.dat.gz")]
    [InlineData(Market.UsdMargined, "BTCUSDT", int.MaxValue, "usdm/btcusdt_20230404.dat.gz", "usdm/btcusdt_20230405.dat.gz")]
    [InlineData(Market.UsdMargined, "BTCUSDT", int.MaxValue, "usdm/btcusdt_20240808.gz")]
    [InlineData(Market.UsdMargined, "ETHUSDT", int.MaxValue, "usdm/ethusdt_20240808.gz")]
    public void A_recorded_book_is_the_exchange_s_own(Market market, string symbol, int linesMax, params string[] files)
    {
        string?[] paths = [.. files.Select(file => Repository.Shared($"data/raw-ws/{file}"))];
        Assert.SkipWhen(paths.Contains(null), "the recordings are not on this machine");
        Check(Recording.Load(market, symbol, linesMax, paths!), string.Join(" + ", files));
    }

    [Theory]
    [InlineData(Market.Spot, 10, "spot_20210405.mixed.txt.gz")]
    [InlineData(Market.Spot, 4, "spot_20211012.ws.txt.gz", "spot_20211012.http-depth.txt.gz")]
    [InlineData(Market.UsdMargined, 4, "usdm_20210722.ws.txt.gz", "usdm_20210722.http-depth.txt.gz")]
    public void The_recorded_books_of_several_symbols_are_the_exchange_s_own(Market market, int symbols, params string[] files)
    {
        string?[] paths = [.. files.Select(file => Repository.Shared($"data/raw-ws/cryptofeed/{file}"))];
        Assert.SkipWhen(paths.Contains(null), "the recordings are not on this machine");
        Recording recording = Recording.LoadMerged(market, paths!);
        Assert.Equal(symbols, recording.Instruments.Count);
        Check(recording, string.Join(" + ", files));
    }

    private void Check(Recording recording, string title)
    {
        var replays = recording.Instruments.All.Select(instrument => new Replay(instrument with { Rules = new TradingRules { TickSize = TickOf(recording, instrument.Id) } })).ToArray();
        for (int i = 0; i < recording.Count; i++)
        {
            MarketEvent entry = recording[i];
            replays[entry.Symbol.Value - 1].OnEvent(in entry, recording.PayloadOf(i));
        }

        long equal = replays.Sum(replay => replay.Equal);
        long comparable = replays.Sum(replay => replay.Comparable);
        output.WriteLine($"{title}: {recording.Count} events, {replays.Sum(replay => replay.Applied)} diffs applied, "
            + $"{equal} of {comparable} best prices equal ({100.0 * equal / comparable:F3} %)");
        foreach (Replay replay in replays)
        {
            Assert.True(replay.Gaps == 0, $"{replay.Symbol}: {replay.Gaps} gaps");
            Assert.True(replay.CrossedWhileLive == 0, $"{replay.Symbol}: crossed {replay.CrossedWhileLive} times");
            Assert.True(replay.DifferentFromTickless == 0, $"{replay.Symbol}: {replay.DifferentFromTickless} times another book with and without the tick size");
            Assert.True(replay.Synchronised == 1, $"{replay.Symbol}: synchronised {replay.Synchronised} times");
        }
        Assert.True(comparable > 0);
        Assert.True(equal >= 0.995 * comparable, $"{equal} of {comparable} best prices are equal");
    }

    /// <summary>What all prices of a symbol are multiples of.</summary>
    private static Price TickOf(Recording recording, SymbolId symbol)
    {
        long tick = 0;
        for (int i = 0; i < recording.Count; i++)
        {
            MarketEvent entry = recording[i];
            if (entry.Symbol != symbol || entry.Kind is not (EventKind.DepthDiff or EventKind.DepthSnapshot or EventKind.Depth20)) continue;
            foreach (Level level in Payload.Bids(in entry, recording.PayloadOf(i))) tick = (long)System.Numerics.BigInteger.GreatestCommonDivisor(tick, level.Price.Raw);
            foreach (Level level in Payload.Asks(in entry, recording.PayloadOf(i))) tick = (long)System.Numerics.BigInteger.GreatestCommonDivisor(tick, level.Price.Raw);
        }
        return new Price(tick);
    }

    /// <summary>
    /// One symbol's events through its book, and beside it through one that knows nothing of ticks: they are always the same. A moment is comparable when the newest ticker's update id lies inside the diff just applied
    /// (U ≤ ticker u ≤ u): the ticker is then of the same moment as the book, unless the best price changed once more inside that diff. A ticker that
    /// arrives after its diff is compared as soon as the next diff shows that it was the last one inside.
    /// </summary>
    private sealed class Replay(Instrument instrument)
    {
        private const int ComparedLevels = 200;

        private readonly SymbolBook _book = new(instrument);
        private readonly SymbolBook _tickless = new(instrument with { Rules = new TradingRules { TickSize = Price.Zero } });
        private readonly Level[] _levels = new Level[ComparedLevels];
        private readonly Level[] _ticklessLevels = new Level[ComparedLevels];
        private BookTickerFields _ticker;
        private BookTickerFields _candidate;
        private long _first;
        private long _final;
        private (Price Bid, Price Ask) _best;

        public string Symbol => instrument.Symbol;
        public long Applied { get; private set; }
        public long Gaps { get; private set; }
        public long CrossedWhileLive { get; private set; }
        public long Synchronised { get; private set; }
        public long Comparable { get; private set; }
        public long Equal { get; private set; }
        public long DifferentFromTickless { get; private set; }

        public void OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            if (entry.Kind == EventKind.BookTicker)
            {
                _ticker = entry.Ticker;
                if (IsInside(_ticker)) _candidate = _ticker;
            }
            BookChange change = _book.OnEvent(in entry, payload);
            _ = _tickless.OnEvent(in entry, payload);
            foreach (Side side in (Side[])[Side.Buy, Side.Sell])
            {
                int count = _book.Top(side, _levels);
                if (_book.Count(side) != _tickless.Count(side) || count != _tickless.Top(side, _ticklessLevels) || !_levels.AsSpan(0, count).SequenceEqual(_ticklessLevels.AsSpan(0, count))) DifferentFromTickless++;
            }
            if (change.IsGap) Gaps++;
            if (change.Kind == BookChangeKind.Synchronised) Synchronised++;
            if (_book.State == BookState.Live && _book.BestBid.Price >= _book.BestAsk.Price) CrossedWhileLive++;
            if (entry.Kind != EventKind.DepthDiff || change.Kind is not (BookChangeKind.Updated or BookChangeKind.Synchronised)) return;

            Compare();
            Applied++;
            _first = entry.Depth.FirstUpdateId;
            _final = entry.Depth.FinalUpdateId;
            _best = (_book.BestBid.Price, _book.BestAsk.Price);
            _candidate = IsInside(_ticker) ? _ticker : default;
        }

        private bool IsInside(BookTickerFields ticker) => ticker.UpdateId >= _first && ticker.UpdateId <= _final && _final > 0;

        private void Compare()
        {
            if (_candidate.UpdateId == 0) return;
            Comparable++;
            if (_best == (_candidate.BidPrice, _candidate.AskPrice)) Equal++;
        }
    }
}
