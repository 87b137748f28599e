using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Operators;

namespace Peregrine.Inference.Planning;

/// <summary>
/// Turns a graph with fixed shapes into a flat list of bound kernels: dead nodes go, constants fold, activations join the layer before them,
/// and what is left shares one arena by lifetime.
/// </summary>
internal sealed class Planner
{
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<Value, LayerStep> _layers = [];
    private readonly List<Step> _steps = [];
    private readonly CompileOptions _options;
    private readonly KernelKind _kind;
    private long _foldingLeft;
    private long _foldedElementsLeft;

    private Planner(CompileOptions options, ModelLimits limits)
    {
        _options = options;
        Limits = limits;
        _kind = options.Kernels == KernelKind.Auto ? KernelKinds.Best : options.Kernels;
        if (!KernelKinds.IsAvailable(_kind)) throw new ModelException($"This machine has no {_kind} kernels; the best it has is {KernelKinds.Best}.");
        _foldingLeft = limits.FoldingMultiplyAddsMax;
        _foldedElementsLeft = limits.FoldedElementsMax;
    }

    public ModelLimits Limits { get; }

    public static ModelSession Plan(ModelGraph graph, CompileOptions options, ModelLimits limits) => new Planner(options, limits).Plan(graph);

    public Value ValueOf(string name) => _values[name];

    public bool IsRead(string name) => _readers.ContainsKey(name);

    public void Define(Value value) => _values.Add(value.Name, value);

    public void Add(Step step)
    {
        if (TryFold(step)) return;
        foreach (Value written in step.AllWrites) Define(written);
        _steps.Add(step);
        if (step is LayerStep layer) _layers.Add(step.Writes, layer);
    }

    /// <summary>The layer that made this value, if nobody but the asking node reads it.</summary>
    public LayerStep? OpenLayer(Value value) =>
        _options.Fuse && _layers.TryGetValue(value, out LayerStep? layer) && _readers.GetValueOrDefault(value.Name) == 1 ? layer : null;

    public void Rename(LayerStep layer, Value output)
    {
        _layers.Remove(layer.Writes);
        layer.Writes = output;
        _layers.Add(output, layer);
        Define(output);
    }

    private ModelSession Plan(ModelGraph graph)
    {
        List<NodeProto> nodes = Live(graph);
        foreach ((string name, TensorData data) in graph.Constants) Define(new Value(name, data.Type, data.Shape) { Constant = data });
        CheckDimensions(graph);
        Value[] inputs = [.. graph.Inputs.Select(Resolve)];
        foreach (Value input in inputs) Define(input);
        foreach (NodeProto node in nodes) OperatorTable.Plan(new NodeContext(this, node, graph.Opset));

        long cost = _steps.Sum(s => s.Cost);
        if (cost > Limits.MultiplyAddsMax) throw new ModelException($"One run needs about {cost} multiply-adds; at most {Limits.MultiplyAddsMax} are allowed.");
        Value[] outputs = [.. graph.Outputs.Select(o => OutputOf(o))];

        var memory = new Memory(Limits.SessionBytesMax);
        LayOut(inputs, outputs, memory);
        var binder = new Binder(_kind, memory);
        Kernel[] kernels = [.. _steps.Select(s => s.Bind(binder))];
        foreach (Value value in inputs.Concat(outputs)) value.Address = binder.Address(value);
        return new ModelSession(graph, inputs, outputs, kernels, memory, _kind);
    }

