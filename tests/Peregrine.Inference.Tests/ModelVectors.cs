using Peregrine.Inference.Format;

namespace Peregrine.Inference.Tests;

/// <summary>A folder with a model and the inputs and expected outputs that belong to it, as conformance suites lay them out.</summary>
internal sealed record ModelVectors(string Folder)
{
    public string ModelPath => Path.Combine(Folder, "model.onnx");

    public IEnumerable<string> Sets => Directory.EnumerateDirectories(Folder, "test_data_set_*").Order(StringComparer.Ordinal);

    public static TensorData Tensor(string path) =>
        TensorDecoder.Decode(ModelReader.ReadTensor(File.ReadAllBytes(path)), path, ModelLimits.Default, new ExternalData(null, ModelLimits.Default));

    public static TensorData[] Tensors(string set, string kind) =>
        [.. Enumerable.Range(0, 100).Select(i => Path.Combine(set, $"{kind}_{i}.pb")).TakeWhile(File.Exists).Select(Tensor)];

    /// <summary>A session for the shapes of these inputs, which it also fills.</summary>
    public static ModelSession Prepare(OnnxModel model, TensorData[] inputs, KernelKind kind = KernelKind.Auto, bool fuse = true)
    {
        var dimensions = new Dictionary<string, int>();
        for (int i = 0; i < inputs.Length; i++)
            for (int d = 0; d < inputs[i].Shape.Length; d++)
                if (model.Inputs[i].Shape[d] is { IsSymbolic: true } symbolic) dimensions[symbolic.Name!] = inputs[i].Shape[d];
        ModelSession session = model.Compile(new CompileOptions { Dimensions = dimensions, Kernels = kind, Fuse = fuse });
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Type.IsFloat()) inputs[i].Floats.CopyTo(session.Input(i));
            else inputs[i].Integers.CopyTo(session.InputIntegers(i));
        }
        return session;
    }

    /// <summary>The kernel families that this machine runs.</summary>
    public static KernelKind[] Kinds { get; } = [.. Enum.GetValues<KernelKind>().Where(k => k != KernelKind.Auto && KernelKinds.IsAvailable(k))];
}
