using Peregrine.Inference.Inspection;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Networks as PyTorch and its newer exporter write them, against PyTorch's own results.</summary>
public sealed class ExportedModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("mlp_32_64_32_3", 3)]
    [InlineData("mlp_64_256_256_128_3", 3)]
    [InlineData("mlp_dynbatch_op17", 5)]
    [InlineData("mlp_ln_gelu_op13", 3)]
    [InlineData("mlp_ln_gelu_op17", 3)]
    [InlineData("mlp_gated_multiout_op12", 3)]
    [InlineData("mlp_external_data_op18", 3)]
    [InlineData("conv1d_c40_t100_ch16x3", 3)]
    [InlineData("conv1d_bn_pool_op11", 3)]
    [InlineData("conv1d_dilated_gap_op15", 3)]
    [InlineData("lstm_step_stateful_op15", 3)]
    [InlineData("gru_lbr0_op14", 3)]
    [InlineData("rf_classifier_50x6_ml1", 3)]
    [InlineData("gbdt_regressor_60x3_ml1", 3)]
    public void Agrees_with_the_training_framework(string name, int sets)
    {
        ModelVectors vectors = Shared(name);
        OnnxModel model = OnnxModel.Load(vectors.ModelPath);
        int compared = 0;
        foreach (TestVectors set in vectors.Sets)
        {
            foreach (KernelKind kind in ModelVectors.Kinds)
            {
                foreach (bool fuse in new[] { true, false })
                {
                    Assert.All(Compare(model, set, new CompileOptions { Kernels = kind, Fuse = fuse }), check => Assert.True(check.Passes, $"{name} {set.Name} {kind} {check}"));
                }
            }
            compared++;
        }
        Assert.Equal(sets, compared);
    }

    [Fact]
    public void Lists_every_operator_it_does_not_know()
    {
        GraphWriter graph = new GraphWriter().Input("x", 3).Output("y", 3).Node("Loop", ["x"], ["a"]).Node("DFT", ["a"], ["b"]).Node("Loop", ["b"], ["c"]).DomainNode("com.example", "Foo", ["c"], ["y"]);
        var e = Assert.Throws<ModelException>(() => graph.Load());
        Assert.StartsWith("The model uses operators that are not supported: DFT (opset 17), Foo (com.example), Loop (opset 17) x 2. Supported are ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_exported_model_runs_right()
    {
        string? folder = Repository.Shared("models");
        Assert.SkipWhen(folder is null, "The exported models do not lie beside the project.");
        int models = 0, sets = 0;
        foreach (string path in Directory.EnumerateDirectories(folder!).Order(StringComparer.Ordinal))
        {
            var vectors = new ModelVectors(path);
            if (!File.Exists(vectors.ModelPath)) continue;
            models++;
            OnnxModel model = OnnxModel.Load(vectors.ModelPath);
            foreach (TestVectors set in vectors.Sets)
            {
                sets++;
                Assert.All(Compare(model, set, new CompileOptions()), check => Assert.True(check.Passes, $"{path} {set.Name} {check}"));
            }
        }
        Assert.True(models > 0);
        output.WriteLine($"{models} models, {sets} data sets within the gate");
    }

    [Fact]
    public void Fuses_an_exported_network_into_one_kernel_a_layer()
    {
        OnnxModel model = OnnxModel.Load(Shared("mlp_32_64_32_3").ModelPath);
        Assert.Equal(3, model.Compile().Steps); // Gemm+Relu, Gemm+Relu, Gemm+Softmax.
        Assert.Equal(6, model.Compile(new CompileOptions { Fuse = false }).Steps);
        Assert.Equal(4291, model.Parameters);
    }

    [Fact]
    public void Shows_what_the_file_declares()
    {
        OnnxModel model = OnnxModel.Load(Shared("mlp_dynbatch_op17").ModelPath);
        Assert.Equal("x Float32[batch, 32]", Assert.Single(model.Inputs).ToString());
        Assert.Equal("p Float32[batch, 3]", Assert.Single(model.Outputs).ToString());
        Assert.Equal((17, 8, "pytorch 1.13.0"), (model.Opset, model.IrVersion, model.Producer));
        Assert.Equal("x Float32[1, 32]", Assert.Single(model.Compile().Inputs).ToString());
        var e = Assert.Throws<ModelException>(() => model.Compile(new CompileOptions { Dimensions = new Dictionary<string, int> { ["time"] = 2 } }));
        Assert.Contains("no symbolic dimension 'time'; it has batch", e.Message, StringComparison.Ordinal);
    }

    private static ModelVectors Shared(string name)
    {
        string? folder = Repository.Shared(Path.Combine("models", name));
        Assert.SkipWhen(folder is null, "The exported models do not lie beside the project.");
        return new ModelVectors(folder!);
    }

    /// <summary>Without the step that a model which quantises would be allowed: none of these needs it.</summary>
    private static IReadOnlyList<OutputCheck> Compare(OnnxModel model, TestVectors set, CompileOptions options)
    {
        ModelSession session = ModelInputs.Compile(model, set.Inputs(model), options);
        session.Run();
        return [.. set.Outputs(model).Select((expected, i) => Gate.Default.Compare(session.Outputs[i], ModelInputs.Output(session, i), expected))];
    }
}
