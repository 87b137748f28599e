using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Losses, as graphs that were exported with them contain: the negative log likelihood of labels, alone or after a softmax over axis 1.</summary>
internal static unsafe class LossOperators
{
    public static void NegativeLogLikelihood(NodeContext node) => Loss(node, node.FloatInput(0), node.Indices(1), node.Optional(2));

    public static void SoftmaxCrossEntropy(NodeContext node)
    {
        Value x = node.FloatInput(0);
        var along = new bool[x.Shape.Length];
        if (x.Shape.Length < 2 || x.Count == 0) throw node.Fail($"{x} must have two dimensions at least, none of them empty.");
        along[1] = true;
        Func<Binder, Value, Kernel> softmax = (binder, y) =>
        {
            (int[] starts, int[] steps) = ReductionOperators.Offsets(binder, x, along);
            return new StridedSoftmaxKernel(binder.Floats(x), binder.Floats(y), starts, steps, logarithm: true);
        };
        Value logs;
        if (node.Output(1, ElementType.Float32, x.Shape) is { } wanted)
        {
            node.EmitMany([wanted], [x], binder => softmax(binder, wanted), 4L * x.Count);
            logs = node.ValueNamed(wanted.Name);
        }
        else
        {
            logs = node.EmitInner("logs", x.Shape, [x], softmax, 4L * x.Count);
        }
        Loss(node, logs, node.Indices(1), node.Optional(2));
    }

    private static void Loss(NodeContext node, Value logs, Value labels, Value? weights)
    {
        if (logs.Shape.Length < 2 || !labels.Shape.SequenceEqual([logs.Shape[0], .. logs.Shape[2..]])) throw node.Fail($"{labels} does not fit {logs}.");
        if (weights is not null && (!weights.IsFloat || weights.Count != logs.Shape[1])) throw node.Fail($"{weights} must be one float32 for each of the {logs.Shape[1]} classes.");
        string reduction = node.Text("reduction", "mean");
        if (reduction is not ("none" or "sum" or "mean")) throw node.Fail($"reduction '{reduction}' is not known.");
        long? ignored = node.Has("ignore_index") ? node.Integer("ignore_index", 0) : null;
        int batches = logs.Shape[0], classes = logs.Shape[1], inner = Shapes.Product(logs.Shape.AsSpan(2..));
        node.Emit(ElementType.Float32, reduction == "none" ? labels.Shape : [], weights is null ? [logs, labels] : [logs, labels, weights], (binder, y) => new NegativeLogLikelihoodKernel(
            binder.Floats(logs), binder.Integers(labels), weights is null ? null : binder.Floats(weights), binder.Floats(y), batches, classes, inner, ignored, reduction), logs.Count);
    }
}
