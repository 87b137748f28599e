using Peregrine.Inference.Format;

namespace Peregrine.Inference;

/// <summary>A tensor with its values: what a file holds, what an input is fixed to when a model is compiled, what a run gave.</summary>
/// <remarks>float16 and bfloat16 are widened to float32, as everywhere in the engine.</remarks>
public sealed class FixedTensor
{
    internal FixedTensor(TensorData data) => Data = data;

    /// <summary>The type of the elements as they are kept.</summary>
    public ElementType Type => Data.Type;

    /// <summary>The sizes; none for a scalar.</summary>
    public IReadOnlyList<int> Shape => Data.Shape;

    /// <summary>The number of elements.</summary>
    public int Count => Data.Count;

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

    /// <summary>The elements, row-major; bool as byte.</summary>
    /// <exception cref="InvalidOperationException">The tensor holds elements of another type.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged => Data.Values as T[] ?? throw new InvalidOperationException($"{this} does not hold {typeof(T).Name}.");

    /// <summary>One element as a double, whatever type it has; whole numbers beyond 2^53 lose their last digits.</summary>
    public double Number(int index) => Data.Number(index);

    public override string ToString() => $"{Type}[{string.Join(", ", Data.Shape)}]";
}
