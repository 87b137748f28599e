using Peregrine.Testing;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>What a session promises: no allocation, the same bits each time, and nothing shared between sessions but the model.</summary>
public sealed class SessionTests
{
    [Fact]
    public void A_run_allocates_nothing()
    {
        foreach (KernelKind kind in ModelVectors.Kinds)
        {
            ModelSession session = Everything().Load().Compile(new CompileOptions { Kernels = kind });
            for (int i = 0; i < 50; i++) session.Run();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10_000; i++)
            {
                session.Input(0)[0] = i;
                session.Run();
            }
            Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(float.IsFinite(session.Output(0)[0]));
        }
    }

    [Fact]
    public void Each_vector_width_gives_the_same_bits()
    {
        KernelKind[] widths = [.. ModelVectors.Kinds.Where(k => k != KernelKind.Scalar)];
        Assert.SkipWhen(widths.Length < 2, "This machine (or this run) has fewer than two vector widths.");
        var random = new Random(31);
        OnnxModel model = Everything().Load();
        ModelSession[] sessions = [.. widths.Select(kind => model.Compile(new CompileOptions { Kernels = kind }))];
        for (int round = 0; round < 500; round++)
        {
            float[] input = Naive.Random(random, [sessions[0].Input(0).Length], -5, 5).Floats;
            int[][] bits = [.. sessions.Select(session =>
            {
                input.CopyTo(session.Input(0));
                session.Run();
                return Enumerable.Range(0, session.Outputs.Count).SelectMany(o => session.Output(o).ToArray()).Select(BitConverter.SingleToInt32Bits).ToArray();
            })];
            foreach (int[] other in bits) Assert.Equal(bits[0], other);
        }
    }

    [Fact]
    public void Plain_layers_give_the_same_bits_at_each_width_for_every_size()
    {
        KernelKind[] widths = [.. ModelVectors.Kinds.Where(k => k != KernelKind.Scalar)];
        Assert.SkipWhen(widths.Length < 2, "This machine (or this run) has fewer than two vector widths.");
        var random = new Random(32);
        for (int round = 0; round < 60; round++)
        {
            int rows = random.Next(1, 4), depth = random.Next(1, 70), columns = random.Next(1, 200);
            OnnxModel model = new GraphWriter().Input("x", rows, depth).Output("y", rows, columns).Constant("w", Naive.Random(random, [depth, columns]).Floats, depth, columns)
                .Node("MatMul", ["x", "w"], ["y"]).Load();
            float[] input = Naive.Random(random, [rows * depth]).Floats;
            float[][] results = [.. widths.Select(kind =>
            {
                ModelSession session = model.Compile(new CompileOptions { Kernels = kind });
                input.CopyTo(session.Input(0));
                session.Run();
                return session.Output(0).ToArray();
            })];
            foreach (float[] other in results) Assert.True(results[0].AsSpan().SequenceEqual(other), $"{rows}x{depth}x{columns}");
        }
    }

    [Fact]
    public void Sums_of_rows_have_the_same_bits_without_vectors()
    {
        var random = new Random(35);
        for (int round = 0; round < 60; round++)
        {
            int rows = random.Next(1, 4), count = round < 20 ? random.Next(1, 6) : random.Next(1, 100);
            OnnxModel model = new GraphWriter().Input("x", rows, count).Output("y", rows, count).Output("m", rows, 1).Constant("s", Naive.Random(random, [count]).Floats, count)
                .Constant("b", Naive.Random(random, [count]).Floats, count).Node("LayerNormalization", ["x", "s", "b"], ["y"]).Node("ReduceMean", ["x"], ["m"], ("axes", new long[] { 1 })).Load();
            float[] input = Naive.Random(random, [rows * count]).Floats;
            float[][] results = [.. ModelVectors.Kinds.Select(kind =>
            {
                ModelSession session = model.Compile(new CompileOptions { Kernels = kind });
                input.CopyTo(session.Input(0));
                session.Run();
                return session.Output(0).ToArray().Concat(session.Output(1).ToArray()).ToArray();
            })];
            foreach (float[] other in results) Assert.Equal(results[0].Select(BitConverter.SingleToInt32Bits), other.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Theory]
    [InlineData(0x00000000u, 0x00000000u)]
    [InlineData(0x80000000u, 0x00000000u)] // Minus zero.
    [InlineData(0x00000001u, 0x00000001u)]
    [InlineData(0x80000001u, 0x00000000u)]
    [InlineData(0xbf800000u, 0x00000000u)]
    [InlineData(0x7f7fffffu, 0x7f7fffffu)]
    [InlineData(0xff7fffffu, 0x00000000u)]
    [InlineData(0x7f800000u, 0x7f800000u)]
    [InlineData(0xff800000u, 0x00000000u)]
    [InlineData(0x7fc00000u, 0x7fc00000u)]
    [InlineData(0xffc00000u, 0xffc00000u)]
    public void Relu_cuts_what_is_below_zero_and_keeps_what_is_no_number(uint x, uint y)
    {
        foreach (KernelKind kind in ModelVectors.Kinds)
        {
            ModelSession session = new GraphWriter().Input("x", 1).Output("y", 1).Node("Relu", ["x"], ["y"]).Load().Compile(new CompileOptions { Kernels = kind });
            session.Input(0)[0] = BitConverter.UInt32BitsToSingle(x);
            session.Run();
            uint bits = BitConverter.SingleToUInt32Bits(session.Output(0)[0]);
            if (kind != KernelKind.Scalar) bits = bits == 0x80000000 ? 0 : bits; // Which zero a vector answers is the machine's.
            Assert.Equal(y, bits);
        }
    }

    [Fact]
    public void A_result_depends_on_the_input_alone()
    {
        ModelSession session = Everything().Load().Compile();
        var random = new Random(33);
        float[] first = Naive.Random(random, [session.Input(0).Length]).Floats;
        first.CopyTo(session.Input(0));
        session.Run();
        float[] expected = session.Output(0).ToArray();
        for (int i = 0; i < 20; i++)
        {
            session.Input(0).Fill(float.NaN); // What a run leaves behind must not leak into the next.
            session.Run();
            Naive.Random(random, [session.Input(0).Length], -100, 100).Floats.CopyTo(session.Input(0));
            session.Run();
        }
        first.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal(expected, session.Output(0).ToArray());
    }

    [Fact]
    public void Threads_share_a_model_and_own_their_sessions()
    {
        OnnxModel model = Everything().Load();
        float[] input = Naive.Random(new Random(34), [model.Compile().Input(0).Length]).Floats;
        var results = new float[4][];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            ModelSession session = model.Compile();
            for (int i = 0; i < 200; i++)
            {
                session.Input(0).Fill(t);
                session.Run();
                input.CopyTo(session.Input(0));
                session.Run();
            }
            results[t] = session.Output(0).ToArray();
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        foreach (float[] result in results) Assert.Equal(results[0], result);
    }

    [Fact]
    public void Shipped_models_reproduce_their_self_test()
    {
        string folder = Path.Combine(Repository.Root, "models");
        string[] models = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.onnx") : [];
        Assert.SkipWhen(models.Length == 0, "No model ships with the project.");
        foreach (string path in models)
        {
            OnnxModel model = OnnxModel.Load(path);
            ModelMetadata metadata = ModelMetadata.Read(model);
            Assert.True(metadata.TrainedFrom < metadata.TrainedTo);
            foreach (KernelKind kind in ModelVectors.Kinds) Assert.True(SelfTest.Verify(model, kernels: kind) >= 4, path);
        }
    }

    /// <summary>A network with every kind of kernel in it: normaliser, fused layers of all widths, both softmaxes, means, a norm, computed products.</summary>
    private static GraphWriter Everything()
    {
        var random = new Random(30);
        float[] W(int count) => Naive.Random(random, [count], -0.3, 0.3).Floats;
        GraphWriter g = new GraphWriter().Input("x", 2, 20).Output("p", 2, 3).Output("q", 2, 40).Output("attention", 2, 2);
        g.Constant("mean", W(20), 20).Constant("sd", [.. W(20).Select(v => MathF.Abs(v) + 0.5f)], 20).Constant("low", [-6f]).Constant("high", [6f])
            .Node("Sub", ["x", "mean"], ["c"]).Node("Div", ["c", "sd"], ["d"]).Node("Clip", ["d", "low", "high"], ["n"]);
        int[] widths = [20, 64, 100, 48, 40];
        string[] activations = ["Relu", "Tanh", "Sigmoid", "Elu"];
        string at = "n";
        for (int i = 0; i < activations.Length; i++)
        {
            g.Constant($"w{i}", W(widths[i] * widths[i + 1]), widths[i + 1], widths[i]).Constant($"b{i}", W(widths[i + 1]), widths[i + 1]);
            g.Node("Gemm", [at, $"w{i}", $"b{i}"], [$"g{i}"], ("transB", 1)).Node(activations[i], [$"g{i}"], [$"a{i}"]);
            at = $"a{i}";
        }
        g.Constant("scale", W(40), 40).Constant("shift", W(40), 40).Constant("two", [2f])
            .Node("LayerNormalization", [at, "scale", "shift"], ["norm"]).Node("Erf", ["norm"], ["e"]).Node("Softplus", ["e"], ["s"]).Node("Exp", ["s"], ["x1"])
            .Node("Log", ["x1"], ["l"]).Node("Sqrt", ["s"], ["r"]).Node("Mul", ["l", "r"], ["lr"]).Node("Pow", ["s", "two"], ["s2"]).Node("Add", ["lr", "s2"], ["sum"])
            .Node("ReduceMean", ["sum"], ["m"], ("axes", new long[] { -1 })).Node("Sub", ["sum", "m"], ["centred"]).Node("LogSoftmax", ["centred"], ["q"], ("axis", -1))
            .Node("Transpose", ["q"], ["qt"]).Node("MatMul", ["q", "qt"], ["attention"])
            .Constant("wp", W(120), 40, 3).Node("MatMul", ["q", "wp"], ["z"]).Node("Softmax", ["z"], ["p"], ("axis", -1));
        return g;
    }
}
