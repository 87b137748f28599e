using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>A law: at 128, 256 and 512 bits each operator gives the same bits, whatever the shape. So a decision can be replayed on another machine.</summary>
public sealed class VectorWidthTests(ITestOutputHelper output)
{
    private const int Seed = 20261124;
    private const int Rounds = 40;

    /// <summary>Each family makes a graph of a random form with the inputs it wants.</summary>
    internal static Dictionary<string, Func<Random, GraphWriter>> Families { get; } = new()
    {
        ["Softmax"] = random => Rows(random, (g, count) => g.Node(random.Next(2) == 0 ? "Softmax" : "LogSoftmax", ["x"], ["y"])),
        ["Softmax across rows"] = random => Rows(random, (g, count) => g.Node(random.Next(2) == 0 ? "Softmax" : "LogSoftmax", ["x"], ["y"], ("axis", 0))),
        ["LayerNormalization"] = random => Rows(random, (g, count) => g.Constant("s", Some(random, count), count).Constant("b", Some(random, count), count).Node("LayerNormalization", ["x", "s", "b"], ["y"])),
        ["RMSNormalization"] = random => Rows(random, (g, count) => g.Constant("s", Some(random, count), count).Node("RMSNormalization", ["x", "s"], ["y"]), opset: 23),
        ["GroupNormalization"] = random => Image(random, (g, channels) => g.Constant("s", Some(random, channels), channels).Node("GroupNormalization", ["x", "s", "s"], ["y"], ("num_groups", channels)), opset: 18),
        ["InstanceNormalization"] = random => Image(random, (g, channels) => g.Constant("s", Some(random, channels), channels).Node("InstanceNormalization", ["x", "s", "s"], ["y"])),
        ["BatchNormalization"] = random => Image(random, (g, channels) => g.Constant("s", [.. Some(random, channels).Select(MathF.Abs)], channels).Node("BatchNormalization", ["x", "s", "s", "s", "s"], ["y"])),
        ["LSTM"] = random => RecurrentCase.Random("LSTM", random, unusual: random.Next(4) == 0).Graph(constantWeights: random.Next(4) > 0),
        ["GRU"] = random => RecurrentCase.Random("GRU", random, unusual: random.Next(4) == 0).Graph(constantWeights: random.Next(4) > 0),
        ["RNN"] = random => RecurrentCase.Random("RNN", random, unusual: random.Next(4) == 0).Graph(constantWeights: random.Next(4) > 0),
        ["Conv"] = Convolution,
        ["ConvTranspose"] = random => Image(random, (g, channels) => g.Constant("w", Some(random, channels * 3 * 4), channels, 3, 2, 2).Node("ConvTranspose", ["x", "w"], ["y"], ("strides", new long[] { 2, 1 }))),
        ["Pools"] = random => Image(random, (g, channels) => g.Node(new[] { "MaxPool", "AveragePool" }[random.Next(2)], ["x"], ["p"], ("kernel_shape", new long[] { 2, 2 }), ("pads", new long[] { 1, 0, 0, 1 })).Node(new[] { "GlobalAveragePool", "GlobalMaxPool" }[random.Next(2)], ["p"], ["y"])),
        ["MatMul"] = Product,
        ["Gemm with what follows"] = Dense,
        ["Functions"] = random => Rows(random, (g, count) => g.Node(Pick(random, "Relu LeakyRelu Elu Tanh Sigmoid Softplus Erf Exp Log Sqrt Abs Neg Selu HardSigmoid HardSwish Sin Reciprocal Softsign Celu"), ["x"], ["y"])),
        ["Gelu and Mish"] = random => Rows(random, (g, count) => g.Node(Pick(random, "Gelu Mish"), ["x"], ["y"]), opset: 20),
        ["Functions of two"] = random => Rows(random, (g, count) => g.Constant("b", Some(random, count), random.Next(2) == 0 ? [count] : [1, count]).Node(Pick(random, "Add Sub Mul Div Pow Max Min PRelu"), ["x", "b"], ["y"])),
        ["Reductions"] = random => Rows(random, (g, count) => g.Node(Pick(random, "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSumExp ReduceSumSquare CumSum"), ["x", "axis"], ["y"]).Constant("axis", new long[] { random.Next(2) }, 1), opset: 18),
        ["Attention"] = Attention,
        ["Chains"] = random => Rows(random, (g, count) =>
        {
            int nodes = random.Next(2, 7);
            g.Constant("c", Some(random, count), count);
            for (int i = 0; i < nodes; i++)
            {
                string from = i == 0 ? "x" : $"n{i - 1}", to = i == nodes - 1 ? "y" : $"n{i}";
                if (random.Next(2) == 0) g.Node(Pick(random, "Relu Tanh Sigmoid Abs Neg Exp Elu"), [from], [to]);
                else g.Node(Pick(random, "Add Sub Mul Div Max Min"), random.Next(2) == 0 ? [from, "c"] : ["x", from], [to]);
            }
            return g;
        }),
        ["Functions written as graphs"] = Written,
        ["Trees"] = random => Trees(random),
    };

