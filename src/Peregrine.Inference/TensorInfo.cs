using System.Globalization;

namespace Peregrine.Inference;

/// <summary>One dimension: a size, or the name under which the size is chosen when the model is compiled.</summary>
/// <param name="Size">The size, or null for a symbolic dimension.</param>
/// <param name="Name">The symbol; an unnamed dimension gets <c>input:axis</c>. Null for a fixed size.</param>
public readonly record struct Dimension(int? Size, string? Name)
{
    public bool IsSymbolic => Size is null;

    public override string ToString() => Size is int size ? size.ToString(CultureInfo.InvariantCulture) : Name ?? "?";
}

/// <summary>An input or output as the file declares it.</summary>
public sealed record TensorInfo(string Name, ElementType Type, IReadOnlyList<Dimension> Shape)
{
    public override string ToString() => $"{Name} {Type}[{string.Join(", ", Shape)}]";
}
