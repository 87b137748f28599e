using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.MarketData.Tests;
using Peregrine.Strategy.Features;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Strategy.Tests;

public sealed class FeatureSetTests
{
    private readonly Tape _tape = new();

    [Fact]
    public void The_schema_names_every_feature_and_its_hash_is_pinned()
    {
        FeatureSet features = _tape.State.Features;
        Assert.Equal(
            [
                "rsi_14_1s", "imbalance_1", "imbalance_5", "imbalance_10", "imbalance_20", "micro_price", "spread", "flow_1s", "flow_5s", "flow_30s",
                "volatility_60s", "return_1s", "return_5s", "trade_rate_5s",
            ],
            features.Names);
        Assert.Equal(features.Names.Count, features.Values.Length);
        Assert.StartsWith(
            "[{\"name\":\"rsi_14_1s\",\"kind\":\"rsi\",\"parameter\":14,\"unit\":\"percent\",\"window_ms\":1000,\"warm_up_ms\":15000,\"missing\":50,"
            + "\"lowest\":0,\"highest\":100,\"revision\":1},{\"name\":\"imbalance_1\"",
            features.SchemaJson, StringComparison.Ordinal);
        // A model is refused when this changes: whoever changes it makes a new model.
        Assert.Equal("0cd284b103445ea67f742088fe854f7c345f968c0f5951fb801410359d5b5a6a", features.SchemaHash);
    }

