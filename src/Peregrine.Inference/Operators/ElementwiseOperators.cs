using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Functions of one number, and of two as ONNX broadcasts them.</summary>
internal static unsafe class ElementwiseOperators
{
    public static void Relu(NodeContext node) => Activation(node, new UnaryFunction<ReluOp>());
    public static void LeakyRelu(NodeContext node) => Activation(node, new UnaryFunction<LeakyReluOp>(node.Float("alpha", 0.01f)));
    public static void Elu(NodeContext node) => Activation(node, new UnaryFunction<EluOp>(node.Float("alpha", 1)));
    public static void Tanh(NodeContext node) => Activation(node, new UnaryFunction<TanhOp>());
    public static void Sigmoid(NodeContext node) => Activation(node, new UnaryFunction<SigmoidOp>());
    public static void Softplus(NodeContext node) => Activation(node, new UnaryFunction<SoftplusOp>());
    public static void Erf(NodeContext node) => Map(node, node.FloatInput(0), new UnaryFunction<ErfOp>());
    public static void Exp(NodeContext node) => Map(node, node.FloatInput(0), new UnaryFunction<ExpOp>());
    public static void Log(NodeContext node) => Map(node, node.FloatInput(0), new UnaryFunction<LogOp>());
    public static void Sqrt(NodeContext node) => Map(node, node.FloatInput(0), new UnaryFunction<SqrtOp>());
    public static void Abs(NodeContext node) => Map(node, node.FloatInput(0), new UnaryFunction<AbsOp>());
    public static void Neg(NodeContext node) => Map(node, node.FloatInput(0), new UnaryFunction<NegOp>());

    public static void Sub(NodeContext node) => Arithmetic<SubOp, SubNumbers>(node);
    public static void Mul(NodeContext node) => Arithmetic<MulOp, MulNumbers>(node);
    public static void Div(NodeContext node) => Arithmetic<DivOp, DivNumbers>(node);

    public static void Add(NodeContext node)
    {
        if (node.Opset >= 7 && (node.TryFuseBias(node.Input(0), node.Input(1)) || node.TryFuseBias(node.Input(1), node.Input(0)))) return;
        Arithmetic<AddOp, AddNumbers>(node);
    }

    /// <summary>Bounds are attributes before opset 11, inputs from then on.</summary>
    public static void Clip(NodeContext node)
    {
        float low = Bound(node, "min", 1, float.NegativeInfinity);
        float high = Bound(node, "max", 2, float.PositiveInfinity);
        Activation(node, new UnaryFunction<ClipOp>(low, high));
    }

    /// <summary>A constant exponent of 2 or 0.5 becomes a multiplication or a root.</summary>
    public static void Pow(NodeContext node)
    {
        Value x = node.FloatInput(0);
        Value exponent = node.Input(1);
        if (exponent.Constant is { Count: 1 } data && exponent.Shape.Length <= x.Shape.Length)
        {
            double power = data.Number(0);
            UnaryFunction? simple = power switch { 2 => new UnaryFunction<SquareOp>(), 0.5 => new UnaryFunction<SqrtOp>(), 1 => new UnaryFunction<IdentityOp>(), _ => null };
            if (simple is not null)
            {
                Map(node, x, simple);
                return;
            }
        }
        if (!exponent.IsFloat) throw node.Fail($"exponent {exponent}; float32, or the constants 1 and 2, are allowed.");
        int[] shape = Shapes.Broadcast(x.Shape, exponent.Shape) ?? throw node.Fail($"{x} and {exponent} do not broadcast to a common shape.");
        BroadcastLoops loops = BroadcastLoops.Plan(x.Shape, exponent.Shape, node.Checked(shape));
        node.Emit(x.Type, shape, [x, exponent], (binder, y) => new BinaryFunction<PowOp>().Map(binder.Kind, binder.Floats(x), binder.Floats(exponent), binder.Floats(y), loops));
    }

    private static float Bound(NodeContext node, string attribute, int input, float otherwise)
    {
        if (node.Opset < 11) return node.Float(attribute, otherwise);
        if (node.Optional(input) is not { } bound) return otherwise;
        return bound is { IsFloat: true, Constant: { Count: 1 } data } ? data.Floats[0] : throw node.Fail($"{attribute} {bound} must be one constant float32.");
    }

    private static void Activation(NodeContext node, UnaryFunction function)
    {
        Value x = node.FloatInput(0);
        if (!node.TryFuse(x, function)) Map(node, x, function);
    }

    private static void Map(NodeContext node, Value x, UnaryFunction function) =>
        node.Emit(x.Type, x.Shape, [x], (binder, y) => function.Map(binder.Kind, binder.Floats(x), binder.Floats(y), x.Count));

    private static void Arithmetic<TOp, TNumbers>(NodeContext node)
        where TOp : struct, IBinaryOp
        where TNumbers : struct, INumberBinary
    {
        Value a = node.Input(0), b = Aligned(node, a, node.Input(1));
        if (a.Type != b.Type) throw node.Fail($"{a} and {b} have different types.");
        int[] shape = Shapes.Broadcast(a.Shape, b.Shape) ?? throw node.Fail($"{a} and {b} do not broadcast to a common shape.");
        BroadcastLoops loops = BroadcastLoops.Plan(a.Shape, b.Shape, node.Checked(shape));
        node.Emit(a.Type, shape, [a, b], (binder, y) => a.IsFloat
            ? new BinaryFunction<TOp>().Map(binder.Kind, binder.Floats(a), binder.Floats(b), binder.Floats(y), loops)
            : a.Type.Call(new NumberBinaryCall<TNumbers>(binder.Address(a), binder.Address(b), binder.Address(y), loops)));
    }

    /// <summary>Before opset 7 the second operand stood at an axis of the first; later it stands at the end.</summary>
    private static Value Aligned(NodeContext node, Value a, Value b)
    {
        if (node.Opset >= 7 || !node.Has("axis") || b.Shape.Length == 0) return b;
        int axis = node.Axis(node.Integer("axis", 0), a.Shape.Length);
        int behind = a.Shape.Length - axis - b.Shape.Length;
        if (behind < 0) throw node.Fail($"{b} does not fit {a} at axis {axis}.");
        return NodeContext.View(b, [.. b.Shape, .. Enumerable.Repeat(1, behind)]);
    }
}
