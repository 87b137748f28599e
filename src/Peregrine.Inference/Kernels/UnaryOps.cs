using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

internal readonly struct IdentityOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => x;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x;
}

/// <summary>max(0, x); a NaN stays one.</summary>
internal readonly struct ReluOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Max(TSimd.All(0), x);

    // Without a branch: the signs of a layer's sums are unpredictable, and a wrong guess costs more than the whole column.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, float p, float q)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        int below = (bits & unchecked(bits + 0x7fffff)) >> 31; // All ones from -0 to minus infinity; the NaNs behind it turn positive.
        return BitConverter.Int32BitsToSingle(bits & ~below);
    }
}

/// <summary>x below zero times p.</summary>
internal readonly struct LeakyReluOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.SelectLess(x, TSimd.All(0), TSimd.Multiply(x, p), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x < 0 ? x * p : x;
}

/// <summary>min(q, max(p, x)).</summary>
internal readonly struct ClipOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Min(q, TSimd.Max(p, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, float p, float q)
    {
        float low = p > x ? p : x;
        return q < low ? q : low;
    }
}

/// <summary>
/// tanh as a rational function of degree 13 over 6, error below 4e-7, absolute and relative; beyond 7.99 it is 1 to that precision. Without vectors it
/// costs a fraction of the library's.
/// </summary>
internal readonly struct TanhOp : IUnaryOp
{
    private const float Bound = 7.99881172180175781f;
    private const float A1 = 4.89352455891786e-03f, A3 = 6.37261928875436e-04f, A5 = 1.48572235717979e-05f, A7 = 5.12229709037114e-08f;
    private const float A9 = -8.60467152213735e-11f, A11 = 2.00018790482477e-13f, A13 = -2.76076847742355e-16f;
    private const float B0 = 4.89352518554385e-03f, B2 = 2.26843463243900e-03f, B4 = 1.18534705686654e-04f, B6 = 1.19825839466702e-06f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        x = TSimd.Min(TSimd.All(Bound), TSimd.Max(TSimd.All(-Bound), x));
        T s = TSimd.Multiply(x, x);
        T above = TSimd.Fma(s, TSimd.All(A13), TSimd.All(A11));
        above = TSimd.Fma(s, above, TSimd.All(A9));
        above = TSimd.Fma(s, above, TSimd.All(A7));
        above = TSimd.Fma(s, above, TSimd.All(A5));
        above = TSimd.Fma(s, above, TSimd.All(A3));
        above = TSimd.Fma(s, above, TSimd.All(A1));
        T below = TSimd.Fma(s, TSimd.All(B6), TSimd.All(B4));
        below = TSimd.Fma(s, below, TSimd.All(B2));
        below = TSimd.Fma(s, below, TSimd.All(B0));
        return TSimd.Divide(TSimd.Multiply(above, x), below);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, float p, float q)
    {
        x = x < -Bound ? -Bound : x > Bound ? Bound : x;
        float s = x * x;
        float above = (((((s * A13 + A11) * s + A9) * s + A7) * s + A5) * s + A3) * s + A1;
        float below = ((s * B6 + B4) * s + B2) * s + B0;
        return above * x / below;
    }
}

/// <summary>1 / (1 + exp(-x)) as 0.5 + 0.5 tanh(x / 2).</summary>
internal readonly struct SigmoidOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        T half = TSimd.All(0.5f);
        return TSimd.Fma(TanhOp.Apply<TSimd, T>(TSimd.Multiply(x, half), p, q), half, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => 0.5f * TanhOp.Apply(0.5f * x, p, q) + 0.5f;
}

/// <summary>The error function as a rational function of degree 13 over 8 on [-4, 4], absolute error below 4e-7; its largest value is two units above 1.</summary>
internal readonly struct ErfOp : IUnaryOp
{
    private const float A1 = -1.60960333262415e-02f, A3 = -2.95459980854025e-03f, A5 = -7.34990630326855e-04f, A7 = -5.69250639462346e-05f;
    private const float A9 = -2.10102402082508e-06f, A11 = 2.77068142495902e-08f, A13 = -2.72614225801306e-10f;
    private const float B0 = -1.42647390514189e-02f, B2 = -7.37332916720468e-03f, B4 = -1.68282697438203e-03f, B6 = -2.13374055278905e-04f, B8 = -1.45660718464996e-05f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        x = TSimd.Min(TSimd.All(4), TSimd.Max(TSimd.All(-4), x));
        T s = TSimd.Multiply(x, x);
        T above = TSimd.Fma(s, TSimd.All(A13), TSimd.All(A11));
        above = TSimd.Fma(s, above, TSimd.All(A9));
        above = TSimd.Fma(s, above, TSimd.All(A7));
        above = TSimd.Fma(s, above, TSimd.All(A5));
        above = TSimd.Fma(s, above, TSimd.All(A3));
        above = TSimd.Fma(s, above, TSimd.All(A1));
        T below = TSimd.Fma(s, TSimd.All(B8), TSimd.All(B6));
        below = TSimd.Fma(s, below, TSimd.All(B4));
        below = TSimd.Fma(s, below, TSimd.All(B2));
        below = TSimd.Fma(s, below, TSimd.All(B0));
        return TSimd.Divide(TSimd.Multiply(above, x), below);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, float p, float q)
    {
        x = x < -4 ? -4 : x > 4 ? 4 : x;
        float s = x * x;
        float above = (((((s * A13 + A11) * s + A9) * s + A7) * s + A5) * s + A3) * s + A1;
        float below = (((s * B8 + B6) * s + B4) * s + B2) * s + B0;
        return above * x / below;
    }
}

internal readonly struct ExpOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Exp(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => MathF.Exp(x);
}

internal readonly struct LogOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Log(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => MathF.Log(x);
}

internal readonly struct SqrtOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Sqrt(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => MathF.Sqrt(x);
}

internal readonly struct AbsOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Abs(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => MathF.Abs(x);
}

internal readonly struct NegOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Multiply(x, TSimd.All(-1));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => -x;
}

internal readonly struct SquareOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Multiply(x, x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x * x;
}

/// <summary>x below zero: p (exp(x) - 1).</summary>
internal readonly struct EluOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct =>
        TSimd.SelectLess(x, TSimd.All(0), TSimd.Multiply(p, TSimd.Subtract(TSimd.Exp(x), TSimd.All(1))), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x < 0 ? p * (MathF.Exp(x) - 1) : x;
}

/// <summary>log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which cannot overflow.</summary>
internal readonly struct SoftplusOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct =>
        TSimd.Add(TSimd.Max(TSimd.All(0), x), TSimd.Log(TSimd.Add(TSimd.All(1), TSimd.Exp(TSimd.Subtract(TSimd.All(0), TSimd.Abs(x))))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float x, float p, float q) => (x < 0 ? 0 : x) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x)));
}

/// <summary>x times p.</summary>
internal readonly struct ScaleOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TSimd.Multiply(x, p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x * p;
}
