namespace Peregrine.Inference.Format;

/// <summary>A constant tensor, row-major. Floating types live in <see cref="Floats"/>, integers and bool in <see cref="Integers"/>; the other is empty.</summary>
internal sealed class TensorData
{
    public TensorData(ElementType type, int[] shape, float[] floats)
    {
        Type = type;
        Shape = shape;
        Floats = floats;
        Integers = [];
    }

    public TensorData(ElementType type, int[] shape, long[] integers)
    {
        Type = type;
        Shape = shape;
        Floats = [];
        Integers = integers;
    }

    public ElementType Type { get; }
    public int[] Shape { get; }
    public float[] Floats { get; }
    public long[] Integers { get; }

    public int Count => Type.IsFloat() ? Floats.Length : Integers.Length;
}
