using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// The matrix product of the scalar family. Eight columns at a time, each in an accumulator of its own, because an addition's result is ready only after
/// several more could have begun; multiply and add rounded apart.
/// </summary>
internal static unsafe class ScalarPanels
{
    private const int Width = Panels.ScalarWidth;

    /// <summary>y = f(start + x W), W[depth, columns] in panels; writes whole panels, or half of the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Product<TOp>(float* w, float* start, float* x, float* y, int depth, int columns, float p, float q)
        where TOp : struct, IUnaryOp
    {
        float* end = x + depth;
        for (int left = columns; left > 0; left -= Width, start += Width, y += Width)
        {
            float s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3];
            float* k = x;
            if (left <= Width / 2) // A layer of three classes is one such.
            {
                for (; k < end; k++, w += Width)
                {
                    float v = *k;
                    s0 += w[0] * v;
                    s1 += w[1] * v;
                    s2 += w[2] * v;
                    s3 += w[3] * v;
                }
                y[0] = TOp.Apply(s0, p, q);
                y[1] = TOp.Apply(s1, p, q);
                y[2] = TOp.Apply(s2, p, q);
                y[3] = TOp.Apply(s3, p, q);
                return;
            }
            float s4 = start[4], s5 = start[5], s6 = start[6], s7 = start[7];
            for (; k < end; k++, w += Width)
            {
                float v = *k;
                s0 += w[0] * v;
                s1 += w[1] * v;
                s2 += w[2] * v;
                s3 += w[3] * v;
                s4 += w[4] * v;
                s5 += w[5] * v;
                s6 += w[6] * v;
                s7 += w[7] * v;
            }
            y[0] = TOp.Apply(s0, p, q);
            y[1] = TOp.Apply(s1, p, q);
            y[2] = TOp.Apply(s2, p, q);
            y[3] = TOp.Apply(s3, p, q);
            y[4] = TOp.Apply(s4, p, q);
            y[5] = TOp.Apply(s5, p, q);
            y[6] = TOp.Apply(s6, p, q);
            y[7] = TOp.Apply(s7, p, q);
        }
    }
}
