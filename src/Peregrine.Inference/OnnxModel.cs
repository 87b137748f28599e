using System.Runtime.InteropServices;

using Peregrine.Inference.Format;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference;

/// <summary>
/// A model that was read and checked: <c>ai.onnx</c> opset 7 to 23 (below it, operators that have not changed since), <c>ai.onnx.ml</c> 1 to 4, IR 3 to 10. It is immutable and may be shared between threads; each thread that
/// runs it compiles a session of its own. Sessions have their own activations; packed weights that are alike they share.
/// </summary>
public sealed class OnnxModel
{
    private readonly ModelGraph _graph;
    private readonly ModelLimits _limits;
    private readonly SharedWeights _weights = new();

    private OnnxModel(ModelProto proto, ModelGraph graph, ModelLimits limits)
    {
        _graph = graph;
        _limits = limits;
        IrVersion = (int)proto.IrVersion;
        Producer = $"{proto.ProducerName} {proto.ProducerVersion}".Trim();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in proto.Metadata)
            if (!metadata.TryAdd(key, value)) throw new ModelException($"Metadata key '{key}' appears twice; keys must be unique.");
        Metadata = metadata;
    }

    public IReadOnlyList<TensorInfo> Inputs => _graph.Inputs;
    public IReadOnlyList<TensorInfo> Outputs => _graph.Outputs;

    /// <summary>The file's <c>metadata_props</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Version of the ai.onnx operators.</summary>
    public int Opset => _graph.Opset;
    public int IrVersion { get; }

    /// <summary>The program that wrote the file, with its version.</summary>
    public string Producer { get; }

    /// <summary>Nodes by operator, for a person to look at.</summary>
    public IReadOnlyDictionary<string, int> Operators => _graph.Nodes.GroupBy(n => n.Operator, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    /// <summary>Numbers in the initializers.</summary>
    public long Parameters => _graph.Constants.Values.Sum(c => (long)c.Count);

    /// <summary>Loads a model file; weights may lie in other files of the same folder.</summary>
    /// <exception cref="ModelException">The file cannot be read, or is not a model that this engine runs.</exception>
    public static OnnxModel Load(string path, ModelLimits? limits = null)
    {
        limits ??= ModelLimits.Default;
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            CheckSize(file.Length, limits);
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ModelException($"The model '{path}' cannot be read: {e.Message}", e);
        }
        return Read(bytes, 0, bytes.Length, new ExternalData(Path.GetDirectoryName(Path.GetFullPath(path)), limits), limits);
    }

    /// <summary>Loads a model from memory; all of its weights must be inside.</summary>
    /// <exception cref="ModelException">The bytes are not a model that this engine runs.</exception>
    public static OnnxModel Load(ReadOnlyMemory<byte> bytes, ModelLimits? limits = null)
    {
        limits ??= ModelLimits.Default;
        CheckSize(bytes.Length, limits);
        if (!MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)) segment = bytes.ToArray();
        return Read(segment.Array!, segment.Offset, segment.Count, new ExternalData(null, limits), limits);
    }

    /// <summary>Plans everything ahead: shapes, constants, fused kernels, packed weights, one block of memory.</summary>
    /// <exception cref="ModelException">Shapes or types do not fit together, or the model needs more than its limits allow.</exception>
    public ModelSession Compile(CompileOptions? options = null) => Planner.Plan(_graph, options ?? new CompileOptions(), _limits, _weights);

    /// <summary>The plan with what it was made of, for those who describe it.</summary>
    internal PlanRecord Record(CompileOptions options) => Planner.Record(_graph, options, _limits, _weights);

    /// <summary>The checked graph, for those who describe it.</summary>
    internal ModelGraph Graph => _graph;
    internal ModelLimits Limits => _limits;

    private static OnnxModel Read(byte[] bytes, int offset, int length, ExternalData external, ModelLimits limits)
    {
        ModelProto proto = ModelReader.ReadModel(bytes, offset, length);
        return new OnnxModel(proto, GraphCheck.Check(proto, limits, external), limits);
    }

    private static void CheckSize(long bytes, ModelLimits limits)
    {
        if (bytes == 0) throw new ModelException("The model is empty.");
        if (bytes > limits.FileBytesMax) throw new ModelException($"The model has {bytes} bytes; at most {limits.FileBytesMax} are allowed.");
    }
}
