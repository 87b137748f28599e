using System.Numerics;

namespace Peregrine.Inference;

/// <summary>What a tensor holds, with the numbers of ONNX's TensorProto.DataType.</summary>
/// <remarks>
/// Every type is kept and computed as it is, with two exceptions: float16 and bfloat16 are widened to float32 where they enter and narrowed again only
/// where an output is declared as such. A bool is one byte, 0 or 1. Text and complex numbers are not supported.
/// </remarks>
public enum ElementType
{
    Undefined = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    BFloat16 = 16,
}

/// <summary>Something that is written once for every type of number.</summary>
internal interface ITypedCall<out TResult>
{
    TResult Call<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T>;
}

internal static class ElementTypes
{
    public static bool IsFloat(this ElementType type) =>
        type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    public static bool IsInteger(this ElementType type) => type is ElementType.Bool || IsNumber(type) && !IsFloat(type);

    /// <summary>Whether values of this type can be stored at all.</summary>
    public static bool IsSupported(this ElementType type) => type is ElementType.Bool || IsNumber(type);

    public static bool IsNumber(this ElementType type) => type is >= ElementType.Float32 and <= ElementType.BFloat16
        and not (ElementType.Text or ElementType.Bool or ElementType.Complex64 or ElementType.Complex128);

    /// <summary>The type in which the plan keeps such a value.</summary>
    public static ElementType Inside(this ElementType type) => type is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : type;

    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
        _ => 1,
    };

    /// <summary>Whether a span of <typeparamref name="T"/> shows such elements: bool also as byte, float16 as Half, bfloat16 as its bits (ushort).</summary>
    public static bool IsSeenAs<T>(this ElementType type) => type switch
    {
        ElementType.Float32 => typeof(T) == typeof(float),
        ElementType.Float64 => typeof(T) == typeof(double),
        ElementType.Float16 => typeof(T) == typeof(Half),
        ElementType.BFloat16 => typeof(T) == typeof(ushort),
        ElementType.Int64 => typeof(T) == typeof(long),
        ElementType.Int32 => typeof(T) == typeof(int),
        ElementType.Int16 => typeof(T) == typeof(short),
        ElementType.Int8 => typeof(T) == typeof(sbyte),
        ElementType.UInt64 => typeof(T) == typeof(ulong),
        ElementType.UInt32 => typeof(T) == typeof(uint),
        ElementType.UInt16 => typeof(T) == typeof(ushort),
        ElementType.UInt8 => typeof(T) == typeof(byte),
        ElementType.Bool => typeof(T) == typeof(bool) || typeof(T) == typeof(byte),
        _ => false,
    };

    /// <summary>Calls the form that is made for a stored type; bool is handled as byte.</summary>
    public static TResult Call<TResult>(this ElementType type, ITypedCall<TResult> call) => type switch
    {
        ElementType.Float32 => call.Call<float>(),
        ElementType.Float64 => call.Call<double>(),
        ElementType.Float16 => call.Call<Half>(),
        ElementType.Int64 => call.Call<long>(),
        ElementType.Int32 => call.Call<int>(),
        ElementType.Int16 => call.Call<short>(),
        ElementType.Int8 => call.Call<sbyte>(),
        ElementType.UInt64 => call.Call<ulong>(),
        ElementType.UInt32 => call.Call<uint>(),
        ElementType.UInt16 or ElementType.BFloat16 => call.Call<ushort>(),
        ElementType.UInt8 or ElementType.Bool => call.Call<byte>(),
        _ => throw new ModelException($"Element type {type} is not supported."),
    };
}
