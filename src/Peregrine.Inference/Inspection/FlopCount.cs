using Peregrine.Inference.Format;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Inspection;

/// <summary>What one node costs in a run.</summary>
/// <param name="Flops">
/// As is the custom, 2 for each multiply-add of matrix products, and nothing for biases, activations, normalisations and other elementwise work, nor for
/// the comparisons of trees: Gemm and MatMul <c>2·|Y|·K</c>, Conv <c>2·|Y|·(C/groups)·|kernel|</c> (taps on padding count), ConvTranspose
/// <c>2·|X|·(M/groups)·|kernel|</c>, LSTM, GRU and RNN <c>2·steps·batch·(|W| + |R|)</c>, Einsum 2 for each combination of its indices, linear models
/// <c>2·rows·|coefficients|</c>.
/// </param>
/// <param name="WeightTrafficBytes">
/// Bytes of constant weights that any program has to read for it: once each, but a recurrent layer's R once for each time step, which cannot begin before
/// the one before has ended.
/// </param>
public readonly record struct FlopCount(long Flops, long WeightTrafficBytes)
{
    internal static FlopCount Of(NodeProto node, Func<string, Value?> find)
    {
        Value? In(int index) => index < node.Inputs.Count ? find(node.Inputs[index]) : null;
        Value? y = node.Outputs.Select(find).FirstOrDefault(static value => value is not null);
        Value? x = In(0);
        if (x is null || y is null) return default;
        switch (node.Operator)
        {
            case "Gemm":
                long depth = x.Shape[Integer(node, "transA") != 0 ? 0 : 1];
                return new FlopCount(2 * y.Count * depth, Bytes(In(1)));
            case "MatMul" or "MatMulInteger" when In(1) is { } b: return new FlopCount(2L * y.Count * Depth(x), Bytes(x) + Bytes(b));
            case "QLinearMatMul" when In(3) is { } b: return new FlopCount(2L * y.Count * Depth(x), Bytes(x) + Bytes(b));
            case "Conv" or "ConvInteger" when In(1) is { } w: return Convolution(y, w);
            case "QLinearConv" when In(3) is { } w: return Convolution(y, w);
            case "ConvTranspose" when In(1) is { } w: return new FlopCount(2L * x.Count * (w.Count / Math.Max(w.Shape[0], 1)), Bytes(w));
            case "LSTM" or "GRU" or "RNN" when In(1) is { } w && In(2) is { } r:
                long rows = x.Count / Math.Max(x.Shape[2], 1), steps = x.Shape[Integer(node, "layout") == 1 ? 1 : 0];
                return new FlopCount(2 * rows * ((long)w.Count + r.Count), Bytes(w) + (steps * Bytes(r)));
            case "Einsum": return new FlopCount(2 * Combinations(node, [.. node.Inputs.Select(find)]), node.Inputs.Sum(name => Bytes(find(name))));
            case "LinearClassifier" or "LinearRegressor":
                int coefficients = node.Attributes.FirstOrDefault(static attribute => attribute.Name == "coefficients")?.Floats.Count ?? 0;
                return new FlopCount(2L * (x.Shape.Length > 1 ? x.Shape[0] : 1) * coefficients, sizeof(float) * (long)coefficients);
            default: return default;
        }
    }

    private static int Depth(Value left) => left.Shape.Length == 0 ? 1 : left.Shape[^1];

    private static FlopCount Convolution(Value y, Value w) => new(2L * y.Count * (w.Count / Math.Max(w.Shape[0], 1)), Bytes(w));

    /// <summary>The product of the sizes of all indices; an ellipsis counts as what it stands for.</summary>
    private static long Combinations(NodeProto node, Value?[] operands)
    {
        string equation = node.Attributes.FirstOrDefault(static attribute => attribute.Name == "equation")?.Text.ToStringUtf8() ?? "";
        string[] terms = equation.Replace(" ", "", StringComparison.Ordinal).Split("->")[0].Split(',');
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < terms.Length && i < operands.Length && operands[i] is { } operand; i++)
        {
            string[] sides = terms[i].Split("...");
            for (int axis = 0; axis < operand.Shape.Length; axis++)
            {
                int back = operand.Shape.Length - axis;
                string label = axis < sides[0].Length ? $"{sides[0][axis]}" : sides.Length > 1 && back <= sides[1].Length ? $"{sides[1][^back]}" : $"...{back - (sides.Length > 1 ? sides[1].Length : 0)}";
                sizes[label] = Math.Max(sizes.GetValueOrDefault(label), operand.Shape[axis]);
            }
        }
        return sizes.Values.Aggregate(1L, static (product, size) => product * size);
    }

    private static long Bytes(Value? value) => value?.Constant is { } data ? data.Bytes.Length : 0;

    private static long Integer(NodeProto node, string name) => node.Attributes.FirstOrDefault(attribute => attribute.Name == name)?.Integer ?? 0;
}
