using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Functions of one number, and of two as ONNX broadcasts them.</summary>
internal static unsafe class ElementwiseOperators
{
    public static void Relu(NodeContext node)
    {
        if (node.Input(0).Type is ElementType.Float32) Activation(node, new UnaryFunction<ReluOp>());
        else Number<ReluNumber>(node);
    }

    public static void LeakyRelu(NodeContext node) => Fast<LeakyReluF>(node, new UnaryFunction<LeakyReluOp>(node.Float("alpha", 0.01f)), node.Float("alpha", 0.01f));
    public static void Elu(NodeContext node) => Fast<EluF>(node, new UnaryFunction<EluOp>(node.Float("alpha", 1)), node.Float("alpha", 1));
    public static void Tanh(NodeContext node) => Fast<TanhF>(node, new UnaryFunction<TanhOp>());
    public static void Sigmoid(NodeContext node) => Fast<SigmoidF>(node, new UnaryFunction<SigmoidOp>());
    public static void Softplus(NodeContext node) => Fast<SoftplusF>(node, new UnaryFunction<SoftplusOp>());
    public static void Erf(NodeContext node) => Plain<ErfF>(node, new UnaryFunction<ErfOp>());
    public static void Exp(NodeContext node) => Plain<ExpF>(node, new UnaryFunction<ExpOp>());
    public static void Log(NodeContext node) => Plain<LogF>(node, new UnaryFunction<LogOp>());
    public static void Sqrt(NodeContext node) => Plain<SqrtF>(node, new UnaryFunction<SqrtOp>());

    public static void Abs(NodeContext node)
    {
        if (node.Input(0).IsFloat) Map(node, node.Input(0), new UnaryFunction<AbsOp>());
        else Number<AbsNumber>(node);
    }

    public static void Neg(NodeContext node)
    {
        if (node.Input(0).IsFloat) Map(node, node.Input(0), new UnaryFunction<NegOp>());
        else Number<NegNumber>(node);
    }

    public static void Sign(NodeContext node) => Number<SignNumber>(node);
    public static void BitwiseNot(NodeContext node) => Number<BitsNot>(node);

    /// <summary>A function that is computed in the precision of its input: float32 or float64.</summary>
    public static Action<NodeContext> Function<TOp>(string? first = null, double p = 0, string? second = null, double q = 0)
        where TOp : struct, IFloatFunction =>
        node => Float<TOp>(node, first is null ? p : node.Float(first, (float)p), second is null ? q : node.Float(second, (float)q));

    public static void Gelu(NodeContext node)
    {
        if (node.Text("approximate", "none") == "tanh") Float<GeluTanhF>(node, 0, 0);
        else Fast<GeluF>(node, new UnaryFunction<GeluOp>());
    }

    public static void IsNaN(NodeContext node) => Question<IsNotANumber>(node, 0);
    public static void IsInf(NodeContext node) => Question<IsInfinite>(node, (node.Integer("detect_positive", 1) != 0 ? 1 : 0) | (node.Integer("detect_negative", 1) != 0 ? 2 : 0));
    public static void Not(NodeContext node) => Question<IsZero>(node, 0);

    public static Action<NodeContext> Compare<TOp>()
        where TOp : struct, IComparison => node =>
        {
            Value a = node.Input(0), b = Aligned(node, a, node.Input(1));
            if (a.Type != b.Type) throw node.Fail($"{a} and {b} have different types.");
            int[] shape = node.Common(a, b);
            BroadcastLoops loops = BroadcastLoops.Plan(a.Shape, b.Shape, shape);
            node.Emit(ElementType.Bool, shape, [a, b], (binder, y) => a.Type.Call(new ComparisonCall<TOp>(binder.Address(a), binder.Address(b), binder.Address(y), loops)));
        };

    public static Action<NodeContext> Binary<TOp>()
        where TOp : struct, INumberBinary => node => Emit<TOp>(node, node.Input(0), Aligned(node, node.Input(0), node.Input(1)));

