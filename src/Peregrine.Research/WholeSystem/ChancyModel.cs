using Peregrine.Strategy;

namespace Peregrine.Research.WholeSystem;

/// <summary>A model that changes its mind every few seconds by chance: what matters here is not whether the orders are wise.</summary>
internal sealed class ChancyModel(int features, string schema, Random random, TimeProvider time) : IProbabilityModel
{
    private long _until;
    private float _up;

    public int FeatureCount => features;
    public string SchemaHash => schema;

    public bool Predict(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        long now = time.GetTimestamp();
        if (now >= _until)
        {
            _until = now + (long)(random.NextDouble() * 6 * time.TimestampFrequency);
            _up = random.Next(3) == 0 ? 0.9f : 0.1f;
        }
        if (random.Next(2_000) == 0)
        {
            probabilities.Fill(random.Next(2) == 0 ? float.NaN : float.PositiveInfinity); // Nothing may come of that.
            return true;
        }
        probabilities[0] = 0.05f;
        probabilities[1] = 0.95f - _up;
        probabilities[2] = _up;
        return true;
    }
}
