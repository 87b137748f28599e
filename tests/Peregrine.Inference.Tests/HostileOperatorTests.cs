using System.Diagnostics;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Small files whose operators would ask for much: each is refused in words, within two seconds and 256 MiB.</summary>
public sealed class HostileOperatorTests
{
    private const string WideLstm = "lstm with wide inputs";

    private const long Many = 1 << 24; // Elements that one tensor may have, and not one more.

    /// <summary>Each case is a file and a part of what the refusal must say.</summary>
    private static Dictionary<string, (Func<GraphWriter> Graph, string Says)> Cases { get; } = new()
    {
        ["resize by scales"] = (() => Graph(1, 1, 64, 64).Constant("s", [1f, 1, 9000, 9000], 4).Node("Resize", ["x", "", "s"], ["y"]), "more than the 16777216 elements"),
        ["resize by scales that are no numbers"] = (() => Graph(1, 1, 4, 4).Constant("s", [1f, 1, float.NaN, 2], 4).Node("Resize", ["x", "", "s"], ["y"]), "the scales 1, 1, NaN, 2 do not fit"),
        ["resize to sizes"] = (() => Graph(1, 1, 64, 64).Constant("s", new long[] { 1, 1, 1 << 20, 1 << 20 }, 4).Node("Resize", ["x", "", "", "s"], ["y"]), "more than the 16777216 elements"),
        ["tables of a resize"] = (() => Graph(1, 1).Constant("s", new long[] { 1, Many }, 2).Node("Resize", ["x", "", "", "s"], ["y"], ("mode", "cubic")), "more than the 201326592 bytes"),
        ["many tables of resizes"] = (() => Repeat(Graph(1, 1).Constant("s", new long[] { 1, Many / 4 }, 2), 40, (g, from, to) => g.Node("Resize", ["x", "", "", "s"], [to], ("mode", "cubic"))), "more than the 201326592 bytes"),
        ["upsample"] = (() => Old(9, 1, 1, 8, 8).Constant("s", [1f, 1, 1e5f, 1e5f], 4).Node("Upsample", ["x", "s"], ["y"]), "more than the 16777216 elements"),
        ["tile"] = (() => Graph(2).Constant("r", new long[] { 1 << 30 }, 1).Node("Tile", ["x", "r"], ["y"]), "no sizes"),
        ["tile that overflows"] = (() => Graph(1 << 12, 1 << 12).Constant("r", new long[] { 1 << 20, 1 << 20 }, 2).Node("Tile", ["x", "r"], ["y"]), "elements allowed"),
        ["expand"] = (() => Graph(1).Constant("s", new long[] { 1 << 20, 1 << 20 }, 2).Node("Expand", ["x", "s"], ["y"]), "more than the 16777216 elements"),
        ["expand, of the allowed size, often"] = (() => Repeat(Graph(1).Constant("s", new long[] { Many }, 1), 4, (g, from, to) => g.Node("Expand", ["x", "s"], [to])), "more than the 201326592 bytes"),
        ["constant of shape"] = (() => Graph(1).Constant("s", new long[] { 1 << 13, 1 << 13 }, 2).Node("ConstantOfShape", ["s"], ["c"]).Node("Add", ["x", "c"], ["y"]), "more than the 16777216 elements"),
        ["constant of a negative shape"] = (() => Graph(1).Constant("s", new long[] { -5 }, 1).Node("ConstantOfShape", ["s"], ["c"]).Node("Add", ["x", "c"], ["y"]), "-5 are no sizes"),
        ["range"] = (() => Range(0, 1e18f, 1), "no allowed number of elements"),
        ["range without end"] = (() => Range(0, 1, 0), "no allowed number of elements"),
        ["range of no numbers"] = (() => Range(float.NaN, 1, 1), "no allowed number of elements"),
        ["many ranges"] = (() => Repeat(Graph(1).Constant("a", [0f]).Constant("b", [4e6f]).Constant("d", [1f]), 100, (g, from, to) => g.Node("Range", ["a", "b", "d"], [to])), "elements allowed"),
        ["many identities"] = (() => Repeat(Graph(4096, 1000), 100, (g, from, to) => g.Node("EyeLike", ["x"], [to])), "elements allowed"),
        ["many masks"] = (() => Repeat(Graph(4096, 1000), 100, (g, from, to) => g.Node("Dropout", ["x"], [$"{to}o", to])), "elements allowed"),
        ["pad"] = (() => Graph(4, 4).Constant("p", new long[] { 1 << 20, 1 << 20, 1 << 20, 1 << 20 }, 4).Node("Pad", ["x", "p"], ["y"]), "more than the 16777216 elements"),
        ["pad that overflows"] = (() => Graph(4).Constant("p", new long[] { long.MaxValue, long.MaxValue }, 2).Node("Pad", ["x", "p"], ["y"]), "do not fit"),
        ["pad that takes away too much"] = (() => Graph(4).Constant("p", new long[] { long.MinValue, 0 }, 2).Node("Pad", ["x", "p"], ["y"]), "do not fit"),
        ["one hot"] = (() => Integers(4096).Constant("d", new long[] { 1 << 20 }).Constant("v", [0f, 1], 2).Node("OneHot", ["i", "d", "v"], ["y"]), "more than the 16777216 elements"),
        ["one hot without bound"] = (() => Integers(4).Constant("d", new long[] { long.MaxValue }).Constant("v", [0f, 1], 2).Node("OneHot", ["i", "d", "v"], ["y"]), "depth 9.22"),
        ["transposed convolution"] = (() => Graph(1, 1, 4096, 4096).Constant("w", [1f], 1, 1, 1, 1).Node("ConvTranspose", ["x", "w"], ["y"], ("strides", new long[] { 4096, 4096 })), "more than the 16777216 elements"),
        ["transposed convolution of unmatched sizes"] = (() => Graph(1, 1, 4, 4).Constant("w", [1f], 1, 1, 1, 1).Node("ConvTranspose", ["x", "w"], ["y"], ("output_shape", new long[] { 4 })), "output_shape has 1 numbers; 2 are needed"),
        ["transposed convolution whose size comes back from above"] = (() => Graph(1, 1, 4096, 4096).Constant("w", [1f], 1, 1, 1, 1).Node("ConvTranspose", ["x", "w"], ["y"], ("strides", new long[] { 1 << 20, 1 << 20 }), ("auto_pad", "SAME_UPPER")), "elements allowed"),
        ["window whose places come back from above"] = (() => Graph(1, 1, 1, 1).Node("MaxPool", ["x"], ["y"], ("kernel_shape", new long[] { 65_536, 65_536 }), ("pads", new long[] { 65_000, 65_000, 65_535, 65_535 })), "more than 16777216 places"),
        ["strides whose product comes back from above"] = (() => Graph(1, 1, 1, 1, 1).Constant("w", [1f], 1, 1, 1, 1, 1).Node("Conv", ["x", "w"], ["y"],
            ("strides", new long[] { Many, Many, Many }), ("pads", new long[] { Many, Many, Many, Many, Many, Many })), "padded input has more than"),
        ["pads of a convolution"] = (() => Graph(1, 1, 4, 4).Constant("w", [1f], 1, 1, 1, 1).Node("Conv", ["x", "w"], ["y"], ("pads", new long[] { Many, Many, Many, Many })), "elements allowed"),
        ["einsum"] = (() => Graph(1 << 13).Node("Einsum", ["x", "x"], ["y"], ("equation", "i,j->ij")), "more than the 16777216 elements"),
        ["einsum that sums much"] = (() => Graph(1 << 10, 1 << 13).Node("Einsum", ["x", "x", "x"], ["y"], ("equation", "ij,kj,kj->k")), "multiply-adds"),
        ["einsum of letters without end"] = (() => Graph(1).Node("Einsum", ["x"], ["y"], ("equation", new string('a', 4000))), "does not fit"),
        ["reduction's tables"] = (() => Repeat(Graph(Many / 2), 8, (g, from, to) => g.Node("CumSum", ["x", "axis"], [to])).Constant("axis", new long[] { 0 }), "more than the 201326592 bytes"),
        ["gathering tables"] = (() => Repeat(Gathering(Many / 4), 60, (g, from, to) => g.Node("GatherElements", ["x", "i"], [to])), "more than the 201326592 bytes"),
        ["scattering tables"] = (() => Repeat(Gathering(Many / 4), 60, (g, from, to) => g.Node("ScatterElements", ["x", "i", "x"], [to])), "more than the 201326592 bytes"),
        ["largest of many"] = (() => Graph(Many).Constant("k", new long[] { Many }, 1).Node("TopK", ["x", "k"], ["y", "i"]), "multiply-adds"),
        ["quantising tables"] = (() => Repeat(Graph(Many / 4).Constant("s", [0.5f]), 60, (g, from, to) => g.Node("QuantizeLinear", ["x", "s"], [to + "q"]).Node("DequantizeLinear", [to + "q", "s"], [to])), "more than the 201326592 bytes"),
        ["lstm with another hidden size"] = (() => Lstm(4, 1 << 30), "hidden_size 1073741824 is not that of"),
        [WideLstm] = (() => new GraphWriter().Input("x", 1, 1, 1 << 20).Output("y").Constant("s", new long[] { 1, 4, 1 << 20 }, 3).Node("ConstantOfShape", ["s"], ["w"]).Constant("r", new float[4], 1, 4, 1)
            .Node("LSTM", ["x", "w", "r"], ["y"], ("hidden_size", 1)), "more than the 201326592 bytes"),
        ["lstm over too many steps"] = (() => new GraphWriter().Input("x", Many, 1, 1).Output("y").Constant("w", new float[64], 1, 64, 1).Constant("r", new float[1024], 1, 64, 16).Node("LSTM", ["x", "w", "r"], ["y"], ("hidden_size", 16)), "elements allowed"),
        ["sequence of huge sizes"] = (() => new GraphWriter().Raw(11, GraphWriter.Message(w => w.WriteText(1, "x").WriteRaw(2, GraphWriter.Message(t => t.WriteRaw(4, GraphWriter.Message(s => s.WriteRaw(1, GraphWriter.Message(u =>
            u.WriteRaw(1, GraphWriter.Message(e => e.WriteNumber(1, 1).WriteRaw(2, GraphWriter.Message(d => d.WriteRaw(1, GraphWriter.Message(n => n.WriteNumber(1, long.MaxValue))))))))))))))).Output("y").Node("Relu", ["x"], ["y"]), "is not a tensor"),
        ["split into others"] = (() => Graph(8).Constant("s", new long[] { long.MaxValue, 1 }, 2).Node("Split", ["x", "s"], ["y", "z"]), "do not make up"),
        ["concatenation"] = (() => Graph(Many / 2).Node("Concat", ["x", "x", "x"], ["y"], ("axis", 0)), "elements allowed"),
        ["space to depth"] = (() => Graph(1, 1, 4, 4).Node("SpaceToDepth", ["x"], ["y"], ("blocksize", 1 << 30)), "must be 1 to 4096"),
        ["output an operator does not have"] = (() => Graph(3).Node("Relu", ["x"], ["a", "b"]).Node("Tanh", ["b"], ["y"]), "'b' is named as an output of an operator that has none such"),
        ["result an operator does not have"] = (() => Graph(3).Node("Relu", ["x"], ["a", "y"]), "'y' is named as an output of an operator that has none such"),
        ["name of an inner value"] = (() => Graph(3).Node("Tanh", ["x"], ["y:product:0"]).Node("Relu", ["x"], ["y:part:0"]).Node("Sum", ["x", "y:part:0", "y:product:0"], ["y"]), "The name 'y:part:0' is taken"),
        ["forest without nodes"] = (() => Trees([], [], [], []), "it has no nodes"),
        ["tree that is its own child"] = (() => Trees([0], [0], [0], ["BRANCH_LEQ"]), "is reached in two ways"),
        ["trees in a circle"] = (() => Trees([0, 1, 2], [1, 2, 1], [1, 2, 1], ["BRANCH_LEQ", "BRANCH_LEQ", "BRANCH_LEQ"]), "is reached in two ways"),
        ["tree without a child"] = (() => Trees([0], [1 << 30], [1 << 30], ["BRANCH_LEQ"]), "which does not exist"),
        ["tree of a depth without end"] = (() => Deep(5_000), "deeper than the 512 levels"),
        ["ragged tree"] = (() => Trees([0, 1], [1], [1, 1], ["BRANCH_LEQ", "LEAF"]), "nodes_truenodeids has 1 elements; 2 are needed"),
        ["tree of unknown questions"] = (() => Trees([0], [0], [0], ["BRANCH_MAYBE"]), "nodes_modes has 'BRANCH_MAYBE'"),
        ["trees for targets without number"] = (() => new GraphWriter().Input("x", 1, 1).Output("y").DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"], ("n_targets", int.MaxValue)), "n_targets is 2147483647"),
        ["linear model for targets without number"] = (() => new GraphWriter().Input("x", 1, 1).Output("y").DomainNode("ai.onnx.ml", "LinearRegressor", ["x"], ["y"], ("targets", int.MaxValue), ("coefficients", new[] { 1f })), "do not fit"),
        ["arena"] = (() => Repeat(Graph(Many), 3, (g, from, to) => g.Node("Relu", ["x"], [to])), "more than the 201326592 bytes"),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void Is_refused_in_words(string name)
    {
        Assert.SkipWhen(name == WideLstm && !System.Numerics.Vector.IsHardwareAccelerated, "Without vectors its weights take half the room, which is allowed.");
        (Func<GraphWriter> graph, string says) = Cases[name];
        byte[] bytes = graph().Bytes();
        long before = GC.GetAllocatedBytesForCurrentThread();
        double start = ThreadClock.Seconds;
        var e = Assert.Throws<ModelException>(() => OnnxModel.Load(bytes).Compile());
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L << 20);
        Assert.InRange(ThreadClock.Seconds - start, 0, 2);
    }

    private static GraphWriter Graph(params long[] shape) => Old(17, shape);

    private static GraphWriter Old(int opset, params long[] shape) => new GraphWriter { Opset = opset }.Input("x", [.. shape.Cast<object>()]).Output("y");

    private static GraphWriter Integers(long count) => new GraphWriter().IntegerInput("i", count).Output("y");

    private static GraphWriter Gathering(long count) => Graph(count).Constant("s", new long[] { count }, 1).Node("ConstantOfShape", ["s"], ["i"], ("value", GraphWriter.Tensor("", 7, [1], w => w.WriteRaw(9, new byte[8]))));

    private static GraphWriter Range(float start, float end, float step) => Graph(1).Constant("a", [start]).Constant("b", [end]).Constant("d", [step]).Node("Range", ["a", "b", "d"], ["r"]).Node("Add", ["x", "r"], ["y"]);

    private static GraphWriter Lstm(int hidden, int said) => new GraphWriter().Input("x", 1, 1, 1).Output("y").Constant("w", new float[4 * hidden], 1, 4 * hidden, 1).Constant("r", new float[4 * hidden * hidden], 1, 4 * hidden, hidden)
        .Node("LSTM", ["x", "w", "r"], ["y"], ("hidden_size", said));

    /// <summary>The same node many times, all of whose results are outputs.</summary>
    private static GraphWriter Repeat(GraphWriter graph, int times, Func<GraphWriter, string, string, GraphWriter> node)
    {
        for (int i = 0; i < times; i++) node(graph, i == 0 ? "x" : $"r{i - 1}", i == times - 1 ? "y" : $"r{i}");
        for (int i = 0; i < times - 1; i++) graph.Raw(12, GraphWriter.Message(w => w.WriteText(1, $"r{i}").WriteRaw(2, GraphWriter.Message(t => t.WriteRaw(1, GraphWriter.Message(e => e.WriteNumber(1, 1)))))));
        return graph;
    }

    private static GraphWriter Trees(long[] ids, long[] yes, long[] no, string[] modes) => new GraphWriter().Input("x", 1, 1).Output("y").DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"],
        ("nodes_treeids", new long[ids.Length]), ("nodes_nodeids", ids), ("nodes_featureids", new long[ids.Length]), ("nodes_truenodeids", yes), ("nodes_falsenodeids", no), ("nodes_values", new float[ids.Length]), ("nodes_modes", modes),
        ("target_treeids", new long[] { 0 }), ("target_nodeids", new long[] { 0 }), ("target_ids", new long[] { 0 }), ("target_weights", new[] { 1f }));

    /// <summary>Each inner node has a leaf and the next inner node.</summary>
    private static GraphWriter Deep(int levels)
    {
        long[] ids = [.. Enumerable.Range(0, (2 * levels) + 1).Select(i => (long)i)];
        return Trees(ids, [.. ids.Select(i => i % 2 == 0 ? i + 1 : 0)], [.. ids.Select(i => i % 2 == 0 ? i + 2 : 0)], [.. ids.Select(i => i % 2 == 0 && i < 2 * levels ? "BRANCH_LEQ" : "LEAF")]);
    }
}
