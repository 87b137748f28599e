namespace Peregrine.Inference.Format;

/// <summary>A checked graph: names are unique, every value is produced before it is used, constants are decoded, every operator is known.</summary>
internal sealed class ModelGraph
{
    public required int Opset { get; init; }
    public required IReadOnlyList<NodeProto> Nodes { get; init; }
    public required IReadOnlyDictionary<string, TensorData> Constants { get; init; }
    public required IReadOnlyList<TensorInfo> Inputs { get; init; }
    public required IReadOnlyList<TensorInfo> Outputs { get; init; }
}