    /// <summary>Any number of operands, one after the other.</summary>
    public static Action<NodeContext> Variadic<TOp>(bool mean = false)
        where TOp : struct, INumberBinary => node =>
        {
            Value sum = node.Input(0);
            if (node.InputCount == 1) node.Alias(sum, sum.Shape);
            for (int i = 1; i < node.InputCount; i++)
            {
                bool last = i == node.InputCount - 1;
                if (last && !mean) Emit<TOp>(node, sum, node.Input(i));
                else sum = Inner<TOp>(node, sum, node.Input(i));
            }
            if (!mean || node.InputCount == 1) return;
            Value total = sum;
            if (!total.IsFloat) throw node.Fail($"{total}: float32 is allowed.");
            node.Emit(total.Type, total.Shape, [total], (binder, y) => new UnaryFunction<ScaleOp>(1f / node.InputCount).Map(binder.Kind, binder.Floats(total), binder.Floats(y), total.Count));
        };

    public static void Mod(NodeContext node)
    {
        if (node.Integer("fmod", 0) != 0) Emit<FmodNumbers>(node, node.Input(0), node.Input(1));
        else Emit<ModNumbers>(node, node.Input(0), node.Input(1));
    }

    public static void BitShift(NodeContext node)
    {
        if (node.Text("direction", "") == "LEFT") Emit<ShiftLeft>(node, node.Input(0), node.Input(1));
        else Emit<ShiftRight>(node, node.Input(0), node.Input(1));
    }

    public static void PRelu(NodeContext node)
    {
        Value x = node.Input(0), slope = node.Input(1);
        if (node.Opset < 7 && slope.Shape.Length == 1 && x.Shape.Length > 1) slope = NodeContext.View(slope, [slope.Count, .. Enumerable.Repeat(1, x.Shape.Length - 2)]);
        Emit<PReluNumbers>(node, x, slope);
    }

    public static void Where(NodeContext node)
    {
        Value c = node.Input(0), a = node.Input(1), b = node.Input(2);
        if (c.Type != ElementType.Bool || a.Type != b.Type) throw node.Fail($"condition {c} must be bool, {a} and {b} of one type.");
        int[] shape = node.Common(c, a, b);
        node.Emit(a.Type, shape, [c, a, b], (binder, y) =>
        {
            binder.Memory.Count(3L * y.Count * sizeof(int));
            return a.Type.Call(new WhereCall(binder.Address(c), binder.Address(a), binder.Address(b), binder.Address(y),
                Shapes.BroadcastMap(c.Shape, shape), Shapes.BroadcastMap(a.Shape, shape), Shapes.BroadcastMap(b.Shape, shape)));
        });
    }

    public static void Emit<TOp>(NodeContext node, Value a, Value b)
        where TOp : struct, INumberBinary
    {
        (int[] shape, BroadcastLoops loops) = Plan(node, a, b);
        node.Emit(a.Type, shape, [a, b], (binder, y) => a.Type.Call(new NumberBinaryCall<TOp>(binder.Address(a), binder.Address(b), binder.Address(y), loops)));
    }

    public static Value Inner<TOp>(NodeContext node, Value a, Value b)
        where TOp : struct, INumberBinary
    {
        (int[] shape, BroadcastLoops loops) = Plan(node, a, b);
        return node.EmitInner("part", shape, [a, b], (binder, y) => a.Type.Call(new NumberBinaryCall<TOp>(binder.Address(a), binder.Address(b), binder.Address(y), loops)), 0, a.Type);
    }

    private static (int[] Shape, BroadcastLoops Loops) Plan(NodeContext node, Value a, Value b)
    {
        if (a.Type != b.Type) throw node.Fail($"{a} and {b} have different types.");
        int[] shape = node.Common(a, b);
        return (shape, BroadcastLoops.Plan(a.Shape, b.Shape, shape));
    }

    private static void Number<TOp>(NodeContext node)
        where TOp : struct, INumberUnary
    {
        Value x = node.Input(0);
        node.Emit(x.Type, x.Shape, [x], (binder, y) => x.Type.Call(new NumberUnaryCall<TOp>(binder.Address(x), binder.Address(y), x.Count)));
    }

    private static void Question<TOp>(NodeContext node, int form)
        where TOp : struct, IQuestion
    {
        Value x = node.Input(0);
        node.Emit(ElementType.Bool, x.Shape, [x], (binder, y) => x.Type.Call(new QuestionCall<TOp>(binder.Address(x), binder.Address(y), x.Count, form)));
    }

