using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>A function of one floating-point number with up to two parameters, in the precision of its type.</summary>
internal interface IFloatFunction
{
    static abstract T Apply<T>(T x, T p, T q)
        where T : unmanaged, IFloatingPointIeee754<T>;
}

internal sealed unsafe class FloatFunctionKernel<T, TOp>(nint from, nint to, int count, double p, double q) : Kernel
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : struct, IFloatFunction
{
    private readonly T _p = T.CreateTruncating(p);
    private readonly T _q = T.CreateTruncating(q);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        var x = (T*)from;
        var y = (T*)to;
        for (int i = 0; i < count; i++) y[i] = TOp.Apply(x[i], _p, _q);
    }
}

internal readonly struct SinF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Sin(x); }

internal readonly struct CosF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Cos(x); }

internal readonly struct TanF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Tan(x); }

internal readonly struct AsinF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Asin(x); }

internal readonly struct AcosF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Acos(x); }

internal readonly struct AtanF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Atan(x); }

internal readonly struct SinhF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Sinh(x); }

internal readonly struct CoshF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Cosh(x); }

internal readonly struct AsinhF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Asinh(x); }

internal readonly struct AcoshF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Acosh(x); }

internal readonly struct AtanhF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Atanh(x); }

internal readonly struct CeilF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Ceiling(x); }

internal readonly struct FloorF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Floor(x); }

/// <summary>To the nearest whole number, halves to the even one.</summary>
internal readonly struct RoundF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Round(x, MidpointRounding.ToEven); }

internal readonly struct ReciprocalF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.One / x; }

internal readonly struct ExpF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Exp(x); }

internal readonly struct LogF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Log(x); }

internal readonly struct SqrtF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Sqrt(x); }

internal readonly struct TanhF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.Tanh(x); }

internal readonly struct SigmoidF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.One / (T.One + T.Exp(-x)); }

internal readonly struct EluF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x < T.Zero ? p * (T.Exp(x) - T.One) : x; }

internal readonly struct LeakyReluF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x < T.Zero ? p * x : x; }

/// <summary>log(1 + exp(x)) in the form that cannot overflow.</summary>
internal readonly struct SoftplusF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => (x < T.Zero ? T.Zero : x) + T.Log(T.One + T.Exp(-T.Abs(x))); }

internal readonly struct SoftsignF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x / (T.One + T.Abs(x)); }

/// <summary>x above p, else 0.</summary>
internal readonly struct ThresholdedReluF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x > p ? x : T.Zero; }

/// <summary>q (p exp(x) - p) at or below zero, q x above.</summary>
internal readonly struct SeluF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x <= T.Zero ? q * ((p * T.Exp(x)) - p) : q * x; }

/// <summary>max(0, x) + min(0, p (exp(x / p) - 1)).</summary>
internal readonly struct CeluF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x < T.Zero ? p * (T.Exp(x / p) - T.One) : x; }

/// <summary>max(0, min(1, p x + q)).</summary>
internal readonly struct HardSigmoidF : IFloatFunction
{
    public static T Apply<T>(T x, T p, T q)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T y = (p * x) + q;
        return y < T.Zero ? T.Zero : y > T.One ? T.One : y;
    }
}

/// <summary>x times hard sigmoid with p = 1/6 and q = 1/2.</summary>
internal readonly struct HardSwishF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x * HardSigmoidF.Apply(x, p, q); }

/// <summary>x + p below -q, x - p above q, else 0.</summary>
internal readonly struct ShrinkF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x < -q ? x + p : x > q ? x - p : T.Zero; }

/// <summary>x tanh(log(1 + exp(x))).</summary>
internal readonly struct MishF : IFloatFunction { public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => x * T.Tanh(SoftplusF.Apply(x, p, q)); }

/// <summary>0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).</summary>
internal readonly struct GeluTanhF : IFloatFunction
{
    public static T Apply<T>(T x, T p, T q)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        T.CreateTruncating(0.5) * x * (T.One + T.Tanh(T.CreateTruncating(0.7978845608028654) * (x + (T.CreateTruncating(0.044715) * x * x * x))));
}

/// <summary>The error function in double precision: its series up to 2.5, the continued fraction of erfc beyond (Abramowitz and Stegun 7.1.5, 7.1.14).</summary>
internal readonly struct ErfF : IFloatFunction
{
    public static T Apply<T>(T x, T p, T q) where T : unmanaged, IFloatingPointIeee754<T> => T.CreateTruncating(Erf(double.CreateTruncating(x)));

    private static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (a > 6) return Math.Sign(x);
        if (a < 2.5)
        {
            double term = x, sum = x;
            for (int n = 1; n < 80; n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }
            return 2 / Math.Sqrt(Math.PI) * sum;
        }
        double fraction = a;
        for (int n = 60; n > 0; n--) fraction = a + (n / 2.0 / fraction);
        return Math.Sign(x) * (1 - (Math.Exp(-a * a) / (Math.Sqrt(Math.PI) * fraction)));
    }
}

/// <summary>0.5 x (1 + erf(x / sqrt 2)).</summary>
internal readonly struct GeluF : IFloatFunction
{
    public static T Apply<T>(T x, T p, T q)
        where T : unmanaged, IFloatingPointIeee754<T> => T.CreateTruncating(0.5) * x * (T.One + ErfF.Apply(x * T.CreateTruncating(0.7071067811865476), p, q));
}
