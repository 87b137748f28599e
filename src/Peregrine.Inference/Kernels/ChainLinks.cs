using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>A function of the number at a place of a row. What it needs beside the number it holds itself, so that a chain of them is one inlined expression.</summary>
internal interface IChainLink
{
    T Apply<TSimd, T>(T x, int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct;

    float Apply(float x, int row, int at);
}

/// <summary>The first function, then the next.</summary>
internal readonly struct Then<TFirst, TNext>(TFirst first, TNext next) : IChainLink
    where TFirst : struct, IChainLink
    where TNext : struct, IChainLink
{
    private readonly TFirst _first = first;
    private readonly TNext _next = next;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<TSimd, T>(T x, int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct => _next.Apply<TSimd, T>(_first.Apply<TSimd, T>(x, row, at), row, at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public float Apply(float x, int row, int at) => _next.Apply(_first.Apply(x, row, at), row, at);
}

/// <summary>A function with one or two numbers.</summary>
internal readonly struct UnaryLink<TOp>(float p, float q) : IChainLink
    where TOp : struct, IUnaryOp
{
    private readonly float _p = p, _q = q;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<TSimd, T>(T x, int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct => TOp.Apply<TSimd, T>(x, TSimd.All(_p), TSimd.All(_q));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public float Apply(float x, int row, int at) => TOp.Apply(x, _p, _q);
}

/// <summary>The other side of an operation with two, as the chain meets it.</summary>
internal interface IOperand
{
    T Load<TSimd, T>(int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct;

    float Load(int row, int at);
}

/// <summary>One number for all places.</summary>
internal readonly struct NumberOperand(float number) : IOperand
{
    private readonly float _number = number;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<TSimd, T>(int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct => TSimd.All(_number);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public float Load(int row, int at) => _number;
}

/// <summary>A tensor that advances from row to row by a step: by none where each row meets the same one.</summary>
internal readonly unsafe struct TensorOperand(nint tensor, int step) : IOperand
{
    private readonly float* _tensor = (float*)tensor;
    private readonly int _step = step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<TSimd, T>(int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct => TSimd.Load(_tensor + ((long)row * _step) + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public float Load(int row, int at) => _tensor[((long)row * _step) + at];
}

/// <summary>The number on the left, the operand on the right.</summary>
internal readonly struct RightLink<TOp, TOperand>(TOperand operand) : IChainLink
    where TOp : struct, IBinaryOp
    where TOperand : struct, IOperand
{
    private readonly TOperand _operand = operand;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<TSimd, T>(T x, int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct => TOp.Apply<TSimd, T>(x, _operand.Load<TSimd, T>(row, at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public float Apply(float x, int row, int at) => TOp.Apply(x, _operand.Load(row, at));
}

/// <summary>The operand on the left, the number on the right.</summary>
internal readonly struct LeftLink<TOp, TOperand>(TOperand operand) : IChainLink
    where TOp : struct, IBinaryOp
    where TOperand : struct, IOperand
{
    private readonly TOperand _operand = operand;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<TSimd, T>(T x, int row, int at)
        where TSimd : struct, ISimd<T>
        where T : struct => TOp.Apply<TSimd, T>(_operand.Load<TSimd, T>(row, at), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public float Apply(float x, int row, int at) => TOp.Apply(_operand.Load(row, at), x);
}
