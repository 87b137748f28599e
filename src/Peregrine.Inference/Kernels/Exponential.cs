using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// exp for arguments that are not above zero, as a softmax needs it: 2^n times the Taylor polynomial of degree 7 on [-ln 2 / 2, ln 2 / 2]. Relative error below
/// 2e-7; below -86.6 the result is 0, a NaN stays one. Several times cheaper than the general function, and the same bits at each width.
/// </summary>
internal static class Exponential
{
    private const float Lowest = -86.6f; // Where 2^n stays a normal number.
    private const float Log2E = 1.44269504f, Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f; // High has 9 bits: n times it is exact.
    private const float Rounder = 12582912f; // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T OfNegative<TSimd, T>(T x)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        T bounded = TSimd.Max(TSimd.All(Lowest), x);
        T shifted = TSimd.Fma(bounded, TSimd.All(Log2E), TSimd.All(Rounder));
        T n = TSimd.Subtract(shifted, TSimd.All(Rounder));
        T r = TSimd.Fma(n, TSimd.All(-Ln2High), bounded);
        r = TSimd.Fma(n, TSimd.All(-Ln2Low), r);
        T square = TSimd.Multiply(r, r);
        T low = TSimd.Fma(TSimd.Fma(r, TSimd.All(1f / 6), TSimd.All(0.5f)), square, TSimd.Add(r, TSimd.All(1)));
        T high = TSimd.Fma(TSimd.Fma(r, TSimd.All(1f / 5040), TSimd.All(1f / 720)), square, TSimd.Fma(r, TSimd.All(1f / 120), TSimd.All(1f / 24)));
        T power = Scale(TSimd.Fma(high, TSimd.Multiply(square, square), low), shifted);
        return TSimd.SelectLess(x, TSimd.All(Lowest), TSimd.All(0), power);
    }

    /// <summary>Adds the whole number in the low bits of <paramref name="shifted"/> to the exponent of <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Scale<T>(T x, T shifted)
        where T : struct
    {
        if (typeof(T) == typeof(Vector512<float>))
        {
            Vector512<int> bits = Unsafe.BitCast<T, Vector512<int>>(x) + (Unsafe.BitCast<T, Vector512<int>>(shifted) << 23);
            return Unsafe.BitCast<Vector512<int>, T>(bits);
        }
        if (typeof(T) == typeof(Vector256<float>))
        {
            Vector256<int> bits = Unsafe.BitCast<T, Vector256<int>>(x) + (Unsafe.BitCast<T, Vector256<int>>(shifted) << 23);
            return Unsafe.BitCast<Vector256<int>, T>(bits);
        }
        Vector128<int> four = Unsafe.BitCast<T, Vector128<int>>(x) + (Unsafe.BitCast<T, Vector128<int>>(shifted) << 23);
        return Unsafe.BitCast<Vector128<int>, T>(four);
    }
}
