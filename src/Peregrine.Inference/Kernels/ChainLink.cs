using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>What one link of a chain does with the number that comes along it.</summary>
internal enum ChainOperation
{
    Add,
    Subtract,
    Multiply,
    Divide,

    /// <summary>The operand minus the number.</summary>
    SubtractFrom,

    /// <summary>The operand divided by the number.</summary>
    DivideInto,
    Relu,
    LeakyRelu,
    Clip,
    Tanh,
    Sigmoid,
    Erf,
    Sqrt,
    Abs,
    Negate,
    Square,
    Scale,
    Gelu,
    Silu,
}

/// <summary>One link, bound to its operand.</summary>
/// <param name="operation">The function.</param>
/// <param name="operand">A tensor; null where the operand is <paramref name="p"/>.</param>
/// <param name="p">The first number.</param>
/// <param name="q">The second number.</param>
/// <param name="step">How far the operand advances from row to row: 0 where each row meets the same one.</param>
internal readonly unsafe struct ChainLink(ChainOperation operation, float* operand, int step, float p, float q)
{
    public readonly ChainOperation Operation = operation;
    public readonly float* Operand = operand;
    public readonly int Step = step;
    public readonly float P = p;
    public readonly float Q = q;

    public static readonly IReadOnlyDictionary<Type, ChainOperation> Operations = new Dictionary<Type, ChainOperation>
    {
        [typeof(AddOp)] = ChainOperation.Add,
        [typeof(SubOp)] = ChainOperation.Subtract,
        [typeof(MulOp)] = ChainOperation.Multiply,
        [typeof(DivOp)] = ChainOperation.Divide,
        [typeof(ReluOp)] = ChainOperation.Relu,
        [typeof(LeakyReluOp)] = ChainOperation.LeakyRelu,
        [typeof(ClipOp)] = ChainOperation.Clip,
        [typeof(TanhOp)] = ChainOperation.Tanh,
        [typeof(SigmoidOp)] = ChainOperation.Sigmoid,
        [typeof(ErfOp)] = ChainOperation.Erf,
        [typeof(SqrtOp)] = ChainOperation.Sqrt,
        [typeof(AbsOp)] = ChainOperation.Abs,
        [typeof(NegOp)] = ChainOperation.Negate,
        [typeof(SquareOp)] = ChainOperation.Square,
        [typeof(ScaleOp)] = ChainOperation.Scale,
        [typeof(GeluOp)] = ChainOperation.Gelu,
        [typeof(SiluOp)] = ChainOperation.Silu,
    };

    /// <summary>The same functions that the separate kernels apply, so that a chain rounds as they do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(ChainOperation operation, T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct => operation switch
        {
            ChainOperation.Add => AddOp.Apply<TSimd, T>(x, p),
            ChainOperation.Subtract => SubOp.Apply<TSimd, T>(x, p),
            ChainOperation.Multiply => MulOp.Apply<TSimd, T>(x, p),
            ChainOperation.Divide => DivOp.Apply<TSimd, T>(x, p),
            ChainOperation.SubtractFrom => SubOp.Apply<TSimd, T>(p, x),
            ChainOperation.DivideInto => DivOp.Apply<TSimd, T>(p, x),
            ChainOperation.Relu => ReluOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.LeakyRelu => LeakyReluOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Clip => ClipOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Tanh => TanhOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Sigmoid => SigmoidOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Erf => ErfOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Sqrt => SqrtOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Abs => AbsOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Negate => NegOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Square => SquareOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Scale => ScaleOp.Apply<TSimd, T>(x, p, q),
            ChainOperation.Gelu => GeluOp.Apply<TSimd, T>(x, p, q),
            _ => SiluOp.Apply<TSimd, T>(x, p, q),
        };
}
