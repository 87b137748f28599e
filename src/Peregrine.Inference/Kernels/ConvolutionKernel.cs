using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// The memory of a convolution made flat (<see cref="Planning.ConvolutionShape"/>): output channel m at position p is
/// bias[m] + Σ_i weights[m, i] x[p + offsets[i]], i over the input channels of its group and the taps of the kernel.
/// </summary>
internal unsafe struct ConvolutionArguments
{
    public float* X;
    public float* Y;

    /// <summary>Per group and four output channels: <c>[i][4]</c>; channels that are not there have zeros.</summary>
    public float* Weights;
    public float* Bias;
    public int* Offsets;

    /// <summary>Input channels of a group times taps.</summary>
    public int Terms;
    public int Groups;

    /// <summary>Output channels of a group.</summary>
    public int Channels;

    /// <summary>Positions of one output channel.</summary>
    public int Positions;
    public int Images;
    public long XPerGroup;
    public long XPerImage;
}

/// <summary>
/// A convolution with its activation: positions are the lanes, four channels by up to three vectors of positions stay in registers, every sum is one chain over
/// the terms in order (so each width gives the same bits). The last vector of a row begins early enough to end with the row: no tails.
/// </summary>
internal sealed unsafe class ConvolutionKernel<TOp, TSimd, T>(ConvolutionArguments a, float p, float q) : Kernel
    where TOp : struct, IUnaryOp
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private readonly ConvolutionArguments _a = a;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        int quads = (_a.Channels + 3) / 4;
        int vectors = (_a.Positions + TSimd.Width - 1) / TSimd.Width;
        int last = _a.Positions - TSimd.Width;
        float* y = _a.Y;
        for (int image = 0; image < _a.Images; image++)
        {
            for (int group = 0; group < _a.Groups; group++)
            {
                float* x = _a.X + (image * _a.XPerImage) + (group * _a.XPerGroup);
                for (int quad = 0; quad < quads; quad++)
                {
                    int channels = Math.Min(4, _a.Channels - (quad * 4));
                    float* w = _a.Weights + ((((long)group * quads) + quad) * _a.Terms * 4);
                    float* b = _a.Bias + (((group * quads) + quad) * 4);
                    if (last < 0) Short(x, w, b, y, channels);
                    for (int v = 0; v < vectors && last >= 0;)
                    {
                        int at = v * TSimd.Width;
                        int left = vectors - v;
                        if (left == 3 || left > 4)
                        {
                            Three(x + at, x + at + TSimd.Width, x + Math.Min(at + (2 * TSimd.Width), last), w, b, y + at, y + at + TSimd.Width, y + Math.Min(at + (2 * TSimd.Width), last), channels);
                            v += 3;
                        }
                        else if (left >= 2)
                        {
                            Two(x + at, x + Math.Min(at + TSimd.Width, last), w, b, y + at, y + Math.Min(at + TSimd.Width, last), channels);
                            v += 2;
                        }
                        else
                        {
                            One(x + Math.Min(at, last), w, b, y + Math.Min(at, last), _a.Positions, channels);
                            v++;
                        }
                    }
                    y += (long)channels * _a.Positions;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Three(float* x0, float* x1, float* x2, float* w, float* b, float* y0, float* y1, float* y2, int channels)
    {
        T a0 = TSimd.All(b[0]), b0 = TSimd.All(b[1]), c0 = TSimd.All(b[2]), d0 = TSimd.All(b[3]);
        T a1 = a0, a2 = a0, b1 = b0, b2 = b0, c1 = c0, c2 = c0, d1 = d0, d2 = d0;
        int* end = _a.Offsets + _a.Terms;
        for (int* offset = _a.Offsets; offset < end; offset++, w += 4)
        {
            long at = *offset;
            T v0 = TSimd.Load(x0 + at), v1 = TSimd.Load(x1 + at), v2 = TSimd.Load(x2 + at);
            T weight = TSimd.All(w[0]);
            a0 = TSimd.Fma(weight, v0, a0);
            a1 = TSimd.Fma(weight, v1, a1);
            a2 = TSimd.Fma(weight, v2, a2);
            weight = TSimd.All(w[1]);
            b0 = TSimd.Fma(weight, v0, b0);
            b1 = TSimd.Fma(weight, v1, b1);
            b2 = TSimd.Fma(weight, v2, b2);
            weight = TSimd.All(w[2]);
            c0 = TSimd.Fma(weight, v0, c0);
            c1 = TSimd.Fma(weight, v1, c1);
            c2 = TSimd.Fma(weight, v2, c2);
            weight = TSimd.All(w[3]);
            d0 = TSimd.Fma(weight, v0, d0);
            d1 = TSimd.Fma(weight, v1, d1);
            d2 = TSimd.Fma(weight, v2, d2);
        }
        Store(a0, b0, c0, d0, y0, _a.Positions, channels);
        Store(a1, b1, c1, d1, y1, _a.Positions, channels);
        Store(a2, b2, c2, d2, y2, _a.Positions, channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Two(float* x0, float* x1, float* w, float* b, float* y0, float* y1, int channels)
    {
        T a0 = TSimd.All(b[0]), b0 = TSimd.All(b[1]), c0 = TSimd.All(b[2]), d0 = TSimd.All(b[3]);
        T a1 = a0, b1 = b0, c1 = c0, d1 = d0;
        int* end = _a.Offsets + _a.Terms;
        for (int* offset = _a.Offsets; offset < end; offset++, w += 4)
        {
            long at = *offset;
            T v0 = TSimd.Load(x0 + at), v1 = TSimd.Load(x1 + at);
            T weight = TSimd.All(w[0]);
            a0 = TSimd.Fma(weight, v0, a0);
            a1 = TSimd.Fma(weight, v1, a1);
            weight = TSimd.All(w[1]);
            b0 = TSimd.Fma(weight, v0, b0);
            b1 = TSimd.Fma(weight, v1, b1);
            weight = TSimd.All(w[2]);
            c0 = TSimd.Fma(weight, v0, c0);
            c1 = TSimd.Fma(weight, v1, c1);
            weight = TSimd.All(w[3]);
            d0 = TSimd.Fma(weight, v0, d0);
            d1 = TSimd.Fma(weight, v1, d1);
        }
        Store(a0, b0, c0, d0, y0, _a.Positions, channels);
        Store(a1, b1, c1, d1, y1, _a.Positions, channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void One(float* x, float* w, float* b, float* y, long row, int channels)
    {
        T a0 = TSimd.All(b[0]), b0 = TSimd.All(b[1]), c0 = TSimd.All(b[2]), d0 = TSimd.All(b[3]);
        int* end = _a.Offsets + _a.Terms;
        for (int* offset = _a.Offsets; offset < end; offset++, w += 4)
        {
            T v = TSimd.Load(x + *offset);
            a0 = TSimd.Fma(TSimd.All(w[0]), v, a0);
            b0 = TSimd.Fma(TSimd.All(w[1]), v, b0);
            c0 = TSimd.Fma(TSimd.All(w[2]), v, c0);
            d0 = TSimd.Fma(TSimd.All(w[3]), v, d0);
        }
        Store(a0, b0, c0, d0, y, row, channels);
    }

    /// <summary>Rows shorter than a vector go through a place of their own: they would run into each other.</summary>
    private void Short(float* x, float* w, float* b, float* y, int channels)
    {
        float* rows = stackalloc float[4 * Slack];
        One(x, w, b, rows, Slack, channels);
        for (int channel = 0; channel < channels; channel++)
            for (int i = 0; i < _a.Positions; i++) y[((long)channel * _a.Positions) + i] = rows[(channel * Slack) + i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(T a, T b, T c, T d, float* y, long row, int channels)
    {
        T vp = TSimd.All(p), vq = TSimd.All(q);
        TSimd.Store(TOp.Apply<TSimd, T>(a, vp, vq), y);
        if (channels > 1) TSimd.Store(TOp.Apply<TSimd, T>(b, vp, vq), y + row);
        if (channels > 2) TSimd.Store(TOp.Apply<TSimd, T>(c, vp, vq), y + (2 * row));
        if (channels > 3) TSimd.Store(TOp.Apply<TSimd, T>(d, vp, vq), y + (3 * row));
    }
}

/// <summary>The same without vectors: four channels by two positions.</summary>
internal sealed unsafe class ScalarConvolutionKernel<TOp>(ConvolutionArguments a, float p, float q) : Kernel
    where TOp : struct, IUnaryOp
{
    private readonly ConvolutionArguments _a = a;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        int quads = (_a.Channels + 3) / 4;
        float* y = _a.Y;
        for (int image = 0; image < _a.Images; image++)
        {
            for (int group = 0; group < _a.Groups; group++)
            {
                float* x = _a.X + (image * _a.XPerImage) + (group * _a.XPerGroup);
                for (int quad = 0; quad < quads; quad++)
                {
                    int channels = Math.Min(4, _a.Channels - (quad * 4));
                    float* w = _a.Weights + ((((long)group * quads) + quad) * _a.Terms * 4);
                    float* b = _a.Bias + (((group * quads) + quad) * 4);
                    for (int at = 0; at < _a.Positions; at += 2) Two(x, w, b, y, at, Math.Min(at + 1, _a.Positions - 1), channels);
                    y += (long)channels * _a.Positions;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Two(float* x, float* w, float* b, float* y, int first, int second, int channels)
    {
        float a0 = b[0], b0 = b[1], c0 = b[2], d0 = b[3], a1 = a0, b1 = b0, c1 = c0, d1 = d0;
        float* x0 = x + first, x1 = x + second;
        int* end = _a.Offsets + _a.Terms;
        for (int* offset = _a.Offsets; offset < end; offset++, w += 4)
        {
            float v0 = x0[*offset], v1 = x1[*offset];
            a0 += w[0] * v0;
            a1 += w[0] * v1;
            b0 += w[1] * v0;
            b1 += w[1] * v1;
            c0 += w[2] * v0;
            c1 += w[2] * v1;
            d0 += w[3] * v0;
            d1 += w[3] * v1;
        }
        Store(a0, b0, c0, d0, y + first, channels);
        Store(a1, b1, c1, d1, y + second, channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(float a, float b, float c, float d, float* y, int channels)
    {
        long row = _a.Positions;
        y[0] = TOp.Apply(a, p, q);
        if (channels > 1) y[row] = TOp.Apply(b, p, q);
        if (channels > 2) y[2 * row] = TOp.Apply(c, p, q);
        if (channels > 3) y[3 * row] = TOp.Apply(d, p, q);
    }
}
