using System.Buffers.Binary;
using System.Numerics;
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
        if (proto.DataType is < 1 or > 16 || (ElementType)proto.DataType is var type && !type.IsSupported())
            throw new ModelException($"{where} has element type {(ElementType)proto.DataType}; allowed are float16 to float64, bfloat16, int8 to int64, uint8 to uint64 and bool.");
        if (proto.IsExternal) return FromBytes(external.Read(proto.External, where), type, shape, count, where);
        if (proto.Raw is not null) return FromBytes(proto.Raw.Span, type, shape, count, where);

        switch (type)
        {
            case ElementType.Float32:
                CheckCount(proto.Floats.Count, count, where);
                return new TensorData(type, shape, [.. proto.Floats]);
            case ElementType.Float64:
                CheckCount(proto.Doubles.Count, count, where);
                return TensorData.Of(type, shape, proto.Doubles.ToArray());
            case ElementType.Float16:
                CheckCount(proto.Int32s.Count, count, where);
                return new TensorData(ElementType.Float32, shape, [.. proto.Int32s.Select(v => (float)BitConverter.UInt16BitsToHalf((ushort)v))]);
            case ElementType.BFloat16:
                CheckCount(proto.Int32s.Count, count, where);
                return new TensorData(ElementType.Float32, shape, [.. proto.Int32s.Select(v => BitConverter.Int32BitsToSingle(v << 16))]);
            case ElementType.Int64:
                CheckCount(proto.Int64s.Count, count, where);
                return new TensorData(type, shape, [.. proto.Int64s]);
            case ElementType.UInt32 or ElementType.UInt64:
                CheckCount(proto.UInt64s.Count, count, where);
                return new TensorData(type, shape, [.. proto.UInt64s.Select(v => (long)v)]);
            default:
                CheckCount(proto.Int32s.Count, count, where);
                return new TensorData(type, shape, [.. proto.Int32s.Select(v => (long)v)]);
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
        int size = type.Size();
        if (bytes.Length != (long)count * size) throw new ModelException($"{where} holds {bytes.Length} bytes where its dimensions say {(long)count * size}.");
        if (type is ElementType.Float16 or ElementType.BFloat16)
        {
            var floats = new float[count];
            for (int i = 0; i < count; i++)
            {
                short bits = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]);
                floats[i] = type == ElementType.Float16 ? (float)BitConverter.Int16BitsToHalf(bits) : BitConverter.Int32BitsToSingle(bits << 16);
            }
            return new TensorData(ElementType.Float32, shape, floats);
        }
        byte[] copy = bytes.ToArray();
        if (type == ElementType.Bool)
            for (int i = 0; i < copy.Length; i++) copy[i] = copy[i] != 0 ? (byte)1 : (byte)0;
        if (!BitConverter.IsLittleEndian)
            for (int i = 0; i < copy.Length; i += size) copy.AsSpan(i, size).Reverse();
        return TensorData.Of(type, shape, type.Call(new FromCopy(copy)));
    }

    private sealed class FromCopy(byte[] bytes) : ITypedCall<Array>
    {
        public Array Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }
}
