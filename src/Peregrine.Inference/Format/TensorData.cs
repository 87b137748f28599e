using System.Numerics;
using System.Runtime.InteropServices;

namespace Peregrine.Inference.Format;

/// <summary>A constant tensor, row-major, as an array of its own element type (bool as bytes).</summary>
internal sealed class TensorData
{
    private TensorData(ElementType type, int[] shape, Array values)
    {
        Type = type;
        Shape = shape;
        Values = values;
    }

    public TensorData(ElementType type, int[] shape, float[] floats)
        : this(type, shape, (Array)floats)
    {
    }

    /// <summary>Whole numbers in any integer type, each as that type would hold it.</summary>
    public TensorData(ElementType type, int[] shape, long[] integers)
        : this(type, shape, type == ElementType.Int64 ? integers : type.Call(new Narrow(integers, type)))
    {
    }

    public ElementType Type { get; }
    public int[] Shape { get; }
    public Array Values { get; }

    /// <summary>The numbers of a float32 tensor.</summary>
    public float[] Floats => (float[])Values;

    /// <summary>Whole numbers, widened; a copy unless the tensor is int64.</summary>
    public long[] Integers => Values as long[] ?? Type.Call(new Widen(Values));

    public int Count => Values.Length;

    public TensorData Reshaped(int[] shape) => new(Type, shape, Values);

    public static TensorData Of(ElementType type, int[] shape, Array values) => new(type, shape, values);

    /// <summary>Copies elements that lie somewhere in memory.</summary>
    public static TensorData Copy(ElementType type, int[] shape, nint from, int count) => new(type, shape, type.Call(new Copying(from, count)));

    /// <summary>The element as a double, for parameters of any number type.</summary>
    public double Number(int index) => Type.Call(new OneNumber(Values, index));

    private sealed class Narrow(long[] from, ElementType type) : ITypedCall<Array>
    {
        public Array Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var to = new T[from.Length];
            for (int i = 0; i < to.Length; i++) to[i] = T.CreateTruncating(type == ElementType.Bool ? (from[i] != 0 ? 1 : 0) : from[i]);
            return to;
        }
    }

    private sealed class Widen(Array from) : ITypedCall<long[]>
    {
        public long[] Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => Array.ConvertAll((T[])from, v => long.CreateTruncating(v));
    }

    private sealed unsafe class Copying(nint from, int count) : ITypedCall<Array>
    {
        public Array Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ReadOnlySpan<T>((void*)from, count).ToArray();
    }

    private sealed class OneNumber(Array from, int index) : ITypedCall<double>
    {
        public double Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => double.CreateTruncating(((T[])from)[index]);
    }

    /// <summary>The bytes of the elements, as memory holds them.</summary>
    public ReadOnlySpan<byte> Bytes => Count == 0 ? [] : MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(Values), Count * Type.Size());
}
