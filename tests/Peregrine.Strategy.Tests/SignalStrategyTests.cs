using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData.Tests;
using Peregrine.Strategy.Features;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.Strategy.Tests;

public sealed class SignalStrategyTests
{
    private readonly SaidModel _model = new();

    [Fact]
    public void Says_nothing_before_the_features_are_warm()
    {
        var story = new Story(_model, new SignalOptions(), warm: false);
        Assert.Equal("-", story.Ask("0.1 0.1 0.8"));
        Assert.Equal(0, _model.Calls);
    }

    [Fact]
    public void Enters_between_the_thresholds_stays_and_leaves()
    {
        var story = new Story(_model, new SignalOptions { EnterProbability = 0.6, ExitProbability = 0.4 });
        Assert.Equal("-", story.Ask("0.1 0.31 0.59"));
        Assert.Equal("0.249", story.Ask("0.1 0.3 0.6")); // 25 quote at a mid of 100.1 is 0.24975, on the lot grid 0.249.
        story.Fill();
        Assert.Equal("-", story.Ask("0.3 0.3 0.4"));
        Assert.Equal("-", story.Ask("0.1 0.1 0.8")); // There already.
        Assert.Equal("0", story.Ask("0.31 0.3 0.39"));
        story.Fill();
        Assert.Equal("-", story.Ask("0.3 0.3 0.4")); // Out: the entry threshold counts again.
    }

    [Fact]
    public void The_answer_carries_what_the_model_was_shown_and_said()
    {
        var story = new Story(_model, new SignalOptions());
        story.Ask("0.2 0.3 0.5");
        Assert.True(story.Answer.ModelRan);
        Assert.Equal((0.2f, 0.3f, 0.5f), (story.Answer.Down, story.Answer.Flat, story.Answer.Up));
        Assert.Equal(FeatureHash.Of(story.Tape.State.Features.Values), story.Answer.InputHash);
        Assert.Equal(new ModelOutput(story.Tape.Now, 0.2f, 0.3f, 0.5f, story.Answer.InputHash), story.Tape.State.Model);
        Assert.Equal(story.Tape.State.Features.Values.ToArray(), _model.Shown);
    }

    [Fact]
    public void Leaves_when_the_holding_time_is_over_even_if_only_timers_come()
    {
        var story = new Story(_model, new SignalOptions { HoldingTime = TimeSpan.FromSeconds(10) });
        story.Ask("0 0.2 0.8");
        story.Fill();
        Assert.Equal("-", story.Timer(after: 9.9));
        Assert.Equal("0", story.Timer(after: 0.1));
        Assert.Equal("0", story.Timer(after: 1)); // Repeated until it is so.
        story.Fill();
        Assert.Equal("-", story.Timer(after: 1));
    }

    [Fact]
    public void Keeps_wanting_what_is_not_there_yet_and_takes_a_resting_entry_back()
    {
        var story = new Story(_model, new SignalOptions());
        Assert.Equal("0.249", story.Ask("0 0.2 0.8"));
        Assert.Equal("0.249", story.Ask("0 0.5 0.5")); // Not filled yet, and still wanted.
        story.HasOpenOrder = true;
        Assert.Equal("0", story.Ask("0.5 0.4 0.1"));
        story.HasOpenOrder = false;
        Assert.Equal("-", story.Ask("0.5 0.4 0.1"));
    }

    [Fact]
    public void Spot_is_never_short()
    {
        var story = new Story(_model, new SignalOptions { Sides = AllowedSides.Both });
        Assert.Equal("-", story.Ask("0.9 0.1 0"));
    }

    [Fact]
    public void Futures_may_be_short_and_turn_round()
    {
        var story = new Story(_model, new SignalOptions { Sides = AllowedSides.Both }, market: Market.UsdMargined);
        Assert.Equal("-0.249", story.Ask("0.9 0.1 0"));
        story.Fill();
        Assert.Equal("0.249", story.Ask("0.1 0.1 0.8"));
        story.Fill();
        Assert.Equal("0", story.Ask("0.5 0.5 0"));
    }

    [Fact]
    public void Long_only_futures_are_not_short()
    {
        var story = new Story(_model, new SignalOptions { Sides = AllowedSides.Long }, market: Market.UsdMargined);
        Assert.Equal("-", story.Ask("0.9 0.1 0"));
    }

