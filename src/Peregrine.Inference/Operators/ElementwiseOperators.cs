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

    public static void Sub(NodeContext node) => Arithmetic<SubOp>(node, (a, b) => unchecked(a - b));
    public static void Mul(NodeContext node) => Arithmetic<MulOp>(node, (a, b) => unchecked(a * b));
    public static void Div(NodeContext node) => Arithmetic<DivOp>(node, (a, b) => b switch { 0 => 0, -1 => unchecked(-a), _ => a / b });

    public static void Add(NodeContext node)
    {
        if (node.TryFuseBias(node.Input(0), node.Input(1)) || node.TryFuseBias(node.Input(1), node.Input(0))) return;
        Arithmetic<AddOp>(node, (a, b) => unchecked(a + b));
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
            float power = exponent.IsFloat ? data.Floats[0] : data.Integers[0];
            UnaryFunction? simple = power switch { 2 => new UnaryFunction<SquareOp>(), 0.5f => new UnaryFunction<SqrtOp>(), 1 => new UnaryFunction<IdentityOp>(), _ => null };
            if (simple is not null)
            {
                Map(node, x, simple);
                return;
            }
        }
        if (!exponent.IsFloat) throw node.Fail($"exponent {exponent}; float32, or the constants 1 and 2, are allowed.");
        Arithmetic<PowOp>(node, (_, _) => 0);
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

    private static void Arithmetic<TOp>(NodeContext node, Func<long, long, long> integers)
        where TOp : struct, IBinaryOp
    {
        Value a = node.Input(0), b = node.Input(1);
        if (a.Type != b.Type) throw node.Fail($"{a} and {b} have different types.");
        int[] shape = Shapes.Broadcast(a.Shape, b.Shape) ?? throw node.Fail($"{a} and {b} do not broadcast to a common shape.");
        BroadcastLoops loops = BroadcastLoops.Plan(a.Shape, b.Shape, node.Checked(shape));
        if (a.IsFloat)
            node.Emit(a.Type, shape, [a, b], (binder, y) => new BinaryFunction<TOp>().Map(binder.Kind, binder.Floats(a), binder.Floats(b), binder.Floats(y), loops));
        else
            node.Emit(a.Type, shape, [a, b], (binder, y) => new IntegerBinaryKernel(
                binder.Integers(a), binder.Integers(b), binder.Integers(y), loops, (p, q) => Format.TensorDecoder.Narrow(integers(p, q), a.Type)));
    }
}
