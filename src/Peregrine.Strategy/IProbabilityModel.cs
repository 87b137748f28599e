namespace Peregrine.Strategy;

/// <summary>Tells from features how likely the price is to go down, to stay and to go up. One thread; allocates nothing per call.</summary>
public interface IProbabilityModel
{
    /// <summary>How many features it is shown.</summary>
    int FeatureCount { get; }

    /// <summary>The schema of the features it was trained on: <see cref="Features.FeatureSet.SchemaHash"/>.</summary>
    string SchemaHash { get; }

    /// <summary>Fills the probabilities: down, flat, up. False when it has none for this input.</summary>
    /// <param name="features">As many as <see cref="FeatureCount"/>.</param>
    /// <param name="probabilities">Three.</param>
    bool Predict(ReadOnlySpan<float> features, Span<float> probabilities);
}
