using Peregrine.Inference.Format;

namespace Peregrine.Inference.Planning;

/// <summary>A tensor of the plan: its type and fixed shape, and either constant data or a place in memory.</summary>
internal sealed class Value(string name, ElementType type, int[] shape)
{
    public string Name { get; } = name;
    public ElementType Type { get; } = type;
    public int[] Shape { get; } = shape;
    public int Count { get; } = shape.Aggregate(1, (product, size) => product * size); // Shapes were checked against overflow before.

    public TensorData? Constant { get; init; }

    /// <summary>The value whose memory this one shows under another shape; itself where it has memory of its own.</summary>
    public Value Root => Source?.Root ?? this;

    public Value? Source { get; init; }

    /// <summary>Whether it holds float32, the type that the fast kernels work in.</summary>
    public bool IsFloat => Type == ElementType.Float32;

    /// <summary>The step that computes it; null for inputs and constants.</summary>
    public Step? Producer { get; set; }

    /// <summary>Where the data is, once the memory is laid out.</summary>
    public nint Address { get; set; }

    public int FirstStep { get; set; } = int.MaxValue;
    public int LastStep { get; set; } = -1;

    /// <summary>Bytes in the arena, slack included.</summary>
    public long Bytes => Memory.BytesFor(Count, Type);

    public override string ToString() => $"'{Name}' {Type}[{string.Join(", ", Shape)}]";
}
