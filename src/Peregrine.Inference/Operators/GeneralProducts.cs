using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Matrix products of whole numbers and of float64, over the general loop of Einsum.</summary>
internal static class GeneralProducts
{
    public static void MatMul(NodeContext node)
    {
        (Value a, Value b) = Operands(node);
        if (a.Shape.Length == 0 || b.Shape.Length == 0) throw node.Fail($"{a} and {b} must have a dimension at least.");
        if (a.Shape[^1] != b.Shape[Math.Max(b.Shape.Length - 2, 0)]) throw node.Fail($"{a} and {b} do not fit: {a.Shape[^1]} against {b.Shape[Math.Max(b.Shape.Length - 2, 0)]}.");
        string left = a.Shape.Length == 1 ? "k" : "...mk", right = b.Shape.Length == 1 ? "k" : "...kn";
        string result = (left.Length + right.Length > 2 ? "..." : "") + (a.Shape.Length == 1 ? "" : "m") + (b.Shape.Length == 1 ? "" : "n");
        (int[] shape, Func<Binder, Value, Kernel> bind, long cost) = EinsumOperator.Read(node, $"{left},{right}->{result}", [a, b]);
        node.Emit(a.Type, shape, [a, b], bind, cost);
    }

    /// <summary>alpha A' B' + beta C; of whole numbers alpha and beta must be whole.</summary>
    public static void Gemm(NodeContext node)
    {
        (Value a, Value b) = Operands(node);
        Value? c = node.Optional(2);
        if (a.Shape.Length != 2 || b.Shape.Length != 2) throw node.Fail($"{a} and {b} must have two dimensions each.");
        bool transA = node.Integer("transA", 0) != 0, transB = node.Integer("transB", 0) != 0;
        if (a.Shape[transA ? 0 : 1] != b.Shape[transB ? 1 : 0]) throw node.Fail($"{a} and {b} do not fit: {a.Shape[transA ? 0 : 1]} against {b.Shape[transB ? 1 : 0]}.");
        (int[] shape, Func<Binder, Value, Kernel> bind, long cost) = EinsumOperator.Read(node, $"{(transA ? "km" : "mk")},{(transB ? "nk" : "kn")}->mn", [a, b]);
        if (c is not null && (c.Type != a.Type || Shapes.Broadcast(c.Shape, shape) is not { } common || !common.AsSpan().SequenceEqual(shape))) throw node.Fail($"{c} does not broadcast to {a.Type}{Shapes.Text(shape)}.");
        float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
        if (c is null && alpha == 1)
        {
            node.Emit(a.Type, shape, [a, b], bind, cost);
            return;
        }
        Value product = node.EmitInner("product", shape, [a, b], bind, cost, a.Type);
        if (c is null)
        {
            ElementwiseOperators.Emit<MulNumbers>(node, product, Number(node, a.Type, alpha));
            return;
        }
        if (alpha != 1) product = ElementwiseOperators.Inner<MulNumbers>(node, product, Number(node, a.Type, alpha));
        if (beta != 1) c = ElementwiseOperators.Inner<MulNumbers>(node, c, Number(node, a.Type, beta));
        ElementwiseOperators.Emit<AddNumbers>(node, product, c);
    }

    private static (Value A, Value B) Operands(NodeContext node)
    {
        (Value a, Value b) = (node.Input(0), node.Input(1));
        return a.Type == b.Type && a.Type.IsNumber() ? (a, b) : throw node.Fail($"{a} and {b} must be numbers of one type.");
    }

    private static Value Number(NodeContext node, ElementType type, float value) => type.IsFloat() || value == MathF.Truncate(value)
        ? node.Hold("factor", GatherOperators.Numbers(type, [], [value]))
        : throw node.Fail($"the factor {value} is not whole.");
}
