using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Functions that exporters write as small graphs run as one kernel and give what the graphs give.</summary>
public sealed class PatternTests
{
    private const float RootTwo = 1.41421354f;

    [Theory]
    [InlineData("Div", RootTwo, false, 1)]
    [InlineData("Div", RootTwo, true, 1)] // x / 2 first.
    [InlineData("Mul", 0.70710677f, true, 1)]
    [InlineData("Div", 1.5f, false, 2)] // Another function: the layer, and the rest as a chain and a product.
    public void Gelu_joins_the_layer_before_it(string scaling, float by, bool halfFirst, int stepsMax)
    {
        GraphWriter graph = Layer().Constant("by", [by]).Constant("one", [1f]).Constant("half", [0.5f])
            .Node(scaling, ["z", "by"], ["d"]).Node("Erf", ["d"], ["e"]).Node("Add", ["e", "one"], ["s"]);
        if (halfFirst) graph.Node("Mul", ["z", "half"], ["h"]).Node("Mul", ["h", "s"], ["y"]);
        else graph.Node("Mul", ["z", "s"], ["h"]).Node("Mul", ["h", "half"], ["y"]);
        int steps = Agree(graph.Load(), 2e-6f);
        if (stepsMax == 1) Assert.Equal(1, steps);
        else Assert.True(steps > 1);
    }

    [Fact]
    public void Silu_joins_the_layer_before_it() =>
        Assert.Equal(1, Agree(Layer().Node("Sigmoid", ["z"], ["g"]).Node("Mul", ["z", "g"], ["y"]).Load(), 0));

    [Fact]
    public void A_part_that_somebody_else_reads_keeps_its_nodes()
    {
        OnnxModel model = Layer().Output("g", 2, 12).Node("Sigmoid", ["z"], ["g"]).Node("Mul", ["z", "g"], ["y"]).Load();
        Assert.Equal(3, Agree(model, 0));
    }

    [Theory]
    [InlineData(17, -1L, 1)]
    [InlineData(13, 1L, 1)]
    [InlineData(18, -1L, 1)]
    [InlineData(17, 0L, 2)] // Over the other dimension: not a layer normalisation.
    public void Layer_normalisation_is_one_kernel(int opset, long axis, int stepsMax)
    {
        var random = new Random(71);
        GraphWriter graph = new GraphWriter { Opset = opset }.Input("x", 2, 12).Output("y", 2, 12).Constant("two", [2f]).Constant("epsilon", [1e-5f]).Constant("axes", [axis], 1)
            .Constant("scale", Naive.Random(random, [12]).Floats, 12).Constant("bias", Naive.Random(random, [12]).Floats, 12);
        Mean("x", "m").Node("Sub", ["x", "m"], ["c"]).Node("Pow", ["c", "two"], ["q"]);
        Mean("q", "v").Node("Add", ["v", "epsilon"], ["ve"]).Node("Sqrt", ["ve"], ["r"]).Node("Div", ["c", "r"], ["n"]).Node("Mul", ["n", "scale"], ["ns"]).Node("Add", ["ns", "bias"], ["y"]);
        int steps = Agree(graph.Load(), 2e-6f);
        if (stepsMax == 1) Assert.Equal(1, steps);
        else Assert.True(steps > 1);

        GraphWriter Mean(string from, string to) => opset < 18
            ? graph.Node("ReduceMean", [from], [to], ("axes", new[] { axis }))
            : graph.Node("ReduceMean", [from, "axes"], [to]);
    }

    [Theory]
    [InlineData("Softmax", 3, 1)]
    [InlineData("LogSoftmax", 4, 1)]
    [InlineData("Softmax", 1, 1)]
    [InlineData("Softmax", 5, 2)] // Too many classes for one register.
    public void A_short_softmax_joins_its_layer(string op, int classes, int steps)
    {
        var random = new Random(72);
        for (int depth = 1; depth < 10; depth++)
        {
            OnnxModel model = new GraphWriter().Input("x", 3, depth).Output("y", 3, classes).Constant("w", Naive.Random(random, [depth, classes]).Floats, depth, classes)
                .Constant("b", Naive.Random(random, [classes]).Floats, classes).Node("Gemm", ["x", "w", "b"], ["z"]).Node(op, ["z"], ["y"], ("axis", -1)).Load();
            Assert.Equal(steps, Agree(model, 0));
        }
    }

