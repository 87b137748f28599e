using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData.Trust;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.MarketData.Tests.Trust;

/// <summary>What Binance really sent must be trusted; the same with one level quietly wrong must not.</summary>
public sealed class RecordedTrustTests(ITestOutputHelper output)
{
    private const long Second = 1_000_000_000;

    public static TheoryData<Market, string?, string[]> Recordings => new()
    {
        { Market.Spot, "BTCUSDT", ["spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz"] },
        { Market.Spot, "NEXOUSDT", ["spot/nexousdt_20240723.dat.gz"] },
        { Market.UsdMargined, "BTCUSDT", ["usdm/btcusdt_20230404.dat.gz", "usdm/btcusdt_20230405.dat.gz"] },
        { Market.UsdMargined, "BTCUSDT", ["usdm/btcusdt_20240808.gz"] },
        { Market.UsdMargined, "ETHUSDT", ["usdm/ethusdt_20240808.gz"] },
        { Market.Spot, null, ["cryptofeed/spot_20210405.mixed.txt.gz"] },
        { Market.UsdMargined, null, ["cryptofeed/usdm_20210722.ws.txt.gz", "cryptofeed/usdm_20210722.http-depth.txt.gz"] },
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_recorded_market_is_trusted_from_beginning_to_end(Market market, string? symbol, string[] files)
    {
        Recording recording = Load(market, symbol, files);
        Judge[] judges = [.. recording.Instruments.All.Select(instrument => new Judge(instrument, KindsOf(recording, instrument.Id)))];
        Play(recording, judges);
        long compared = judges.Sum(static judge => judge.Trust.Referee.Compared), agreed = judges.Sum(static judge => judge.Trust.Referee.Agreed);
        output.WriteLine($"{string.Join(" + ", files)}: {agreed} of {compared} comparable moments agree ({100.0 * agreed / compared:F3} %), {judges.Sum(static judge => judge.Findings.Count)} findings, lowest confidence {judges.Min(static judge => judge.LowestConfidence)}");
        bool isQuiet = symbol is null or "NEXOUSDT";
        Assert.True(compared > 20);
        Assert.True(agreed >= 0.995 * compared);
        foreach (Judge judge in judges)
        {
            Assert.True(judge.Condemned == 0, $"{judge.Symbol} was condemned {judge.Condemned} times");
            // A quiet symbol's rhythm has to be learned first; a liquid one's is known from the beginning.
            Assert.True(judge.Findings.Count <= (isQuiet ? 6 : 0), $"{judge.Symbol}: {string.Join("; ", judge.Findings)}");
        }
    }

    [Fact]
    public void A_book_of_which_one_side_stands_still_is_found_out_before_two_seconds_are_over()
    {
        const int Seed = 27, Trials = 40;
        Recording recording = Load(Market.Spot, "BTCUSDT", ["spot/btcusdt_20240808.gz"]);
        var random = new Random(Seed);
        var wrong = new List<double>();
        int harmless = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            var judge = new Judge(recording.Instruments.All[0], EventKind.DepthDiff, EventKind.BookTicker, EventKind.Trade);
            var truth = new Judge(recording.Instruments.All[0], EventKind.DepthDiff, EventKind.BookTicker, EventKind.Trade);
            int at = random.Next(8_000, 30_000);
            bool asks = random.Next(2) == 0;
            long since = 0;
            for (int i = 0; i < recording.Count && i < at + 10_000 && judge.Condemned == 0; i++)
            {
                MarketEvent entry = recording[i];
                truth.OnEvent(in entry, recording.PayloadOf(i));
                if (i >= at && entry.Kind == EventKind.DepthDiff)
                {
                    judge.CorruptedAt = entry.ReceiveTimeNanos;
                    long[] words = OneSide(in entry, recording.PayloadOf(i), asks, out MarketEvent changed);
                    judge.OnEvent(in changed, words);
                }
                else judge.OnEvent(in entry, recording.PayloadOf(i));
                if (judge.CorruptedAt != 0 && judge.Best != truth.Best && since == 0) since = entry.ReceiveTimeNanos;
                if (judge.Condemned > 0 && since > 0) wrong.Add((entry.ReceiveTimeNanos - since) / (double)Second);
            }
            if (judge.Condemned == 0) harmless++;
        }
        wrong.Sort();
        output.WriteLine($"one side of a live book stands still, {Trials} trials: {Trials - harmless} found out, wrong and trusted for {wrong[wrong.Count / 2]:0.00} s (median), {wrong[^1]:0.00} s at most (seed {Seed})");
        Assert.Equal(0, harmless);
        Assert.True(wrong[^1] < 2, $"wrong and trusted for {wrong[^1]} s (seed {Seed})");
    }