    [Theory]
    [InlineData("NaN 0 1")]
    [InlineData("0 0 Infinity")]
    [InlineData("-0.1 0.1 1")]
    [InlineData("0 0 1.1")]
    [InlineData("0.1 0.1 0.7")]
    [InlineData("0.3 0.3 0.9")]
    [InlineData("none")]
    public void What_is_no_probability_is_no_target(string said)
    {
        var story = new Story(_model, new SignalOptions());
        Assert.Equal("-", story.Ask(said));
        Assert.False(story.Answer.ModelRan);
        Assert.Equal(1, story.Strategy.RefusedPredictions);
        Assert.Equal("0.249", story.Ask("0 0 1"));
    }

    [Fact]
    public void Nothing_is_wanted_while_the_book_is_not_tradable()
    {
        var story = new Story(_model, new SignalOptions { HoldingTime = TimeSpan.FromSeconds(1) });
        story.Ask("0 0 1");
        story.Fill();
        story.Tape.LineDown();
        Assert.Equal("-", story.Timer(after: 5));
        Assert.Equal("0", story.Ask("0 0 1")); // The book is back, and the time is over.
    }

    [Fact]
    public void Changes_ask_the_model_at_most_once_in_an_interval_and_depth20_always()
    {
        var story = new Story(_model, new SignalOptions { AskInterval = TimeSpan.FromMilliseconds(100) });
        story.Ask("0 1 0");
        int calls = _model.Calls;
        story.Tape.Wait(0.09).Ticker();
        story.See();
        Assert.Equal(calls, _model.Calls);
        story.Tape.Wait(0.01).Ticker();
        story.See();
        Assert.Equal(calls + 1, _model.Calls);
        story.Ask("0 1 0");
        story.Ask("0 1 0");
        Assert.Equal(calls + 3, _model.Calls);
        story.Tape.Trade("100.1", "1", Side.Buy);
        story.See();
        Assert.Equal(calls + 3, _model.Calls);
    }

    [Fact]
    public void A_position_from_before_is_taken_over_and_left_in_time()
    {
        var story = new Story(_model, new SignalOptions { HoldingTime = TimeSpan.FromSeconds(10) }) { Position = Quantity.Parse("0.5") };
        Assert.Equal("-", story.Ask("0 0.5 0.5"));
        Assert.Equal("0", story.Timer(after: 10));
    }

    [Theory]
    [InlineData("4", "5", "0", "-")] // Not worth what the exchange demands.
    [InlineData("0.01", "0", "0", "-")] // Less than a lot.
    [InlineData("1000", "5", "2", "2")] // Capped by the exchange's largest order.
    [InlineData("1000", "5", "0", "9.99")]
    public void The_size_fits_the_exchange_s_rules(string value, string minNotional, string maxQuantity, string target)
    {
        var story = new Story(_model, new SignalOptions { PositionValue = Notional.Parse(value) });
        story.Tape.State.Instrument = story.Tape.State.Instrument with
        {
            Rules = story.Tape.State.Instrument.Rules with { MinNotional = Notional.Parse(minNotional), MaxQuantity = Quantity.Parse(maxQuantity) },
        };
        Assert.Equal(target, story.Ask("0 0 1"));
    }

    [Fact]
    public void Settings_out_of_bounds_are_refused_by_name()
    {
        Assert.Null(new SignalOptions().FindError());
        foreach ((SignalOptions options, string name) in new[]
        {
            (new SignalOptions { EnterProbability = 0.5 }, "EnterProbability"), (new SignalOptions { EnterProbability = double.NaN }, "EnterProbability"),
            (new SignalOptions { ExitProbability = 0.7 }, "ExitProbability"), (new SignalOptions { PositionValue = Notional.Zero }, "PositionValue"),
            (new SignalOptions { HoldingTime = TimeSpan.Zero }, "HoldingTime"), (new SignalOptions { Sides = AllowedSides.None }, "Sides"),
            (new SignalOptions { AskOnChange = false, AskOnDepth20 = false }, "AskOnDepth20"), (new SignalOptions { Id = 0 }, "Id"),
        })
        {
            Assert.StartsWith(name, options.FindError(), StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => new SignalStrategy(options, _model));
        }
    }