    /// <summary>The nodes that the outputs need, and how often each value is read.</summary>
    private List<NodeProto> Live(ModelGraph graph)
    {
        foreach (TensorInfo output in graph.Outputs) _readers[output.Name] = _readers.GetValueOrDefault(output.Name) + 1;
        var live = new List<NodeProto>();
        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            NodeProto node = graph.Nodes[i];
            if (!node.Outputs.Any(_readers.ContainsKey)) continue;
            foreach (string input in node.Inputs.Where(n => n.Length > 0)) _readers[input] = _readers.GetValueOrDefault(input) + 1;
            live.Add(node);
        }
        live.Reverse();
        return live;
    }

    private void CheckDimensions(ModelGraph graph)
    {
        var known = graph.Inputs.SelectMany(i => i.Shape).Where(d => d.IsSymbolic).Select(d => d.Name!).Distinct(StringComparer.Ordinal).ToList();
        foreach ((string name, int size) in _options.Dimensions)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
                throw new ModelException($"The model has no symbolic dimension '{name}'; it has {(known.Count == 0 ? "none" : string.Join(", ", known))}.");
            if (size < 1 || size > Limits.ElementsMax) throw new ModelException($"Dimension '{name}' cannot be {size}; allowed are 1 to {Limits.ElementsMax}.");
        }
    }

    private Value Resolve(TensorInfo input)
    {
        long total = 1;
        var shape = new int[input.Shape.Count];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = input.Shape[i].Size ?? _options.Dimensions.GetValueOrDefault(input.Shape[i].Name!, 1);
            total *= shape[i];
            if (total > Limits.ElementsMax) throw new ModelException($"Input {input} has more than the {Limits.ElementsMax} elements allowed.");
        }
        return new Value(input.Name, input.Type, shape);
    }

    private Value OutputOf(TensorInfo declared)
    {
        if (!_values.TryGetValue(declared.Name, out Value? value)) throw new ModelException($"Output '{declared.Name}' is an output that its node does not have.");
        if (value.IsFloat != declared.Type.IsFloat()) throw new ModelException($"Output {declared} is declared as {declared.Type}, but the graph computes {value}.");
        bool fits = declared.Shape.Count == 0 || (declared.Shape.Count == value.Shape.Length && declared.Shape.Zip(value.Shape).All(p => p.First.IsSymbolic || p.First.Size == p.Second));
        return fits ? value : throw new ModelException($"Output {declared} is declared with another shape than the graph computes: {value}.");
    }

    /// <summary>Runs a step now if all it reads is constant and it is cheap.</summary>
    private unsafe bool TryFold(Step step)
    {
        if (step.Reads.Any(r => r.Constant is null) || step.Cost > _foldingLeft || step.AllWrites.Sum(w => (long)w.Count) > _foldedElementsLeft) return false;
        _foldingLeft -= step.Cost;
        _foldedElementsLeft -= step.AllWrites.Sum(w => (long)w.Count);
        var scratch = new Memory(Limits.SessionBytesMax);
        step.Bind(new Binder(_kind, scratch)).Run();
        foreach (Value output in step.AllWrites)
        {
            TensorData data = output.IsFloat
                ? new TensorData(output.Type, output.Shape, new Span<float>((void*)output.Address, output.Count).ToArray())
                : new TensorData(output.Type, output.Shape, new Span<long>((void*)output.Address, output.Count).ToArray());
            Define(new Value(output.Name, output.Type, output.Shape) { Constant = data });
        }
        GC.KeepAlive(scratch);
        foreach (Value read in step.Reads) read.Root.Address = 0; // That memory was scratch.
        return true;
    }

    /// <summary>Gives each computed value a place in one arena; values that never live at the same time may share it.</summary>
    private void LayOut(Value[] inputs, Value[] outputs, Memory memory)
    {
        for (int i = 0; i < _steps.Count; i++)
            foreach (Value value in _steps[i].Reads.Concat(_steps[i].AllWrites)) Touch(value.Root, i);
        foreach (Value value in inputs.Concat(outputs).Select(v => v.Root))
        {
            Touch(value, -1); // The caller may fill inputs before a run and read outputs after it.
            Touch(value, _steps.Count);
        }

        List<Value> owners = [.. inputs.Concat(_steps.SelectMany(s => s.Reads.Concat(s.AllWrites))).Select(v => v.Root).Where(v => v.Constant is null).Distinct().OrderBy(v => v.FirstStep)];
        var placed = new List<(Value Owner, long Offset)>(owners.Count);
        var alive = new List<(Value Owner, long Offset)>(); // By offset; what has died makes room.
        long arena = 0;
        foreach (Value owner in owners)
        {
            alive.RemoveAll(p => p.Owner.LastStep < owner.FirstStep);
            long offset = 0;
            int index = 0;
            for (; index < alive.Count && offset + owner.Bytes > alive[index].Offset; index++) offset = alive[index].Offset + alive[index].Owner.Bytes;
            alive.Insert(index, (owner, offset));
            placed.Add((owner, offset));
            arena = Math.Max(arena, offset + owner.Bytes);
        }
        nint start = memory.Take(Math.Max(arena, 1));
        foreach ((Value owner, long offset) in placed) owner.Address = start + (nint)offset;
    }

    private static void Touch(Value value, int step)
    {
        value.FirstStep = Math.Min(value.FirstStep, step);
        value.LastStep = Math.Max(value.LastStep, step);
    }
}
