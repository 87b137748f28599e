using System.Globalization;

using Peregrine.Inference.Inspection;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Inference.Tests.Inspection;

/// <summary>Floating point operations against counts made by hand.</summary>
public sealed class FlopCountTests
{
    [Theory]
    [InlineData(0, 0, 140, 140)] // 2 rows, 5 deep, 7 columns: 2 * 2 * 7 * 5; weights 5 * 7 floats.
    [InlineData(0, 1, 140, 140)]
    [InlineData(1, 0, 140, 140)]
    [InlineData(1, 1, 140, 140)]
    public void A_Gemm_is_two_for_each_multiply_add(int transA, int transB, long flops, long bytes)
    {
        GraphWriter graph = new GraphWriter().Input("x", transA == 0 ? [2, 5] : [5, 2]).Output("y", 2, 7)
            .Constant("w", new float[35], transB == 0 ? [5, 7] : [7, 5]).Constant("b", new float[7], 7).Node("Gemm", ["x", "w", "b"], ["y"], ("transA", transA), ("transB", transB));
        Assert.Equal((flops, bytes), Count(graph));
    }

    [Fact]
    public void A_product_of_stacks_counts_each_of_them() =>
        Assert.Equal((2L * 3 * 4 * 6 * 5, 0L), Count(new GraphWriter().Input("a", 3, 4, 5).Input("b", 3, 5, 6).Output("y", 3, 4, 6).Node("MatMul", ["a", "b"], ["y"])));

    [Theory]
    [InlineData(1, 0, 1, 432)] // 4 channels of 6 outputs, each 3 channels by 3 taps: 2 * 24 * 9.
    [InlineData(2, 0, 1, 216)] // A stride leaves 3 of the 6 outputs.
    [InlineData(1, 1, 1, 576)] // Padding brings them to 8: its taps count.
    public void A_convolution_counts_every_tap_of_every_output(int stride, int pad, int group, long flops)
    {
        GraphWriter graph = new GraphWriter().Input("x", 1, 3, 8).Output("y", 1, 4, "n").Constant("w", new float[36], 4, 3, 3)
            .Node("Conv", ["x", "w"], ["y"], ("strides", new long[] { stride }), ("pads", new long[] { pad, pad }), ("group", group));
        Assert.Equal((flops, 36L * 4), Count(graph));
    }

    [Fact]
    public void A_grouped_convolution_reads_its_own_channels_alone() =>
        Assert.Equal(2L * 4 * 6 * (2 * 3), Count(new GraphWriter().Input("x", 1, 4, 8).Output("y", 1, 4, 6).Constant("w", new float[24], 4, 2, 3).Node("Conv", ["x", "w"], ["y"], ("group", 2))).Flops);

    [Theory] // 5 steps of 2 sequences with 3 inputs and 4 hidden units: 2 * 10 * gates * 4 * (3 + 4), for each direction.
    [InlineData("LSTM", 4, 1, 2 * 10 * 16 * 7)]
    [InlineData("GRU", 3, 1, 2 * 10 * 12 * 7)]
    [InlineData("RNN", 1, 2, 2 * 10 * 2 * 4 * 7)]
    public void A_recurrent_layer_counts_both_products_of_every_step(string op, int gates, int directions, long flops)
    {
        int rows = gates * 4;
        GraphWriter graph = new GraphWriter().Input("x", 5, 2, 3).Output("y", 5, directions, 2, 4)
            .Constant("w", new float[directions * rows * 3], directions, rows, 3).Constant("r", new float[directions * rows * 4], directions, rows, 4)
            .Node(op, ["x", "w", "r"], ["y"], ("hidden_size", 4), ("direction", directions == 2 ? "bidirectional" : "forward"));
        Assert.Equal((flops, 4L * directions * rows * (3 + (5 * 4))), Count(graph)); // W once, R in each of the 5 steps.
    }

    [Fact]
    public void An_einsum_counts_each_combination_of_its_indices() =>
        Assert.Equal(2L * 2 * 3 * 4 * 5, Count(new GraphWriter().Input("a", 2, 3, 4).Input("b", 2, 4, 5).Output("y", 2, 3, 5).Node("Einsum", ["a", "b"], ["y"], ("equation", "bij,bjk->bik"))).Flops);

    [Fact]
    public void What_is_computed_once_costs_a_run_nothing()
    {
        GraphWriter graph = new GraphWriter().Input("x", 1, 3).Output("y", 1, 2).Constant("a", new float[12], 3, 4).Constant("b", new float[8], 4, 2)
            .Node("MatMul", ["a", "b"], ["w"]).Node("MatMul", ["x", "w"], ["y"]);
        Assert.Equal((2L * 3 * 2, 4L * 6), Count(graph));
    }

    [Fact]
    public void Elementwise_work_is_counted_apart()
    {
        ModelDescription description = ModelDescription.Of(new GraphWriter().Input("x", 2, 3).Output("y", 2, 3).Node("Relu", ["x"], ["a"]).Node("Softmax", ["a"], ["y"]).Load());
        Assert.Equal((0L, 12L), (description.Flops, description.OtherElements));
    }

    [Fact]
    public void The_exported_models_agree_with_counts_made_elsewhere()
    {
        string? folder = Repository.Shared("models");
        Assert.SkipWhen(folder is null, "The exported models do not lie beside the project.");
        string[] files = Directory.GetFiles(folder!, "flops.txt", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            OnnxModel model = OnnxModel.Load(Path.Combine(Path.GetDirectoryName(file)!, "model.onnx"));
            Dictionary<string, FixedTensor> inputs = TestVectors.Find(Path.GetDirectoryName(file)!)[0].Inputs(model); // Counted for the shapes of the first set.
            var sizes = new Dictionary<string, int>();
            foreach (TensorInfo input in model.Inputs)
                for (int i = 0; i < input.Shape.Count; i++)
                    if (input.Shape[i].IsSymbolic) sizes[input.Shape[i].Name!] = inputs[input.Name].Shape[i];
            long flops = ModelDescription.Of(model, new CompileOptions { Dimensions = sizes }).Flops;
            Assert.True(long.Parse(File.ReadAllText(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture) == flops, $"{file}: {flops}");
        }
    }

    private static (long Flops, long Bytes) Count(GraphWriter graph)
    {
        ModelDescription description = ModelDescription.Of(graph.Load());
        Assert.Null(description.Problem);
        return (description.Flops, description.WeightTrafficBytes);
    }
}
