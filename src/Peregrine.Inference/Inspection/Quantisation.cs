using Peregrine.Inference.Format;

namespace Peregrine.Inference.Inspection;

/// <summary>The step in which a model rounds what it computes to a few bits.</summary>
internal static class Quantisation
{
    /// <summary>Enough to say that a model quantises, where the size of its step is not known before it runs.</summary>
    private const double SomeStep = double.Epsilon;

    /// <summary>The largest constant scale of the nodes that quantise; next to nothing where none is constant, and 0 where there is no such node.</summary>
    public static double StepOf(ModelGraph graph, ModelLimits limits)
    {
        double step = 0;
        foreach (NodeProto node in graph.Nodes)
        {
            int scale = node.Operator switch { "QuantizeLinear" => 1, "QLinearMatMul" or "QLinearConv" => 6, "DynamicQuantizeLinear" => -1, _ => int.MaxValue };
            if (scale == int.MaxValue) continue;
            step = Math.Max(step, SomeStep);
            if (scale >= 0 && scale < node.Inputs.Count && Constant(graph, node.Inputs[scale], limits) is { Type: ElementType.Float32, Count: > 0 } data) step = Math.Max(step, data.Floats.Max());
        }
        return step;
    }

    private static TensorData? Constant(ModelGraph graph, string name, ModelLimits limits)
    {
        if (graph.Constants.TryGetValue(name, out TensorData? data)) return data;
        NodeProto? source = graph.Nodes.FirstOrDefault(node => node.Operator == "Constant" && node.Outputs.Contains(name));
        return source?.Attributes.FirstOrDefault(static attribute => attribute.Tensor is not null)?.Tensor is { } tensor
            ? TensorDecoder.Decode(tensor, source.Where, limits, new ExternalData(null, limits))
            : null;
    }
}
