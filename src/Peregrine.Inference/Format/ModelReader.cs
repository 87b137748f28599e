using Google.Protobuf;

using static Google.Protobuf.WireFormat.WireType;

namespace Peregrine.Inference.Format;

/// <summary>
/// Reads ONNX's protobuf (onnx.proto, IR 3 to 10) field by field. It believes lengths only as far as there are bytes, so what it builds is bounded
/// by the file; sub-graphs, doc strings, type annotations and training information are skipped where they stand.
/// </summary>
internal static class ModelReader
{
    private const uint Varint0 = (uint)Varint;
    private const uint Fixed64Bits = (uint)Fixed64;
    private const uint Delimited = (uint)LengthDelimited;
    private const uint Fixed32Bits = (uint)Fixed32;

    /// <exception cref="ModelException">The bytes are not a whole protobuf message.</exception>
    public static ModelProto ReadModel(byte[] bytes, int offset, int length)
    {
        var model = new ModelProto();
        Parse(bytes, offset, length, "the model", (s, tag) => ReadModelField(model, s, tag));
        return model;
    }

    /// <summary>Reads one TensorProto, as conformance suites store their inputs and outputs.</summary>
    /// <exception cref="ModelException">The bytes are not a whole protobuf message.</exception>
    public static TensorProto ReadTensor(byte[] bytes)
    {
        var tensor = new TensorProto();
        Parse(bytes, 0, bytes.Length, "the tensor", (s, tag) => ReadTensorField(tensor, s, tag));
        return tensor;
    }