    [Fact]
    public void Other_options_make_another_schema()
    {
        string[] hashes =
        [
            .. new FeatureOptions[]
            {
                new(), new() { RsiPeriod = 7 }, new() { RsiBarMilliseconds = 500 }, new() { ImbalanceLevels = [1, 5, 20, 10] }, new() { FlowSeconds = [1] },
                new() { VolatilitySeconds = 30 }, new() { ReturnSeconds = [] }, new() { TradeRateSeconds = 10 },
            }.Select(options => new FeatureSet(_tape.State.Instrument, options).SchemaHash),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Theory]
    [InlineData(0, 14, 1, "RsiBarMilliseconds: 0 is not in 100..3600000")]
    [InlineData(1_000, 1, 1, "RsiPeriod: 1 is not in 2..1000")]
    [InlineData(1_000, 14, 21, "ImbalanceLevels: 21 is not in 1..20")]
    public void Options_out_of_bounds_are_refused_by_name(int bar, int period, int levels, string message)
    {
        var options = new FeatureOptions { RsiBarMilliseconds = bar, RsiPeriod = period, ImbalanceLevels = [levels] };
        Assert.Equal(message, options.FindError());
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new FeatureSet(_tape.State.Instrument, options)).Message, StringComparison.Ordinal);
        Assert.NotNull(new FeatureOptions { FlowSeconds = [5, 5] }.FindError());
    }

    [Fact]
    public void Before_anything_happened_each_feature_has_the_value_of_what_is_missing()
    {
        FeatureSet features = _tape.State.Features;
        Assert.Equal(features.Specs.Select(spec => spec.Missing), features.Values.ToArray());
        Assert.False(features.IsWarm);
    }

    [Fact]
    public void The_book_s_features_follow_their_formulas()
    {
        _tape.Book([("100.0", "3"), ("99.9", "1"), ("99.8", "4")], [("100.2", "1"), ("100.3", "2")]);
        Assert.Equal((3f - 1) / (3 + 1), _tape["imbalance_1"], 1e-6f);
        Assert.Equal((8f - 3) / (8 + 3), _tape["imbalance_5"], 1e-6f);
        Assert.Equal(_tape["imbalance_5"], _tape["imbalance_20"]);
        double micro = ((100.0 * 1) + (100.2 * 3)) / 4;
        Assert.Equal((float)((micro - 100.1) / 0.2), _tape["micro_price"], 1e-5f);
        Assert.Equal((float)(0.2 / 100.1 * 1e4), _tape["spread"], 1e-4f);
    }

    [Fact]
    public void An_untradable_book_leaves_its_features_missing()
    {
        _tape.Book("100.0", "3", "100.2", "1");
        _tape.LineDown();
        Assert.Equal(0, _tape["imbalance_1"]);
        Assert.Equal(0, _tape["spread"]);
    }

    [Fact]
    public void Flow_counts_the_taker_s_side_within_its_window()
    {
        _tape.Trade("100", "3", Side.Buy);
        _tape.Wait(2).Trade("100", "1", Side.Sell);
        Assert.Equal(-1, _tape["flow_1s"]);
        Assert.Equal(0.5f, _tape["flow_5s"]);
        Assert.Equal(0.5f, _tape["flow_30s"]);
        Assert.Equal(2f / 5, _tape["trade_rate_5s"], 1e-6f);
        _tape.Wait(4).Timer();
        Assert.Equal(0, _tape["flow_1s"]);
        Assert.Equal(-1, _tape["flow_5s"]);
        Assert.Equal(1f / 5, _tape["trade_rate_5s"], 1e-6f);
        _tape.Wait(30).Timer();
        Assert.Equal(0, _tape["flow_30s"]);
    }

    [Fact]
    public void Off_market_trades_and_the_aggregates_of_counted_trades_are_left_out()
    {
        _tape.Trade("100", "1", Side.Buy);
        _tape.Trade("100", "5", Side.Sell, flags: EventFlags.OffMarket);
        _tape.Trade("100", "5", Side.Sell, EventKind.AggTrade);
        Assert.Equal(1, _tape["flow_1s"]);
        Assert.Equal(Price.Parse("100"), _tape.State.LastTradePrice);
    }

    [Fact]
    public void Is_warm_after_fifteen_seconds_and_not_before()
    {
        _tape.Book("100.0", "1", "100.2", "1");
        for (int i = 0; i < 149; i++)
        {
            _tape.Wait(0.1).Book("100.0", "1", "100.2", "1");
            Assert.False(_tape.State.Features.IsWarm);
        }
        _tape.Wait(1.1).Book("100.0", "1", "100.2", "1");
        Assert.True(_tape.State.Features.IsWarm);
        Assert.Equal(50, _tape["rsi_14_1s"]); // It never moved.
        Assert.Equal(0, _tape["volatility_60s"]);
        Assert.Equal(0, _tape["return_1s"]);
    }

    [Fact]
    public void A_long_silence_and_a_new_session_start_over()
    {
        _tape.WarmUp();
        Assert.True(_tape.State.Features.IsWarm);
        _tape.Wait(59).Timer();
        Assert.True(_tape.State.Features.IsWarm);
        _tape.Wait(61).Book("100.0", "1", "100.2", "1");
        Assert.False(_tape.State.Features.IsWarm);
        _tape.WarmUp();
        Assert.True(_tape.State.Features.IsWarm);
        _tape.Session();
        Assert.False(_tape.State.Features.IsWarm);
    }

    [Fact]
    public void A_clock_that_is_set_back_passes_no_time_and_breaks_nothing()
    {
        _tape.WarmUp();
        float before = _tape["rsi_14_1s"];
        _tape.Wait(-3_600).Book("100.0", "2", "100.2", "2");
        Assert.Equal(before, _tape["rsi_14_1s"]);
        Assert.True(_tape.State.Features.IsWarm);
    }

    [Fact]
    public void Returns_are_measured_in_the_volatility_of_their_window()
    {
        // One-second returns of +1 bp and -1 bp in turn: a volatility of 1 bp.
        for (int i = 0; i < 40; i++)
        {
            string bid = i % 2 == 0 ? "9999.5" : "10000.5";
            string ask = i % 2 == 0 ? "10000.5" : "10001.5";
            _tape.Book(bid, "1", ask, "1");
            _tape.Wait(1);
        }
        _tape.Wait(0.1); // A return looks back to the last tenth of a second that is at least as old as its window.
        _tape.Book("10001.5", "1", "10002.5", "1"); // +1 bp on 10001.
        Assert.Equal(1, _tape["volatility_60s"], 1e-3f);
        Assert.Equal(1, _tape["return_1s"], 1e-2f);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_value_is_ever_anything_but_a_number_within_its_bounds(int seed)
    {
        var random = new Random(seed);
        var state = new SymbolState(_tape.State.Instrument, new FeatureOptions());
        long now = 1_700_000_000_000_000_000;
        var numbers = new long[] { 0, 1, -1, 100_000_000, long.MaxValue, long.MinValue + 1, 6_000_000_000_000 };
        for (int i = 0; i < 30_000; i++)
        {
            long Any() => random.Next(3) == 0 ? numbers[random.Next(numbers.Length)] : random.NextInt64(1, 1_000_000_000_000);
            long[] payload = [];
            var entry = new MarketEvent { Symbol = new SymbolId(1), Kind = (EventKind)random.Next(0, 8), ReceiveTimeNanos = now };
            now += random.Next(20) == 0 ? random.NextInt64(-2_000_000_000, 70_000_000_000) : random.Next(300_000_000);
            if (entry.Kind is EventKind.Trade or EventKind.AggTrade)
            {
                // What the reader of the wire lets through: prices and quantities are not negative.
                entry.Trade = new TradeFields { Price = new Price(Any() & long.MaxValue), Quantity = new Quantity((Any() & long.MaxValue) >> 8), LastTradeId = random.Next(5) };
            }
            else if (entry.Kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.DepthSnapshot)
            {
                payload = [.. Enumerable.Range(0, 2 * random.Next(8)).Select(_ => Any() & long.MaxValue)];
                entry.Kind = EventKind.Depth20;
                entry.Flags = EventFlags.HasPayload;
                entry.Depth = new DepthFields { PayloadWords = payload.Length, BidCount = random.Next((payload.Length / 2) + 1), FinalUpdateId = i };
            }
            state.OnEvent(in entry, payload);
            ReadOnlySpan<float> values = state.Features.Values;
            for (int j = 0; j < values.Length; j++)
            {
                FeatureSpec spec = state.Features.Specs[j];
                Assert.True(values[j] >= spec.Lowest && values[j] <= spec.Highest, $"{spec.Name} is {values[j]} (seed {seed}, event {i})");
            }
        }
    }

    [Fact]
    public void What_comes_later_changes_nothing_and_the_moments_of_asking_do_not_either()
    {
        Recording recording = RecordedFutures(20_000);
        var whole = new SymbolState(recording.Instruments.All[0], new FeatureOptions());
        var seen = new Dictionary<int, float[]>();
        for (int i = 0; i < recording.Count; i++)
        {
            Feed(whole, recording, i);
            if (i % 4_000 == 3_999) seen[i] = whole.Features.Values.ToArray();
            else if (i % 7 == 0) _ = whole.Features.Values;
        }
        foreach ((int last, float[] expected) in seen)
        {
            var cut = new SymbolState(recording.Instruments.All[0], new FeatureOptions());
            for (int i = 0; i <= last; i++) Feed(cut, recording, i);
            Assert.Equal(expected, cut.Features.Values.ToArray());
        }
        Assert.Equal(5, seen.Count);
    }

    [Fact]
    public void On_a_recording_they_equal_what_whole_lists_give()
    {
        Recording recording = RecordedFutures(40_000);
        var state = new SymbolState(recording.Instruments.All[0], new FeatureOptions());
        var naive = new NaiveFeatures();
        int compared = 0;
        for (int i = 0; i < recording.Count; i++)
        {
            MarketEvent entry = recording[i];
            Feed(state, recording, i);
            naive.OnEvent(in entry, state.Book);
            if (i % 499 != 0 || !state.Features.IsWarm) continue;
            compared++;
            foreach ((string name, double expected) in naive.At(entry.ReceiveTimeNanos))
            {
                int at = state.Features.Names.ToList().IndexOf(name);
                Assert.True(Math.Abs(expected - state.Features.Values[at]) <= 1e-5 * Math.Max(1, Math.Abs(expected)), $"{name} at event {i}: {state.Features.Values[at]}, by the lists {expected}");
            }
        }
        Assert.True(compared > 40, $"only {compared} moments were compared");
    }

    private static void Feed(SymbolState state, Recording recording, int index)
    {
        MarketEvent entry = recording[index];
        state.OnEvent(in entry, recording.PayloadOf(index));
    }

    internal static Recording RecordedFutures(int lines)
    {
        string? path = Repository.Shared("data/raw-ws/usdm/btcusdt_20240808.gz");
        Assert.SkipWhen(path is null, "the recordings are not on this machine");
        return Recording.Load(Market.UsdMargined, "BTCUSDT", lines, path);
    }

    /// <summary>The formulas of docs/features.md over lists of all that happened.</summary>
    private sealed class NaiveFeatures
    {
        private const long CellNanos = 100_000_000;
        private const long SecondNanos = 1_000_000_000;
        private readonly List<(long Nanos, decimal Quantity, decimal Signed, double Price)> _trades = [];
        private readonly List<(long Nanos, double Mid)> _mids = [];
        private long _first;
        private SymbolBook? _book;

        public void OnEvent(in MarketEvent entry, SymbolBook book)
        {
            if (_first == 0) _first = entry.ReceiveTimeNanos;
            _book = book;
            if (entry.Kind == EventKind.Trade && (entry.Flags & EventFlags.OffMarket) == 0)
            {
                decimal quantity = entry.Trade.Quantity.Raw / 100_000_000m;
                _trades.Add((entry.ReceiveTimeNanos, quantity, (entry.Flags & EventFlags.BuyerIsMaker) != 0 ? -quantity : quantity, entry.Trade.Price.ToDouble()));
            }
            if (entry.Kind is EventKind.DepthDiff or EventKind.DepthSnapshot && book.IsTradable)
                _mids.Add((entry.ReceiveTimeNanos, (book.BestBid.Price.ToDouble() + book.BestAsk.Price.ToDouble()) / 2));
        }

        public IEnumerable<(string Name, double Value)> At(long now)
        {
            foreach (int seconds in (int[])[1, 5, 30])
            {
                long from = (now / CellNanos) - (10 * seconds) + 1;
                var window = _trades.Where(trade => trade.Nanos / CellNanos >= from).ToList();
                yield return ($"flow_{seconds}s", window.Count == 0 ? 0 : (double)(window.Sum(trade => trade.Signed) / window.Sum(trade => trade.Quantity)));
                if (seconds == 5) yield return ("trade_rate_5s", window.Count / 5.0);
            }

            long firstSecond = _mids[0].Nanos / SecondNanos;
            long thisSecond = now / SecondNanos;
            var returns = new List<double>();
            for (long second = Math.Max(firstSecond + 1, thisSecond - 60); second < thisSecond; second++)
                returns.Add(Math.Log(MidUntil((second + 1) * SecondNanos) / MidUntil(second * SecondNanos)));
            double volatility = Math.Sqrt(returns.Average(change => change * change));
            yield return ("volatility_60s", volatility * 1e4);
            foreach (int seconds in (int[])[1, 5])
            {
                double before = MidUntil(((now / CellNanos) - (10 * seconds)) * CellNanos);
                yield return ($"return_{seconds}s", Math.Clamp(Math.Log(_mids[^1].Mid / before) / (volatility * Math.Sqrt(seconds)), -6, 6));
            }

            var rsi = new Rsi(14); // Itself held against its definition elsewhere; here it is about the bars.
            for (long bar = _first / SecondNanos; bar < thisSecond; bar++)
            {
                long end = (bar + 1) * SecondNanos;
                int trade = _trades.FindLastIndex(candidate => candidate.Nanos < end);
                int mid = _mids.FindLastIndex(candidate => candidate.Nanos < end);
                if (trade >= 0) rsi.Add(_trades[trade].Price);
                else if (mid >= 0) rsi.Add(_mids[mid].Mid);
            }
            yield return ("rsi_14_1s", rsi.Value);

            foreach (int levels in (int[])[1, 5, 10, 20])
            {
                var bids = new Level[levels];
                var asks = new Level[levels];
                double bid = bids[.._book!.Top(Side.Buy, bids)].Sum(level => level.Quantity.ToDouble());
                double ask = asks[.._book.Top(Side.Sell, asks)].Sum(level => level.Quantity.ToDouble());
                yield return ($"imbalance_{levels}", (bid - ask) / (bid + ask));
            }
        }

        private double MidUntil(long nanos) => _mids.Last(mid => mid.Nanos < nanos).Mid;
    }
}
