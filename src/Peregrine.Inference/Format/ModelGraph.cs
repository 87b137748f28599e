using Peregrine.Inference.Operators;

namespace Peregrine.Inference.Format;

/// <summary>A checked graph: names are unique, every value is produced before it is used, constants are decoded, every operator is known.</summary>
internal sealed class ModelGraph
{
    /// <summary>The imported version of each operator domain; ai.onnx is the empty name.</summary>
    public required IReadOnlyDictionary<string, int> Opsets { get; init; }

    public int Opset => OpsetOf("");

    public int OpsetOf(string domain) => Opsets.GetValueOrDefault(OperatorTable.Domain(domain));
    public required IReadOnlyList<NodeProto> Nodes { get; init; }
    public required IReadOnlyDictionary<string, TensorData> Constants { get; init; }

    /// <summary>Constants that the file holds as float16 or bfloat16.</summary>
    public required IReadOnlyDictionary<string, ElementType> NarrowConstants { get; init; }
    public required IReadOnlyList<TensorInfo> Inputs { get; init; }
    public required IReadOnlyList<TensorInfo> Outputs { get; init; }
}
