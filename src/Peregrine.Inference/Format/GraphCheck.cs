using Peregrine.Inference.Operators;

namespace Peregrine.Inference.Format;

/// <summary>Everything that can be said about a graph before anything is computed with it. It lists all unknown operators at once.</summary>
internal static class GraphCheck
{
    private const int IrMin = 3;
    private const int IrMax = 13; // 11 to 13 added element types and annotations; a file that uses them is refused by those.

    /// <exception cref="ModelException">The graph is not one that this engine runs.</exception>
    public static ModelGraph Check(ModelProto model, ModelLimits limits, ExternalData external)
    {
        if (model.IrVersion is < IrMin or > IrMax) throw new ModelException($"The model has IR version {model.IrVersion}; allowed are {IrMin} to {IrMax}.");
        GraphProto graph = model.Graph ?? throw new ModelException("The model has no graph.");
        if (graph.Nodes.Count > limits.NodesMax) throw new ModelException($"The graph has {graph.Nodes.Count} nodes; at most {limits.NodesMax} are allowed.");
        if (graph.HasSparseInitializers) throw new ModelException("The graph has sparse initializers; only dense ones are allowed.");
        if (graph.Outputs.Count == 0) throw new ModelException("The graph has no output.");

        Dictionary<string, int> opsets = CheckOpsets(model);
        CheckOperators(graph, opsets);

        Dictionary<string, TensorData> constants = ReadConstants(graph, limits, external);
        List<TensorInfo> inputs = [.. graph.Inputs.Where(i => !constants.ContainsKey(i.Name)).Select(i => Describe(i, limits, "Input"))];
        List<NodeProto> nodes = Order(graph, constants, inputs);
        return new ModelGraph
        {
            Opsets = opsets,
            Nodes = nodes,
            Constants = constants,
            NarrowConstants = graph.Initializers.Where(t => ((ElementType)t.DataType).Inside() != (ElementType)t.DataType).ToDictionary(t => t.Name, t => (ElementType)t.DataType, StringComparer.Ordinal),
            Inputs = inputs,
            Outputs = [.. graph.Outputs.Select(o => Describe(o, limits, "Output"))],
        };
    }

    private static Dictionary<string, int> CheckOpsets(ModelProto model)
    {
        var opsets = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((string name, long version) in model.Opsets)
        {
            string domain = OperatorTable.Domain(name);
            string shown = domain.Length == 0 ? "ai.onnx" : domain;
            (int min, int max) = OperatorTable.Versions(domain);
            if (version < min || version > max) throw new ModelException($"The model imports {shown} opset {version}; allowed are {min} to {max}.");
            if (!opsets.TryAdd(domain, (int)version) && opsets[domain] != version) throw new ModelException($"The model imports two versions of the {shown} operators; exactly one is allowed.");
        }
        if (opsets.Count == 0) throw new ModelException("The model imports no operators; exactly one version of ai.onnx is needed.");
        return opsets;
    }

    private static void CheckOperators(GraphProto graph, Dictionary<string, int> opsets)
    {
        var unknown = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var advice = new SortedSet<string>(StringComparer.Ordinal);
        foreach (NodeProto node in graph.Nodes)
        {
            string domain = OperatorTable.Domain(node.Domain);
            int opset = opsets.GetValueOrDefault(domain);
            if (OperatorTable.Find(domain, node.Operator, opset) is not null) continue;
            string name = $"{node.Operator} ({$"{(domain.Length == 0 ? "opset" : domain)} {(opset == 0 ? "" : opset)}".TrimEnd()})";
            unknown[name] = unknown.GetValueOrDefault(name) + 1;
            if (OperatorTable.Advice(domain, node.Operator) is { } hint) advice.Add(hint);
        }
        if (unknown.Count > 0)
            throw new ModelException($"The model uses operators that are not supported: {string.Join(", ", unknown.Select(u => u.Value == 1 ? u.Key : $"{u.Key} x {u.Value}"))}. {string.Concat(advice.Select(a => a + " "))}" +
                $"Supported are {OperatorTable.Names}.");
    }

