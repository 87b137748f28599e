using Xunit;

namespace Peregrine.Strategy.Tests;

public sealed class LogisticModelTests
{
    [Fact]
    public void Is_the_softmax_of_weighted_sums()
    {
        var model = new LogisticModel("schema", [1, 0, 0, 0, 0, 2], [0.5f, 0, -0.5f]);
        Span<float> probabilities = stackalloc float[3];
        Assert.True(model.Predict([2, -1], probabilities));
        double down = Math.Exp(2.5);
        double up = Math.Exp(-2.5);
        Assert.Equal(down / (down + 1 + up), probabilities[0], 1e-6);
        Assert.Equal(1 / (down + 1 + up), probabilities[1], 1e-6);
        Assert.Equal(up / (down + 1 + up), probabilities[2], 1e-6);
        Assert.Equal(2, model.FeatureCount);
    }

    [Fact]
    public void Large_sums_do_not_overflow()
    {
        var model = new LogisticModel("schema", [1, 0, -1], [0, 0, 0]);
        Span<float> probabilities = stackalloc float[3];
        Assert.True(model.Predict([1e30f], probabilities));
        Assert.Equal([1f, 0f, 0f], probabilities.ToArray());
    }

    [Fact]
    public void Refuses_another_number_of_features()
    {
        var model = new LogisticModel("schema", [1, 0, -1], [0, 0, 0]);
        Assert.False(model.Predict([1, 2], new float[3]));
        Assert.Throws<ArgumentException>(() => new LogisticModel("schema", [1, 2], [0, 0, 0]));
        Assert.Throws<ArgumentException>(() => new LogisticModel("schema", [1, 2, 3], [0, 0]));
    }

    [Fact]
    public void A_hash_of_features_is_fnv_over_their_bytes()
    {
        // The published FNV-1a vector: the bytes of "foobar\0\0" have no vector, so the offset basis and a byte-wise reference stand for it.
        Assert.Equal(14_695_981_039_346_656_037UL, FeatureHash.Of([]));
        ulong expected = 14_695_981_039_346_656_037UL;
        foreach (byte value in BitConverter.GetBytes(1.5f).Concat(BitConverter.GetBytes(-0f))) expected = (expected ^ value) * 1_099_511_628_211UL;
        Assert.Equal(expected, FeatureHash.Of([1.5f, -0f]));
        Assert.NotEqual(FeatureHash.Of([0f]), FeatureHash.Of([-0f]));
        Assert.NotEqual(FeatureHash.Of([1, 2]), FeatureHash.Of([2, 1]));
    }
}
