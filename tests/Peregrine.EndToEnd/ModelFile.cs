using System.Globalization;

using Peregrine.Common;
using Peregrine.Inference.Tests;
using Peregrine.Strategy.Features;

namespace Peregrine.EndToEnd;

/// <summary>Models for tests: files as the trainer writes them, with the schema of our features and a self-test of one row of zeros.</summary>
internal static class ModelFile
{
    /// <summary>Says the same whatever it is shown.</summary>
    public static void WriteConstant(string path, float down, float flat, float up) => Write(path, new float[Features.Names.Count * 3], [down, flat, up]);

    /// <summary>Weights of features by classes, and what is added. The self-test shows zeros, and so sees the sums alone.</summary>
    public static void Write(string path, float[] weights, float[] sums)
    {
        int count = Features.Names.Count;
        File.WriteAllBytes(path, Head(sums)
            .Constant("weights", weights, count, 3)
            .Constant("sums", sums, 3)
            .Node("MatMul", ["features", "weights"], ["product"])
            .Node("Add", ["product", "sums"], ["probabilities"])
            .Bytes());
    }

    /// <summary>As many features as a model is shown.</summary>
    public static int FeatureCount => Features.Names.Count;

    /// <summary>A file's frame: input, output, schema and self-test; nodes are still to come.</summary>
    /// <param name="atZeros">What it answers when all features are zero.</param>
    public static GraphWriter Head(float[] atZeros) => new GraphWriter()
        .Input("features", 1, FeatureCount)
        .Output("probabilities", 1, 3)
        .Metadata("schema_sha256", Features.SchemaHash)
        .Metadata("selftest_input", string.Join(',', Enumerable.Repeat("0", FeatureCount)))
        .Metadata("selftest_output", string.Join(',', atZeros.Select(static one => one.ToString("R", CultureInfo.InvariantCulture))));

    private static FeatureSet Features { get; } = Make();

    private static FeatureSet Make()
    {
        Instrument any = new() { Id = SymbolId.None, Symbol = "BTCUSDT", Market = Market.Spot };
        return new FeatureSet(any, new FeatureOptions());
    }
}
