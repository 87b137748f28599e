using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>GELU, x (1 + erf(x / sqrt 2)) / 2, rounded as the five operators that exporters write for it.</summary>
internal readonly struct GeluOp : IUnaryOp
{
    private const float Root = 1.41421354f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        T erf = ErfOp.Apply<TSimd, T>(TSimd.Divide(x, TSimd.All(Root)), p, q);
        return TSimd.Multiply(TSimd.Multiply(x, TSimd.Add(erf, TSimd.All(1))), TSimd.All(0.5f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x * (ErfOp.Apply(x / Root, p, q) + 1) * 0.5f;
}

/// <summary>SiLU, x sigmoid(x).</summary>
internal readonly struct SiluOp : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<TSimd, T>(T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct => TSimd.Multiply(x, SigmoidOp.Apply<TSimd, T>(x, p, q));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => x * SigmoidOp.Apply(x, p, q);
}
