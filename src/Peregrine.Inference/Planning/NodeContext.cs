using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>What an operator sees while the plan is made: its node, its inputs with their shapes, and the ways to say what it becomes.</summary>
internal sealed class NodeContext(Planner planner, NodeProto node, int opset)
{
    private readonly Dictionary<string, AttributeProto> _attributes = Index(node);

    private int _inner;

    public int Opset { get; } = opset;
    public string Operator => node.Operator;
    public int InputCount => node.Inputs.Count;
    public string Domain => node.Domain;
    public int OutputCount => node.Outputs.Count(o => o.Length > 0);
    /// <summary>Outputs the node declares, used or not.</summary>
    public int OutputSlots => node.Outputs.Count;
    public ModelLimits Limits => planner.Limits;

    public ModelException Fail(string what) => new($"{node.Where}: {what}");

    public Value Input(int index) => Optional(index) ?? throw Fail($"input {index} is missing.");

    public Value? Optional(int index) => index < node.Inputs.Count && node.Inputs[index].Length > 0 ? planner.ValueOf(node.Inputs[index]) : null;

    public Value FloatInput(int index) => Input(index) is { IsFloat: true } value ? value : throw Fail($"input {index} is {Input(index)}; float32 is allowed.");

    /// <summary>The whole numbers of an input that must be known when the model is compiled.</summary>
    public long[] ConstantIntegers(Value value) => value.Type.IsInteger() ? Known(value).Integers : throw Fail($"{value} must be whole numbers.");

    /// <summary>The data of an input that decides shapes, and so must be known when the model is compiled.</summary>
    /// <exception cref="ModelException">It is computed in each run; the message says which inputs of the model may be fixed to settle it.</exception>
    public TensorData Known(Value value)
    {
        if (value.Constant is { } data) return data;
        string[] inputs = planner.InputsBehind(value);
        throw new ModelException($"{node.Where}: {value} decides shapes and must be constant once the shapes are fixed; it depends on the input{(inputs.Length == 1 ? "" : "s")} " +
            $"{string.Join(", ", inputs.Select(i => $"'{i}'"))}, whose value may be given as CompileOptions.FixedInputs.") { InputsToFix = inputs };
    }

    public string Text(string name, string otherwise) => _attributes.TryGetValue(name, out AttributeProto? a) ? a.Text.ToStringUtf8() : otherwise;

    public string[]? Texts(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Texts.Select(t => t.ToStringUtf8())] : null;

    /// <summary>An input of indices as int64, whatever integer type it has.</summary>
    public Value Indices(int index)
    {
        Value value = Input(index);
        return value.Type.IsInteger() ? As(ElementType.Int64, value) : throw Fail($"indices {value} must be whole numbers.");
    }

    public bool Has(string name) => _attributes.ContainsKey(name);

    public long Integer(string name, long otherwise) =>
        !_attributes.TryGetValue(name, out AttributeProto? a) ? otherwise : a.HasInteger ? a.Integer : throw Fail($"attribute {name} is not a whole number.");

    public float Float(string name, float otherwise) =>
        !_attributes.TryGetValue(name, out AttributeProto? a) ? otherwise : a.HasFloat ? a.Float : throw Fail($"attribute {name} is not a number.");

    public long[]? Integers(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Integers] : null;

    public float[]? Floats(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Floats] : null;

    /// <summary>A tensor attribute; it must lie in the model file itself.</summary>
    public TensorData? Tensor(string name) => _attributes.TryGetValue(name, out AttributeProto? a) && a.Tensor is { } tensor
        ? TensorDecoder.Decode(tensor, $"{node.Where}, attribute {name}", Limits, new ExternalData(null, Limits))
        : null;

    /// <summary>An axis as ONNX writes it, negative from the back, made an index.</summary>
    public int Axis(long axis, int rank, bool endAllowed = false)
    {
        int last = endAllowed ? rank : rank - 1;
        if (axis < -rank || axis > last) throw Fail($"axis {axis} is out of range for {rank} dimensions.");
        return (int)(axis < 0 ? axis + rank : axis);
    }

    public bool[] AxisSet(long[] axes, int rank)
    {
        var set = new bool[rank];
        foreach (long axis in axes)
        {
            int index = Axis(axis, rank);
            if (set[index]) throw Fail($"axis {axis} appears twice.");
            set[index] = true;
        }
        return set;
    }

    /// <summary>A shape whose element count was checked against overflow and limit.</summary>
    public int[] Checked(params int[] shape)
    {
        if (shape.Length > Limits.RankMax) throw Fail($"the result has {shape.Length} dimensions; at most {Limits.RankMax} are allowed.");
        long total = 1;
        foreach (int size in shape)
        {
            if (size < 0) throw Fail($"the result has a negative size: {Shapes.Text(shape)}.");
            total *= Math.Max(size, 1);
            if (total > Limits.ElementsMax) throw Fail($"the result {Shapes.Text(shape)} has more than the {Limits.ElementsMax} elements allowed.");
        }
        return shape;
    }