    private static EventKind[] KindsOf(Recording recording, SymbolId symbol) =>
        [.. Enumerable.Range(0, recording.Count).Where(i => recording[i].Symbol == symbol).Select(i => recording[i].Kind).Distinct()];

    private static long[] OneSide(in MarketEvent diff, ReadOnlySpan<long> payload, bool asks, out MarketEvent changed)
    {
        int bidWords = diff.Depth.BidCount * Level.Words;
        long[] words = (asks ? payload[bidWords..] : payload[..bidWords]).ToArray();
        changed = diff;
        changed.Depth.BidCount = asks ? 0 : diff.Depth.BidCount;
        changed.Depth.PayloadWords = words.Length;
        return words;
    }

    private static Recording Load(Market market, string? symbol, string[] files)
    {
        string?[] paths = [.. files.Select(file => Repository.Shared($"data/raw-ws/{file}"))];
        Assert.SkipWhen(paths.Contains(null), "the recordings are not on this machine");
        return symbol is null ? Recording.LoadMerged(market, paths!) : Recording.Load(market, symbol, int.MaxValue, paths!);
    }

    private static void Play(Recording recording, Judge[] judges)
    {
        long nextTick = 0;
        for (int i = 0; i < recording.Count; i++)
        {
            MarketEvent entry = recording[i];
            if (nextTick == 0) nextTick = entry.ReceiveTimeNanos + Second;
            for (; entry.ReceiveTimeNanos >= nextTick; nextTick += Second)
                foreach (Judge judge in judges) judge.Tick();
            Judge own = judges[entry.Symbol.Value - 1];
            own.OnEvent(in entry, recording.PayloadOf(i));
        }
    }

    /// <summary>A book, what watches it, and what it found.</summary>
    private sealed class Judge
    {
        private readonly SymbolBook _book;
        private readonly Instrument _instrument;

        public Judge(Instrument instrument, params ReadOnlySpan<EventKind> kinds)
        {
            _instrument = instrument;
            _book = new SymbolBook(instrument);
            Trust = new SymbolTrust(_book, kinds);
            Trust.Streams.OnLine(0, isUp: true);
        }

        public string Symbol => _instrument.Symbol;
        public SymbolTrust Trust { get; }
        public int Condemned { get; private set; }
        public long CorruptedAt { get; set; }
        public int LowestConfidence { get; private set; } = 1_000;

        /// <summary>Findings about streams that spoke before: a quiet one may say nothing in the first seconds of a recording.</summary>
        public List<StreamFinding> Findings { get; } = [];

        public void OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            BookChange change = _book.OnEvent(in entry, payload);
            Trust.OnEvent(in entry, payload, change.Kind);
            if (change.IsGap && CorruptedAt != 0) Condemned++;
            LowestConfidence = Math.Min(LowestConfidence, Trust.Referee.Confidence);
            if (Trust.TakeCondemnation()) Condemned++;
        }

        public void Tick()
        {
            Trust.Tick(Second);
            for (StreamFinding finding = Trust.Next(); !finding.IsNone; finding = Trust.Next())
                if (finding.Reason != GapReason.Silent || finding.SinceNanos > 10 * Second || finding.Kind == EventKind.DepthDiff) Findings.Add(finding);
        }

        public (Price Bid, Price Ask) Best => (_book.BestBid.Price, _book.BestAsk.Price);
    }
}
