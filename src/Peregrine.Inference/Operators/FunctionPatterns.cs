using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Functions that several nodes compute together, planned as one; each answers false where constants or shapes do not fit.</summary>
internal static class FunctionPatterns
{
    private const double ConstantTolerance = 1e-6; // Exporters round sqrt 2 in single precision or write its inverse.

    public static bool Silu(NodeContext node, string input)
    {
        Value x = node.ValueNamed(input);
        if (!x.IsFloat) return false;
        ElementwiseOperators.Activation(node, x, new UnaryFunction<SiluOp>());
        return true;
    }

    public static bool Gelu(NodeContext node, string input, string scale, bool divided, string one, string half)
    {
        Value x = node.ValueNamed(input);
        double root = divided ? Math.Sqrt(2) : Math.Sqrt(0.5);
        if (!x.IsFloat || Number(node, x, one) is not 1 || Number(node, x, half) is not 0.5 || Number(node, x, scale) is not { } factor) return false;
        if (Math.Abs(factor - root) > ConstantTolerance) return false;
        ElementwiseOperators.Activation(node, x, new UnaryFunction<GeluOp>());
        return true;
    }

    public static bool LayerNormalization(NodeContext node, string input, NodeProto[] means, string exponent, string epsilon, string scale, string bias)
    {
        Value x = node.ValueNamed(input), factors = node.ValueNamed(scale), shifts = node.ValueNamed(bias);
        if (!x.IsFloat || x.Count == 0 || x.Shape.Length == 0 || Number(node, x, exponent) is not 2 || Number(node, x, epsilon) is not { } small) return false;
        if (!means.All(mean => OverLast(node, mean, x.Shape.Length))) return false;
        int count = x.Shape[^1];
        if (new[] { factors, shifts }.Any(v => !v.IsFloat || v.Shape.Length != 1 || v.Count != count)) return false;
        ReductionOperators.EmitLayerNormalization(node, x, factors, shifts, (float)small);
        return true;
    }

    /// <summary>Whether a mean goes over the last dimension alone and keeps it.</summary>
    private static bool OverLast(NodeContext node, NodeProto mean, int rank)
    {
        if (mean.Attributes.FirstOrDefault(a => a.Name == "keepdims") is { Integer: 0 }) return false;
        IReadOnlyList<long>? axes = mean.Inputs.Count > 1 ? node.ValueNamed(mean.Inputs[1]).Constant?.Integers : mean.Attributes.FirstOrDefault(a => a.Name == "axes")?.Integers;
        return axes is [long axis] && (axis == -1 || axis == rank - 1);
    }

    /// <summary>A constant that is one number and leaves the shape as it is.</summary>
    private static double? Number(NodeContext node, Value x, string name) =>
        node.ValueNamed(name) is { Constant: { Count: 1 } data, IsFloat: true } value && value.Shape.Length <= x.Shape.Length ? data.Number(0) : null;
}
