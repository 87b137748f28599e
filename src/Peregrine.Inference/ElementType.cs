namespace Peregrine.Inference;

/// <summary>What a tensor holds, with the numbers of ONNX's TensorProto.DataType.</summary>
/// <remarks>Floating types are computed in float32; float16 and bfloat16 widen, float64 constants are rounded once. Integer types and bool are kept as int64.</remarks>
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

internal static class ElementTypes
{
    public static bool IsFloat(this ElementType type) =>
        type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    public static bool IsInteger(this ElementType type) =>
        type is ElementType.Int64 or ElementType.Int32 or ElementType.Bool or ElementType.UInt8 or ElementType.Int8
            or ElementType.UInt16 or ElementType.Int16 or ElementType.UInt32;
}
