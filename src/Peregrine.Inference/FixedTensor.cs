using Peregrine.Inference.Format;

namespace Peregrine.Inference;

/// <summary>A tensor whose value is known when a model is compiled.</summary>
public sealed class FixedTensor
{
    internal FixedTensor(TensorData data) => Data = data;

    internal TensorData Data { get; }

    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">The sizes; none for a scalar.</param>
    /// <exception cref="ModelException">The number of elements is not the product of the sizes, or no tensor holds such elements.</exception>
    public static FixedTensor Of<T>(ReadOnlySpan<T> values, params int[] shape)
        where T : unmanaged
    {
        long count = shape.Aggregate(1L, (product, size) => product * size);
        if (count != values.Length) throw new ModelException($"{values.Length} values do not fill the shape [{string.Join(", ", shape)}].");
        foreach (ElementType type in Enum.GetValues<ElementType>())
            if (type.Inside() == type && type != ElementType.Bool && type.IsSeenAs<T>()) return new FixedTensor(TensorData.Of(type, shape, values.ToArray()));
        if (typeof(T) != typeof(bool)) throw new ModelException($"A tensor cannot be fixed to values of {typeof(T).Name}.");
        byte[] bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray();
        return new FixedTensor(TensorData.Of(ElementType.Bool, shape, bytes));
    }
}