    private static Dictionary<string, TensorData> ReadConstants(GraphProto graph, ModelLimits limits, ExternalData external)
    {
        var constants = new Dictionary<string, TensorData>(StringComparer.Ordinal);
        foreach (TensorProto tensor in graph.Initializers)
        {
            if (tensor.Name.Length == 0) throw new ModelException("An initializer has no name.");
            if (!constants.TryAdd(tensor.Name, TensorDecoder.Decode(tensor, $"Initializer '{tensor.Name}'", limits, external)))
                throw new ModelException($"Initializer '{tensor.Name}' appears twice; names must be unique.");
        }
        return constants;
    }

    private static TensorInfo Describe(ValueInfoProto info, ModelLimits limits, string what)
    {
        if (info.Name.Length == 0) throw new ModelException($"{what} without a name.");
        if (!info.IsTensor) throw new ModelException($"{what} '{info.Name}' is not a tensor; only tensors are allowed.");
        var type = (ElementType)info.ElementType;
        if (!type.IsSupported())
            throw new ModelException($"{what} '{info.Name}' has element type {type}; allowed are floating point numbers, integers and bool.");
        if (what == "Input" && !info.HasShape) throw new ModelException($"{what} '{info.Name}' has no shape; sizes or names of its dimensions are needed.");
        if (info.Dimensions.Count > limits.RankMax)
            throw new ModelException($"{what} '{info.Name}' has {info.Dimensions.Count} dimensions; at most {limits.RankMax} are allowed.");
        var shape = new Dimension[info.Dimensions.Count];
        for (int i = 0; i < shape.Length; i++)
        {
            (long? value, string? name) = info.Dimensions[i];
            if (value is < 0 || value > limits.ElementsMax)
                throw new ModelException($"{what} '{info.Name}' has size {value} in dimension {i}; allowed are 0 to {limits.ElementsMax}.");
            shape[i] = value is long size ? new Dimension((int)size, null) : new Dimension(null, string.IsNullOrEmpty(name) ? $"{info.Name}:{i}" : name);
        }
        return new TensorInfo(info.Name, type, shape);
    }

    /// <summary>Sorts the nodes so that each comes after what it reads. ONNX asks for that order, but some tools write another.</summary>
    private static List<NodeProto> Order(GraphProto graph, Dictionary<string, TensorData> constants, List<TensorInfo> inputs)
    {
        var known = new HashSet<string>(constants.Keys, StringComparer.Ordinal);
        foreach (TensorInfo input in inputs)
            if (!known.Add(input.Name)) throw new ModelException($"Input '{input.Name}' appears twice; names must be unique.");

        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            NodeProto node = graph.Nodes[i];
            if (node.Outputs.All(o => o.Length == 0)) throw new ModelException($"{node.Where} has no output.");
            foreach (string output in node.Outputs.Where(o => o.Length > 0))
                if (known.Contains(output) || !producers.TryAdd(output, i)) throw new ModelException($"'{output}', an output of {node.Where}, exists already; names must be unique.");
        }

        var waiting = new int[graph.Nodes.Count];
        var readers = new List<int>?[graph.Nodes.Count];
        var ready = new PriorityQueue<int, int>(); // In file order where that is possible.
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (string input in graph.Nodes[i].Inputs.Where(n => n.Length > 0 && !known.Contains(n)))
            {
                if (!producers.TryGetValue(input, out int producer)) throw new ModelException($"{graph.Nodes[i].Where} reads '{input}', which nothing produces.");
                (readers[producer] ??= []).Add(i);
                waiting[i]++;
            }
            if (waiting[i] == 0) ready.Enqueue(i, i);
        }
        var ordered = new List<NodeProto>(graph.Nodes.Count);
        while (ready.TryDequeue(out int next, out _))
        {
            ordered.Add(graph.Nodes[next]);
            foreach (int reader in readers[next] ?? [])
                if (--waiting[reader] == 0) ready.Enqueue(reader, reader);
        }
        if (ordered.Count < graph.Nodes.Count)
        {
            int stuck = Array.FindIndex(waiting, w => w > 0);
            throw new ModelException($"The graph has a cycle: {graph.Nodes[stuck].Where} waits for its own result.");
        }
        foreach (ValueInfoProto output in graph.Outputs)
            if (!known.Contains(output.Name) && !producers.ContainsKey(output.Name)) throw new ModelException($"Output '{output.Name}' is produced by nothing.");
        return ordered;
    }
}
