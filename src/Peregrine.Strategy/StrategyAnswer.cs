using Peregrine.Common;

namespace Peregrine.Strategy;

/// <summary>What a strategy wants. The default wants nothing: the position stays as it is.</summary>
public struct StrategyAnswer
{
    /// <summary>Whether <see cref="Target"/> is wanted.</summary>
    public bool HasTarget;

    /// <summary>The position to have, on the lot grid; negative is short, zero is none.</summary>
    public Quantity Target;

    /// <summary>Whether a model was asked for this answer; then the probabilities and <see cref="InputHash"/> are its.</summary>
    public bool ModelRan;

    public float Down;
    public float Flat;
    public float Up;

    /// <summary>A hash of the features the model was shown.</summary>
    public ulong InputHash;
}
