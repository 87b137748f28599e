using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// Elementwise functions one after the other: a vector goes through all links before the next one is loaded, so that nothing is stored in between.
/// Made for short tensors, where a kernel costs more than its numbers do.
/// </summary>
internal sealed unsafe class ChainKernel<TLink, TSimd, T>(float* from, float* to, int rows, int count, TLink link) : Kernel
    where TLink : struct, IChainLink
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private readonly TLink _link = link;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        TLink chain = _link;
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += count, y += count)
            for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(chain.Apply<TSimd, T>(TSimd.Load(x + i), row, i), y + i);
    }
}

/// <summary>The same without vectors.</summary>
internal sealed unsafe class ScalarChainKernel<TLink>(float* from, float* to, int rows, int count, TLink link) : Kernel
    where TLink : struct, IChainLink
{
    private readonly TLink _link = link;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        TLink chain = _link;
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += count, y += count)
            for (int i = 0; i < count; i++) y[i] = chain.Apply(x[i], row, i);
    }
}

/// <summary>A link whose type the runtime knows: together they become one type, for which the compiler writes one loop.</summary>
internal abstract class BoundLink
{
    public abstract Kernel End(Chain chain, int index);

    public abstract Kernel Before<TNext>(TNext next, Chain chain, int index)
        where TNext : struct, IChainLink;
}

internal sealed class BoundLink<TLink>(TLink link) : BoundLink
    where TLink : struct, IChainLink
{
    public override Kernel End(Chain chain, int index) => chain.Make(link, index);

    public override Kernel Before<TNext>(TNext next, Chain chain, int index) => chain.Make(new Then<TLink, TNext>(link, next), index);
}

/// <summary>Puts links together from the last to the first, and makes the kernel of all of them.</summary>
internal sealed unsafe class Chain(KernelKind kind, float* from, float* to, int rows, int count, BoundLink[] links)
{
    public Kernel Make() => links[^1].End(this, links.Length - 1);

    /// <param name="link">All links from the index on.</param>
    public Kernel Make<TLink>(TLink link, int index)
        where TLink : struct, IChainLink
    {
        if (index > 0) return links[index - 1].Before(link, this, index - 1);
        return kind switch
        {
            KernelKind.Vector512 => new ChainKernel<TLink, Simd512, Vector512<float>>(from, to, rows, count, link),
            KernelKind.Vector256 => new ChainKernel<TLink, Simd256, Vector256<float>>(from, to, rows, count, link),
            KernelKind.Vector128 => new ChainKernel<TLink, Simd128, Vector128<float>>(from, to, rows, count, link),
            _ => new ScalarChainKernel<TLink>(from, to, rows, count, link),
        };
    }
}