    private static void Float<TOp>(NodeContext node, double p, double q)
        where TOp : struct, IFloatFunction
    {
        Value x = node.Input(0);
        if (!x.Type.IsFloat()) throw node.Fail($"input 0 is {x}; float32 is allowed, float64 too.");
        node.Emit(x.Type, x.Shape, [x], (binder, y) => x.IsFloat
            ? new FloatFunctionKernel<float, TOp>(binder.Address(x), binder.Address(y), x.Count, p, q)
            : new FloatFunctionKernel<double, TOp>(binder.Address(x), binder.Address(y), x.Count, p, q));
    }

    private static void Fast<TOp>(NodeContext node, UnaryFunction fast, double p = 0)
        where TOp : struct, IFloatFunction
    {
        if (node.Input(0).IsFloat) Activation(node, fast);
        else Float<TOp>(node, p, 0);
    }

    private static void Plain<TOp>(NodeContext node, UnaryFunction fast)
        where TOp : struct, IFloatFunction
    {
        if (node.Input(0).IsFloat) Map(node, node.Input(0), fast);
        else Float<TOp>(node, 0, 0);
    }

    public static void Sub(NodeContext node) => Arithmetic<SubOp, SubNumbers>(node);
    public static void Mul(NodeContext node) => Arithmetic<MulOp, MulNumbers>(node);
    public static void Div(NodeContext node) => Arithmetic<DivOp, DivNumbers>(node);

    public static void Add(NodeContext node)
    {
        if (node.Opset >= 7 && (node.TryFuseBias(node.Input(0), node.Input(1)) || node.TryFuseBias(node.Input(1), node.Input(0)))) return;
        Arithmetic<AddOp, AddNumbers>(node);
    }

    /// <summary>Bounds are attributes before opset 11, inputs from then on; constant ones join the layer before.</summary>
    public static void Clip(NodeContext node)
    {
        Value x = node.Input(0);
        Value? low = node.Opset < 11 ? null : node.Optional(1), high = node.Opset < 11 ? null : node.Optional(2);
        if (x.IsFloat && low is null or { IsFloat: true, Constant.Count: 1 } && high is null or { IsFloat: true, Constant.Count: 1 })
        {
            float p = low?.Constant!.Floats[0] ?? node.Float("min", float.NegativeInfinity), q = high?.Constant!.Floats[0] ?? node.Float("max", float.PositiveInfinity);
            Activation(node, new UnaryFunction<ClipOp>(p, q));
            return;
        }
        foreach (Value? bound in new[] { low, high })
            if (bound is not null && (bound.Count != 1 || bound.Type != x.Type)) throw node.Fail($"{bound} must be one number of the type of {x}.");
        node.Emit(x.Type, x.Shape, [x, .. new[] { low, high }.OfType<Value>()], (binder, y) =>
            x.Type.Call(new ClipCall(binder.Address(x), low is null ? 0 : binder.Address(low), high is null ? 0 : binder.Address(high), binder.Address(y), x.Count)));
    }

    /// <summary>A constant exponent of 2 or 0.5 becomes a multiplication or a root.</summary>
    public static void Pow(NodeContext node)
    {
        Value x = node.Input(0);
        Value exponent = Aligned(node, x, node.Input(1));
        if (x.IsFloat && exponent.Constant is { Count: 1 } data && exponent.Shape.Length <= x.Shape.Length)
        {
            double power = data.Number(0);
            UnaryFunction? simple = power switch { 2 => new UnaryFunction<SquareOp>(), 0.5 => new UnaryFunction<SqrtOp>(), 1 => new UnaryFunction<IdentityOp>(), _ => null };
            if (simple is not null)
            {
                Map(node, x, simple);
                return;
            }
        }
        if (!x.IsFloat || !exponent.IsFloat)
        {
            Value power = Inner<PowNumbers>(node, node.As(ElementType.Float64, x), node.As(ElementType.Float64, exponent));
            node.Emit(x.Type, power.Shape, [power], (binder, y) => CastKernels.Make(binder.Address(power), power.Type, binder.Address(y), x.Type, y.Count));
            return;
        }
        int[] shape = Shapes.Broadcast(x.Shape, exponent.Shape) ?? throw node.Fail($"{x} and {exponent} do not broadcast to a common shape.");
        BroadcastLoops loops = BroadcastLoops.Plan(x.Shape, exponent.Shape, node.Checked(shape));
        node.Emit(x.Type, shape, [x, exponent], (binder, y) => new BinaryFunction<PowOp>().Map(binder.Kind, binder.Floats(x), binder.Floats(exponent), binder.Floats(y), loops));
    }