    private static void Parse(byte[] bytes, int offset, int length, string what, Action<CodedInputStream, uint> readField)
    {
        using var stream = new CodedInputStream(bytes, offset, length);
        try
        {
            new WireMessage(readField).MergeFrom(stream);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidOperationException)
        {
            throw new ModelException($"{Capital(what)} is not a whole ONNX file: its protobuf breaks off or is malformed near byte {stream.Position} of {length}.", e);
        }
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static void ReadModelField(ModelProto model, CodedInputStream s, uint tag)
    {
        switch (tag)
        {
            case 1 << 3 | Varint0: model.IrVersion = s.ReadInt64(); break;
            case 2 << 3 | Delimited: model.ProducerName = s.ReadString(); break;
            case 3 << 3 | Delimited: model.ProducerVersion = s.ReadString(); break;
            case 7 << 3 | Delimited:
                GraphProto graph = model.Graph ??= new GraphProto(); // A repeated message field merges, says protobuf.
                WireMessage.Read(s, (t, field) => ReadGraphField(graph, t, field));
                break;
            case 8 << 3 | Delimited: model.Opsets.Add(ReadOpset(s)); break;
            case 14 << 3 | Delimited: model.Metadata.Add(ReadPair(s)); break;
            default: s.SkipLastField(); break;
        }
    }

    private static (string Domain, long Version) ReadOpset(CodedInputStream s)
    {
        string domain = "";
        long version = 0;
        WireMessage.Read(s, (t, tag) =>
        {
            switch (tag)
            {
                case 1 << 3 | Delimited: domain = t.ReadString(); break;
                case 2 << 3 | Varint0: version = t.ReadInt64(); break;
                default: t.SkipLastField(); break;
            }
        });
        return (domain, version);
    }

    private static (string Key, string Value) ReadPair(CodedInputStream s)
    {
        string key = "", value = "";
        WireMessage.Read(s, (t, tag) =>
        {
            switch (tag)
            {
                case 1 << 3 | Delimited: key = t.ReadString(); break;
                case 2 << 3 | Delimited: value = t.ReadString(); break;
                default: t.SkipLastField(); break;
            }
        });
        return (key, value);
    }

    private static void ReadGraphField(GraphProto graph, CodedInputStream s, uint tag)
    {
        switch (tag)
        {
            case 1 << 3 | Delimited:
                var node = new NodeProto();
                WireMessage.Read(s, (t, field) => ReadNodeField(node, t, field));
                graph.Nodes.Add(node);
                break;
            case 2 << 3 | Delimited: graph.Name = s.ReadString(); break;
            case 5 << 3 | Delimited: graph.Initializers.Add(ReadTensorMessage(s)); break;
            case 11 << 3 | Delimited: graph.Inputs.Add(ReadValueInfo(s)); break;
            case 12 << 3 | Delimited: graph.Outputs.Add(ReadValueInfo(s)); break;
            case 15 << 3 | Delimited: graph.HasSparseInitializers = true; s.SkipLastField(); break;
            default: s.SkipLastField(); break;
        }
    }

    private static void ReadNodeField(NodeProto node, CodedInputStream s, uint tag)
    {
        switch (tag)
        {
            case 1 << 3 | Delimited: node.Inputs.Add(s.ReadString()); break;
            case 2 << 3 | Delimited: node.Outputs.Add(s.ReadString()); break;
            case 3 << 3 | Delimited: node.Name = s.ReadString(); break;
            case 4 << 3 | Delimited: node.Operator = s.ReadString(); break;
            case 5 << 3 | Delimited:
                var attribute = new AttributeProto();
                WireMessage.Read(s, (t, field) => ReadAttributeField(attribute, t, field));
                node.Attributes.Add(attribute);
                break;
            case 7 << 3 | Delimited: node.Domain = s.ReadString(); break;
            default: s.SkipLastField(); break;
        }
    }

    private static void ReadAttributeField(AttributeProto attribute, CodedInputStream s, uint tag)
    {
        switch (tag)
        {
            case 1 << 3 | Delimited: attribute.Name = s.ReadString(); break;
            case 2 << 3 | Fixed32Bits: attribute.Float = s.ReadFloat(); attribute.HasFloat = true; break;
            case 3 << 3 | Varint0: attribute.Integer = s.ReadInt64(); attribute.HasInteger = true; break;
            case 4 << 3 | Delimited: attribute.Text = s.ReadBytes(); break;
            case 5 << 3 | Delimited: attribute.Tensor = ReadTensorMessage(s); break;
            case 7 << 3 | Fixed32Bits: attribute.Floats.Add(s.ReadFloat()); break;
            case 7 << 3 | Delimited: ReadPacked(s, attribute.Floats, t => t.ReadFloat()); break;
            case 8 << 3 | Varint0: attribute.Integers.Add(s.ReadInt64()); break;
            case 8 << 3 | Delimited: ReadPacked(s, attribute.Integers, t => t.ReadInt64()); break;
            case 9 << 3 | Delimited: attribute.Texts.Add(s.ReadBytes()); break;
            case 20 << 3 | Varint0: attribute.Type = s.ReadInt64(); break;
            default: s.SkipLastField(); break;
        }
    }

    private static ValueInfoProto ReadValueInfo(CodedInputStream s)
    {
        var info = new ValueInfoProto();
        WireMessage.Read(s, (t, tag) =>
        {
            switch (tag)
            {
                case 1 << 3 | Delimited: info.Name = t.ReadString(); break;
                case 2 << 3 | Delimited: WireMessage.Read(t, (u, field) => ReadTypeField(info, u, field)); break;
                default: t.SkipLastField(); break;
            }
        });
        return info;
    }

    private static void ReadTypeField(ValueInfoProto info, CodedInputStream s, uint tag)
    {
        if (tag != (1 << 3 | Delimited))
        {
            s.SkipLastField(); // A sequence, map or optional: the check refuses it by IsTensor.
            return;
        }
        info.IsTensor = true;
        WireMessage.Read(s, (t, field) =>
        {
            switch (field)
            {
                case 1 << 3 | Varint0: info.ElementType = t.ReadInt64(); break;
                case 2 << 3 | Delimited:
                    info.HasShape = true;
                    WireMessage.Read(t, (u, part) =>
                    {
                        if (part == (1 << 3 | Delimited)) info.Dimensions.Add(ReadDimension(u));
                        else u.SkipLastField();
                    });
                    break;
                default: t.SkipLastField(); break;
            }
        });
    }

    private static (long? Value, string? Name) ReadDimension(CodedInputStream s)
    {
        long? value = null;
        string? name = null;
        WireMessage.Read(s, (t, tag) =>
        {
            switch (tag)
            {
                case 1 << 3 | Varint0: value = t.ReadInt64(); name = null; break;
                case 2 << 3 | Delimited: name = t.ReadString(); value = null; break;
                default: t.SkipLastField(); break;
            }
        });
        return (value, name);
    }

    private static TensorProto ReadTensorMessage(CodedInputStream s)
    {
        var tensor = new TensorProto();
        WireMessage.Read(s, (t, tag) => ReadTensorField(tensor, t, tag));
        return tensor;
    }

    private static void ReadTensorField(TensorProto tensor, CodedInputStream s, uint tag)
    {
        switch (tag)
        {
            case 1 << 3 | Varint0: tensor.Dimensions.Add(s.ReadInt64()); break;
            case 1 << 3 | Delimited: ReadPacked(s, tensor.Dimensions, t => t.ReadInt64()); break;
            case 2 << 3 | Varint0: tensor.DataType = s.ReadInt64(); break;
            case 4 << 3 | Fixed32Bits: tensor.Floats.Add(s.ReadFloat()); break;
            case 4 << 3 | Delimited: ReadPacked(s, tensor.Floats, t => t.ReadFloat()); break;
            case 5 << 3 | Varint0: tensor.Int32s.Add(s.ReadInt32()); break;
            case 5 << 3 | Delimited: ReadPacked(s, tensor.Int32s, t => t.ReadInt32()); break;
            case 7 << 3 | Varint0: tensor.Int64s.Add(s.ReadInt64()); break;
            case 7 << 3 | Delimited: ReadPacked(s, tensor.Int64s, t => t.ReadInt64()); break;
            case 8 << 3 | Delimited: tensor.Name = s.ReadString(); break;
            case 9 << 3 | Delimited: tensor.Raw = s.ReadBytes(); break;
            case 10 << 3 | Fixed64Bits: tensor.Doubles.Add(s.ReadDouble()); break;
            case 10 << 3 | Delimited: ReadPacked(s, tensor.Doubles, t => t.ReadDouble()); break;
            case 11 << 3 | Varint0: tensor.UInt64s.Add(s.ReadUInt64()); break;
            case 11 << 3 | Delimited: ReadPacked(s, tensor.UInt64s, t => t.ReadUInt64()); break;
            case 13 << 3 | Delimited:
                (string key, string value) = ReadPair(s);
                tensor.External[key] = value;
                break;
            case 14 << 3 | Varint0: tensor.IsExternal = s.ReadInt64() == 1; break;
            default: s.SkipLastField(); break;
        }
    }

    private static void ReadPacked<T>(CodedInputStream s, List<T> into, Func<CodedInputStream, T> read)
    {
        byte[] packed = s.ReadBytes().ToByteArray();
        using var values = new CodedInputStream(packed);
        while (!values.IsAtEnd) into.Add(read(values));
    }
}
