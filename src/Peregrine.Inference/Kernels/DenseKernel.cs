using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>The memory of one dense layer: Y[rows, N] = f(X[rows, K] W + b), W in <see cref="Panels"/>, b padded with zeros.</summary>
internal unsafe struct DenseArguments
{
    public float* Weights;
    public float* Bias;
    public float* X;
    public float* Y;
    public int Rows;
    public int Depth;
    public int Columns;
}

/// <summary>
/// A dense layer with its activation, one row at a time. A column of a wide panel is summed in two chains (even and odd k), of a narrower panel in
/// four (k modulo 4), at every vector width; that keeps the multipliers busy and the rounding the same.
/// </summary>
internal sealed unsafe class DenseKernel<TOp, TSimd, T>(DenseArguments a, float p, float q) : Kernel
    where TOp : struct, IUnaryOp
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private readonly float* _weights = a.Weights;
    private readonly float* _bias = a.Bias;
    private readonly float* _x = a.X;
    private readonly float* _y = a.Y;
    private readonly int _rows = a.Rows;
    private readonly int _depth = a.Depth;
    private readonly int _columns = a.Columns;
    private readonly int _wide = Panels.Split(a.Columns).Wide;
    private readonly bool _half = Panels.Split(a.Columns).Half;
    private readonly bool _narrow = Panels.Split(a.Columns).Narrow;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = _x;
        float* y = _y;
        int depth = _depth;
        for (int row = 0; row < _rows; row++, x += depth, y += _columns)
        {
            float* w = _weights;
            float* b = _bias;
            float* to = y;
            for (int panel = 0; panel < _wide; panel++, w += (long)Panels.Wide * depth, b += Panels.Wide, to += Panels.Wide)
                for (int strip = 0; strip < Panels.Wide; strip += 4 * TSimd.Width)
                    FourVectors(w + strip, b + strip, x, to + strip, depth);
            if (_half)
            {
                for (int strip = 0; strip < Panels.Half; strip += 2 * TSimd.Width) TwoVectors(w + strip, b + strip, x, to + strip, depth, Panels.Half);
                w += (long)Panels.Half * depth;
                b += Panels.Half;
                to += Panels.Half;
            }
            if (_narrow)
            {
                if (TSimd.Width == Panels.Narrow) OneVector(w, b, x, to, depth);
                else for (int strip = 0; strip < Panels.Narrow; strip += 2 * TSimd.Width) TwoVectors(w + strip, b + strip, x, to + strip, depth, Panels.Narrow);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FourVectors(float* w, float* b, float* x, float* y, int depth)
    {
        int l = TSimd.Width;
        T a0 = TSimd.Load(b), a1 = TSimd.Load(b + l), a2 = TSimd.Load(b + (2 * l)), a3 = TSimd.Load(b + (3 * l));
        T c0 = TSimd.All(0), c1 = c0, c2 = c0, c3 = c0;
        float* end = x + depth;
        for (float* last = end - 1; x < last; x += 2, w += 2 * Panels.Wide)
        {
            T v = TSimd.All(x[0]);
            a0 = TSimd.Fma(v, TSimd.Load(w), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w + l), a1);
            a2 = TSimd.Fma(v, TSimd.Load(w + (2 * l)), a2);
            a3 = TSimd.Fma(v, TSimd.Load(w + (3 * l)), a3);
            v = TSimd.All(x[1]);
            c0 = TSimd.Fma(v, TSimd.Load(w + Panels.Wide), c0);
            c1 = TSimd.Fma(v, TSimd.Load(w + Panels.Wide + l), c1);
            c2 = TSimd.Fma(v, TSimd.Load(w + Panels.Wide + (2 * l)), c2);
            c3 = TSimd.Fma(v, TSimd.Load(w + Panels.Wide + (3 * l)), c3);
        }
        if (x < end)
        {
            T v = TSimd.All(x[0]);
            a0 = TSimd.Fma(v, TSimd.Load(w), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w + l), a1);
            a2 = TSimd.Fma(v, TSimd.Load(w + (2 * l)), a2);
            a3 = TSimd.Fma(v, TSimd.Load(w + (3 * l)), a3);
        }
        T vp = TSimd.All(p), vq = TSimd.All(q);
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(a0, c0), vp, vq), y);
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(a1, c1), vp, vq), y + l);
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(a2, c2), vp, vq), y + (2 * l));
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(a3, c3), vp, vq), y + (3 * l));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TwoVectors(float* w, float* b, float* x, float* y, int depth, int columns)
    {
        int l = TSimd.Width;
        T a0 = TSimd.Load(b), a1 = TSimd.Load(b + l);
        T c0 = TSimd.All(0), c1 = c0, d0 = c0, d1 = c0, e0 = c0, e1 = c0;
        float* end = x + depth;
        for (float* last = end - 3; x < last; x += 4, w += 4 * columns)
        {
            T v = TSimd.All(x[0]);
            a0 = TSimd.Fma(v, TSimd.Load(w), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w + l), a1);
            v = TSimd.All(x[1]);
            c0 = TSimd.Fma(v, TSimd.Load(w + columns), c0);
            c1 = TSimd.Fma(v, TSimd.Load(w + columns + l), c1);
            v = TSimd.All(x[2]);
            d0 = TSimd.Fma(v, TSimd.Load(w + (2 * columns)), d0);
            d1 = TSimd.Fma(v, TSimd.Load(w + (2 * columns) + l), d1);
            v = TSimd.All(x[3]);
            e0 = TSimd.Fma(v, TSimd.Load(w + (3 * columns)), e0);
            e1 = TSimd.Fma(v, TSimd.Load(w + (3 * columns) + l), e1);
        }
        if (x < end)
        {
            T v = TSimd.All(x[0]);
            a0 = TSimd.Fma(v, TSimd.Load(w), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w + l), a1);
        }
        if (x + 1 < end)
        {
            T v = TSimd.All(x[1]);
            c0 = TSimd.Fma(v, TSimd.Load(w + columns), c0);
            c1 = TSimd.Fma(v, TSimd.Load(w + columns + l), c1);
        }
        if (x + 2 < end)
        {
            T v = TSimd.All(x[2]);
            d0 = TSimd.Fma(v, TSimd.Load(w + (2 * columns)), d0);
            d1 = TSimd.Fma(v, TSimd.Load(w + (2 * columns) + l), d1);
        }
        T vp = TSimd.All(p), vq = TSimd.All(q);
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(TSimd.Add(a0, c0), TSimd.Add(d0, e0)), vp, vq), y);
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(TSimd.Add(a1, c1), TSimd.Add(d1, e1)), vp, vq), y + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void OneVector(float* w, float* b, float* x, float* y, int depth)
    {
        T a0 = TSimd.Load(b), c0 = TSimd.All(0), d0 = c0, e0 = c0;
        float* end = x + depth;
        for (float* last = end - 3; x < last; x += 4, w += 4 * Panels.Narrow)
        {
            a0 = TSimd.Fma(TSimd.All(x[0]), TSimd.Load(w), a0);
            c0 = TSimd.Fma(TSimd.All(x[1]), TSimd.Load(w + Panels.Narrow), c0);
            d0 = TSimd.Fma(TSimd.All(x[2]), TSimd.Load(w + (2 * Panels.Narrow)), d0);
            e0 = TSimd.Fma(TSimd.All(x[3]), TSimd.Load(w + (3 * Panels.Narrow)), e0);
        }
        if (x < end) a0 = TSimd.Fma(TSimd.All(x[0]), TSimd.Load(w), a0);
        if (x + 1 < end) c0 = TSimd.Fma(TSimd.All(x[1]), TSimd.Load(w + Panels.Narrow), c0);
        if (x + 2 < end) d0 = TSimd.Fma(TSimd.All(x[2]), TSimd.Load(w + (2 * Panels.Narrow)), d0);
        TSimd.Store(TOp.Apply<TSimd, T>(TSimd.Add(TSimd.Add(a0, c0), TSimd.Add(d0, e0)), TSimd.All(p), TSimd.All(q)), y);
    }
}

/// <summary>The same layer without vectors.</summary>
internal sealed unsafe class ScalarDenseKernel<TOp>(DenseArguments a, float p, float q) : Kernel
    where TOp : struct, IUnaryOp
{
    private readonly DenseArguments _a = a;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = _a.X;
        float* y = _a.Y;
        for (int row = 0; row < _a.Rows; row++, x += _a.Depth, y += _a.Columns) ScalarPanels.Product<TOp>(_a.Weights, _a.Bias, x, y, _a.Depth, _a.Columns, p, q);
    }
}

/// <summary>A product of two computed matrices, one or many: packs the right one, then runs the dense kernel bound to that memory.</summary>
internal sealed unsafe class PackKernel(float* source, int kStride, int nStride, int depth, int columns, float scale, bool scalar, float* packed) : Kernel
{
    public override void Run() => Panels.Pack(source, kStride, nStride, depth, columns, scale, scalar, packed);
}

/// <summary>Runs kernels one after the other, as one step.</summary>
internal sealed class SequenceKernel(Kernel[] kernels) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        foreach (Kernel kernel in kernels) kernel.Run();
    }
}
