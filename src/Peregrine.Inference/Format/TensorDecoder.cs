using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Peregrine.Inference.Format;

/// <summary>Turns a TensorProto into numbers, and trusts none of its sizes.</summary>
internal static class TensorDecoder
{
    /// <param name="where">What the tensor is, for messages.</param>
    /// <param name="external">Reads data that lies beside the model.</param>
    /// <exception cref="ModelException">Bad dimensions, a type that is not supported, or data of another length than the dimensions say.</exception>
    public static TensorData Decode(TensorProto proto, string where, ModelLimits limits, ExternalData external)
    {
        int[] shape = ShapeOf(proto, where, limits, out int count);
        if (proto.DataType is < 1 or > 16 || (ElementType)proto.DataType is var type && !type.IsFloat() && !type.IsInteger())
            throw new ModelException($"{where} has element type {(ElementType)proto.DataType}; allowed are float32, float64, float16, bfloat16, int8 to int64, uint8 to uint32 and bool.");
        if (proto.IsExternal) return FromBytes(external.Read(proto.External, where), type, shape, count, where);
        if (proto.Raw is not null) return FromBytes(proto.Raw.Span, type, shape, count, where);

        switch (type)
        {
            case ElementType.Float32:
                CheckCount(proto.Floats.Count, count, where);
                return new TensorData(ElementType.Float32, shape, [.. proto.Floats]);
            case ElementType.Float64:
                CheckCount(proto.Doubles.Count, count, where);
                return new TensorData(ElementType.Float32, shape, [.. proto.Doubles.Select(v => (float)v)]);
            case ElementType.Float16:
                CheckCount(proto.Int32s.Count, count, where);
                return new TensorData(ElementType.Float32, shape, [.. proto.Int32s.Select(v => (float)BitConverter.UInt16BitsToHalf((ushort)v))]);
            case ElementType.BFloat16:
                CheckCount(proto.Int32s.Count, count, where);
                return new TensorData(ElementType.Float32, shape, [.. proto.Int32s.Select(v => BitConverter.Int32BitsToSingle(v << 16))]);
            case ElementType.Int64:
                CheckCount(proto.Int64s.Count, count, where);
                return new TensorData(type, shape, [.. proto.Int64s]);
            case ElementType.UInt32:
                CheckCount(proto.UInt64s.Count, count, where);
                return new TensorData(type, shape, [.. proto.UInt64s.Select(v => (long)(uint)v)]);
            default:
                CheckCount(proto.Int32s.Count, count, where);
                return new TensorData(type, shape, [.. proto.Int32s.Select(v => Narrow(v, type))]);
        }
    }

    private static int[] ShapeOf(TensorProto proto, string where, ModelLimits limits, out int count)
    {
        if (proto.Dimensions.Count > limits.RankMax)
            throw new ModelException($"{where} has {proto.Dimensions.Count} dimensions; at most {limits.RankMax} are allowed.");
        var shape = new int[proto.Dimensions.Count];
        long total = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            long size = proto.Dimensions[i];
            if (size < 0 || size > limits.ElementsMax) throw new ModelException($"{where} has dimension {size}; allowed are 0 to {limits.ElementsMax}.");
            shape[i] = (int)size;
            total *= Math.Max(size, 1); // At most 2^24 times 2^24 before the next line stops it.
            if (total > limits.ElementsMax)
                throw new ModelException($"{where} has more than the {limits.ElementsMax} elements allowed: [{string.Join(", ", proto.Dimensions)}].");
        }
        count = shape.Contains(0) ? 0 : (int)total;
        return shape;
    }

    private static void CheckCount(int found, int expected, string where)
    {
        if (found != expected) throw new ModelException($"{where} holds {found} values where its dimensions say {expected}.");
    }

    private static TensorData FromBytes(ReadOnlySpan<byte> bytes, ElementType type, int[] shape, int count, string where)
    {
        int size = type switch
        {
            ElementType.Float64 or ElementType.Int64 => 8,
            ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
            ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
            _ => 1,
        };
        if (bytes.Length != (long)count * size) throw new ModelException($"{where} holds {bytes.Length} bytes where its dimensions say {(long)count * size}.");

        if (type.IsFloat())
        {
            var floats = new float[count];
            if (type == ElementType.Float32 && BitConverter.IsLittleEndian) bytes.CopyTo(MemoryMarshal.AsBytes(floats.AsSpan()));
            else for (int i = 0; i < count; i++) floats[i] = FloatAt(bytes[(i * size)..], type);
            return new TensorData(ElementType.Float32, shape, floats);
        }
        var integers = new long[count];
        for (int i = 0; i < count; i++) integers[i] = IntegerAt(bytes[(i * size)..], type);
        return new TensorData(type, shape, integers);
    }

    private static float FloatAt(ReadOnlySpan<byte> at, ElementType type) => type switch
    {
        ElementType.Float64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(at),
        ElementType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(at),
        ElementType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(at) << 16),
        _ => BinaryPrimitives.ReadSingleLittleEndian(at),
    };

    private static long IntegerAt(ReadOnlySpan<byte> at, ElementType type) => type switch
    {
        ElementType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(at),
        ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(at),
        ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(at),
        ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(at),
        ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(at),
        ElementType.Int8 => (sbyte)at[0],
        ElementType.Bool => at[0] != 0 ? 1 : 0,
        _ => at[0],
    };

    /// <summary>A wider integer as the narrow type would hold it.</summary>
    public static long Narrow(long value, ElementType type) => type switch
    {
        ElementType.Int32 => (int)value,
        ElementType.UInt32 => (uint)value,
        ElementType.Int16 => (short)value,
        ElementType.UInt16 => (ushort)value,
        ElementType.Int8 => (sbyte)value,
        ElementType.UInt8 => (byte)value,
        ElementType.Bool => value != 0 ? 1 : 0,
        _ => value,
    };
}
