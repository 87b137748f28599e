using Peregrine.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.App.Commands;

/// <summary>A tensor of <c>model … --json</c>: each size is a number, or the name of a symbolic dimension.</summary>
internal sealed record ModelTensorJson(string Name, string Type, IReadOnlyList<string>? Shape)
{
    public static ModelTensorJson Of(TensorInfo tensor) => new(tensor.Name, tensor.Type.ToString(), [.. tensor.Shape.Select(static one => one.ToString())]);

    public static ModelTensorJson Of(ValueDescription value) =>
        new(value.Name, value.Type.ToString(), value.Shape is null ? null : [.. value.Shape.Select(static size => size.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
}

internal sealed record ModelNodeJson(string Name, string Operator, IReadOnlyList<string> Inputs, IReadOnlyList<ModelTensorJson> Outputs, string Role, int Step, long Flops, long Parameters);

internal sealed record ModelStepJson(IReadOnlyList<int> Nodes, IReadOnlyList<string> Operators, string Kernel, IReadOnlyList<ModelTensorJson> Reads, IReadOnlyList<ModelTensorJson> Writes, long Flops);

/// <summary><c>model inspect --json</c></summary>
internal sealed record ModelInspectJson(string File, int Opset, int IrVersion, string Producer)
{
    public required long Parameters { get; init; }
    public required long ParameterBytes { get; init; }
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
    public required IReadOnlyDictionary<string, int> Operators { get; init; }
    public required IReadOnlyList<ModelTensorJson> Inputs { get; init; }
    public required IReadOnlyList<ModelTensorJson> Outputs { get; init; }

    /// <summary>The inputs and outputs with the sizes that the plan was made for.</summary>
    public required IReadOnlyList<ModelTensorJson> CompiledInputs { get; init; }
    public required IReadOnlyList<ModelTensorJson> CompiledOutputs { get; init; }
    public required IReadOnlyList<ModelNodeJson> Nodes { get; init; }

    /// <summary>Why there is no plan.</summary>
    public string? Problem { get; init; }
    public required string Kernels { get; init; }
    public required IReadOnlyList<ModelStepJson> Steps { get; init; }
    public required long Flops { get; init; }
    public required long OtherElements { get; init; }
    public required long WeightTrafficBytes { get; init; }
    public required long SessionBytes { get; init; }
    public required long ArenaBytes { get; init; }

    public static ModelInspectJson Of(string path, ModelDescription d) => new(path, d.Model.Opset, d.Model.IrVersion, d.Model.Producer)
    {
        Parameters = d.Model.Parameters, ParameterBytes = d.ParameterBytes, Metadata = d.Model.Metadata, Operators = d.Model.Operators,
        Inputs = [.. d.Model.Inputs.Select(ModelTensorJson.Of)], Outputs = [.. d.Model.Outputs.Select(ModelTensorJson.Of)],
        CompiledInputs = [.. d.Inputs.Select(ModelTensorJson.Of)], CompiledOutputs = [.. d.Outputs.Select(ModelTensorJson.Of)],
        Nodes = [.. d.Nodes.Select(static node => new ModelNodeJson(node.Name, node.Operator, node.Inputs, [.. node.Outputs.Select(ModelTensorJson.Of)], Camel(node.Role), node.Step, node.Flops, node.Parameters))],
        Problem = d.Problem, Kernels = d.Kernels, Flops = d.Flops, OtherElements = d.OtherElements, WeightTrafficBytes = d.WeightTrafficBytes, SessionBytes = d.SessionBytes, ArenaBytes = d.ArenaBytes,
        Steps =
        [
            .. d.Steps.Select(step => new ModelStepJson(step.Nodes, [.. step.Nodes.Select(node => d.Nodes[node].Operator)], step.Kernel, [.. step.Reads.Select(ModelTensorJson.Of)],
                [.. step.Writes.Select(ModelTensorJson.Of)], step.Flops)),
        ],
    };

    private static string Camel(NodeRole role) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(role.ToString());
}
