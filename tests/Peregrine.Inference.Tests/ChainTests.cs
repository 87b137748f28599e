using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Elementwise functions that run as one kernel give the very bits of the separate kernels.</summary>
public sealed class ChainTests(ITestOutputHelper output)
{
    private static readonly string[] _unary = ["Relu", "Abs", "Neg", "Tanh", "Sigmoid", "Erf", "LeakyRelu", "Sqrt"];
    private static readonly string[] _binary = ["Add", "Sub", "Mul", "Div"];

    [Fact]
    public void A_chain_rounds_like_its_parts()
    {
        const int Seed = 61;
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        int fused = 0, separate = 0;
        for (int round = 0; round < 150; round++)
        {
            int rows = random.Next(1, 4), columns = random.Next(1, 40), links = random.Next(2, 9);
            GraphWriter graph = new GraphWriter().Input("x", 1, rows, columns).Output("y", 1, rows, columns).Constant("low", [-1.5f]).Constant("high", [2f]);
            for (int i = 0; i < links; i++)
            {
                string from = i == 0 ? "x" : $"v{i}", to = i == links - 1 ? "y" : $"v{i + 1}";
                if (random.Next(5) == 0) graph.Node("Clip", [from, "low", "high"], [to]);
                else if (random.Next(3) == 0) graph.Node(_unary[random.Next(_unary.Length)], [from], [to]);
                else
                {
                    long[] shape = random.Next(5) switch { 0 => [], 1 => [columns], 2 => [1, rows, columns], 3 => [rows, 1], _ => [1, columns] };
                    graph.Constant($"c{i}", Naive.Random(random, [(int)shape.Aggregate(1L, (a, b) => a * b)]).Floats, shape);
                    graph.Node(_binary[random.Next(_binary.Length)], random.Next(4) == 0 ? [$"c{i}", from] : [from, $"c{i}"], [to]);
                }
            }
            OnnxModel model = graph.Load();
            float[] input = Naive.Random(random, [rows * columns], -4, 4).Floats;
            int[]? first = null;
            foreach (KernelKind kind in ModelVectors.Kinds)
            {
                ModelSession chained = model.Compile(new CompileOptions { Kernels = kind }), plain = model.Compile(new CompileOptions { Kernels = kind, Fuse = false });
                int[] bits = Bits(chained, input);
                Assert.Equal(Bits(plain, input), bits);
                if (kind != KernelKind.Scalar) Assert.Equal(first ??= bits, bits);
                fused += chained.Steps;
                separate += plain.Steps;
            }
        }
        output.WriteLine($"{separate} kernels became {fused}");
        Assert.True(fused < separate / 2);
    }

    [Fact]
    public void The_scaling_of_inputs_is_one_kernel()
    {
        Assert.Equal(1, Scaling(14).Load().Compile().Steps);
        Assert.Equal(3, Scaling(14).Load().Compile(new CompileOptions { Fuse = false }).Steps);
        Assert.Equal(3, Scaling(5000).Load().Compile().Steps); // A long tensor keeps its plain loops.
    }

    [Fact]
    public void A_value_that_two_nodes_read_ends_a_chain()
    {
        ModelSession session = Scaling(14).Output("d", 14).Load().Compile();
        Assert.Equal(2, session.Steps);
        session.Input(0).Fill(5);
        session.Run();
        Assert.Equal((1f, 2f), (session.Output(0)[13], session.Output(1)[13]));
    }

    private static GraphWriter Scaling(int count) => new GraphWriter().Input("x", count).Output("y", count)
        .Constant("mean", [.. Enumerable.Repeat(1f, count)], count).Constant("deviation", [.. Enumerable.Repeat(2f, count)], count).Constant("low", [-1f]).Constant("high", [1f])
        .Node("Sub", ["x", "mean"], ["c"]).Node("Div", ["c", "deviation"], ["d"]).Node("Clip", ["d", "low", "high"], ["y"]);

    /// <summary>Bit by bit, but a NaN is a NaN.</summary>
    private static int[] Bits(ModelSession session, float[] input)
    {
        input.CopyTo(session.Input(0));
        session.Run();
        return [.. session.Output(0).ToArray().Select(v => float.IsNaN(v) ? int.MinValue + 1 : BitConverter.SingleToInt32Bits(v))];
    }
}
