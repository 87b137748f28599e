using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>A function of one number, for every number type.</summary>
internal interface INumberUnary
{
    static abstract T Apply<T>(T x)
        where T : unmanaged, INumber<T>;
}

/// <summary>A question about one number; the parameter says which form of it.</summary>
internal interface IQuestion
{
    static abstract bool Apply<T>(T x, int form)
        where T : unmanaged, INumber<T>;
}

internal readonly struct AbsNumber : INumberUnary { public static T Apply<T>(T x) where T : unmanaged, INumber<T> => x < T.Zero ? unchecked(T.Zero - x) : x; }

internal readonly struct NegNumber : INumberUnary { public static T Apply<T>(T x) where T : unmanaged, INumber<T> => unchecked(-x); }

internal readonly struct ReluNumber : INumberUnary { public static T Apply<T>(T x) where T : unmanaged, INumber<T> => x < T.Zero ? T.Zero : x; }

internal readonly struct SignNumber : INumberUnary { public static T Apply<T>(T x) where T : unmanaged, INumber<T> => x > T.Zero ? T.One : x < T.Zero ? unchecked(T.Zero - T.One) : x; }

internal readonly struct IsNotANumber : IQuestion { public static bool Apply<T>(T x, int form) where T : unmanaged, INumber<T> => T.IsNaN(x); }

internal readonly struct IsInfinite : IQuestion
{
    public static bool Apply<T>(T x, int form) where T : unmanaged, INumber<T> => ((form & 1) != 0 && T.IsPositiveInfinity(x)) || ((form & 2) != 0 && T.IsNegativeInfinity(x));
}

internal readonly struct IsZero : IQuestion { public static bool Apply<T>(T x, int form) where T : unmanaged, INumber<T> => x == T.Zero; }

/// <summary>The larger; a NaN on either side survives.</summary>
internal readonly struct MaxNumbers : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a > b || T.IsNaN(a) ? a : b; }

internal readonly struct MinNumbers : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a < b || T.IsNaN(a) ? a : b; }

/// <summary>The remainder with the sign of the dividend, as C's fmod; of a division by zero of whole numbers 0.</summary>
internal readonly struct FmodNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double)) return a % b;
        return T.IsZero(b) || (T.IsNegative(b) && b == unchecked(T.Zero - T.One)) ? T.Zero : a % b;
    }
}

/// <summary>The remainder with the sign of the divisor, as Python's.</summary>
internal readonly struct ModNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b)
        where T : unmanaged, INumber<T>
    {
        T rest = FmodNumbers.Apply(a, b);
        return !T.IsZero(rest) && T.IsNegative(rest) != T.IsNegative(b) ? unchecked(rest + b) : rest;
    }
}

/// <summary>a to the power b through doubles; a whole number keeps what fits.</summary>
internal readonly struct PowNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Pow(double.CreateTruncating(a), double.CreateTruncating(b)));
}

/// <summary>b times a below zero: PRelu.</summary>
internal readonly struct PReluNumbers : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a < T.Zero ? unchecked(a * b) : a; }

internal readonly struct ShiftLeft : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.CreateTruncating(Bits.Of(a) << (int)Bits.Of(b)); }

internal readonly struct ShiftRight : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.CreateTruncating(Bits.Of(a) >> (int)Bits.Of(b)); }

internal readonly struct BitsAnd : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.CreateTruncating(Bits.Of(a) & Bits.Of(b)); }

internal readonly struct BitsOr : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.CreateTruncating(Bits.Of(a) | Bits.Of(b)); }

internal readonly struct BitsXor : INumberBinary { public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.CreateTruncating(Bits.Of(a) ^ Bits.Of(b)); }

internal readonly struct BitsNot : INumberUnary { public static T Apply<T>(T x) where T : unmanaged, INumber<T> => T.CreateTruncating(~Bits.Of(x)); }

internal static class Bits
{
    public static ulong Of<T>(T value) where T : unmanaged, INumber<T> => ulong.CreateTruncating(value);
}

internal readonly struct EqualTo : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a == b; }

internal readonly struct LessThan : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a < b; }

internal readonly struct GreaterThan : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a > b; }

internal readonly struct LessOrEqualTo : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a <= b; }

internal readonly struct GreaterOrEqualTo : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a >= b; }

internal readonly struct BothTrue : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a != T.Zero && b != T.Zero; }

internal readonly struct EitherTrue : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a != T.Zero || b != T.Zero; }

internal readonly struct OneTrue : IComparison { public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a != b; }

internal sealed unsafe class NumberUnaryKernel<T, TOp>(nint from, nint to, int count) : Kernel
    where T : unmanaged, INumber<T>
    where TOp : struct, INumberUnary
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < count; i++) ((T*)to)[i] = TOp.Apply(((T*)from)[i]);
    }
}

internal sealed unsafe class QuestionKernel<T, TOp>(nint from, nint to, int count, int form) : Kernel
    where T : unmanaged, INumber<T>
    where TOp : struct, IQuestion
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < count; i++) ((bool*)to)[i] = TOp.Apply(((T*)from)[i], form);
    }
}

internal sealed class NumberUnaryCall<TOp>(nint from, nint to, int count) : ITypedCall<Kernel>
    where TOp : struct, INumberUnary
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new NumberUnaryKernel<T, TOp>(from, to, count);
}

internal sealed class QuestionCall<TOp>(nint from, nint to, int count, int form) : ITypedCall<Kernel>
    where TOp : struct, IQuestion
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new QuestionKernel<T, TOp>(from, to, count, form);
}

/// <summary>min(high, max(low, x)) with bounds that lie in memory; a missing one is null.</summary>
internal sealed unsafe class ClipKernel<T>(nint from, nint low, nint high, nint to, int count) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < count; i++)
        {
            T x = ((T*)from)[i];
            if (low != 0 && x < *(T*)low) x = *(T*)low;
            if (high != 0 && x > *(T*)high) x = *(T*)high;
            ((T*)to)[i] = x;
        }
    }
}

internal sealed class ClipCall(nint from, nint low, nint high, nint to, int count) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ClipKernel<T>(from, low, high, to, count);
}

/// <summary>Picks from two tensors by a third; each is walked by a map of its own.</summary>
internal sealed unsafe class WhereKernel<T>(nint condition, nint a, nint b, nint to, int[] mapC, int[] mapA, int[] mapB) : Kernel
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < mapC.Length; i++) ((T*)to)[i] = ((byte*)condition)[mapC[i]] != 0 ? ((T*)a)[mapA[i]] : ((T*)b)[mapB[i]];
    }
}

internal sealed class WhereCall(nint condition, nint a, nint b, nint to, int[] mapC, int[] mapA, int[] mapB) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new WhereKernel<T>(condition, a, b, to, mapC, mapA, mapB);
}