    public static TheoryData<string> Names => [.. Families.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_vector_width_gives_the_same_bits(string family)
    {
        KernelKind[] widths = [.. ModelVectors.Kinds.Where(k => k != KernelKind.Scalar)];
        Assert.SkipWhen(widths.Length < 2, "This machine (or this run) has fewer than two vector widths.");
        long numbers = 0;
        for (int round = 0; round < Rounds; round++)
        {
            int seed = Seed + round;
            OnnxModel model = Families[family](new Random(seed)).Load();
            int[][]? first = null;
            foreach (KernelKind kind in widths)
            {
                var random = new Random(~seed);
                ModelSession session = model.Compile(new CompileOptions { Kernels = kind });
                for (int i = 0; i < session.Inputs.Count; i++)
                    foreach (ref float x in session.Input(i)) x = Number(random);
                session.Run();
                int[][] bits = [.. Enumerable.Range(0, session.Outputs.Count).Where(o => session.Outputs[o].Type == ElementType.Float32).Select(o => session.Output(o).ToArray().Select(Bits).ToArray())];
                first ??= bits;
                for (int o = 0; o < bits.Length; o++)
                {
                    int at = bits[o].AsSpan().CommonPrefixLength(first[o]);
                    if (at < bits[o].Length)
                        Assert.Fail($"seed {seed}: {string.Join(", ", model.Operators.Keys)} on {string.Join(", ", session.Inputs)}: output {o}[{at}] is {BitConverter.Int32BitsToSingle(bits[o][at]):R} with {kind}, {BitConverter.Int32BitsToSingle(first[o][at]):R} with {widths[0]}");
                }
                numbers += bits.Sum(b => b.Length);
            }
        }
        output.WriteLine($"{family}: {Rounds} forms from seed {Seed}, {numbers} numbers at {string.Join(", ", widths)}");
    }

    /// <summary>Ordinary numbers mostly, and all the others now and then.</summary>
    private static float Number(Random random) => random.Next(40) switch
    {
        0 => 0,
        1 => -0f,
        2 => float.Epsilon * random.Next(1000),
        3 => (float)((random.NextDouble() - 0.5) * 200),
        _ => (float)((random.NextDouble() - 0.5) * 6),
    };

    /// <summary>What is no number has many bit patterns that all mean the same.</summary>
    private static int Bits(float x) => float.IsNaN(x) ? -1 : BitConverter.SingleToInt32Bits(x);

    private static float[] Some(Random random, int count) => Naive.Random(random, [count]).Floats;

    private static string Pick(Random random, string names) => names.Split(' ')[random.Next(names.Split(' ').Length)];

    private static GraphWriter Rows(Random random, Func<GraphWriter, int, GraphWriter> node, int opset = 17)
    {
        int count = random.Next(3) == 0 ? random.Next(1, 8) : random.Next(1, 150);
        return node(new GraphWriter { Opset = opset }.Input("x", random.Next(1, 6), count).Output("y"), count);
    }

    private static GraphWriter Image(Random random, Func<GraphWriter, int, GraphWriter> node, int opset = 17)
    {
        int channels = random.Next(1, 9);
        return node(new GraphWriter { Opset = opset }.Input("x", random.Next(1, 3), channels, random.Next(2, 12), random.Next(2, 40)).Output("y"), channels);
    }

    private static GraphWriter Convolution(Random random)
    {
        int rank = random.Next(1, 3), groups = random.Next(1, 4), inputs = groups * random.Next(1, 5), outputs = groups * random.Next(1, 9);
        int[] sizes = [.. Enumerable.Range(0, rank).Select(_ => random.Next(1, 4))], spatial = [.. Enumerable.Range(0, rank).Select(i => random.Next(7, rank == 1 ? 120 : 30))];
        long[] Each(int low, int high, int count) => [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(low, high))];
        GraphWriter g = new GraphWriter().Input("x", [random.Next(1, 3), inputs, .. spatial.Cast<object>()]).Output("y");
        long[] shape = [outputs, inputs / groups, .. sizes.Select(s => (long)s)];
        if (random.Next(4) > 0) g.Constant("w", Some(random, outputs * (inputs / groups) * Naive.Size(sizes)), shape).Constant("b", Some(random, outputs), outputs);
        else g.Input("w", [.. shape.Cast<object>()]).Constant("b", Some(random, outputs), outputs);
        g.Node("Conv", ["x", "w", "b"], ["c"], ("group", groups), ("strides", Each(1, 3, rank)), ("dilations", Each(1, 3, rank)), ("pads", Each(0, 3, 2 * rank)));
        return g.Node(Pick(random, "Relu Tanh Sigmoid Elu Identity LeakyRelu"), ["c"], ["y"]);
    }

