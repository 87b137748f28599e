using Peregrine.Inference.Planning;
using Peregrine.Inference.Trees;

namespace Peregrine.Inference.Operators;

/// <summary>Tree ensembles of ai.onnx.ml: forests and gradient boosting, as scikit-learn, XGBoost and LightGBM are exported.</summary>
internal static unsafe class TreeOperators
{
    public static void Regressor(NodeContext node)
    {
        Value x = Rows(node, out int rows, out int features);
        int targets = (int)node.Integer("n_targets", 1);
        if (targets < 1 || targets > node.Limits.ElementsMax) throw node.Fail($"n_targets is {targets}.");
        TreeAggregate aggregate = node.Text("aggregate_function", "SUM") switch
        {
            "SUM" => TreeAggregate.Sum,
            "AVERAGE" => TreeAggregate.Average,
            "MIN" => TreeAggregate.Min,
            "MAX" => TreeAggregate.Max,
            string other => throw node.Fail($"aggregate_function '{other}'; allowed are SUM, AVERAGE, MIN and MAX."),
        };
        TreeSet set = TreeReader.Read(node, "target", targets, features);
        float[] bases = Bases(node, targets);
        PostTransform transform = Transform(node);
        node.Emit(ElementType.Float32, [rows, targets], [x], (binder, y) =>
        {
            var scores = new TreeScores(set, aggregate, features, binder.Memory);
            float divisor = aggregate == TreeAggregate.Average ? set.Roots.Count : 1;
            return new TreeRegressorKernel(scores, binder.Floats(x), binder.Floats(y), rows, features, targets, divisor, bases, transform, (bool*)binder.Memory.Take(targets));
        }, (long)rows * set.Roots.Count * (set.Depth + targets));
    }

    public static void Classifier(NodeContext node)
    {
        Value x = Rows(node, out int rows, out int features);
        if (node.Texts("classlabels_strings") is { Length: > 0 }) throw node.Fail("classlabels_strings; only whole numbers as labels are supported.");
        long[] labels = node.Integers("classlabels_int64s") is { Length: > 0 } given ? given : throw node.Fail("classlabels_int64s is missing.");
        int scored = Math.Max(labels.Length, 2); // One label alone is the positive one of two.
        TreeSet set = TreeReader.Read(node, "class", scored, features);
        bool oneSided = scored == 2 && node.Integers("class_ids")!.Distinct().Count() == 1;
        bool positive = node.Floats("class_weights")!.All(static weight => weight >= 0);
        float[] bases = Bases(node, scored);
        PostTransform transform = Transform(node);
        node.EmitMany([(ElementType.Int64, [rows]), (ElementType.Float32, [rows, scored])], [x], (binder, outputs) =>
        {
            var scores = new TreeScores(set, TreeAggregate.Sum, features, binder.Memory);
            long* label = outputs[0] is { } read ? binder.Integers(read) : (long*)binder.Memory.Take(rows * (long)sizeof(long));
            float* y = outputs[1] is { } probabilities ? binder.Floats(probabilities) : (float*)binder.Memory.Take(Memory.BytesFor((long)rows * scored, ElementType.Float32));
            return new TreeClassifierKernel(scores, binder.Floats(x), label, labels.Length == 1 ? [0, labels[0]] : labels, y, rows, features, scored, bases, transform, oneSided, positive, (bool*)binder.Memory.Take(scored));
        }, (long)rows * set.Roots.Count * (set.Depth + scored));
    }

    private static Value Rows(NodeContext node, out int rows, out int features)
    {
        Value x = node.FloatInput(0);
        if (x.Shape.Length is not (1 or 2) || x.Count == 0) throw node.Fail($"{x} must have one or two dimensions, and elements.");
        rows = x.Shape.Length == 1 ? 1 : x.Shape[0];
        features = x.Shape[^1];
        return x;
    }

    private static float[] Bases(NodeContext node, int targets)
    {
        float[] bases = node.Floats("base_values") ?? [];
        return bases.Length <= targets ? bases : throw node.Fail($"base_values has {bases.Length} numbers; at most {targets} are allowed.");
    }

    private static PostTransform Transform(NodeContext node) => PostTransforms.Find(node.Text("post_transform", "NONE"))
        ?? throw node.Fail($"post_transform '{node.Text("post_transform", "")}'; allowed are NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO and PROBIT.");
}