    [Theory]
    [InlineData("Add")]
    [InlineData("Sub")]
    [InlineData("Mul")]
    [InlineData("Div")] // By a temperature, as classifiers are calibrated.
    public void A_number_joins_the_layer_before_it_and_a_softmax_both(string op)
    {
        var random = new Random(75);
        for (int round = 0; round < 20; round++)
        {
            bool before = random.Next(2) == 0, softmax = random.Next(2) == 0;
            int columns = softmax ? random.Next(1, 5) : random.Next(1, 90), depth = random.Next(1, 40);
            GraphWriter graph = new GraphWriter().Input("x", 3, depth).Output("y", 3, columns).Constant("w", Naive.Random(random, [depth, columns]).Floats, depth, columns)
                .Constant("number", [1.7f], random.Next(3) switch { 0 => [], 1 => [1], _ => [1, 1] }).Node("MatMul", ["x", "w"], ["z"])
                .Node(op, before ? ["number", "z"] : ["z", "number"], [softmax ? "s" : "y"]);
            Assert.Equal(1, Agree((softmax ? graph.Node("Softmax", ["s"], ["y"]) : graph).Load(), 0));
        }
    }

    [Fact]
    public void A_number_that_adds_a_dimension_does_not_join()
    {
        OnnxModel model = new GraphWriter().Input("x", 3, 2).Output("y", 1, 3, 2).Constant("w", [1f, 2, 3, 4], 2, 2).Constant("number", [1.7f], 1, 1, 1)
            .Node("MatMul", ["x", "w"], ["z"]).Node("Mul", ["z", "number"], ["y"]).Load();
        Assert.Equal(2, Agree(model, 0));
    }

    [Fact]
    public void A_bias_joins_a_product_of_three_dimensions()
    {
        var random = new Random(73);
        OnnxModel model = new GraphWriter().Input("x", 2, 5, 7).Output("y", 2, 5, 6).Constant("w", Naive.Random(random, [7, 6]).Floats, 7, 6).Constant("b", Naive.Random(random, [6]).Floats, 6)
            .Node("MatMul", ["x", "w"], ["z"]).Node("Add", ["b", "z"], ["s"]).Node("Relu", ["s"], ["y"]).Load();
        Assert.Equal(1, Agree(model, 2e-6f));
    }

    private static GraphWriter Layer() => new GraphWriter().Input("x", 2, 9).Output("y", 2, 12).Constant("w", Naive.Random(new Random(70), [9, 12]).Floats, 9, 12).Node("MatMul", ["x", "w"], ["z"]);

    /// <summary>Compares with the plan that takes every node by itself, for each family of kernels.</summary>
    /// <returns>The kernels of the fused plan.</returns>
    private static int Agree(OnnxModel model, float tolerance)
    {
        int steps = 0;
        foreach (KernelKind kind in ModelVectors.Kinds)
        {
            ModelSession fused = model.Compile(new CompileOptions { Kernels = kind }), plain = model.Compile(new CompileOptions { Kernels = kind, Fuse = false });
            float[] input = Naive.Random(new Random(74), [fused.Input(0).Length], -3, 3).Floats;
            foreach (ModelSession session in new[] { fused, plain })
            {
                input.CopyTo(session.Input(0));
                session.Run();
            }
            for (int output = 0; output < fused.Outputs.Count; output++)
                for (int i = 0; i < fused.Output(output).Length; i++)
                    Assert.InRange(MathF.Abs(fused.Output(output)[i] - plain.Output(output)[i]), 0, tolerance * (1 + MathF.Abs(plain.Output(output)[i])));
            steps = fused.Steps;
        }
        return steps;
    }
}
