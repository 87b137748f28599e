using Peregrine.Inference.Format;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Inspection;

/// <summary>What becomes of a node when the model is compiled.</summary>
public enum NodeRole
{
    /// <summary>A step of the plan computes it in each run, alone or with others.</summary>
    Computed,

    /// <summary>It was computed when the model was compiled.</summary>
    Folded,

    /// <summary>Its result is its input's memory under another shape.</summary>
    View,

    /// <summary>No output needs it.</summary>
    Unused,

    /// <summary>The plan could not be made, so nothing is known.</summary>
    Unknown,
}

/// <summary>A value of the graph: its type and, where the plan knows it, its shape.</summary>
/// <param name="Shape">The sizes; null where they are not known.</param>
public sealed record ValueDescription(string Name, ElementType Type, IReadOnlyList<int>? Shape)
{
    public override string ToString() => Shape is null ? Name : $"{Name} {Type}[{string.Join(", ", Shape)}]";
}

/// <summary>A node of the graph.</summary>
/// <param name="Operator">With its domain where that is not ai.onnx.</param>
/// <param name="Inputs">Names; an input that is left out is empty.</param>
/// <param name="Step">The step that computes it, the first where it takes several; -1 where none does.</param>
/// <param name="Flops">Floating point operations of one run, see <see cref="FlopCount"/>.</param>
/// <param name="Parameters">Numbers of the initializers that it reads.</param>
public sealed record NodeDescription(string Name, string Operator, IReadOnlyList<string> Inputs, IReadOnlyList<ValueDescription> Outputs, NodeRole Role, int Step, long Flops, long Parameters);

/// <summary>A step of the plan: one kernel call.</summary>
/// <param name="Nodes">The places of the nodes that it computes, in the order of the graph; several are fused, and a node may take several steps. Empty for a conversion that the plan adds.</param>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Reads">What it reads that is computed or given: no constants.</param>
public sealed record StepDescription(IReadOnlyList<int> Nodes, string Kernel, IReadOnlyList<ValueDescription> Reads, IReadOnlyList<ValueDescription> Writes, long Flops);

/// <summary>A model as a person wants to see it: its graph with the shapes of what it computes, and the plan that was made of it.</summary>
public sealed record ModelDescription
{
    public required OnnxModel Model { get; init; }

    /// <summary>In an order in which each comes after what it reads.</summary>
    public required IReadOnlyList<NodeDescription> Nodes { get; init; }

    /// <summary>The plan; empty where it could not be made.</summary>
    public required IReadOnlyList<StepDescription> Steps { get; init; }

    /// <summary>The session's inputs and outputs with whole shapes; the model's own where there is no plan.</summary>
    public required IReadOnlyList<TensorInfo> Inputs { get; init; }
    public required IReadOnlyList<TensorInfo> Outputs { get; init; }

    /// <summary>Why there is no plan; null where there is one.</summary>
    public string? Problem { get; init; }

    /// <summary>Floating point operations of one run: 2 for each multiply-add of matrix products, see <see cref="FlopCount"/>.</summary>
    public long Flops => Nodes.Sum(static node => node.Flops);

    /// <summary>Numbers that the other nodes compute in one run, one an element.</summary>
    public long OtherElements { get; init; }

    /// <summary>Bytes of weights that one run passes over at least, each as often as the time order asks for it, see <see cref="FlopCount"/>.</summary>
    public long WeightTrafficBytes { get; init; }

    /// <summary>Bytes of the initializers.</summary>
    public long ParameterBytes { get; init; }

    /// <summary>Bytes in which all that a run computes finds its place.</summary>
    public long ArenaBytes { get; init; }

    /// <summary>Bytes of arena, packed weights and tables together.</summary>
    public long SessionBytes { get; init; }

    public string Kernels { get; init; } = "";

