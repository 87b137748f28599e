using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// Two tensors walked together as ONNX broadcasts them: the last loop is dense or repeats one value, the loops around it advance by strides.
/// Neighbouring dimensions that advance alike were merged, so that equal shapes are one loop.
/// </summary>
internal sealed class BroadcastLoops
{
    private BroadcastLoops(int inner, bool innerA, bool innerB, int[] sizes, int[] stridesA, int[] stridesB)
    {
        Inner = inner;
        InnerA = innerA;
        InnerB = innerB;
        Sizes = sizes;
        StridesA = stridesA;
        StridesB = stridesB;
        Outer = sizes.Aggregate(1, (product, size) => product * size);
    }

    public int Inner { get; }
    public int Outer { get; }

    /// <summary>Whether both tensors are walked from end to end in one loop.</summary>
    public bool IsFlat => Outer == 1 && InnerA && InnerB;

    /// <summary>Whether the left tensor advances in the last loop.</summary>
    public bool InnerA { get; }
    public bool InnerB { get; }
    public int[] Sizes { get; }
    public int[] StridesA { get; }
    public int[] StridesB { get; }

    public static BroadcastLoops Plan(int[] a, int[] b, int[] result)
    {
        var sizes = new List<int>();
        var stridesA = new List<int>();
        var stridesB = new List<int>();
        int strideA = 1, strideB = 1;
        for (int back = 1; back <= result.Length; back++)
        {
            int size = result[^back];
            int sizeA = back <= a.Length ? a[^back] : 1;
            int sizeB = back <= b.Length ? b[^back] : 1;
            int stepA = sizeA == 1 ? 0 : strideA;
            int stepB = sizeB == 1 ? 0 : strideB;
            strideA *= sizeA;
            strideB *= sizeB;
            if (size == 1) continue;
            int last = sizes.Count - 1; // Innermost first while collecting.
            if (last >= 0 && stepA == stridesA[last] * sizes[last] && stepB == stridesB[last] * sizes[last])
            {
                sizes[last] *= size;
                continue;
            }
            sizes.Add(size);
            stridesA.Add(stepA);
            stridesB.Add(stepB);
        }
        if (sizes.Count == 0) return new BroadcastLoops(1, true, true, [], [], []);
        return new BroadcastLoops(
            sizes[0], stridesA[0] != 0, stridesB[0] != 0, [.. sizes.Skip(1)], [.. stridesA.Skip(1)], [.. stridesB.Skip(1)]);
    }
}

/// <summary>The odometer of the outer loops, innermost first; one per kernel, reused by each run.</summary>
internal sealed class Odometer(BroadcastLoops loops)
{
    private readonly int[] _at = new int[loops.Sizes.Length];

    /// <summary>Advances both offsets to the next outer position; after the last one they are back at zero.</summary>
    public void Next(ref int offsetA, ref int offsetB)
    {
        for (int d = 0; d < _at.Length; d++)
        {
            offsetA += loops.StridesA[d];
            offsetB += loops.StridesB[d];
            if (++_at[d] < loops.Sizes[d]) return;
            offsetA -= loops.StridesA[d] * loops.Sizes[d];
            offsetB -= loops.StridesB[d] * loops.Sizes[d];
            _at[d] = 0;
        }
    }
}

internal abstract unsafe class BinaryFunction
{
    public abstract Kernel Map(KernelKind kind, float* a, float* b, float* to, BroadcastLoops loops);
}

internal sealed unsafe class BinaryFunction<TOp> : BinaryFunction
    where TOp : struct, IBinaryOp
{
    public override Kernel Map(KernelKind kind, float* a, float* b, float* to, BroadcastLoops loops) => kind switch
    {
        KernelKind.Vector512 => new BinaryKernel<TOp, Simd512, Vector512<float>>(a, b, to, loops),
        KernelKind.Vector256 => new BinaryKernel<TOp, Simd256, Vector256<float>>(a, b, to, loops),
        KernelKind.Vector128 => new BinaryKernel<TOp, Simd128, Vector128<float>>(a, b, to, loops),
        _ => new ScalarBinaryKernel<TOp>(a, b, to, loops),
    };
}

/// <summary>Rows are written in order, so what a vector writes behind one row the next row overwrites, and behind the last lies slack.</summary>
internal sealed unsafe class BinaryKernel<TOp, TSimd, T>(float* a, float* b, float* to, BroadcastLoops loops) : Kernel
    where TOp : struct, IBinaryOp
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private readonly Odometer _odometer = new(loops);
    private readonly int _outer = loops.Outer;
    private readonly int _inner = loops.Inner;
    private readonly bool _innerA = loops.InnerA;
    private readonly bool _innerB = loops.InnerB;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* target = to;
        int offsetA = 0, offsetB = 0;
        for (int outer = 0; outer < _outer; outer++, target += _inner)
        {
            float* x = a + offsetA;
            float* y = b + offsetB;
            if (_innerA && _innerB)
            {
                for (int i = 0; i < _inner; i += TSimd.Width) TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Load(x + i), TSimd.Load(y + i)), target + i);
            }
            else if (_innerA)
            {
                T all = TSimd.All(*y);
                for (int i = 0; i < _inner; i += TSimd.Width) TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Load(x + i), all), target + i);
            }
            else
            {
                T all = TSimd.All(*x); // The last loop of a broadcast always moves one side.
                for (int i = 0; i < _inner; i += TSimd.Width) TSimd.Store(TOp.Apply<TSimd, T>(all, TSimd.Load(y + i)), target + i);
            }
            _odometer.Next(ref offsetA, ref offsetB);
        }
    }
}

internal sealed unsafe class ScalarBinaryKernel<TOp>(float* a, float* b, float* to, BroadcastLoops loops) : Kernel
    where TOp : struct, IBinaryOp
{
    private readonly Odometer _odometer = new(loops);
    private readonly int _stepA = loops.InnerA ? 1 : 0;
    private readonly int _stepB = loops.InnerB ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* target = to;
        int inner = loops.Inner;
        int offsetA = 0, offsetB = 0;
        for (int outer = 0; outer < loops.Outer; outer++, target += inner)
        {
            float* x = a + offsetA;
            float* y = b + offsetB;
            for (int i = 0; i < inner; i++) target[i] = TOp.Apply(x[i * _stepA], y[i * _stepB]);
            _odometer.Next(ref offsetA, ref offsetB);
        }
    }
}
