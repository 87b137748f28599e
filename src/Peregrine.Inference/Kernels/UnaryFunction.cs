using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>An elementwise function with its parameters: on its own, or at the end of a dense layer.</summary>
internal abstract unsafe class UnaryFunction
{
    public abstract Kernel Dense(KernelKind kind, DenseArguments arguments);

    /// <summary>The last layer of a classifier with few classes; for vectors only.</summary>
    public abstract Kernel DenseSoftmax(DenseArguments arguments, bool logarithm);
    public abstract Kernel Convolution(KernelKind kind, ConvolutionArguments arguments);
    public abstract Kernel Map(KernelKind kind, float* from, float* to, int count);

    /// <summary>The function as a link of a chain.</summary>
    public abstract BoundLink Link { get; }
}

internal sealed unsafe class UnaryFunction<TOp>(float p = 0, float q = 0) : UnaryFunction
    where TOp : struct, IUnaryOp
{
    public override BoundLink Link => new BoundLink<UnaryLink<TOp>>(new UnaryLink<TOp>(p, q));

    public override Kernel Dense(KernelKind kind, DenseArguments arguments) => kind switch
    {
        KernelKind.Vector512 => new DenseKernel<TOp, Simd512, Vector512<float>>(arguments, p, q),
        KernelKind.Vector256 => new DenseKernel<TOp, Simd256, Vector256<float>>(arguments, p, q),
        KernelKind.Vector128 => new DenseKernel<TOp, Simd128, Vector128<float>>(arguments, p, q),
        _ => new ScalarDenseKernel<TOp>(arguments, p, q),
    };

    public override Kernel DenseSoftmax(DenseArguments arguments, bool logarithm) => new DenseSoftmaxKernel<TOp>(arguments, p, q, logarithm);

    public override Kernel Convolution(KernelKind kind, ConvolutionArguments arguments) => kind switch
    {
        KernelKind.Vector512 => new ConvolutionKernel<TOp, Simd512, Vector512<float>>(arguments, p, q),
        KernelKind.Vector256 => new ConvolutionKernel<TOp, Simd256, Vector256<float>>(arguments, p, q),
        KernelKind.Vector128 => new ConvolutionKernel<TOp, Simd128, Vector128<float>>(arguments, p, q),
        _ => new ScalarConvolutionKernel<TOp>(arguments, p, q),
    };

    public override Kernel Map(KernelKind kind, float* from, float* to, int count) => kind switch
    {
        KernelKind.Vector512 => new MapKernel<TOp, Simd512, Vector512<float>>(from, to, count, p, q),
        KernelKind.Vector256 => new MapKernel<TOp, Simd256, Vector256<float>>(from, to, count, p, q),
        KernelKind.Vector128 => new MapKernel<TOp, Simd128, Vector128<float>>(from, to, count, p, q),
        _ => new ScalarMapKernel<TOp>(from, to, count, p, q),
    };
}

/// <summary>One function over a whole tensor, and over the slack behind it up to a full vector.</summary>
internal sealed unsafe class MapKernel<TOp, TSimd, T>(float* from, float* to, int count, float p, float q) : Kernel
    where TOp : struct, IUnaryOp
    where TSimd : struct, ISimd<T>
    where T : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        T vp = TSimd.All(p), vq = TSimd.All(q);
        float* source = from;
        float* target = to;
        for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Load(source + i), vp, vq), target + i);
    }
}

internal sealed unsafe class ScalarMapKernel<TOp>(float* from, float* to, int count, float p, float q) : Kernel
    where TOp : struct, IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* source = from;
        float* target = to;
        for (int i = 0; i < count; i++) target[i] = TOp.Apply(source[i], p, q);
    }
}
