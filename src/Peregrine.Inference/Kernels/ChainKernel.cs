using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// Elementwise functions one after the other: a vector goes through all links before the next one is loaded, so that nothing is stored in between.
/// Made for short tensors, where a kernel costs more than its numbers do.
/// </summary>
internal sealed unsafe class ChainKernel<TSimd, T>(float* from, float* to, int rows, int count, ChainLink[] links) : Kernel
    where TSimd : struct, ISimd<T>
    where T : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += count, y += count)
        {
            for (int i = 0; i < count; i += TSimd.Width)
            {
                T v = TSimd.Load(x + i);
                foreach (ref readonly ChainLink link in links.AsSpan())
                {
                    T p = link.Operand != null ? TSimd.Load(link.Operand + ((long)row * link.Step) + i) : TSimd.All(link.P);
                    v = ChainLink.Apply<TSimd, T>(link.Operation, v, p, TSimd.All(link.Q));
                }
                TSimd.Store(v, y + i);
            }
        }
    }
}

/// <summary>The same without vectors: link by link over the whole row, because a choice per number would cost more than the number.</summary>
internal sealed unsafe class ScalarChainKernel(float* from, float* to, int rows, int count, ChainLink[] links) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int row = 0; row < rows; row++)
        {
            float* x = from + ((long)row * count);
            float* y = to + ((long)row * count);
            foreach (ref readonly ChainLink link in links.AsSpan())
            {
                float* operand = link.Operand == null ? null : link.Operand + ((long)row * link.Step);
                float p = link.P, q = link.Q;
                switch (link.Operation)
                {
                    case ChainOperation.Add: Two<AddOp>(x, y, operand, p); break;
                    case ChainOperation.Subtract: Two<SubOp>(x, y, operand, p); break;
                    case ChainOperation.Multiply: Two<MulOp>(x, y, operand, p); break;
                    case ChainOperation.Divide: Two<DivOp>(x, y, operand, p); break;
                    case ChainOperation.SubtractFrom: Reversed<SubOp>(x, y, operand, p); break;
                    case ChainOperation.DivideInto: Reversed<DivOp>(x, y, operand, p); break;
                    case ChainOperation.Relu: One<ReluOp>(x, y, p, q); break;
                    case ChainOperation.LeakyRelu: One<LeakyReluOp>(x, y, p, q); break;
                    case ChainOperation.Clip: One<ClipOp>(x, y, p, q); break;
                    case ChainOperation.Tanh: One<TanhOp>(x, y, p, q); break;
                    case ChainOperation.Sigmoid: One<SigmoidOp>(x, y, p, q); break;
                    case ChainOperation.Erf: One<ErfOp>(x, y, p, q); break;
                    case ChainOperation.Sqrt: One<SqrtOp>(x, y, p, q); break;
                    case ChainOperation.Abs: One<AbsOp>(x, y, p, q); break;
                    case ChainOperation.Negate: One<NegOp>(x, y, p, q); break;
                    case ChainOperation.Square: One<SquareOp>(x, y, p, q); break;
                    case ChainOperation.Scale: One<ScaleOp>(x, y, p, q); break;
                    case ChainOperation.Gelu: One<GeluOp>(x, y, p, q); break;
                    default: One<SiluOp>(x, y, p, q); break;
                }
                x = y;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void One<TOp>(float* x, float* y, float p, float q)
        where TOp : struct, IUnaryOp
    {
        for (int i = 0; i < count; i++) y[i] = TOp.Apply(x[i], p, q);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Two<TOp>(float* x, float* y, float* operand, float p)
        where TOp : struct, IBinaryOp
    {
        if (operand == null) for (int i = 0; i < count; i++) y[i] = TOp.Apply(x[i], p);
        else for (int i = 0; i < count; i++) y[i] = TOp.Apply(x[i], operand[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reversed<TOp>(float* x, float* y, float* operand, float p)
        where TOp : struct, IBinaryOp
    {
        if (operand == null) for (int i = 0; i < count; i++) y[i] = TOp.Apply(p, x[i]);
        else for (int i = 0; i < count; i++) y[i] = TOp.Apply(operand[i], x[i]);
    }
}

internal static unsafe class ChainKernels
{
    public static Kernel Make(KernelKind kind, float* from, float* to, int rows, int count, ChainLink[] links) => kind switch
    {
        KernelKind.Vector512 => new ChainKernel<Simd512, Vector512<float>>(from, to, rows, count, links),
        KernelKind.Vector256 => new ChainKernel<Simd256, Vector256<float>>(from, to, rows, count, links),
        KernelKind.Vector128 => new ChainKernel<Simd128, Vector128<float>>(from, to, rows, count, links),
        _ => new ScalarChainKernel(from, to, rows, count, links),
    };
}
