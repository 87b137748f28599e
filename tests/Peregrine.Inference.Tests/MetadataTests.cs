using System.Globalization;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>What a trained model says about itself, and how it proves that it still computes what its trainer computed.</summary>
public sealed class MetadataTests
{
    private static readonly Dictionary<string, string> _good = new()
    {
        ["schema_sha256"] = new string('a', 64), ["schema_version"] = "1", ["features"] = "rsi_14,imbalance_5", ["labels"] = "down,flat,up", ["label_spec"] = "mid move over 5 s",
        ["horizon_ms"] = "5000", ["symbols"] = "BTCUSDT,ETHUSDT", ["trained_from"] = "2024-08-08T00:00:00Z", ["trained_to"] = "2024-08-09T12:00:00.500Z", ["temperature"] = "1.25", ["run_id"] = "0123abcd",
    };

    [Fact]
    public void Reads_what_the_trainer_wrote()
    {
        ModelMetadata metadata = ModelMetadata.Read(Model(_good));
        Assert.Equal(["rsi_14", "imbalance_5"], metadata.Features);
        Assert.Equal(["down", "flat", "up"], metadata.Labels);
        Assert.Equal((1, 5000, 1.25f, "0123abcd"), (metadata.SchemaVersion, metadata.HorizonMs, metadata.Temperature, metadata.RunId));
        Assert.Equal(new DateTimeOffset(2024, 8, 9, 12, 0, 0, 500, TimeSpan.Zero), metadata.TrainedTo);
    }

    [Fact]
    public void Names_every_missing_key_at_once()
    {
        var some = _good.Where(p => p.Key is not ("labels" or "run_id")).ToDictionary();
        Assert.Contains("lacks labels, run_id", Assert.Throws<ModelException>(() => ModelMetadata.Read(Model(some))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("schema_sha256", "ABC", "64 hexadecimal digits")]
    [InlineData("horizon_ms", "5.5", "a whole number")]
    [InlineData("temperature", "-1", "a number above zero")]
    [InlineData("temperature", "NaN", "a number above zero")]
    [InlineData("trained_to", "yesterday", "a time such as")]
    [InlineData("features", "a,,b", "different names")]
    [InlineData("features", "a,a", "different names")]
    [InlineData("features", "a,b,c", "names 3 features; the model must then have one input of shape [1, 3]")]
    [InlineData("labels", "down,up", "names 2 labels; the model must then have one output of shape [1, 2]")]
    public void Refuses_values_that_make_no_sense(string key, string value, string says) =>
        Assert.Contains(says, Assert.Throws<ModelException>(() => ModelMetadata.Read(Model(new Dictionary<string, string>(_good) { [key] = value }))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_self_test_passes_or_says_which_number_differs()
    {
        // Softmax(0, 0, 0) and Softmax(ln 2, 0, 0), by hand.
        var keys = new Dictionary<string, string> { [SelfTest.InputKey] = "0,0,0.6931472,0", [SelfTest.OutputKey] = "0.33333334,0.33333334,0.33333334,0.5,0.25,0.25" };
        foreach (KernelKind kind in ModelVectors.Kinds) Assert.Equal(2, SelfTest.Verify(Model(keys), kernels: kind));
        Assert.True(SelfTest.IsPresent(Model(keys)));
        Assert.False(SelfTest.IsPresent(Model([])));

        keys[SelfTest.OutputKey] = "0.33333334,0.33333334,0.33333334,0.5,0.2501,0.25";
        Assert.Contains("row 1, output 1 is 0.25", Refusal(keys), StringComparison.Ordinal);
        Assert.Equal(2, SelfTest.Verify(Model(keys), tolerance: 0.001f));
    }

    [Theory]
    [InlineData("0,0", "0.3,0.3", "1 inputs|2 inputs and 2 outputs")]
    [InlineData("0", "0.3,0.3,0.3", "1 inputs and 3 outputs")]
    [InlineData("0,abc", "0.3,0.3,0.3", "is 'abc'")]
    [InlineData("0,NaN", "0.3,0.3,0.3", "is 'NaN'")]
    [InlineData("", "0.3,0.3,0.3", "is ''")]
    public void A_malformed_self_test_is_refused(string inputs, string outputs, string says)
    {
        string message = Refusal(new() { [SelfTest.InputKey] = inputs, [SelfTest.OutputKey] = outputs });
        Assert.Contains(says.Split('|'), part => message.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void A_model_without_a_self_test_is_told_apart_from_one_that_fails() =>
        Assert.Contains("it has no self-test", Refusal([]), StringComparison.Ordinal);

    private static string Refusal(Dictionary<string, string> metadata) => Assert.Throws<ModelException>(() => SelfTest.Verify(Model(metadata))).Message;

    /// <summary>Two features to three probabilities: the first feature speaks for the first class.</summary>
    private static OnnxModel Model(Dictionary<string, string> metadata)
    {
        var graph = new GraphWriter().Input("features", 1, 2).Output("probabilities", 1, 3).Constant("w", [1f, 0, 0, 0, 0, 0], 2, 3)
            .Node("MatMul", ["features", "w"], ["z"]).Node("Softmax", ["z"], ["probabilities"], ("axis", -1));
        foreach ((string key, string value) in metadata) graph.Metadata(key, value.ToString(CultureInfo.InvariantCulture));
        return graph.Load();
    }
}
