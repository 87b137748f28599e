using Peregrine.Inference.Format;
using Peregrine.Inference.Inspection;

namespace Peregrine.Inference.Tests.Conformance;

internal enum Outcome
{
    Failed,
    NotSupported,
    Passed,
}

/// <summary>How one test of the official suite went, in one of its two forms.</summary>
/// <param name="Fixed">Inputs whose value had to be known when the model was compiled, because it decides shapes.</param>
internal sealed record CaseResult(Outcome Outcome, string Detail, int Fixed);

/// <summary>One test of the official suite: a model with inputs and expected outputs.</summary>
internal sealed class ConformanceCase(string folder)
{
    /// <summary>Where Debian's libonnx-testdata puts the suite.</summary>
    public const string Data = "/usr/share/libonnx-testdata/data";

    public static string[] Suites { get; } = ["node", "simple", "pytorch-converted", "pytorch-operator"];

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly byte[] _model = File.ReadAllBytes(Path.Combine(folder, "model.onnx"));

    public string Suite { get; } = Path.GetFileName(Path.GetDirectoryName(folder)!);
    public string Name { get; } = Path.GetFileName(folder);

    /// <summary>Every test of the suite, or none where the package is not installed.</summary>
    public static IEnumerable<ConformanceCase> All() => Directory.Exists(Data)
        ? Suites.SelectMany(suite => Directory.GetDirectories(Path.Combine(Data, suite)).Order(StringComparer.Ordinal)).Where(folder => File.Exists(Path.Combine(folder, "model.onnx"))).Select(folder => new ConformanceCase(folder))
        : [];

    /// <summary>The model file.</summary>
    public byte[] Model => _model;

    /// <summary>The model with every input but the first as an initializer, or null where there is but one.</summary>
    public byte[]? WithInitializers()
    {
        if (Directory.GetDirectories(folder, "test_data_set_*") is not [string set, ..]) return null;
        byte[][] files = [.. Files(set, "input").Select(File.ReadAllBytes)];
        string[] names = [.. Proto().Graph!.Inputs.Select(i => i.Name).Take(files.Length)];
        return names.Length > 1 ? WithInitializers(files, names) : null;
    }

    public ModelProto Proto() => ModelReader.ReadModel(_model, 0, _model.Length);

    /// <summary>Runs every data set; each within a time bound and on a thread of its own, so that a hang is a failure and not the end.</summary>
    /// <param name="asInitializers">Whether every input but the first becomes an initializer of the model.</param>
    public CaseResult Run(bool asInitializers)
    {
        CaseResult result = new(Outcome.Failed, "it hangs", 0);
        var thread = new Thread(() => result = Try(asInitializers)) { IsBackground = true };
        thread.Start();
        thread.Join(_patience);
        return result;
    }

    private CaseResult Try(bool asInitializers)
    {
        int settled = 0;
        try
        {
            foreach (string set in Directory.GetDirectories(folder, "test_data_set_*"))
            {
                if (RunSet(set, asInitializers, out int count) is { } difference) return new CaseResult(Outcome.Failed, difference, count);
                settled = Math.Max(settled, count);
            }
            return new CaseResult(Outcome.Passed, "", settled);
        }
        catch (ModelException e)
        {
            return new CaseResult(Outcome.NotSupported, e.Message, settled);
        }
        catch (Exception e)
        {
            return new CaseResult(Outcome.Failed, $"crashed: {e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}", settled);
        }
    }

    private string? RunSet(string set, bool asInitializers, out int settled)
    {
        ModelSession session = Prepare(set, asInitializers, KernelKind.Auto, out settled);
        session.Run();
        Gate gate = new(Proto().Graph!.Nodes.Any(n => n.Operator is "GRU" or "LSTM" or "RNN") ? 3e-7 : 1e-7, 1e-3);
        string[] expected = [.. Files(set, "output")];
        for (int i = 0; i < expected.Length; i++)
            if (gate.Compare(session.Outputs[i], ModelInputs.Output(session, i), TensorFile.Read(expected[i])) is { Passes: false } wrong) return wrong.ToString();
        return null;
    }

    /// <summary>A session of each data set with its inputs filled.</summary>
    /// <exception cref="ModelException">The model is not supported.</exception>
    public IEnumerable<ModelSession> Sessions(bool asInitializers, KernelKind kind) =>
        Directory.GetDirectories(folder, "test_data_set_*").Select(set => Prepare(set, asInitializers, kind, out _));

    private ModelSession Prepare(string set, bool asInitializers, KernelKind kind, out int settled)
    {
        settled = 0;
        OnnxModel plain = OnnxModel.Load(_model); // Refuses what is not supported before any data is looked at.
        byte[][] files = [.. Files(set, "input").Select(File.ReadAllBytes)];
        string[] names = [.. plain.Inputs.Select(i => i.Name).Take(files.Length)];
        OnnxModel model = asInitializers && files.Length > 1 ? OnnxModel.Load(WithInitializers(files, names)) : plain;
        var data = names.Zip(Files(set, "input")).ToDictionary(p => p.First, p => TensorFile.Read(p.Second));
        var inputs = model.Inputs.Where(i => data.ContainsKey(i.Name)).ToDictionary(i => i.Name, i => AsDeclared(i, data[i.Name]));
        ModelSession session = ModelInputs.Compile(model, inputs, new CompileOptions { Kernels = kind });
        settled = inputs.Count - session.Inputs.Count;
        return session;
    }

    /// <summary>The suite's CastLike models declare another shape for the input that only gives its type than the file has; zeros of the declared one do for it.</summary>
    private static FixedTensor AsDeclared(TensorInfo input, FixedTensor tensor)
    {
        if (input.Shape.Any(d => d.IsSymbolic) || input.Name != "like") return tensor;
        int[] shape = [.. input.Shape.Select(d => d.Size!.Value)];
        return new FixedTensor(TensorData.Of(tensor.Type, shape, Array.CreateInstance(tensor.Data.Values.GetType().GetElementType()!, shape.Aggregate(1, (product, size) => product * size))));
    }

    /// <summary>Protobuf merges a message field that is repeated: more initializers are simply written behind the model.</summary>
    private byte[] WithInitializers(byte[][] files, string[] names) =>
    [
        .. _model,
        .. GraphWriter.Message(m => m.WriteRaw(7, [.. Enumerable.Range(1, names.Length - 1).SelectMany(i =>
            GraphWriter.Message(g => g.WriteRaw(5, [.. files[i], .. GraphWriter.Message(t => DeclaredAs(t.WriteText(8, names[i]), names[i]))])))])),
    ];

    /// <summary>The suite stores bfloat16 as its bits, in tensors of uint16; an initializer has the type that the input has. The last one written counts.</summary>
    private void DeclaredAs(MessageWriter tensor, string input)
    {
        if (Proto().Graph!.Inputs.First(i => i.Name == input).ElementType == (long)ElementType.BFloat16) tensor.WriteNumber(2, (long)ElementType.BFloat16);
    }

    private static IEnumerable<string> Files(string set, string kind)
    {
        for (int i = 0; File.Exists(Path.Combine(set, $"{kind}_{i}.pb")); i++) yield return Path.Combine(set, $"{kind}_{i}.pb");
    }
}
