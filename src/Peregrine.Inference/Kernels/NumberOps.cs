using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>A function of two numbers of one type, for every number type.</summary>
internal interface INumberBinary
{
    static abstract T Apply<T>(T a, T b)
        where T : unmanaged, INumber<T>;
}

/// <summary>A question about two numbers of one type.</summary>
internal interface IComparison
{
    static abstract bool Apply<T>(T a, T b)
        where T : unmanaged, INumber<T>;
}

internal readonly struct AddNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => unchecked(a + b);
}

internal readonly struct SubNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => unchecked(a - b);
}

internal readonly struct MulNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => unchecked(a * b);
}

/// <summary>A division of whole numbers that has no result gives 0, and the one that overflows wraps around: a run throws nothing.</summary>
internal readonly struct DivNumbers : INumberBinary
{
    public static T Apply<T>(T a, T b)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double)) return a / b;
        if (T.IsZero(b)) return T.Zero;
        return T.IsNegative(b) && b == unchecked(T.Zero - T.One) ? unchecked(T.Zero - a) : a / b;
    }
}

internal sealed unsafe class NumberBinaryKernel<T, TOp>(nint a, nint b, nint to, BroadcastLoops loops) : Kernel
    where T : unmanaged, INumber<T>
    where TOp : struct, INumberBinary
{
    private readonly Odometer _odometer = new(loops);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        var target = (T*)to;
        int stepA = loops.InnerA ? 1 : 0, stepB = loops.InnerB ? 1 : 0;
        int offsetA = 0, offsetB = 0;
        for (int outer = 0; outer < loops.Outer; outer++, target += loops.Inner)
        {
            T* x = (T*)a + offsetA;
            T* y = (T*)b + offsetB;
            for (int i = 0; i < loops.Inner; i++) target[i] = TOp.Apply(x[i * stepA], y[i * stepB]);
            _odometer.Next(ref offsetA, ref offsetB);
        }
    }
}

internal sealed unsafe class ComparisonKernel<T, TOp>(nint a, nint b, nint to, BroadcastLoops loops) : Kernel
    where T : unmanaged, INumber<T>
    where TOp : struct, IComparison
{
    private readonly Odometer _odometer = new(loops);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        var target = (bool*)to;
        int stepA = loops.InnerA ? 1 : 0, stepB = loops.InnerB ? 1 : 0;
        int offsetA = 0, offsetB = 0;
        for (int outer = 0; outer < loops.Outer; outer++, target += loops.Inner)
        {
            T* x = (T*)a + offsetA;
            T* y = (T*)b + offsetB;
            for (int i = 0; i < loops.Inner; i++) target[i] = TOp.Apply(x[i * stepA], y[i * stepB]);
            _odometer.Next(ref offsetA, ref offsetB);
        }
    }
}

/// <summary>Makes such a kernel for a type that is known when the plan is made.</summary>
internal sealed class NumberBinaryCall<TOp>(nint a, nint b, nint to, BroadcastLoops loops) : ITypedCall<Kernel>
    where TOp : struct, INumberBinary
{
    public Kernel Call<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T> => new NumberBinaryKernel<T, TOp>(a, b, to, loops);
}

internal sealed class ComparisonCall<TOp>(nint a, nint b, nint to, BroadcastLoops loops) : ITypedCall<Kernel>
    where TOp : struct, IComparison
{
    public Kernel Call<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ComparisonKernel<T, TOp>(a, b, to, loops);
}
