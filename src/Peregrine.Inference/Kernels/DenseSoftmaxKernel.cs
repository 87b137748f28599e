using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// The last layer of a classifier of at most four classes with its activation and softmax: the sums never leave the register. Four chains per column, as in
/// <see cref="DenseKernel{TOp, TSimd, T}"/>; only the first four columns of the panel are worked on, so one form serves every vector family.
/// </summary>
internal sealed unsafe class DenseSoftmaxKernel<TOp>(DenseArguments a, float p, float q, bool logarithm) : Kernel
    where TOp : struct, IUnaryOp
{
    private readonly DenseArguments _a = a;
    private readonly Vector128<float> _lanes = ShortSoftmax.Lanes(a.Columns);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        const int Row = Panels.Narrow;
        Vector128<float> lanes = _lanes, bias = Vector128.Load(_a.Bias);
        float* x = _a.X;
        float* y = _a.Y;
        for (int row = 0; row < _a.Rows; row++, y += _a.Columns)
        {
            Vector128<float> a0 = bias, c0 = Vector128<float>.Zero, d0 = c0, e0 = c0;
            float* w = _a.Weights;
            float* end = x + _a.Depth;
            for (float* last = end - 3; x < last; x += 4, w += 4 * Row)
            {
                a0 = Simd128.Fma(Vector128.Create(x[0]), Vector128.Load(w), a0);
                c0 = Simd128.Fma(Vector128.Create(x[1]), Vector128.Load(w + Row), c0);
                d0 = Simd128.Fma(Vector128.Create(x[2]), Vector128.Load(w + (2 * Row)), d0);
                e0 = Simd128.Fma(Vector128.Create(x[3]), Vector128.Load(w + (3 * Row)), e0);
            }
            if (x < end) a0 = Simd128.Fma(Vector128.Create(x[0]), Vector128.Load(w), a0);
            if (x + 1 < end) c0 = Simd128.Fma(Vector128.Create(x[1]), Vector128.Load(w + Row), c0);
            if (x + 2 < end) d0 = Simd128.Fma(Vector128.Create(x[2]), Vector128.Load(w + (2 * Row)), d0);
            Vector128<float> sums = TOp.Apply<Simd128, Vector128<float>>((a0 + c0) + (d0 + e0), Vector128.Create(p), Vector128.Create(q));
            ShortSoftmax.Apply(sums, lanes, logarithm).Store(y);
            x = end;
        }
    }
}
