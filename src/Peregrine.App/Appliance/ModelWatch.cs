using Peregrine.Strategy;

namespace Peregrine.App.Appliance;

/// <summary>
/// Stands before the model and counts the answers that are none: NaN, infinite, or no probability. Nothing is traded on such an answer; this is for the person who
/// wonders why. Asked by the hot thread, read by any.
/// </summary>
internal sealed class ModelWatch(IProbabilityModel model) : IProbabilityModel
{
    private long _asked;
    private long _refused;

    public int FeatureCount => model.FeatureCount;
    public string SchemaHash => model.SchemaHash;

    /// <summary>How often the model was asked.</summary>
    public long Asked => Volatile.Read(ref _asked);

    /// <summary>How often it had no usable answer.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <inheritdoc/>
    public bool Predict(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        Volatile.Write(ref _asked, _asked + 1); // One thread writes.
        if (model.Predict(features, probabilities)) return true;
        Volatile.Write(ref _refused, _refused + 1);
        return false;
    }
}
