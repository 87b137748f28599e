using Google.Protobuf;

namespace Peregrine.Inference.Tests.Fuzz;

/// <summary>The messages of onnx.proto that the engine walks into.</summary>
internal enum WireKind
{
    Leaf,
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
    Opset,
    Pair,
}

/// <summary>A model file as a tree of protobuf fields: what is changed inside is written with the right lengths again, so that the change gets past the reader.</summary>
internal sealed class WireField
{
    public required WireKind Parent { get; init; }
    public required int Number { get; init; }
    public required uint Wire { get; init; }
    public WireKind Kind { get; init; }

    /// <summary>A varint, or the bits of a fixed number.</summary>
    public ulong Value { get; set; }

    public byte[] Bytes { get; set; } = [];
    public List<WireField> Children { get; init; } = [];

    /// <summary>Every field below, itself included.</summary>
    public IEnumerable<WireField> All => Children.SelectMany(c => c.All).Prepend(this);

    public static WireField Read(byte[] bytes) =>
        new() { Parent = WireKind.Leaf, Number = 0, Wire = 2, Kind = WireKind.Model, Children = Fields(bytes, WireKind.Model) };

    public WireField Clone() => new()
    {
        Parent = Parent, Number = Number, Wire = Wire, Kind = Kind, Value = Value, Bytes = Bytes, Children = [.. Children.Select(c => c.Clone())],
    };

    /// <summary>The bytes of the children; for the root, the file.</summary>
    public byte[] Content()
    {
        if (Kind == WireKind.Leaf) return Bytes;
        using var memory = new MemoryStream();
        foreach (WireField child in Children) child.Write(memory);
        return memory.ToArray();
    }

    private void Write(MemoryStream to)
    {
        Varint(to, ((ulong)Number << 3) | Wire);
        switch (Wire)
        {
            case 0: Varint(to, Value); break;
            case 1: to.Write(BitConverter.GetBytes(Value)); break;
            case 5: to.Write(BitConverter.GetBytes((uint)Value)); break;
            default:
                byte[] content = Content();
                Varint(to, (ulong)content.Length);
                to.Write(content);
                break;
        }
    }

    private static void Varint(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }

    private static List<WireField> Fields(byte[] bytes, WireKind parent)
    {
        var fields = new List<WireField>();
        using var stream = new CodedInputStream(bytes);
        for (uint tag = stream.ReadTag(); tag != 0; tag = stream.ReadTag())
        {
            int number = (int)(tag >> 3);
            WireKind kind = (tag & 7) == 2 ? Below(parent, number) : WireKind.Leaf;
            byte[] content = (tag & 7) == 2 ? stream.ReadBytes().ToByteArray() : [];
            fields.Add(new WireField
            {
                Parent = parent, Number = number, Wire = tag & 7, Kind = kind,
                Value = (tag & 7) switch { 0 => stream.ReadUInt64(), 1 => stream.ReadFixed64(), 5 => stream.ReadFixed32(), _ => 0 },
                Bytes = kind == WireKind.Leaf ? content : [],
                Children = kind == WireKind.Leaf ? [] : Fields(content, kind),
            });
        }
        return fields;
    }

    private static WireKind Below(WireKind parent, int number) => (parent, number) switch
    {
        (WireKind.Model, 7) => WireKind.Graph,
        (WireKind.Model, 8) => WireKind.Opset,
        (WireKind.Model, 14) => WireKind.Pair,
        (WireKind.Graph, 1) => WireKind.Node,
        (WireKind.Graph, 5) => WireKind.Tensor,
        (WireKind.Graph, 11 or 12) => WireKind.ValueInfo,
        (WireKind.Node, 5) => WireKind.Attribute,
        (WireKind.Attribute, 5) => WireKind.Tensor,
        (WireKind.ValueInfo, 2) => WireKind.Type,
        (WireKind.Type, 1) => WireKind.TensorType,
        (WireKind.TensorType, 2) => WireKind.Shape,
        (WireKind.Shape, 1) => WireKind.Dimension,
        _ => WireKind.Leaf,
    };
}
