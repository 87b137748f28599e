using Google.Protobuf;

namespace Peregrine.Inference.Format;

// The messages of onnx.proto that an inference engine needs, as they stand in the file, nothing checked yet.

internal sealed class ModelProto
{
    public long IrVersion { get; set; }
    public string ProducerName { get; set; } = "";
    public string ProducerVersion { get; set; } = "";
    public GraphProto? Graph { get; set; }
    public List<(string Domain, long Version)> Opsets { get; } = [];
    public List<(string Key, string Value)> Metadata { get; } = [];
}

internal sealed class GraphProto
{
    public string Name { get; set; } = "";
    public List<NodeProto> Nodes { get; } = [];
    public List<TensorProto> Initializers { get; } = [];
    public List<ValueInfoProto> Inputs { get; } = [];
    public List<ValueInfoProto> Outputs { get; } = [];
    public bool HasSparseInitializers { get; set; }
}

internal sealed class NodeProto
{
    public string Name { get; set; } = "";
    public string Operator { get; set; } = "";
    public string Domain { get; set; } = "";
    public List<string> Inputs { get; } = [];
    public List<string> Outputs { get; } = [];
    public List<AttributeProto> Attributes { get; } = [];

    /// <summary>The node as a person would point at it.</summary>
    public string Where => Name.Length > 0 ? $"{Operator} '{Name}'" : $"{Operator} -> '{(Outputs.Count > 0 ? Outputs[0] : "?")}'";
}

internal sealed class AttributeProto
{
    public string Name { get; set; } = "";
    public long Type { get; set; }
    public float Float { get; set; }
    public long Integer { get; set; }
    public ByteString Text { get; set; } = ByteString.Empty;
    public TensorProto? Tensor { get; set; }
    public List<float> Floats { get; } = [];
    public List<long> Integers { get; } = [];
    public List<ByteString> Texts { get; } = [];
    public bool HasFloat { get; set; }
    public bool HasInteger { get; set; }
}

internal sealed class ValueInfoProto
{
    public string Name { get; set; } = "";
    public bool IsTensor { get; set; }
    public long ElementType { get; set; }
    public bool HasShape { get; set; }
    public List<(long? Value, string? Name)> Dimensions { get; } = [];
}

internal sealed class TensorProto
{
    public string Name { get; set; } = "";
    public long DataType { get; set; }
    public List<long> Dimensions { get; } = [];
    public ByteString? Raw { get; set; }
    public List<float> Floats { get; } = [];
    public List<int> Int32s { get; } = [];
    public List<long> Int64s { get; } = [];
    public List<double> Doubles { get; } = [];
    public List<ulong> UInt64s { get; } = [];
    public bool IsExternal { get; set; }
    public Dictionary<string, string> External { get; } = new(StringComparer.Ordinal);
}