    /// <summary>Describes a model as it compiles with these options. A model that cannot be compiled is described without shapes.</summary>
    public static ModelDescription Of(OnnxModel model, CompileOptions? options = null)
    {
        options ??= new CompileOptions();
        long parameterBytes = model.Graph.Constants.Values.Sum(static data => (long)data.Bytes.Length);
        try
        {
            PlanRecord plan = model.Record(options);
            PlanRecord plain = model.Record(options with { Fuse = false }); // It knows what the values within fused steps are.
            return Describe(model, plan, plain) with { ParameterBytes = parameterBytes };
        }
        catch (ModelException e)
        {
            return new ModelDescription
            {
                Model = model, Steps = [], Inputs = model.Inputs, Outputs = model.Outputs, Problem = e.Message, ParameterBytes = parameterBytes,
                Nodes = [.. model.Graph.Nodes.Select(node => new NodeDescription(node.Name, NameOf(node), node.Inputs, [.. Names(node).Select(static name => new ValueDescription(name, ElementType.Undefined, null))],
                    NodeRole.Unknown, -1, 0, ParametersOf(model.Graph, node)))],
            };
        }
    }

    private static ModelDescription Describe(OnnxModel model, PlanRecord plan, PlanRecord plain)
    {
        ModelGraph graph = model.Graph;
        Value? Find(string name) => plain.Values.GetValueOrDefault(name) ?? plan.Values.GetValueOrDefault(name);
        (int[][] nodesOf, int[] stepOf) = NodesOfSteps.Assign(graph.Nodes, plan.Steps, name => Find(name)?.Constant is not null);
        var nodes = new List<NodeDescription>(graph.Nodes.Count);
        long others = 0, traffic = 0;
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            NodeProto node = graph.Nodes[i];
            Value?[] outputs = [.. Names(node).Select(Find)];
            NodeRole role = stepOf[i] >= 0 ? NodeRole.Computed : outputs.All(static value => value is null) ? NodeRole.Unused : outputs.OfType<Value>().All(static value => value.Constant is not null) ? NodeRole.Folded : NodeRole.View;
            FlopCount count = role == NodeRole.Computed ? FlopCount.Of(node, Find) : default;
            others += role == NodeRole.Computed && count.Flops == 0 ? outputs.OfType<Value>().Sum(static value => (long)value.Count) : 0;
            traffic += count.WeightTrafficBytes;
            nodes.Add(new NodeDescription(node.Name, NameOf(node), node.Inputs, [.. Names(node).Select(name => Describe(name, Find(name)))], role, stepOf[i], count.Flops, ParametersOf(graph, node)));
        }
        return new ModelDescription
        {
            Model = model, Nodes = nodes, Inputs = plan.Session.Inputs, Outputs = plan.Session.Outputs, OtherElements = others, WeightTrafficBytes = traffic,
            ArenaBytes = plan.ArenaBytes, SessionBytes = plan.Session.MemoryBytes, Kernels = plan.Session.Kernels.ToString(),
            Steps = [.. plan.Steps.Select((step, index) => Describe(step, index, plan.Session.KernelName(index), nodesOf[index], nodes))],
        };
    }

    private static StepDescription Describe(Step step, int index, string kernel, int[] own, List<NodeDescription> nodes) => new(
        own, kernel, [.. step.Reads.Where(static value => value.Constant is null).Select(static value => Describe(value.Name, value))], [.. step.Writes.Select(static value => Describe(value.Name, value))],
        own.Where(i => nodes[i].Step == index).Sum(i => nodes[i].Flops));

    private static ValueDescription Describe(string name, Value? value) => new(name, value?.Type ?? ElementType.Undefined, value?.Shape);

    private static IEnumerable<string> Names(NodeProto node) => node.Outputs.Where(static name => name.Length > 0);

    private static string NameOf(NodeProto node) => node.Domain is "" or "ai.onnx" ? node.Operator : $"{node.Domain}.{node.Operator}";

    private static long ParametersOf(ModelGraph graph, NodeProto node) => node.Inputs.Distinct(StringComparer.Ordinal).Sum(name => graph.Constants.TryGetValue(name, out TensorData? data) ? (long)data.Count : 0);
}