    /// <summary>Sizes times repeats, checked.</summary>
    public int[] Times(int[] shape, int[] repeats)
    {
        long total = 1;
        for (int i = 0; i < shape.Length; i++) total = Math.Min(total * Math.Max((long)shape[i] * repeats[i], 1), int.MaxValue);
        return total > Limits.ElementsMax ? throw Fail($"the result has more than the {Limits.ElementsMax} elements allowed.") : Checked([.. shape.Select((size, i) => size * repeats[i])]);
    }

    /// <summary>The node's only output is computed by a kernel.</summary>
    /// <param name="overwrites">Inputs in whose place the output may lie, as <see cref="Step.Overwrites"/> says.</param>
    public void Emit(ElementType type, int[] shape, Value[] reads, Func<Binder, Value, Kernel> bind, long cost = 0, params Value[] overwrites)
    {
        var output = new Value(OutputName(0), type, Checked(shape));
        planner.Add(new SimpleStep(binder => bind(binder, output), overwrites) { Reads = reads, Writes = [output], Cost = cost + output.Count });
    }

    /// <summary>One of several outputs, or null when it is left out or nobody reads it; give them to EmitMany.</summary>
    public Value? Output(int index, ElementType type, int[] shape) =>
        index < node.Outputs.Count && node.Outputs[index].Length > 0 && planner.IsRead(node.Outputs[index]) ? new Value(node.Outputs[index], type, Checked(shape)) : null;

    /// <summary>Several outputs are computed by one kernel; null ones are skipped.</summary>
    public void EmitMany(Value?[] outputs, Value[] reads, Func<Binder, Kernel> bind, long cost = 0)
    {
        Value[] writes = [.. outputs.OfType<Value>()];
        if (writes.Length > 0) planner.Add(new SimpleStep(bind) { Reads = reads, Writes = writes, Cost = cost + writes.Sum(w => (long)w.Count) });
    }

    /// <summary>Several outputs come from one kernel; those that nobody reads are null there.</summary>
    public void EmitMany((ElementType Type, int[] Shape)[] outputs, Value[] reads, Func<Binder, Value?[], Kernel> bind, long cost = 0)
    {
        Value?[] values = [.. outputs.Select((o, i) => Output(i, o.Type, o.Shape))];
        EmitMany(values, reads, binder => bind(binder, values), cost);
    }

    /// <summary>A value between the kernels of one node.</summary>
    public Value EmitInner(string suffix, int[] shape, Value[] reads, Func<Binder, Value, Kernel> bind, long cost = 0, ElementType type = ElementType.Float32)
    {
        var inner = new Value($"{node.Outputs.First(o => o.Length > 0)}:{suffix}:{_inner++}", type, Checked(shape));
        planner.Add(new SimpleStep(binder => bind(binder, inner)) { Reads = reads, Writes = [inner], Cost = cost + inner.Count });
        return planner.ValueOf(inner.Name);
    }

    public Value ValueNamed(string name) => planner.ValueOf(name);

    public void EmitLayer(LayerStep step) => planner.Add(step);

    public Value NewOutput(int[] shape, ElementType type = ElementType.Float32) => new(OutputName(0), type, Checked(shape));

    public Value NewInner(string suffix, int[] shape, ElementType type = ElementType.Float32) => new($"{OutputName(0)}:{suffix}", type, Checked(shape));

    /// <summary>The node's output is the input's memory under another shape.</summary>
    public void Alias(Value source, int[] shape, int output = 0)
    {
        var alias = new Value(OutputName(output), source.Type, Checked(shape))
        {
            Source = source,
            Constant = source.Constant?.Reshaped(shape),
        };
        planner.Define(alias);
    }

    /// <summary>The element type of an input; of a graph's input as the file declares it, which inside may be wider.</summary>
    public ElementType DeclaredType(int index) => planner.Declared(Input(index));

    /// <summary>A constant of this node's own.</summary>
    public Value Hold(string suffix, TensorData data) => new($"{node.Outputs.First(o => o.Length > 0)}:{suffix}:{_inner++}", data.Type, data.Shape) { Constant = data };

    /// <summary>A value in another element type.</summary>
    public Value As(ElementType type, Value value) => value.Type == type
        ? value
        : EmitInner("cast", value.Shape, [value], (binder, y) => CastKernels.Make(binder.Address(value), value.Type, binder.Address(y), type, value.Count), 0, type);

    /// <summary>The common shape of operands.</summary>
    public int[] Common(params Value[] operands)
    {
        int[] shape = operands[0].Shape;
        foreach (Value operand in operands) shape = Shapes.Broadcast(shape, operand.Shape) ?? throw Fail($"{string.Join(" and ", operands.Select(o => o.ToString()))} do not broadcast to a common shape.");
        return Checked(shape);
    }

