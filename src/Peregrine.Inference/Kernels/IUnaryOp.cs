using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>A function of one number with up to two parameters, for vectors of any width and for a single float.</summary>
internal interface IUnaryOp
{
    static abstract T Apply<TSimd, T>(T x, T p, T q)
        where TSimd : struct, ISimd<T>
        where T : struct;

    static abstract float Apply(float x, float p, float q);
}

/// <summary>A function of two numbers that each width and the scalar path round alike.</summary>
internal interface IBinaryOp
{
    static abstract T Apply<TSimd, T>(T a, T b)
        where TSimd : struct, ISimd<T>
        where T : struct;

    static abstract float Apply(float a, float b);
}

internal readonly struct AddOp : IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T a, T b) where TSimd : struct, ISimd<T> where T : struct => TSimd.Add(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float a, float b) => a + b;
}

internal readonly struct SubOp : IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T a, T b) where TSimd : struct, ISimd<T> where T : struct => TSimd.Subtract(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float a, float b) => a - b;
}

internal readonly struct MulOp : IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T a, T b) where TSimd : struct, ISimd<T> where T : struct => TSimd.Multiply(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float a, float b) => a * b;
}

internal readonly struct DivOp : IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T a, T b) where TSimd : struct, ISimd<T> where T : struct => TSimd.Divide(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float a, float b) => a / b;
}

/// <summary>An operation with two numbers whose right one is p, as the end of a layer.</summary>
internal readonly struct NumberAfter<TOp> : IUnaryOp
    where TOp : struct, IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TOp.Apply<TSimd, T>(x, p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => TOp.Apply(x, p);
}

/// <summary>An operation with two numbers whose left one is p.</summary>
internal readonly struct NumberBefore<TOp> : IUnaryOp
    where TOp : struct, IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Apply<TSimd, T>(T x, T p, T q) where TSimd : struct, ISimd<T> where T : struct => TOp.Apply<TSimd, T>(p, x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Apply(float x, float p, float q) => TOp.Apply(p, x);
}
