using System.Numerics;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Operators over the general loops: other types of numbers, normalisations, and what happens at places that do not exist.</summary>
public sealed class GeneralOperatorTests
{
    [Theory]
    [InlineData("5", "5")]
    [InlineData("5", "5,7")]
    [InlineData("4,5", "5")]
    [InlineData("4,5", "5,3")]
    [InlineData("2,4,5", "5,3")]
    [InlineData("3,1,4,5", "1,2,5,3")]
    [InlineData("5", "2,3,5,4")]
    public void Whole_numbers_and_doubles_multiply(string left, string right)
    {
        var random = new Random(601);
        Naive Whole(string shape) => Naive.Random(random, [.. shape.Split(',').Select(int.Parse)], -9, 9).Map(Math.Round);
        Naive a = Whole(left), b = Whole(right), expected = Naive.MatMul(a, b);
        foreach (ElementType type in new[] { ElementType.Float64, ElementType.Int32, ElementType.Int64 })
            Assert.Equal(expected.Data, Run(type, "MatMul", 13, [], expected.Shape, a, b));
        Assert.Contains("do not fit", Assert.Throws<ModelException>(() => Run(ElementType.Int32, "MatMul", 13, [], [], Whole("3,2"), Whole("1,3"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gemm_of_other_types_has_all_its_switches()
    {
        var random = new Random(602);
        for (int round = 0; round < 16; round++)
        {
            bool transA = (round & 1) != 0, transB = (round & 2) != 0;
            Naive a = Naive.Random(random, transA ? [5, 4] : [4, 5], -9, 9).Map(Math.Round), b = Naive.Random(random, transB ? [6, 5] : [5, 6], -9, 9).Map(Math.Round), c = Naive.Random(random, round % 3 == 0 ? [6] : [4, 1], -9, 9).Map(Math.Round);
            Naive expected = Naive.From([4, 6], at => (2 * Enumerable.Range(0, 5).Sum(k => a.At(transA ? [k, at[0]] : [at[0], k]) * b.At(transB ? [at[1], k] : [k, at[1]]))) + ((round & 4) != 0 ? 3 * c.At(at) : 0));
            (string, object)[] attributes = [("alpha", 2f), ("beta", 3f), ("transA", transA ? 1 : 0), ("transB", transB ? 1 : 0)];
            foreach (ElementType type in new[] { ElementType.Float64, ElementType.Int32, ElementType.UInt64 })
            {
                double[] actual = Run(type, "Gemm", 13, attributes, [4, 6], (round & 4) != 0 ? [a, b, c] : [a, b]);
                Assert.Equal(type == ElementType.UInt64 ? [.. expected.Data.Select(v => (double)(ulong)(long)v)] : expected.Data, actual);
            }
        }
        Naive one = Naive.Random(random, [2, 2]);
        Assert.Contains("0.5 is not whole", Assert.Throws<ModelException>(() => Run(ElementType.Int32, "Gemm", 13, [("alpha", 0.5f)], [2, 2], one, one)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    public void A_softmax_of_doubles_is_a_double(string op)
    {
        Naive x = Naive.Random(new Random(603), [3, 4, 5], -30, 30);
        foreach ((int opset, int axis, int[] axes) in new[] { (13, 1, new[] { 1 }), (13, -1, [2]), (11, 1, [1, 2]) })
        {
            Naive expected = x.AlongAxes(axes, v => [.. v.Select(e => op == "Softmax" ? Math.Exp(e) / v.Sum(Math.Exp) : e - Math.Log(v.Sum(Math.Exp)))]);
            double[] actual = Run(ElementType.Float64, op, opset, [("axis", axis)], x.Shape, x);
            for (int i = 0; i < actual.Length; i++) Assert.Equal(expected.Data[i], actual[i], 1e-12 * (1 + Math.Abs(expected.Data[i])));
        }
    }

    [Theory]
    [InlineData(18)]
    [InlineData(21)]
    public void Groups_of_channels_are_normalised(int opset)
    {
        var random = new Random(604);
        foreach ((int channels, int groups, int[] spatial) in new[] { (6, 2, new[] { 3, 5 }), (4, 4, [7]), (4, 1, [2, 2, 2]), (6, 3, []) })
        {
            Naive x = Naive.Random(random, [2, channels, .. spatial]), scale = Naive.Random(random, [opset < 21 ? groups : channels]), bias = Naive.Random(random, [opset < 21 ? groups : channels]);
            int per = channels / groups;
            Naive grouped = new([2, groups, x.Data.Length / (2 * groups)], x.Data);
            Naive normal = grouped.AlongAxes([2], v => [.. v.Select(e => (e - v.Average()) / Math.Sqrt(v.Average(u => (u - v.Average()) * (u - v.Average())) + (double)1e-3f))]) with { Shape = x.Shape };
            Naive expected = Naive.From(x.Shape, at => (normal.At(at) * scale.Data[opset < 21 ? at[1] / per : at[1]]) + bias.Data[opset < 21 ? at[1] / per : at[1]]);
            new OperatorCheck("GroupNormalization") { Opset = opset, Attributes = [("num_groups", groups), ("epsilon", 1e-3f)], Tolerance = 1e-5f }.Equal(expected, x, scale, bias);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(-3)]
    public void Root_mean_squares_normalise(int axis)
    {
        var random = new Random(605);
        Naive x = Naive.Random(random, [3, 4, 37]);
        int[] axes = [.. Enumerable.Range((axis + 3) % 3, 3 - ((axis + 3) % 3))];
        Naive scale = Naive.Random(random, x.Shape[axes[0]..]), narrow = Naive.Random(random, [37]);
        Naive normal = x.AlongAxes(axes, v => [.. v.Select(e => e / Math.Sqrt(v.Average(u => u * u) + (double)1e-5f))]);
        foreach (Naive factor in new[] { scale, narrow })
            new OperatorCheck("RMSNormalization") { Opset = 23, Attributes = [("axis", axis)] }.Equal(Naive.From(x.Shape, at => normal.At(at) * factor.At(at)), x, factor);
    }

    [Fact] // A run throws nothing: a place that does not exist is the nearest one that does, and a negative one counts from the end.
    public void Places_out_of_range_are_the_nearest_ones()
    {
        long[] wild = [long.MinValue, -5, -4, -1, 0, 3, 4, long.MaxValue];
        int[] nearest = [0, 0, 0, 3, 0, 3, 3, 3];
        float[] x = [10, 11, 12, 13];
        Assert.Equal(nearest.Select(i => x[i]), Places("Gather", x, wild, [8], []));
        Assert.Equal(nearest.Select(i => x[i]), Places("GatherElements", x, wild, [8], []));
        Assert.Equal(nearest.Select(i => x[i]), Places("GatherND", x, wild, [8, 1], []));
        foreach (string op in new[] { "ScatterElements", "ScatterND" })
        {
            float[] changed = [.. x];
            for (int i = 0; i < 8; i++) changed[nearest[i]] = i;
            Assert.Equal(changed, Places(op, x, wild, op == "ScatterND" ? [8, 1] : [8], [.. Enumerable.Range(0, 8).Select(i => (float)i)]));
        }
    }

    [Fact]
    public void Whole_numbers_wrap_around_and_divide_by_nothing_to_nothing()
    {
        Naive a = new([5], [7, -7, int.MinValue, int.MaxValue, 0]), b = new([5], [0, 0, -1, 2, -3]);
        Assert.Equal([0, 0, int.MinValue, int.MaxValue / 2, 0], Run(ElementType.Int32, "Div", 14, [], [5], a, b));
        Assert.Equal([0, 0, 0, 1, 0], Run(ElementType.Int32, "Mod", 13, [], [5], a, b));
        Assert.Equal([0, 0, 0, 1, 0], Run(ElementType.Int32, "Mod", 13, [("fmod", 1)], [5], a, b));
        Assert.Equal([7, -7, int.MaxValue, int.MinValue + 1, -3], Run(ElementType.Int32, "Add", 14, [], [5], a, b));
    }

    [Fact]
    public void A_hot_place_out_of_range_is_nowhere()
    {
        ModelSession session = new GraphWriter().IntegerInput("i", 5).Constant("depth", new long[] { 3 }).Constant("values", [0f, 1], 2).Node("OneHot", ["i", "depth", "values"], ["y"]).Output("y", 5, 3).Load().Compile();
        new long[] { 0, -1, 3, long.MinValue, long.MaxValue }.CopyTo(session.InputIntegers(0));
        session.Run();
        Assert.Equal([1f, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], session.Output(0).ToArray());
    }

    [Fact]
    public void Regions_and_grids_may_lie_anywhere()
    {
        float[] wild = [float.NaN, float.NegativeInfinity, float.PositiveInfinity, float.MaxValue, -1e30f, 0.5f, -0.5f, 3];
        foreach (string mode in new[] { "nearest", "bilinear", "bicubic" })
        {
            foreach (string padding in new[] { "zeros", "border", "reflection" })
            {
                ModelSession session = new GraphWriter().Input("x", 1, 2, 3, 4).Input("g", 1, 8, 8, 2).Node("GridSample", ["x", "g"], ["y"], ("mode", mode), ("padding_mode", padding)).Output("y", 1, 2, 8, 8).Load().Compile();
                session.Input(0).Fill(2);
                for (int i = 0; i < 64; i++) (session.Input(1)[2 * i], session.Input(1)[(2 * i) + 1]) = (wild[i % 8], wild[i / 8]);
                session.Run();
                foreach (float y in session.Output(0)) Assert.InRange(y, padding == "zeros" ? -1 : 1.999f, padding == "zeros" ? 3 : 2.001f);
            }
        }
        ModelSession align = new GraphWriter().Input("x", 2, 1, 3, 4).Input("r", 16, 4).IntegerInput("n", 16).Node("RoiAlign", ["x", "r", "n"], ["y"], ("output_height", 2), ("output_width", 2)).Output("y", 16, 1, 2, 2).Load().Compile();
        align.Input(0).Fill(2);
        for (int i = 0; i < 64; i++) align.Input(1)[i] = wild[(i * 5) % 8];
        new long[] { long.MinValue, -1, 0, 1, 2, long.MaxValue }.CopyTo(align.InputIntegers(2));
        align.Run();
        foreach (float y in align.Output(0)) Assert.True(float.IsNaN(y) || y is >= 0 and <= 2.001f, $"{y}");
        ModelSession unpool = new GraphWriter().Input("x", 1, 1, 4).IntegerInput("i", 1, 1, 4).Node("MaxUnpool", ["x", "i"], ["y"], ("kernel_shape", new long[] { 2 }), ("strides", new long[] { 2 })).Output("y", 1, 1, 8).Load().Compile();
        new[] { 1f, 2, 3, 4 }.CopyTo(unpool.Input(0));
        new long[] { long.MinValue, 7, 8, 0 }.CopyTo(unpool.InputIntegers(1));
        unpool.Run();
        Assert.Equal([4f, 0, 0, 0, 0, 0, 0, 2], unpool.Output(0).ToArray());
    }

    [Theory] // A weight that is no number is a number like another: the result is none either, and nothing hangs or breaks.
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Weights_that_are_no_numbers_travel_through(float weight)
    {
        float[] Weights(int count) => [.. Enumerable.Repeat(weight, count)];
        GraphWriter[] graphs =
        [
            new GraphWriter().Input("x", 2, 3).Constant("w", Weights(15), 3, 5).Node("MatMul", ["x", "w"], ["m"]).Node("Softmax", ["m"], ["y"]).Output("y"),
            new GraphWriter().Input("x", 2, 3, 9).Constant("w", Weights(36), 4, 3, 3).Node("Conv", ["x", "w"], ["y"]).Output("y"),
            new GraphWriter().Input("x", 1, 3, 9).Constant("w", Weights(36), 3, 4, 3).Node("ConvTranspose", ["x", "w"], ["y"]).Output("y"),
            new GraphWriter().Input("x", 4, 1, 3).Constant("w", Weights(60), 1, 20, 3).Constant("r", Weights(100), 1, 20, 5).Node("LSTM", ["x", "w", "r"], ["y"], ("hidden_size", 5)).Output("y"),
            new GraphWriter().Input("x", 4, 1, 3).Constant("w", Weights(45), 1, 15, 3).Constant("r", Weights(75), 1, 15, 5).Node("GRU", ["x", "w", "r"], ["y"], ("hidden_size", 5)).Output("y"),
            new GraphWriter().Input("x", 4, 5).Constant("w", Weights(5), 5).Node("LayerNormalization", ["x", "w", "w"], ["y"]).Output("y"),
            new GraphWriter().Input("x", 4, 5).Constant("w", Weights(5), 5).Node("BatchNormalization", ["x", "w", "w", "w", "w"], ["y"]).Output("y"),
        ];
        foreach (GraphWriter graph in graphs)
        {
            OnnxModel model = graph.Load();
            foreach (KernelKind kind in ModelVectors.Kinds)
            {
                ModelSession session = model.Compile(new CompileOptions { Kernels = kind });
                session.Input(0).Fill(1);
                session.Run();
                if (float.IsNaN(weight)) Assert.True(session.Output(0).ToArray().All(float.IsNaN), $"{kind}: {model.Operators.Keys.First()}");
            }
        }
        ModelSession trees = new GraphWriter().Input("x", 1, 1).DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"], ("nodes_treeids", new long[3]), ("nodes_nodeids", new long[] { 0, 1, 2 }), ("nodes_featureids", new long[3]),
            ("nodes_truenodeids", new long[] { 1, 0, 0 }), ("nodes_falsenodeids", new long[] { 2, 0, 0 }), ("nodes_values", Weights(3)), ("nodes_modes", new[] { "BRANCH_LEQ", "LEAF", "LEAF" }),
            ("target_treeids", new long[2]), ("target_nodeids", new long[] { 1, 2 }), ("target_ids", new long[2]), ("target_weights", new[] { 1f, 2f })).Output("y", 1, 1).Load().Compile();
        trees.Run();
        Assert.Equal(weight > 0 ? 1f : 2f, trees.Output(0)[0]); // Nothing is at most NaN.
    }

    private static float[] Places(string op, float[] x, long[] indices, int[] shape, float[] updates)
    {
        GraphWriter graph = new GraphWriter { Opset = 16 }.Input("x", x.Length).IntegerInput("i", [.. shape.Cast<object>()]).Output("y");
        if (updates.Length > 0) graph.Constant("u", updates, updates.Length);
        ModelSession session = graph.Node(op, updates.Length > 0 ? ["x", "i", "u"] : ["x", "i"], ["y"]).Load().Compile();
        x.CopyTo(session.Input(0));
        indices.CopyTo(session.InputIntegers(1));
        session.Run();
        return session.Output(0).ToArray();
    }

    private static double[] Run(ElementType type, string op, int opset, (string, object)[] attributes, int[] shape, params Naive[] inputs)
    {
        GraphWriter graph = new GraphWriter { Opset = opset }.Output(type, "y", [.. shape.Cast<object>()]);
        for (int i = 0; i < inputs.Length; i++) graph.Input(type, $"i{i}", [.. inputs[i].Shape.Cast<object>()]);
        ModelSession session = graph.Node(op, [.. inputs.Select((_, i) => $"i{i}")], ["y"], attributes).Load().Compile();
        for (int i = 0; i < inputs.Length; i++) type.Call(new Filling(session, i, inputs[i].Data));
        session.Run();
        return type.Call(new Reading(session));
    }

    private sealed class Filling(ModelSession session, int index, double[] values) : ITypedCall<bool>
    {
        public bool Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            for (int i = 0; i < values.Length; i++) session.Input<T>(index)[i] = typeof(T) == typeof(ulong) ? T.CreateTruncating((long)values[i]) : T.CreateTruncating(values[i]);
            return true;
        }
    }

    private sealed class Reading(ModelSession session) : ITypedCall<double[]>
    {
        public double[] Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => [.. session.Output<T>(0).ToArray().Select(double.CreateTruncating)];
    }
}
