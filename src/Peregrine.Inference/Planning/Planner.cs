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
    private readonly Dictionary<Value, ChainStep> _chains = [];
    private readonly Dictionary<Value, string> _inputs = [];
    private readonly Dictionary<string, ElementType> _declared = new(StringComparer.Ordinal);
    private readonly List<Step> _steps = [];
    private readonly CompileOptions _options;
    private readonly KernelKind _kind;
    private readonly SharedWeights _weights;
    private long _foldingLeft;
    private long _foldedElementsLeft;
    private long _arenaBytes;

    private Planner(CompileOptions options, ModelLimits limits, SharedWeights weights)
    {
        _options = options;
        Limits = limits;
        _weights = weights;
        _kind = options.Kernels == KernelKind.Auto ? KernelKinds.Best : options.Kernels;
        if (!KernelKinds.IsAvailable(_kind)) throw new ModelException($"This machine has no {_kind} kernels; the best it has is {KernelKinds.Best}.");
        _foldingLeft = limits.FoldingMultiplyAddsMax;
        _foldedElementsLeft = limits.FoldedElementsMax;
    }

    public ModelLimits Limits { get; }

    public static ModelSession Plan(ModelGraph graph, CompileOptions options, ModelLimits limits, SharedWeights weights) => new Planner(options, limits, weights).Plan(graph);

    public Value ValueOf(string name) => _values.TryGetValue(name, out Value? value) ? value : throw new ModelException($"'{name}' is named as an output of an operator that has none such.");

    /// <summary>Makes the plan and keeps what it was made of, for those who describe it.</summary>
    public static PlanRecord Record(ModelGraph graph, CompileOptions options, ModelLimits limits, SharedWeights weights)
    {
        var planner = new Planner(options, limits, weights);
        ModelSession session = planner.Plan(graph);
        return new PlanRecord(session, planner._steps, planner._values, planner._arenaBytes);
    }

    public bool IsRead(string name) => _readers.ContainsKey(name);

    public void Define(Value value)
    {
        if (!_values.TryAdd(value.Name, value)) throw new ModelException($"The name '{value.Name}' is taken: the engine gives it to a value of its own.");
    }

    /// <summary>Counts elements that are computed while the model is compiled and cannot be left to a run; false where they are too many.</summary>
    public bool TakeFolded(long elements) => (_foldedElementsLeft -= elements) >= 0;

    public void Add(Step step)
    {
        if (TryFold(step)) return;
        foreach (Value value in step.Writes)
        {
            Define(value);
            value.Producer = step;
        }
        _steps.Add(step);
        if (step is LayerStep layer) _layers.Add(step.Writes[0], layer);
        if (step is ChainStep chain) _chains.Add(step.Writes[0], chain);
    }

    /// <summary>The layer that made this value, if nobody but the asking node reads it.</summary>
    public LayerStep? OpenLayer(Value value) =>
        _options.Fuse && _layers.TryGetValue(value, out LayerStep? layer) && _readers.GetValueOrDefault(value.Name) == 1 ? layer : null;

    public void Rename(LayerStep layer, Value output)
    {
        _layers.Remove(layer.Writes[0]);
        layer.Writes = [output];
        output.Producer = layer;
        _layers.Add(output, layer);
        Define(output);
    }

    /// <summary>Nothing joins this layer any more.</summary>
    public void Close(LayerStep layer) => _layers.Remove(layer.Writes[0]);

    /// <summary>The chain that made this value, if nobody but the asking node reads it.</summary>
    public ChainStep? OpenChain(Value value) =>
        _options.Fuse && _chains.TryGetValue(value, out ChainStep? chain) && _readers.GetValueOrDefault(value.Name) == 1 ? chain : null;

    public void Rename(ChainStep chain, Value output)
    {
        _chains.Remove(chain.Writes[0]);
        chain.Writes = [output];
        output.Producer = chain;
        _chains.Add(output, chain);
        Define(output);
    }

    private ModelSession Plan(ModelGraph graph)
    {
        List<NodeProto> nodes = Live(graph);
        foreach ((string name, TensorData data) in graph.Constants) Define(new Value(name, data.Type, data.Shape) { Constant = data });
        CheckDimensions(graph);
        TensorInfo[] open = [.. graph.Inputs.Where(i => !_options.FixedInputs.ContainsKey(i.Name))];
        foreach (TensorInfo input in graph.Inputs) _declared[input.Name] = input.Type;
        foreach ((string name, ElementType type) in graph.NarrowConstants) _declared[name] = type;
        FixInputs(graph);
        Value[] inputs = [.. open.Select(Resolve)];
        foreach (Value input in inputs) _inputs.Add(Enter(input), input.Name);
        PlanNodes(graph, nodes);

        Value[] outputs = [.. graph.Outputs.Select(o => OutputOf(o))];
        long cost = _steps.Sum(s => s.Cost);
        if (cost > Limits.MultiplyAddsMax) throw new ModelException($"One run needs about {cost} multiply-adds; at most {Limits.MultiplyAddsMax} are allowed.");

        var memory = new Memory(Limits.SessionBytesMax, _weights);
        LayOut(inputs, outputs, memory);
        _arenaBytes = memory.BytesUsed;
        var binder = new Binder(_kind, memory);
        Kernel[] kernels = [.. _steps.Select(s => s.Bind(binder))];
        foreach (Value value in inputs.Concat(outputs)) value.Address = binder.Address(value);
        return new ModelSession(open, graph.Outputs, inputs, outputs, kernels, memory, _kind);
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

    /// <summary>Node by node, but several that are one function together when the last of them is reached.</summary>
    private void PlanNodes(ModelGraph graph, List<NodeProto> nodes)
    {
        Dictionary<NodeProto, Pattern> patterns = _options.Fuse ? PatternFinder.Find(nodes, _readers) : [];
        foreach (NodeProto node in nodes)
        {
            if (!patterns.TryGetValue(node, out Pattern? pattern))
            {
                PlanNode(node);
                continue;
            }
            if (node != pattern.Nodes[^1]) continue;
            _readers[pattern.Input] -= pattern.Reads - 1; // One function reads it once.
            if (pattern.TryPlan(ContextOf(node))) continue;
            _readers[pattern.Input] += pattern.Reads - 1;
            foreach (NodeProto part in pattern.Nodes) PlanNode(part);
        }

        NodeContext ContextOf(NodeProto node) => new(this, node, graph.OpsetOf(node.Domain));

        void PlanNode(NodeProto node) => OperatorTable.Plan(ContextOf(node));
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

    /// <summary>Makes the inputs whose value is known already into constants.</summary>
    private void FixInputs(ModelGraph graph)
    {
        foreach ((string name, FixedTensor tensor) in _options.FixedInputs)
        {
            TensorInfo declared = graph.Inputs.FirstOrDefault(i => i.Name == name) ?? throw new ModelException($"The model has no input '{name}' that could be fixed.");
            bool fits = declared.Type.Inside() == tensor.Data.Type && declared.Shape.Count == tensor.Data.Shape.Length
                && declared.Shape.Zip(tensor.Data.Shape).All(p => (p.First.Size ?? _options.Dimensions.GetValueOrDefault(p.First.Name!, p.Second)) == p.Second);
            if (!fits) throw new ModelException($"Input {declared} cannot be fixed to {tensor.Data.Type}{Shapes.Text(tensor.Data.Shape)}.");
            Define(new Value(name, tensor.Data.Type, tensor.Data.Shape) { Constant = tensor.Data });
        }
    }

    /// <summary>An input as the plan sees it: float16 and bfloat16 are widened first.</summary>
    private Value Enter(Value input)
    {
        Value inside = input;
        if (input.Type.Inside() != input.Type)
        {
            inside = new Value(input.Name, ElementType.Float32, input.Shape);
            Add(new SimpleStep(binder => CastKernels.Make(binder.Address(input), input.Type, binder.Address(inside), ElementType.Float32, input.Count)) { Reads = [input], Writes = [inside] });
        }
        else
        {
            Define(input);
        }
        return inside;
    }

    /// <summary>The inputs of the model that a value is computed from, by name.</summary>
    public string[] InputsBehind(Value value)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<Value>();
        var open = new Stack<Value>([value.Root]);
        while (open.TryPop(out Value? next))
        {
            if (!seen.Add(next)) continue;
            if (_inputs.TryGetValue(next, out string? name)) names.Add(name);
            else foreach (Value read in next.Producer?.Reads ?? []) open.Push(read.Root);
        }
        return [.. names];
    }

    /// <summary>The type that the file gives an input or constant; of anything else the type inside.</summary>
    public ElementType Declared(Value value) => _declared.TryGetValue(value.Name, out ElementType type) ? type : value.Type;

    private Value OutputOf(TensorInfo declared)
    {
        Value value = ValueOf(declared.Name);
        if (value.Type != declared.Type.Inside()) throw new ModelException($"Output {declared} is declared as {declared.Type}, but the graph computes {value}.");
        bool fits = declared.Shape.Count == 0 || (declared.Shape.Count == value.Shape.Length && declared.Shape.Zip(value.Shape).All(p => p.First.IsSymbolic || p.First.Size == p.Second));
        if (!fits) throw new ModelException($"Output {declared} is declared with another shape than the graph computes: {value}.");
        if (value.Type == declared.Type) return value;
        var narrow = new Value(declared.Name, declared.Type, value.Shape);
        _steps.Add(new SimpleStep(binder => CastKernels.Make(binder.Address(value), value.Type, binder.Address(narrow), narrow.Type, value.Count)) { Reads = [value], Writes = [narrow] });
        return narrow;
    }

    /// <summary>Runs a step now if all it reads is constant and it is cheap.</summary>
    private bool TryFold(Step step)
    {
        int count = step.Writes.Sum(w => w.Count);
        if (step.Reads.Any(r => r.Constant is null) || step.Cost > _foldingLeft || count > _foldedElementsLeft) return false;
        _foldingLeft -= step.Cost;
        _foldedElementsLeft -= count;
        var scratch = new Memory(Limits.SessionBytesMax);
        var binder = new Binder(_kind, scratch);
        step.Bind(binder).Run();
        foreach (Value output in step.Writes)
            Define(new Value(output.Name, output.Type, output.Shape) { Constant = TensorData.Copy(output.Type, output.Shape, binder.Address(output), output.Count) });
        GC.KeepAlive(scratch);
        foreach (Value read in step.Reads) read.Root.Address = 0; // That memory was scratch.
        return true;
    }

    /// <summary>Gives each computed value a place in one arena; values that never live at the same time may share it.</summary>
    private void LayOut(Value[] inputs, Value[] outputs, Memory memory)
    {
        for (int i = 0; i < _steps.Count; i++)
            foreach (Value value in _steps[i].Reads.Concat(_steps[i].Writes)) Touch(value.Root, i);
        foreach (Value value in inputs.Select(v => v.Root)) Touch(value, -1);
        foreach (Value value in inputs.Concat(outputs).Select(v => v.Root)) Touch(value, _steps.Count); // Outputs are read after a run; inputs keep what was filled in.

        List<Value> owners = [.. inputs.Concat(_steps.SelectMany(s => s.Reads.Concat(s.Writes))).Select(v => v.Root).Where(v => v.Constant is null).Distinct().OrderBy(v => v.FirstStep)];
        var placed = new List<(Value Owner, long Offset)>(owners.Count);
        var alive = new List<(Value Owner, long Offset)>(); // By offset; what has died makes room.
        long arena = 0;
        foreach (Value owner in owners)
        {
            alive.RemoveAll(p => p.Owner.LastStep < owner.FirstStep);
            int index = alive.FindIndex(p => CanTakeItsPlace(owner, p.Owner));
            if (index >= 0)
            {
                placed.Add(alive[index] = (owner, alive[index].Offset));
                continue;
            }
            long offset = 0;
            index = 0;
            for (; index < alive.Count && offset + owner.Bytes > alive[index].Offset; index++) offset = alive[index].Offset + alive[index].Owner.Bytes;
            alive.Insert(index, (owner, offset));
            placed.Add((owner, offset));
            arena = Math.Max(arena, offset + owner.Bytes);
        }
        nint start = memory.Take(Math.Max(arena, 1));
        foreach ((Value owner, long offset) in placed) owner.Address = start + (nint)offset;
    }

    /// <summary>Whether the one dies in the very step that computes the other, and that step may write over it.</summary>
    private static bool CanTakeItsPlace(Value born, Value dying) =>
        dying.LastStep == born.FirstStep && dying.Bytes == born.Bytes && born.Producer is { } step && step.Overwrites.Any(v => v.Root == dying);

    private static void Touch(Value value, int step)
    {
        value.FirstStep = Math.Min(value.FirstStep, step);
        value.LastStep = Math.Max(value.LastStep, step);
    }
}