    /// <summary>A value under another shape, for this node alone.</summary>
    public static Value View(Value source, int[] shape) => new($"{source.Name}:view", source.Type, shape) { Source = source, Constant = source.Constant?.Reshaped(shape) };

    /// <summary>Says before it is made how many elements a constant will have that the file does not hold.</summary>
    public void CountFolded(long elements)
    {
        if (!planner.TakeFolded(elements)) throw Fail($"the constants made while compiling have more than the {Limits.FoldedElementsMax} elements allowed.");
    }

    public void Constant(TensorData data, int output = 0) => planner.Define(new Value(OutputName(output), data.Type, data.Shape) { Constant = data });

    /// <summary>Joins an activation to the layer that alone feeds it.</summary>
    public bool TryFuse(Value input, UnaryFunction activation)
    {
        if (planner.OpenLayer(input) is not { Activation: null } layer) return false;
        layer.Activation = activation;
        planner.Rename(layer, new Value(OutputName(0), ElementType.Float32, input.Shape));
        return true;
    }

    /// <summary>Joins a softmax over a few classes to the dense layer that alone feeds it; nothing else can join then.</summary>
    public bool TryFuseSoftmax(Value input, int count, bool logarithm)
    {
        if (count > ShortSoftmax.CountMax || planner.OpenLayer(input) is not DenseStep dense || dense.Columns != count) return false;
        dense.LogSoftmax = logarithm;
        planner.Rename(dense, new Value(OutputName(0), ElementType.Float32, input.Shape));
        planner.Close(dense);
        return true;
    }

    /// <summary>
    /// The node's only output is a function of one tensor and of constants, number by number: it joins the chain that alone feeds it, or is one of its own.
    /// </summary>
    /// <param name="alone">The kernel of a tensor that is too long for a chain.</param>
    public void EmitLink(Value x, ChainStep.Link link, Func<Binder, Value, Value, Kernel> alone)
    {
        var output = new Value(OutputName(0), ElementType.Float32, x.Shape);
        if (planner.OpenChain(x) is { } open && open.TryJoin(link))
        {
            planner.Rename(open, output);
            return;
        }
        var chain = new ChainStep { Reads = link.Operand is null ? [x] : [x, link.Operand], Writes = [output], Cost = output.Count };
        bool joined = chain.TryJoin(link);
        if (joined && x.Count <= ChainStep.CountMax) planner.Add(chain);
        else planner.Add(new SimpleStep(binder => alone(binder, x, output), joined ? chain.Overwrites : []) { Reads = chain.Reads, Writes = chain.Writes, Cost = chain.Cost });
    }

    /// <summary>Joins a constant row to the dense layer that alone feeds it.</summary>
    public bool TryFuseBias(Value input, Value addend)
    {
        if (addend.Constant is not { } data || !addend.IsFloat || planner.OpenLayer(input) is not DenseStep { Activation: null, Bias: null } dense) return false;
        if (addend.Count != dense.Columns || addend.Shape.Length == 0 || addend.Shape[^1] != dense.Columns || addend.Shape.Length > input.Shape.Length) return false;
        dense.Bias = data.Floats;
        planner.Rename(dense, new Value(OutputName(0), ElementType.Float32, input.Shape));
        return true;
    }

    /// <summary>Joins a scaling of each output channel to the layer that alone feeds it, by its weights.</summary>
    public bool TryFuseScale(Value input, ReadOnlySpan<float> factors, ReadOnlySpan<float> shifts)
    {
        if (planner.OpenLayer(input) is not { Activation: null, CanScale: true } layer || layer.Channels != factors.Length) return false;
        layer.Scale(factors, shifts);
        planner.Rename(layer, new Value(OutputName(0), ElementType.Float32, input.Shape));
        return true;
    }

    /// <summary>Whether somebody reads an output beside the first.</summary>
    public void OnlyFirstOutput()
    {
        for (int i = 1; i < node.Outputs.Count; i++)
            if (planner.IsRead(node.Outputs[i])) throw Fail($"output {i} ('{node.Outputs[i]}') is used; only the first output is supported.");
    }

    private string OutputName(int index) => node.Outputs.Count > index && node.Outputs[index].Length > 0
        ? node.Outputs[index]
        : throw Fail($"output {index} has no name.");

    private static Dictionary<string, AttributeProto> Index(NodeProto node)
    {
        var attributes = new Dictionary<string, AttributeProto>(StringComparer.Ordinal);
        foreach (AttributeProto attribute in node.Attributes)
            if (!attributes.TryAdd(attribute.Name, attribute)) throw new ModelException($"{node.Where} has attribute '{attribute.Name}' twice.");
        return attributes;
    }
}
