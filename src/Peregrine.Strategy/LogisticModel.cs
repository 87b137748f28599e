namespace Peregrine.Strategy;

/// <summary>Multinomial logistic regression: a weighted sum of the features for each outcome, and the softmax of the three. A baseline, and the model of tests.</summary>
public sealed class LogisticModel : IProbabilityModel
{
    /// <summary>Down, flat, up.</summary>
    public const int Outcomes = 3;

    private readonly float[] _weights;
    private readonly float[] _biases;

    /// <param name="schemaHash">The schema of the features that the weights belong to.</param>
    /// <param name="weights">First those of down, then of flat, then of up; each as many as there are features.</param>
    /// <param name="biases">Of down, flat and up.</param>
    public LogisticModel(string schemaHash, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases)
    {
        if (biases.Length != Outcomes) throw new ArgumentException($"There are {Outcomes} outcomes, not {biases.Length}.", nameof(biases));
        if (weights.IsEmpty || weights.Length % Outcomes != 0)
            throw new ArgumentException($"{weights.Length} weights are not the same number for each of {Outcomes} outcomes.", nameof(weights));
        SchemaHash = schemaHash;
        _weights = weights.ToArray();
        _biases = biases.ToArray();
        FeatureCount = weights.Length / Outcomes;
    }

    public int FeatureCount { get; }
    public string SchemaHash { get; }

    public bool Predict(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        if (features.Length != FeatureCount || probabilities.Length != Outcomes) return false;
        float highest = float.NegativeInfinity;
        for (int outcome = 0; outcome < Outcomes; outcome++)
        {
            float score = _biases[outcome];
            ReadOnlySpan<float> weights = _weights.AsSpan(outcome * FeatureCount, FeatureCount);
            for (int i = 0; i < weights.Length; i++) score += weights[i] * features[i];
            probabilities[outcome] = score;
            highest = MathF.Max(highest, score);
        }

        float sum = 0;
        foreach (ref float probability in probabilities)
        {
            probability = MathF.Exp(probability - highest); // The highest becomes 1, so that nothing overflows.
            sum += probability;
        }
        foreach (ref float probability in probabilities) probability /= sum;
        return true;
    }
}
