using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Strategy;

/// <summary>
/// Turns a model's probabilities into a position: enters when up (or down) is likely enough, leaves when it is no longer, or when the holding time is
/// over. Between the two thresholds it stays as it is. What it wants is fixed at the entry, so that a moving price makes no small orders.
/// </summary>
public sealed class SignalStrategy : IStrategy
{
    /// <summary>How far three probabilities may be from adding up to one.</summary>
    private const float SumTolerance = 0.01f;

    private readonly SignalOptions _options;
    private readonly IProbabilityModel _model;
    private readonly float[] _probabilities = new float[3];
    private readonly long _holdingNanos;
    private readonly long _askNanos;
    private Wish[] _wishes = new Wish[8];

    // What is wanted of one symbol.
    private struct Wish
    {
        public Quantity Target;
        public long SinceNanos;
        public long AskedNanos;
        public bool WasAsked;
        public bool HasBegun;
    }

    /// <exception cref="ArgumentException">A setting is out of bounds; the message says which.</exception>
    public SignalStrategy(SignalOptions options, IProbabilityModel model)
    {
        if (options.FindError() is { } error) throw new ArgumentException(error, nameof(options));
        _options = options;
        _model = model;
        _holdingNanos = options.HoldingTime.Ticks * 100;
        _askNanos = options.AskInterval.Ticks * 100;
    }

    public string Name => _options.Name;
    public int Id => _options.Id;

    /// <summary>Answers of the model that were not probabilities, or no answers at all. Nothing was wanted on them.</summary>
    public long RefusedPredictions { get; private set; }

    public void OnEvent(in StrategyInput input, ref StrategyAnswer answer)
    {
        SymbolState symbol = input.Symbol;
        ref Wish wish = ref WishOf(symbol.Instrument.Id);
        if (input.Event.Kind == EventKind.Session) wish = default;
        if (!symbol.IsTradable) return;

        if (!wish.HasBegun)
        {
            // A position from before the start is taken over as if it had been entered now.
            wish.HasBegun = true;
            wish.Target = input.Position;
            wish.SinceNanos = input.TimeNanos;
        }

        bool decided = false;
        if (IsToAsk(in input, ref wish) && TryAsk(symbol, input.TimeNanos, ref answer))
        {
            Judge(in input, ref wish, answer.Down, answer.Up);
            decided = true;
        }
        if (!wish.Target.IsZero && input.TimeNanos - wish.SinceNanos >= _holdingNanos)
        {
            wish.Target = Quantity.Zero;
            decided = true;
        }
        // A timer repeats what is still wanted: in a silent market nothing else would.
        if (input.Event.Kind == EventKind.Timer && wish.Target.IsZero) decided = true;
        if (!decided || (input.Position == wish.Target && !input.HasOpenOrder)) return;
        answer.HasTarget = true;
        answer.Target = wish.Target;
    }

    private bool IsToAsk(in StrategyInput input, ref Wish wish)
    {
        bool asks = input.Event.Kind switch
        {
            EventKind.Depth20 => _options.AskOnDepth20,
            EventKind.DepthDiff or EventKind.BookTicker =>
                _options.AskOnChange && (!wish.WasAsked || input.TimeNanos - wish.AskedNanos >= _askNanos),
            _ => false,
        };
        if (!asks || !input.Symbol.Features.IsWarm) return false;
        wish.WasAsked = true;
        wish.AskedNanos = input.TimeNanos;
        return true;
    }

    private bool TryAsk(SymbolState symbol, long nowNanos, ref StrategyAnswer answer)
    {
        ReadOnlySpan<float> features = symbol.Features.Values;
        answer.InputHash = FeatureHash.Of(features);
        if (!_model.Predict(features, _probabilities) || !AreProbabilities(_probabilities))
        {
            RefusedPredictions++;
            return false;
        }
        answer.ModelRan = true;
        answer.Down = _probabilities[0];
        answer.Flat = _probabilities[1];
        answer.Up = _probabilities[2];
        symbol.Model = new ModelOutput(nowNanos, answer.Down, answer.Flat, answer.Up, answer.InputHash);
        return true;
    }

    private void Judge(in StrategyInput input, ref Wish wish, float down, float up)
    {
        if (!wish.Target.IsZero && (wish.Target.IsNegative ? down : up) < _options.ExitProbability) wish.Target = Quantity.Zero;

        int wanted = up >= _options.EnterProbability && MayBeLong ? 1
            : down >= _options.EnterProbability && MayBeShort(input.Symbol.Instrument) ? -1
            : 0;
        if (wanted == 0 || Math.Sign(wish.Target.Raw) == wanted) return;
        if (!wish.Target.IsZero && wanted < 0 != wish.Target.IsNegative) wish.Target = Quantity.Zero;

        Quantity size = SizeOf(input.Symbol);
        if (size.IsZero) return;
        wish.Target = wanted > 0 ? size : -size;
        wish.SinceNanos = input.TimeNanos;
    }

    private bool MayBeLong => (_options.Sides & AllowedSides.Long) != 0;

    private bool MayBeShort(Instrument instrument) => (_options.Sides & AllowedSides.Short) != 0 && instrument.Market == Market.UsdMargined;

    /// <summary>The position's value in base quantity at the mid price, on the lot grid; zero where that is less than the exchange takes.</summary>
    private Quantity SizeOf(SymbolState symbol)
    {
        Price mid = symbol.Book.Mid;
        if (mid.Raw <= 0) return Quantity.Zero;
        Int128 raw = _options.PositionValue.Raw / mid.Raw;
        if (raw > long.MaxValue) return Quantity.Zero;
        TradingRules rules = symbol.Instrument.Rules;
        Quantity size = rules.FloorToStep(new Quantity((long)raw));
        if (!rules.MaxQuantity.IsZero) size = rules.FloorToStep(Quantity.Min(size, rules.MaxQuantity));
        bool isTooSmall = size < rules.MinQuantity || mid * size < rules.MinNotional;
        return isTooSmall ? Quantity.Zero : size;
    }

    private static bool AreProbabilities(ReadOnlySpan<float> values)
    {
        float sum = 0;
        foreach (float value in values)
        {
            if (!(value >= 0 && value <= 1)) return false; // NaN is neither.
            sum += value;
        }
        return MathF.Abs(sum - 1) <= SumTolerance;
    }

    private ref Wish WishOf(SymbolId symbol)
    {
        if (symbol.Value >= _wishes.Length) Array.Resize(ref _wishes, Math.Max(_wishes.Length * 2, symbol.Value + 1));
        return ref _wishes[symbol.Value];
    }
}