    [Fact]
    public void On_a_recording_two_runs_answer_alike_and_allocate_nothing()
    {
        Recording recording = FeatureSetTests.RecordedFutures(60_000);
        var events = new MarketEvent[recording.Count];
        for (int i = 0; i < events.Length; i++) events[i] = recording[i];
        (ulong Hash, int Asked, int Targets, long Bytes) first = Run(recording, events);
        (ulong Hash, int Asked, int Targets, long Bytes) second = Run(recording, events);
        Assert.Equal(first.Hash, second.Hash);
        Assert.True(first.Asked > 500, $"the model was asked {first.Asked} times");
        Assert.True(first.Targets > 10, $"there were {first.Targets} targets");
        Allocation.AssertNone(first.Bytes);
        Allocation.AssertNone(second.Bytes);
    }

    private static (ulong Hash, int Asked, int Targets, long Bytes) Run(Recording recording, MarketEvent[] events)
    {
        var state = new SymbolState(recording.Instruments.All[0] with { Rules = new TradingRules { StepSize = Quantity.Parse("0.001") } }, new FeatureOptions());
        int count = state.Features.Names.Count;
        var weights = new float[3 * count];
        weights[1] = -3; // Down where more is offered than bid,
        weights[(2 * count) + 1] = 3; // up where more is bid.
        var options = new SignalOptions { Sides = AllowedSides.Both, HoldingTime = TimeSpan.FromSeconds(5), PositionValue = Notional.Parse("1000") };
        var strategy = new SignalStrategy(options, new LogisticModel(state.Features.SchemaHash, weights, [0, 0, 0]));
        Quantity position = default;
        ulong hash = 0;
        int asked = 0;
        int targets = 0;
        long warm = 0;
        for (int i = 0; i < events.Length; i++)
        {
            if (i == events.Length / 2) warm = GC.GetAllocatedBytesForCurrentThread(); // The book has grown and everything is compiled.
            ReadOnlySpan<long> payload = recording.PayloadOf(i);
            state.OnEvent(in events[i], payload);
            StrategyAnswer answer = default;
            strategy.OnEvent(new StrategyInput(in events[i], payload, i, state) { Position = position }, ref answer);
            if (answer.ModelRan) asked++;
            hash = (hash * 31) + answer.InputHash + (ulong)answer.Target.Raw;
            if (!answer.HasTarget) continue;
            targets++;
            position = answer.Target;
        }
        return (hash, asked, targets, GC.GetAllocatedBytesForCurrentThread() - warm);
    }

    /// <summary>A strategy on a tape, told what the model says.</summary>
    private sealed class Story
    {
        private readonly SaidModel _model;

        public Story(SaidModel model, SignalOptions options, bool warm = true, Market market = Market.Spot)
        {
            _model = model;
            Tape = new Tape(market);
            Strategy = new SignalStrategy(options, model);
            if (warm) Tape.WarmUp();
        }

        public Tape Tape { get; }
        public SignalStrategy Strategy { get; }
        public StrategyAnswer Answer { get; private set; }
        public Quantity Position { get; set; }
        public bool HasOpenOrder { get; set; }

        /// <summary>A depth20 comes, and the model says "down flat up". The target that was answered, or a dash.</summary>
        public string Ask(string said)
        {
            _model.Says(said);
            Tape.Book("100.0", "2", "100.2", "2");
            return See();
        }

        public string Timer(double after)
        {
            Tape.Wait(after).Timer();
            return See();
        }

        public void Fill() => Position = Answer.Target;

        public string See()
        {
            StrategyAnswer answer = default;
            MarketEvent last = Tape.Last;
            Strategy.OnEvent(new StrategyInput(in last, default, 1, Tape.State) { Position = Position, HasOpenOrder = HasOpenOrder }, ref answer);
            Answer = answer.HasTarget || answer.ModelRan ? answer : Answer with { HasTarget = false, ModelRan = false };
            return answer.HasTarget ? answer.Target.ToString() : "-";
        }
    }

    private sealed class SaidModel : IProbabilityModel
    {
        private float[]? _said = [0, 1, 0];

        public int FeatureCount => 14;
        public string SchemaHash => "";
        public int Calls { get; private set; }
        public float[] Shown { get; private set; } = [];

        public void Says(string said) => _said = said == "none" ? null : [.. said.Split(' ').Select(word => float.Parse(word, CultureInfo.InvariantCulture))];

        public bool Predict(ReadOnlySpan<float> features, Span<float> probabilities)
        {
            Calls++;
            Shown = features.ToArray();
            _said?.CopyTo(probabilities);
            return _said is not null;
        }
    }
}
