using System.Diagnostics;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>A model file is a stranger's word: whatever it holds, it is refused in words, soon, and without eating the memory.</summary>
public sealed class HostileModelTests
{
    /// <summary>Each case is a file and a part of what the refusal must say.</summary>
    private static Dictionary<string, (Func<byte[]> Bytes, string Says)> Cases { get; } = new()
    {
        ["empty"] = (() => [], "is empty"),
        ["text"] = (() => "This is not a model."u8.ToArray(), "not a whole ONNX file"),
        ["zeros"] = (() => new byte[100], "not a whole ONNX file"),
        ["no graph"] = (() => GraphWriter.Message(w => w.WriteNumber(1, 8)), "has no graph"),
        ["no output"] = (() => new GraphWriter().Input("x", 3).Node("Relu", ["x"], ["y"]).Bytes(), "has no output"),
        ["old IR"] = (() => Small(ir: 2), "IR version 2; allowed are 3 to 13"),
        ["new IR"] = (() => Small(ir: 99), "IR version 99"),
        ["old opset"] = (() => Small(opset: 5), "Relu (opset 5)"),
        ["opset of nothing"] = (() => Small(opset: 0), "opset 0; allowed are 1 to 23"),
        ["new opset"] = (() => Small(opset: 24), "opset 24"),
        ["negative opset"] = (() => Small(opset: -1), "opset -1"),
        ["cycle of one"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Add", ["x", "y"], ["y"]).Bytes(), "has a cycle: Add -> 'y'"),
        ["cycle of three"] = (() => new GraphWriter().Input("x", 3).Output("c", 3).Node("Add", ["x", "c"], ["a"]).Node("Relu", ["a"], ["b"]).Node("Relu", ["b"], ["c"]).Bytes(), "has a cycle"),
        ["reads nothing"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Add", ["x", "ghost"], ["y"]).Bytes(), "reads 'ghost', which nothing produces"),
        ["output of nothing"] = (() => new GraphWriter().Input("x", 3).Output("z", 3).Node("Relu", ["x"], ["y"]).Bytes(), "Output 'z' is produced by nothing"),
        ["produced twice"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Relu", ["x"], ["y"]).Node("Tanh", ["x"], ["y"]).Bytes(), "'y', an output of Tanh -> 'y', exists already"),
        ["overwrites an input"] = (() => new GraphWriter().Input("x", 3).Output("x", 3).Node("Relu", ["x"], ["x"]).Bytes(), "exists already"),
        ["input twice"] = (() => new GraphWriter().Input("x", 3).Input("x", 3).Output("y", 3).Node("Relu", ["x"], ["y"]).Bytes(), "Input 'x' appears twice"),
        ["constant twice"] = (() => new GraphWriter().Input("x", 1).Output("y", 1).Constant("c", [1f]).Constant("c", [2f]).Node("Add", ["x", "c"], ["y"]).Bytes(), "'c' appears twice"),
        ["attribute twice"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Elu", ["x"], ["y"], ("alpha", 1f), ("alpha", 2f)).Bytes(), "attribute 'alpha' twice"),
        ["metadata twice"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Relu", ["x"], ["y"]).Metadata("k", "1").Metadata("k", "2").Bytes(), "'k' appears twice"),
        ["unknown operators"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Loop", ["x"], ["a"]).Node("Scan", ["a"], ["b"]).DomainNode("com.evil", "Run", ["b"], ["y"]).Bytes(),
            "not supported: Loop (opset 17), Run (com.evil), Scan (opset 17). Supported are Abs, "),
        ["operator before its time"] = (() => new GraphWriter { Opset = 16 }.Input("x", 3).Output("y", 3).Node("LayerNormalization", ["x", "x"], ["y"]).Bytes(), "LayerNormalization (opset 16)"),
        ["node without output"] = (() => new GraphWriter().Input("x", 3).Output("y", 3).Node("Relu", ["x"], []).Bytes(), "has no output"),
        ["huge input"] = (() => new GraphWriter().Input("x", 1L << 62).Output("y", 1L << 62).Node("Relu", ["x"], ["y"]).Bytes(), "size 4611686018427387904 in dimension 0"),
        ["negative input"] = (() => new GraphWriter().Input("x", -1).Output("y", 1).Node("Relu", ["x"], ["y"]).Bytes(), "size -1"),
        ["input too large together"] = (() => new GraphWriter().Input("x", 1 << 16, 1 << 16, 1 << 16, 1 << 16).Output("y").Node("Relu", ["x"], ["y"]).Bytes(), "more than the 16777216 elements"),
        ["too many dimensions"] = (() => new GraphWriter().Input("x", 1, 1, 1, 1, 1, 1, 1, 1, 1).Output("y").Node("Relu", ["x"], ["y"]).Bytes(), "9 dimensions; at most 8"),
        ["constant that overflows"] = (() => WithConstant([1L << 32, 1L << 32]), "dimension 4294967296"),
        ["constant too large together"] = (() => WithConstant([1 << 20, 1 << 20]), "more than the 16777216 elements"),
        ["constant of negative size"] = (() => WithConstant([-4]), "dimension -4"),
        ["constant longer than said"] = (() => WithConstant([1]), "holds 8 bytes where its dimensions say 4"),
        ["constant shorter than said"] = (() => WithConstant([1 << 20]), "holds 8 bytes where its dimensions say 4194304"),
        ["text constant"] = (() => WithType(8), "element type Text"),
        ["constant of no type"] = (() => WithType(0), "element type Undefined"),
        ["constant of a type to come"] = (() => WithType(77), "element type 77"),
        ["text input"] = (() => new GraphWriter().Raw(11, Info("x", 8)).Output("y", 1).Node("Relu", ["x"], ["y"]).Bytes(), "element type Text"),
        ["sequence input"] = (() => new GraphWriter().Raw(11, GraphWriter.Message(w => w.WriteText(1, "x").WriteRaw(2, GraphWriter.Message(t => t.WriteRaw(4, []))))).Output("y", 1)
            .Node("Relu", ["x"], ["y"]).Bytes(), "is not a tensor"),
        ["external in memory"] = (() => new GraphWriter().Input("x", 1).Output("y", 1).External("c", "w.bin", [1]).Node("Add", ["x", "c"], ["y"]).Bytes(), "was loaded from memory"),
        ["broadcast bomb"] = (() => new GraphWriter().Input("a", 1 << 20, 1).Input("b", 1, 1 << 20).Output("y").Node("Add", ["a", "b"], ["y"]).Bytes(), "more than the 16777216 elements"),
        ["product bomb"] = (() => new GraphWriter().Input("a", 1 << 20, 1).Input("b", 1, 1 << 20).Output("y").Node("MatMul", ["a", "b"], ["y"]).Bytes(), "more than the 16777216 elements"),
        ["work bomb"] = (() => new GraphWriter().Input("a", 4096, 4096).Output("y", 4096, 4096).Node("MatMul", ["a", "a"], ["y"]).Bytes(), "multiply-adds"),
        ["doubling bomb"] = (() => Doubling(40), "more than the 16777216 elements"),
        ["reshape to overflow"] = (() => Reshape(1L << 40, 1L << 40), "cannot reshape"),
        ["reshape that wraps around"] = (() => Reshape(1 << 24, 1 << 24, 1 << 24), "more than the 16777216 elements"),
        ["reshape to nothing"] = (() => Reshape(-1, -1), "cannot reshape"),
        ["reshape to another count"] = (() => Reshape(5), "cannot become [5]"),
        ["matrices that do not fit"] = (() => new GraphWriter().Input("a", 2, 3).Input("b", 4, 5).Output("y").Node("MatMul", ["a", "b"], ["y"]).Bytes(), "do not fit: 3 against 4"),
        ["shapes that do not broadcast"] = (() => new GraphWriter().Input("a", 2).Input("b", 3).Output("y").Node("Add", ["a", "b"], ["y"]).Bytes(), "do not broadcast"),
        ["axis out of range"] = (() => new GraphWriter().Input("x", 3).Output("y").Node("Softmax", ["x"], ["y"], ("axis", 7)).Bytes(), "axis 7 is out of range"),
        ["gather out of range"] = (() => new GraphWriter().Input("x", 3).Output("y").Constant("i", new long[] { 3 }, 1).Node("Gather", ["x", "i"], ["y"]).Bytes(), "index 3 is out of range"),
        ["perm with a hole"] = (() => new GraphWriter().Input("x", 3, 4).Output("y").Node("Transpose", ["x"], ["y"], ("perm", new long[] { 0, 0 })).Bytes(), "no order of 2 dimensions"),
        ["input left out"] = (() => new GraphWriter().Input("x", 3).Output("y").Node("Add", ["x"], ["y"]).Bytes(), "input 1 is missing"),
        ["declared otherwise"] = (() => new GraphWriter().Input("x", 3).Output("y", 4).Node("Relu", ["x"], ["y"]).Bytes(), "another shape than the graph computes"),
        ["integers where floats belong"] = (() => new GraphWriter().IntegerInput("x", 3).Output("y", 3).Node("Tanh", ["x"], ["y"]).Bytes(), "float32 is allowed"),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void Is_refused_in_words(string name)
    {
        (Func<byte[]> build, string says) = Cases[name];
        byte[] bytes = build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        double start = ThreadClock.Seconds;
        var e = Assert.Throws<ModelException>(() => OnnxModel.Load(bytes).Compile());
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L << 20);
        Assert.InRange(ThreadClock.Seconds - start, 0, 2);
    }

    [Fact]
    public void Too_many_nodes_are_refused() =>
        Assert.Contains("20 nodes; at most 10", Assert.Throws<ModelException>(() => OnnxModel.Load(Chain(20, g => g, 4), new ModelLimits { NodesMax = 10 })).Message, StringComparison.Ordinal);

    [Fact]
    public void Too_large_a_file_is_refused_before_it_is_read()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("peregrine-model").FullName, "large.onnx");
        using (FileStream file = File.Create(path)) file.SetLength(200L << 20); // Sparse: it takes no room.
        Assert.Contains("209715200 bytes; at most 134217728", Assert.Throws<ModelException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
        Assert.Contains("cannot be read", Assert.Throws<ModelException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_neither_overflows_the_stack_nor_is_believed()
    {
        byte[] graph = [];
        for (int depth = 0; depth < 300; depth++) // A node whose attribute holds a graph whose node …
        {
            byte[] inner = graph;
            graph = GraphWriter.Message(g => g.WriteRaw(1, GraphWriter.Message(n => n.WriteText(4, "If").WriteText(2, "y").WriteRaw(5, GraphWriter.Message(a => a.WriteText(1, "then_branch").WriteRaw(6, inner))))));
        }
        byte[] bytes = GraphWriter.Message(w => w.WriteNumber(1, 8).WriteRaw(8, GraphWriter.Message(o => o.WriteNumber(2, 17))).WriteRaw(7, [.. graph, .. GraphWriter.Message(g => g.WriteRaw(12, Info("y", 1)))]));
        Assert.Contains("If (opset 17)", Assert.Throws<ModelException>(() => OnnxModel.Load(bytes)).Message, StringComparison.Ordinal);

        byte[] groups = [.. Enumerable.Repeat((byte)0x7b, 100_000)]; // Groups inside groups, which protobuf once had.
        Assert.Throws<ModelException>(() => OnnxModel.Load(groups));
    }

    [Fact]
    public void A_model_cut_anywhere_is_refused_or_still_whole()
    {
        byte[] bytes = Classifier();
        OnnxModel.Load(bytes).Compile();
        int refused = 0;
        for (int length = 0; length < bytes.Length; length++)
            if (Refuses(bytes.AsMemory(0, length))) refused++;
        Assert.Equal(bytes.Length, refused);
    }

    [Theory]
    [InlineData("../outside.bin", "relative path inside the model's folder")]
    [InlineData("sub/../../outside.bin", "relative path inside the model's folder")]
    [InlineData("/etc/hostname", "relative path inside the model's folder")]
    [InlineData("..\\outside.bin", "relative path inside the model's folder")]
    [InlineData("file:///etc/hostname", "relative path inside the model's folder")]
    [InlineData("link.bin", "symbolic link")]
    [InlineData("linked/outside.bin", "symbolic link")]
    [InlineData("missing.bin", "cannot be read")]
    [InlineData("short.bin", "holds 4 bytes where its dimensions say 8")]
    [InlineData("good.bin@4", "wants 8 bytes at 4")]
    [InlineData("good.bin@99999999999999999999", "external offset '99999999999999999999'")]
    [InlineData("good.bin@-1", "external offset '-1'")]
    public void External_data_stays_inside_the_models_folder(string location, string says)
    {
        DirectoryInfo outside = Directory.CreateTempSubdirectory("peregrine-model");
        string folder = outside.CreateSubdirectory("model").FullName;
        File.WriteAllBytes(Path.Combine(outside.FullName, "outside.bin"), new byte[8]);
        File.WriteAllBytes(Path.Combine(folder, "good.bin"), [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)]);
        File.WriteAllBytes(Path.Combine(folder, "short.bin"), new byte[4]);
        File.CreateSymbolicLink(Path.Combine(folder, "link.bin"), Path.Combine(outside.FullName, "outside.bin"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "linked"), outside.FullName);

        string[] parts = location.Split('@');
        string path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, With(parts[0], parts.Length > 1 ? parts[1] : null, parts.Length > 1 ? "8" : null));
        Assert.Contains(says, Assert.Throws<ModelException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);

        File.WriteAllBytes(path, With("good.bin", null, null));
        ModelSession session = OnnxModel.Load(path).Compile();
        session.Run();
        Assert.Equal([1f, 2f], session.Output(0).ToArray());
        outside.Delete(recursive: true);

        static byte[] With(string location, string? offset, string? length) =>
            new GraphWriter().Input("x", 2).Output("y", 2).External("c", location, [2], offset, length).Node("Add", ["x", "c"], ["y"]).Bytes();
    }

    private static bool Refuses(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            OnnxModel.Load(bytes).Compile().Run();
            return false;
        }
        catch (ModelException)
        {
            return true;
        }
    }

    private static byte[] Small(int ir = 8, int opset = 17) =>
        new GraphWriter { IrVersion = ir, Opset = opset }.Input("x", 3).Output("y", 3).Node("Relu", ["x"], ["y"]).Bytes();

    /// <summary>A small network of the kind the trainer writes; its output comes last, so no proper prefix is a whole model.</summary>
    internal static byte[] Classifier()
    {
        var random = new Random(5);
        float[] Weights(int count) => Naive.Random(random, [count]).Floats;
        return new GraphWriter().Input("x", 1, 4).Constant("mean", Weights(4), 4).Constant("w1", Weights(32), 8, 4).Constant("b1", Weights(8), 8)
            .Constant("w2", Weights(24), 3, 8).Constant("b2", Weights(3), 3).Constant("shape", new long[] { 1, 3 }, 2)
            .Node("Sub", ["x", "mean"], ["c"]).Node("Gemm", ["c", "w1", "b1"], ["h"], ("transB", 1)).Node("Relu", ["h"], ["r"])
            .Node("Gemm", ["r", "w2", "b2"], ["z"], ("transB", 1)).Node("Reshape", ["z", "shape"], ["s"]).Node("Softmax", ["s"], ["p"], ("axis", -1)).Output("p", 1, 3).Bytes();
    }

    private static byte[] WithConstant(long[] shape) =>
        new GraphWriter().Input("x", 1).Output("y", 1).Constant("c", [1f, 2f], shape).Node("Add", ["x", "c"], ["y"]).Bytes();

    private static byte[] WithType(int type) =>
        new GraphWriter().Input("x", 1).Output("y", 1).Raw(5, GraphWriter.Tensor("c", type, [1], w => w.WriteRaw(9, new byte[4]))).Node("Add", ["x", "c"], ["y"]).Bytes();

    private static byte[] Info(string name, int type) =>
        GraphWriter.Message(w => w.WriteText(1, name).WriteRaw(2, GraphWriter.Message(t => t.WriteRaw(1, GraphWriter.Message(e => e.WriteNumber(1, type).WriteRaw(2, []))))));

    private static byte[] Reshape(params long[] to) =>
        new GraphWriter().Input("x", 3).Output("y").Constant("s", to, to.Length).Node("Reshape", ["x", "s"], ["y"]).Bytes();

    /// <summary>Many tensors that must all live at once, because the last node reads them all.</summary>
    private static byte[] Chain(int nodes, Func<GraphWriter, GraphWriter> with, int size)
    {
        GraphWriter graph = with(new GraphWriter().Input("x", size).Output("y"));
        for (int i = 0; i < nodes - 1; i++) graph.Node("Relu", [i == 0 ? "x" : $"r{i - 1}"], [$"r{i}"]);
        return graph.Node("Concat", [.. Enumerable.Range(0, Math.Min(nodes - 1, 2)).Select(i => $"r{i * (nodes - 2)}")], ["y"], ("axis", 0)).Bytes();
    }

    private static byte[] Doubling(int times)
    {
        GraphWriter graph = new GraphWriter().Input("x", 2).Output("y").Constant("c0", [1f, 2f], 2);
        for (int i = 0; i < times; i++) graph.Node("Concat", [$"c{i}", $"c{i}"], [$"c{i + 1}"], ("axis", 0));
        return graph.Node("Add", ["x", $"c{times}"], ["y"]).Bytes();
    }
}
