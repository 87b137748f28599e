using Peregrine.Inference.Tests.Conformance;
using Peregrine.Testing;

namespace Peregrine.Inference.Tests.Fuzz;

/// <summary>Good models to be spoilt: small ones that say something to every family of operators, the demonstration's, and the official suite's where it is installed.</summary>
internal static class FuzzCorpus
{
    public static List<byte[]> Load()
    {
        var files = new List<byte[]>(Own()) { File.ReadAllBytes(Path.Combine(Repository.Root, "models", "demo.onnx")) };
        foreach (ConformanceCase test in ConformanceCase.All())
        {
            files.Add(test.Model);
            if (test.WithInitializers() is { } form) files.Add(form);
        }
        return files;
    }

    private static IEnumerable<byte[]> Own()
    {
        var random = new Random(7);
        float[] Some(int count) => Naive.Random(random, [count]).Floats;
        for (int i = 0; i < 12; i++) yield return RecurrentCase.Random(new[] { "LSTM", "GRU", "RNN" }[i % 3], random, unusual: i % 2 == 0).Graph(constantWeights: i % 4 != 3).Bytes();
        foreach (Func<Random, GraphWriter> family in VectorWidthTests.Families.Values)
            for (int i = 0; i < 4; i++) yield return family(random).Bytes();
        yield return HostileModelTests.Classifier();
        yield return new GraphWriter().Input("x", 1, 3, 12).Constant("w", Some(36), 4, 3, 3).Constant("b", Some(4), 4).Constant("s", Some(4), 4)
            .Node("Conv", ["x", "w", "b"], ["c"], ("pads", new long[] { 1, 1 }), ("strides", new long[] { 2 }), ("dilations", new long[] { 1 }), ("group", 1))
            .Node("BatchNormalization", ["c", "s", "b", "s", "s"], ["n"]).Node("Relu", ["n"], ["r"])
            .Node("MaxPool", ["r"], ["p"], ("kernel_shape", new long[] { 2 }), ("strides", new long[] { 2 }), ("ceil_mode", 1)).Node("GlobalAveragePool", ["p"], ["y"]).Output("y", 1, 4, 1).Bytes();
        yield return new GraphWriter().Input("x", 1, 4, 4, 4).Constant("w", Some(64), 4, 4, 2, 2)
            .Node("ConvTranspose", ["x", "w"], ["y"], ("strides", new long[] { 2, 2 }), ("output_padding", new long[] { 1, 1 }), ("dilations", new long[] { 1, 1 })).Output("y").Bytes();
        foreach (string aggregate in new[] { "SUM", "MIN" })
        {
            yield return new GraphWriter().Input("x", 2, 3).DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"],
                ("n_targets", 2), ("aggregate_function", aggregate), ("post_transform", "SOFTMAX"), ("base_values", new[] { 0.5f, 1 }),
                ("nodes_treeids", new long[] { 0, 0, 0, 0, 0, 1 }), ("nodes_nodeids", new long[] { 0, 1, 2, 3, 4, 0 }), ("nodes_featureids", new long[] { 1, 0, 0, 0, 0, 0 }),
                ("nodes_truenodeids", new long[] { 1, 3, 0, 0, 0, 0 }), ("nodes_falsenodeids", new long[] { 2, 4, 0, 0, 0, 0 }), ("nodes_values", Some(6)),
                ("nodes_modes", new[] { "BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF", "LEAF", "LEAF" }),
                ("target_treeids", new long[] { 0, 0, 0, 1 }), ("target_nodeids", new long[] { 2, 3, 4, 0 }), ("target_ids", new long[] { 0, 1, 0, 1 }), ("target_weights", Some(4))).Output("y", 2, 2).Bytes();
        }
        yield return new GraphWriter().Input("x", 2, 3)
            .DomainNode("ai.onnx.ml", "Imputer", ["x"], ["i"], ("imputed_value_floats", Some(3)), ("replaced_value_float", float.NaN))
            .DomainNode("ai.onnx.ml", "Scaler", ["i"], ["s"], ("offset", Some(3)), ("scale", Some(1))).DomainNode("ai.onnx.ml", "Normalizer", ["s"], ["n"], ("norm", "L2"))
            .DomainNode("ai.onnx.ml", "LinearClassifier", ["n"], ["l", "p"], ("classlabels_ints", new long[] { 3, 4, 5 }), ("coefficients", Some(9)), ("intercepts", Some(3)), ("post_transform", "SOFTMAX"))
            .IntegerOutput("l", 2).Output("p", 2, 3).Bytes();
        yield return new GraphWriter().Input("x", 2, 6).Constant("scale", [0.1f]).Constant("w", Some(12), 6, 2)
            .Node("DynamicQuantizeLinear", ["x"], ["q", "qs", "qz"]).Node("DequantizeLinear", ["q", "qs", "qz"], ["d"]).Node("Einsum", ["d", "w"], ["e"], ("equation", "...i,ij->...j"))
            .Node("QuantizeLinear", ["e", "scale"], ["f"]).Node("DequantizeLinear", ["f", "scale"], ["y"], ("axis", 0)).Output("y", 2, 2).Bytes();
        yield return new GraphWriter { Opset = 18 }.Input("x", "n", 4, 6).Constant("axes", new long[] { 1 }, 1).Constant("k", new long[] { 2 }, 1).Constant("sizes", new long[] { 1, 4, 9 }, 3)
            .Constant("pads", new long[] { 0, 1, 1, 0, 0, 2 }, 6).Constant("repeats", new long[] { 1, 2, 1 }, 3).Constant("starts", new long[] { 1 }, 1).Constant("ends", new long[] { -1 }, 1)
            .Node("Resize", ["x", "", "", "sizes"], ["r"], ("mode", "linear")).Node("Pad", ["r", "pads"], ["p"], ("mode", "reflect")).Node("Tile", ["p", "repeats"], ["t"]).Node("Slice", ["t", "starts", "ends", "axes"], ["s"])
            .Node("TopK", ["s", "k"], ["v", "i"], ("axis", 1)).Node("ReduceLogSumExp", ["v", "axes"], ["l"], ("keepdims", 0)).Node("GatherElements", ["v", "i"], ["g"], ("axis", 1))
            .Node("ScatterElements", ["v", "i", "g"], ["c"], ("axis", 1), ("reduction", "add")).Node("Split", ["c"], ["a", "b"], ("axis", 1), ("num_outputs", 2)).Node("Mul", ["a", "b"], ["m"])
            .Node("Softmax", ["m"], ["y"], ("axis", 1)).Output("y").Output("l").Bytes();
    }
}