    private static void Activation(NodeContext node, UnaryFunction function) => Activation(node, node.FloatInput(0), function);

    /// <summary>The node's output is a function of this tensor, which joins the layer or the chain before it.</summary>
    public static void Activation(NodeContext node, Value x, UnaryFunction function)
    {
        if (!node.TryFuse(x, function)) Map(node, x, function);
    }

    private static void Map(NodeContext node, Value x, UnaryFunction function) =>
        node.EmitLink(x, new ChainStep.Link(null, (_, _) => function.Link), (binder, from, to) => function.Map(binder.Kind, binder.Floats(from), binder.Floats(to), to.Count));

    private static void Arithmetic<TOp, TNumbers>(NodeContext node)
        where TOp : struct, IBinaryOp
        where TNumbers : struct, INumberBinary
    {
        Value a = node.Input(0), b = Aligned(node, a, node.Input(1));
        if (a.Type != b.Type) throw node.Fail($"{a} and {b} have different types.");
        int[] shape = Shapes.Broadcast(a.Shape, b.Shape) ?? throw node.Fail($"{a} and {b} do not broadcast to a common shape.");
        BroadcastLoops loops = BroadcastLoops.Plan(a.Shape, b.Shape, node.Checked(shape));
        if (a.IsFloat && TryLink<TOp>(node, a, b, shape, loops)) return;
        node.Emit(a.Type, shape, [a, b], (binder, y) => a.IsFloat
            ? new BinaryFunction<TOp>().Map(binder.Kind, binder.Floats(a), binder.Floats(b), binder.Floats(y), loops)
            : a.Type.Call(new NumberBinaryCall<TNumbers>(binder.Address(a), binder.Address(b), binder.Address(y), loops)), 0, loops.IsFlat ? [a, b] : []);
    }

    /// <summary>With a constant on one side and the result's shape on the other, the operation may be a link of a chain.</summary>
    private static bool TryLink<TOp>(NodeContext node, Value a, Value b, int[] shape, BroadcastLoops loops)
        where TOp : struct, IBinaryOp
    {
        bool right = b.Constant is not null && a.Shape.AsSpan().SequenceEqual(shape), left = a.Constant is not null && b.Shape.AsSpan().SequenceEqual(shape);
        if (right == left) return false; // Two constants fold, two computed tensors are no chain.
        Value constant = left ? a : b, computed = left ? b : a;
        if (constant.Count == 1 && node.TryFuse(computed, WithNumber(constant.Constant!.Floats[0]))) return true;
        node.EmitLink(computed, constant.Count == 1 ? NumberLink(constant.Constant!.Floats[0]) : new ChainStep.Link(constant, TensorLink), (binder, x, y) => left
            ? new BinaryFunction<TOp>().Map(binder.Kind, binder.Floats(constant), binder.Floats(x), binder.Floats(y), loops)
            : new BinaryFunction<TOp>().Map(binder.Kind, binder.Floats(x), binder.Floats(constant), binder.Floats(y), loops));
        return true;

        UnaryFunction WithNumber(float number) => left ? new UnaryFunction<NumberBefore<TOp>>(number) : new UnaryFunction<NumberAfter<TOp>>(number);

        ChainStep.Link NumberLink(float number) => new(null, (_, _) => Bound(new NumberOperand(number)));

        BoundLink TensorLink(nint tensor, int step) => Bound(new TensorOperand(tensor, step));

        BoundLink Bound<TOperand>(TOperand operand)
            where TOperand : struct, IOperand =>
            left ? new BoundLink<LeftLink<TOp, TOperand>>(new LeftLink<TOp, TOperand>(operand)) : new BoundLink<RightLink<TOp, TOperand>>(new RightLink<TOp, TOperand>(operand));
    }

    /// <summary>Before opset 7 the second operand stood at an axis of the first; later it stands at the end.</summary>
    public static Value Aligned(NodeContext node, Value a, Value b)
    {
        if (node.Opset >= 7 || !node.Has("axis") || b.Shape.Length == 0) return b;
        int axis = node.Axis(node.Integer("axis", 0), a.Shape.Length);
        int behind = a.Shape.Length - axis - b.Shape.Length;
        if (behind < 0) throw node.Fail($"{b} does not fit {a} at axis {axis}.");
        return NodeContext.View(b, [.. b.Shape, .. Enumerable.Repeat(1, behind)]);
    }
}
