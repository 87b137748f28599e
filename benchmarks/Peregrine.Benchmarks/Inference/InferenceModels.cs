namespace Peregrine.Benchmarks.Inference;

/// <summary>The models that are measured: shapes that an appliance runs, with random weights unless a folder with trained ones is given.</summary>
/// <param name="Title">What it is, for a row.</param>
/// <param name="Folder">Its folder's name, in which model.onnx lies.</param>
/// <param name="Goal">How many times faster than ONNX Runtime it shall be.</param>
/// <param name="ScalarGoal">How many times slower it may be without SIMD; null for no goal.</param>
internal sealed record InferenceModel(string Title, string Folder, double Goal, double? ScalarGoal, Action<OnnxFile> Write)
{
    public const string MidMlp = "mlp_64_256_256_128_3";

    public static IReadOnlyList<InferenceModel> All { get; } =
    [
        new("small MLP 32-64-32-3", "mlp_32_64_32_3", 12, 6, static file => Mlp(file, 32, 64, 32, 3)),
        new("mid MLP 64-256-256-128-3", MidMlp, 1.6, 5, static file => Mlp(file, 64, 256, 256, 128, 3)),
        new("LSTM, 64 units, 32 steps", "lstm_h64_s32_f16", 1.5, 8, static file => Window(file, "LSTM", 4)),
        new("GRU, 64 units, 32 steps", "gru_h64_s32_f16", 1.5, null, static file => Window(file, "GRU", 3)),
        new("one LSTM step, state in and out", "lstm_step_stateful_op15", 7, null, Step),
        new("Conv1D 40x100, 3 layers of 16", "conv1d_c40_t100_ch16x3", 2.5, null, Convolutions),
        new("attention block d32, 4 heads, 16 steps", "attn_d32_h4_t16_op17", 1.5, null, Attention),
        new("forest, 50 trees of depth 6", "rf_classifier_50x6_ml1", 1.5, null, static file => Trees(file, trees: 50, depth: 6, features: 24, classes: 3)),
        new("boosted trees, 60 of depth 3", "gbdt_regressor_60x3_ml1", 1.5, null, static file => Trees(file, trees: 60, depth: 3, features: 16, classes: 0)),
    ];

    /// <summary>The model's file: the one in the given folder, or one that is written into the work folder now.</summary>
    public string Path(string? models, string workFolder)
    {
        if (models is not null && System.IO.Path.Combine(models, Folder, "model.onnx") is string given && File.Exists(given)) return given;
        string path = System.IO.Path.Combine(workFolder, Folder, "model.onnx");
        if (File.Exists(path)) return path;
        OnnxFile file = new(seed: Folder.Length);
        Write(file);
        file.Save(path);
        return path;
    }

    private static void Mlp(OnnxFile file, params int[] sizes)
    {
        file.Input("x", 1, sizes[0]).Output("p", 1, sizes[^1]);
        for (int layer = 1; layer < sizes.Length; layer++)
        {
            bool last = layer == sizes.Length - 1;
            file.Weights($"w{layer}", sizes[layer - 1], sizes[layer], sizes[layer - 1]).Weights($"b{layer}", sizes[layer - 1], sizes[layer]);
            file.Node("Gemm", $"{(layer == 1 ? "x" : $"a{layer - 1}")} w{layer} b{layer}", $"g{layer}", ("transB", 1));
            file.Node(last ? "Softmax" : "Relu", $"g{layer}", last ? "p" : $"a{layer}");
        }
    }

    private static void Window(OnnxFile file, string op, int gates)
    {
        const int steps = 32, features = 16, hidden = 64;
        file.Input("x", 1, steps, features).Output("y", 1, 3);
        file.Weights("w", hidden, 1, gates * hidden, features).Weights("r", hidden, 1, gates * hidden, hidden).Weights("b", hidden, 1, 2 * gates * hidden).Weights("wy", hidden, 3, hidden).Weights("by", hidden, 3);
        file.Constant("one", 1L).Constant("last", -1L).Constant("zero", 0L).Node("Transpose", "x", "t", ("perm", new long[] { 1, 0, 2 }));
        if (op == "GRU") file.Node(op, "t w r b", "all", ("hidden_size", hidden), ("linear_before_reset", 1));
        else file.Node(op, "t w r b", "all", ("hidden_size", hidden));
        file.Node("Squeeze", "all one", "steps").Node("Gather", "steps last", "taken", ("axis", 0)).Node("Squeeze", "taken zero", "h").Node("Gemm", "h wy by", "y", ("transB", 1));
    }

    private static void Step(OnnxFile file)
    {
        const int features = 16, hidden = 64;
        file.Input("x", 1, 1, features).Input("h", 1, 1, hidden).Input("c", 1, 1, hidden).Output("y", 1, 3).Output("hn", 1, 1, hidden).Output("cn", 1, 1, hidden);
        file.Weights("w", hidden, 1, 4 * hidden, features).Weights("r", hidden, 1, 4 * hidden, hidden).Weights("b", hidden, 1, 8 * hidden).Weights("wy", hidden, 3, hidden).Weights("by", hidden, 3);
        file.Constant("zero", 0L).Node("LSTM", "x w r b - h c", "all hn cn", ("hidden_size", hidden)).Node("Squeeze", "hn zero", "state").Node("Gemm", "state wy by", "y", ("transB", 1));
    }