    private static GraphWriter Product(Random random)
    {
        (int rows, int depth, int columns) = (random.Next(1, 7), random.Next(1, 90), random.Next(1, 140));
        GraphWriter g = new GraphWriter().Input("x", rows, depth).Output("y");
        if (random.Next(2) == 0) g.Constant("w", Some(random, depth * columns), depth, columns);
        else g.Input("w", depth, columns);
        return g.Node("MatMul", ["x", "w"], ["y"]);
    }

    private static GraphWriter Dense(Random random)
    {
        (int rows, int depth, int columns) = (random.Next(1, 5), random.Next(1, 70), random.Next(1, 140));
        return new GraphWriter().Input("x", rows, depth).Output("y").Constant("w", Some(random, depth * columns), columns, depth).Constant("b", Some(random, columns), columns)
            .Node("Gemm", ["x", "w", "b"], ["z"], ("transB", 1), ("alpha", 0.7f)).Node(Pick(random, "Relu Tanh Sigmoid Elu Softplus Clip LeakyRelu"), ["z"], ["a"]).Node(Pick(random, "Softmax Identity Exp"), ["a"], ["y"]);
    }

    private static GraphWriter Attention(Random random)
    {
        (int heads, int steps, int width) = (random.Next(1, 4), random.Next(1, 24), random.Next(1, 20));
        return new GraphWriter().Input("q", heads, steps, width).Input("k", heads, steps, width).Input("v", heads, steps, width).Output("y").Constant("scale", [1 / MathF.Sqrt(width)])
            .Node("Transpose", ["k"], ["t"], ("perm", new long[] { 0, 2, 1 })).Node("MatMul", ["q", "t"], ["s"]).Node("Mul", ["s", "scale"], ["m"]).Node("Softmax", ["m"], ["p"]).Node("MatMul", ["p", "v"], ["y"]);
    }

    /// <summary>A layer, and behind it GELU, SiLU or a layer normalisation as exporters write them.</summary>
    private static GraphWriter Written(Random random)
    {
        (int rows, int depth, int columns) = (random.Next(1, 5), random.Next(1, 40), random.Next(1, 80));
        GraphWriter g = new GraphWriter { Opset = 13 }.Input("x", rows, depth).Output("y").Constant("w", Some(random, depth * columns), depth, columns).Constant("b", Some(random, columns), columns)
            .Constant("root", [1.41421354f]).Constant("one", [1f]).Constant("half", [0.5f]).Constant("two", [2f]).Constant("epsilon", [1e-5f])
            .Node("MatMul", ["x", "w"], ["m"]).Node("Add", ["m", "b"], ["z"]);
        return random.Next(3) switch
        {
            0 => g.Node("Div", ["z", "root"], ["d"]).Node("Erf", ["d"], ["e"]).Node("Add", ["e", "one"], ["s"]).Node("Mul", ["z", "s"], ["h"]).Node("Mul", ["h", "half"], ["y"]),
            1 => g.Node("Sigmoid", ["z"], ["s"]).Node("Mul", ["z", "s"], ["y"]),
            _ => g.Node("ReduceMean", ["z"], ["mean"], ("axes", new long[] { -1 })).Node("Sub", ["z", "mean"], ["c"]).Node("Pow", ["c", "two"], ["p"]).Node("ReduceMean", ["p"], ["v"], ("axes", new long[] { -1 }))
                .Node("Add", ["v", "epsilon"], ["q"]).Node("Sqrt", ["q"], ["r"]).Node("Div", ["c", "r"], ["n"]).Node("Mul", ["n", "b"], ["k"]).Node("Add", ["k", "b"], ["y"]),
        };
    }

    private static GraphWriter Trees(Random random)
    {
        (int features, int targets) = (random.Next(1, 9), random.Next(1, 5));
        Forest forest = Forest.Random(random, features, targets, modes: random.Next(1, 7), full: random.Next(2) == 0);
        return new GraphWriter().Input("x", random.Next(1, 4), features).DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"], [.. forest.Attributes("target"), ("n_targets", targets), ("post_transform", Pick(random, "NONE SOFTMAX LOGISTIC"))]).Output("y");
    }
}
