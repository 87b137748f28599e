using Peregrine.Common;

namespace Peregrine.Strategy;

/// <summary>Which way a strategy may hold. Zero is none.</summary>
public enum AllowedSides : byte
{
    None = 0,
    Long = 1,
    Short = 2,
    Both = 3,
}

/// <summary>How probabilities become a target position.</summary>
public sealed record SignalOptions
{
    public string Name { get; init; } = "signal";

    /// <summary>Its number in records and client order ids, from 1 on.</summary>
    public int Id { get; init; } = 1;

    /// <summary>What a whole position is worth, in the quote asset; becomes base quantity at the mid price when it is entered.</summary>
    public Notional PositionValue { get; init; } = Notional.Parse("25");

    /// <summary>A probability of up (or down) that is at least this enters. Above 0.5, so that it is also the likeliest, and at most 1.</summary>
    public double EnterProbability { get; init; } = 0.6;

    /// <summary>The probability that a position was entered on leaves it when it is below this; at most <see cref="EnterProbability"/>.</summary>
    public double ExitProbability { get; init; } = 0.4;

    /// <summary>A position is left when it is this old, whatever the model says. By the time of events, timers among them.</summary>
    public TimeSpan HoldingTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Which way it may hold. Spot can only be long, whatever stands here.</summary>
    public AllowedSides Sides { get; init; } = AllowedSides.Long;

    /// <summary>Whether each depth20 asks the model.</summary>
    public bool AskOnDepth20 { get; init; } = true;

    /// <summary>Whether diffs and book tickers ask the model too, at most once in <see cref="AskInterval"/>.</summary>
    public bool AskOnChange { get; init; } = true;

    /// <summary>Time between two questions on diffs and book tickers, by receive time.</summary>
    public TimeSpan AskInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The first setting that is out of bounds, as "Name: value is not …"; null when all are sound.</summary>
    public string? FindError()
    {
        if (Name.Length == 0) return $"{nameof(Name)}: is empty";
        if (Id < 1) return $"{nameof(Id)}: {Id} is not 1 or more";
        if (PositionValue <= Notional.Zero) return $"{nameof(PositionValue)}: {PositionValue} is not above 0";
        if (EnterProbability is not (> 0.5 and <= 1)) return FormattableString.Invariant($"{nameof(EnterProbability)}: {EnterProbability} is not above 0.5 and at most 1");
        if (!(ExitProbability >= 0 && ExitProbability <= EnterProbability))
            return FormattableString.Invariant($"{nameof(ExitProbability)}: {ExitProbability} is not in 0..{EnterProbability}");
        if (HoldingTime <= TimeSpan.Zero) return $"{nameof(HoldingTime)}: {HoldingTime} is not above 0";
        if (AskInterval < TimeSpan.Zero) return $"{nameof(AskInterval)}: {AskInterval} is negative";
        if (Sides is AllowedSides.None or > AllowedSides.Both) return $"{nameof(Sides)}: {Sides} is not Long, Short or Both";
        return AskOnDepth20 || AskOnChange ? null : $"{nameof(AskOnDepth20)}, {nameof(AskOnChange)}: nothing asks the model";
    }
}