    private static void Convolutions(OnnxFile file)
    {
        const int channels = 16, kernel = 3;
        file.Input("x", 1, 40, 100).Output("y", 1, 3);
        int inputs = 40, length = 100;
        for (int layer = 0; layer < 3; layer++, inputs = channels)
        {
            length -= kernel - 1;
            file.Weights($"w{layer}", inputs * kernel, channels, inputs, kernel).Weights($"b{layer}", inputs * kernel, channels);
            file.Node("Conv", $"{(layer == 0 ? "x" : $"a{layer - 1}")} w{layer} b{layer}", $"c{layer}").Node("Relu", $"c{layer}", $"a{layer}");
        }
        file.Weights("wy", channels * length, 3, channels * length).Weights("by", channels * length, 3).Node("Flatten", "a2", "f").Node("Gemm", "f wy by", "y", ("transB", 1));
    }

    private static void Attention(OnnxFile file)
    {
        const int steps = 16, features = 12, width = 32, heads = 4;
        file.Input("x", 1, steps, features).Output("y", 1, 3).Constant("split", 1, steps, heads, width / heads).Constant("joined", 1, steps, width).Constant("scale", MathF.Sqrt(width / heads));
        void Linear(string from, string to, int inputs, int outputs) => file.Weights($"w:{to}", inputs, inputs, outputs).Weights($"b:{to}", inputs, outputs).Node("MatMul", $"{from} w:{to}", $"m:{to}").Node("Add", $"m:{to} b:{to}", to);
        void Norm(string from, string to) => file.Weights($"s:{to}", width, width).Weights($"t:{to}", width, width).Node("LayerNormalization", $"{from} s:{to} t:{to}", to);
        Linear("x", "embedded", features, width);
        Norm("embedded", "n1");
        foreach (string part in new[] { "q", "k", "v" })
        {
            Linear("n1", part, width, width);
            file.Node("Reshape", $"{part} split", $"{part}4").Node("Transpose", $"{part}4", $"{part}h", ("perm", part == "k" ? new long[] { 0, 2, 3, 1 } : [0, 2, 1, 3]));
        }
        file.Node("MatMul", "qh kh", "scores").Node("Div", "scores scale", "scaled").Node("Softmax", "scaled", "weights", ("axis", -1)).Node("MatMul", "weights vh", "mixed")
            .Node("Transpose", "mixed", "back", ("perm", new long[] { 0, 2, 1, 3 })).Node("Reshape", "back joined", "flat");
        Linear("flat", "projected", width, width);
        file.Node("Add", "embedded projected", "r1");
        Norm("r1", "n2");
        Linear("n2", "wide", width, 2 * width);
        file.Node("Relu", "wide", "active");
        Linear("active", "narrow", 2 * width, width);
        file.Node("Add", "r1 narrow", "r2").Node("ReduceMean", "r2", "mean", ("axes", new long[] { 1 }), ("keepdims", 0)).Weights("wy", width, 3, width).Weights("by", width, 3).Node("Gemm", "mean wy by", "y", ("transB", 1));
    }

    /// <summary>Full trees over standard normal features; with classes a forest's probabilities, without a sum.</summary>
    private static void Trees(OnnxFile file, int trees, int depth, int features, int classes)
    {
        Random random = new(trees);
        int inner = (1 << depth) - 1, nodes = (2 * inner) + 1;
        List<long> tree = [], id = [], feature = [], yes = [], no = [], weightTree = [], weightNode = [], weightId = [];
        List<float> value = [], weight = [];
        List<string> mode = [];
        for (int t = 0; t < trees; t++)
        {
            for (int node = 0; node < nodes; node++)
            {
                bool leaf = node >= inner;
                tree.Add(t);
                id.Add(node);
                mode.Add(leaf ? "LEAF" : "BRANCH_LEQ");
                feature.Add(leaf ? 0 : random.Next(features));
                value.Add(leaf ? 0 : (float)((random.NextDouble() * 2) - 1));
                yes.Add(leaf ? 0 : (2 * node) + 1);
                no.Add(leaf ? 0 : (2 * node) + 2);
                if (!leaf) continue;
                for (int c = 0; c < Math.Max(classes, 1); c++)
                {
                    weightTree.Add(t);
                    weightNode.Add(node);
                    weightId.Add(c);
                    weight.Add((float)random.NextDouble() / trees);
                }
            }
        }
        string kind = classes > 0 ? "class" : "target";
        file.Input("X", 1, features);
        (string, object)[] lists =
        [
            ("nodes_treeids", tree), ("nodes_nodeids", id), ("nodes_featureids", feature), ("nodes_values", value), ("nodes_modes", mode), ("nodes_truenodeids", yes), ("nodes_falsenodeids", no),
            ($"{kind}_treeids", weightTree), ($"{kind}_nodeids", weightNode), ($"{kind}_ids", weightId), ($"{kind}_weights", weight),
        ];
        if (classes > 0) file.Labels("label", 1).Output("probabilities", 1, classes).Node("ai.onnx.ml", "TreeEnsembleClassifier", "X", "label probabilities", [.. lists, ("classlabels_int64s", Enumerable.Range(0, classes).Select(static c => (long)c).ToArray())]);
        else file.Output("variable", 1, 1).Node("ai.onnx.ml", "TreeEnsembleRegressor", "X", "variable", [.. lists, ("n_targets", 1)]);
    }
}
