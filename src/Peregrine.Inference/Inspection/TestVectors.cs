using System.Globalization;

using Peregrine.Inference.Format;

namespace Peregrine.Inference.Inspection;

/// <summary>One test set of a model: inputs and expected outputs as <c>input_I.pb</c> and <c>output_I.pb</c>, as the ONNX backend suite lays them out.</summary>
/// <param name="Folder">Where the files are.</param>
public sealed record TestVectors(string Folder)
{
    private const string SetPrefix = "test_data_set_";

    /// <summary>The folder's own name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>The test sets of a folder: the folder itself where it holds <c>input_0.pb</c> or <c>output_0.pb</c>, else its <c>test_data_set_K</c>, in the order of K.</summary>
    public static IReadOnlyList<TestVectors> Find(string folder)
    {
        if (Files(folder, "input").Any() || Files(folder, "output").Any()) return [new TestVectors(folder)];
        if (!Directory.Exists(folder)) return [];
        return
        [
            .. Directory.EnumerateDirectories(folder, SetPrefix + "*")
                .OrderBy(static path => int.TryParse(Path.GetFileName(path)[SetPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : int.MaxValue)
                .ThenBy(static path => path, StringComparer.Ordinal).Select(static path => new TestVectors(path)),
        ];
    }

    /// <summary>Reads the inputs, by the model's names: files stand in the order of its inputs.</summary>
    /// <exception cref="ModelException">A file cannot be read, or there are more or fewer than the model has inputs.</exception>
    public Dictionary<string, FixedTensor> Inputs(OnnxModel model)
    {
        string[] files = [.. Files(Folder, "input")];
        if (files.Length != model.Inputs.Count) throw new ModelException($"'{Folder}' has {files.Length} inputs; the model has {model.Inputs.Count}: {string.Join(", ", model.Inputs)}.");
        return model.Inputs.Zip(files).ToDictionary(static pair => pair.First.Name, static pair => TensorFile.Read(pair.Second), StringComparer.Ordinal);
    }

    /// <summary>Reads the expected outputs, in the model's order. Later ones may be missing; one at least must be there.</summary>
    /// <exception cref="ModelException">A file cannot be read, there is none, or there are more than the model has outputs.</exception>
    public IReadOnlyList<FixedTensor> Outputs(OnnxModel model)
    {
        string[] files = [.. Files(Folder, "output")];
        if (files.Length == 0 || files.Length > model.Outputs.Count) throw new ModelException($"'{Folder}' has {files.Length} outputs; 1 to {model.Outputs.Count} are allowed: {string.Join(", ", model.Outputs)}.");
        return [.. files.Select(static file => TensorFile.Read(file))];
    }

    /// <summary>Compiles the model for this set's inputs, runs it once and compares every output.</summary>
    /// <exception cref="ModelException">A file cannot be read, or the model does not take these inputs.</exception>
    public IReadOnlyList<OutputCheck> Check(OnnxModel model, Gate gate, CompileOptions? options = null)
    {
        IReadOnlyList<FixedTensor> expected = Outputs(model);
        ModelSession session = ModelInputs.Compile(model, Inputs(model), options);
        session.Run();
        double step = Quantisation.StepOf(model.Graph, model.Limits);
        return [.. expected.Select((tensor, i) => gate.Compare(session.Outputs[i], ModelInputs.Output(session, i), tensor, step))];
    }

    private static IEnumerable<string> Files(string folder, string kind)
    {
        for (int i = 0; Path.Combine(folder, $"{kind}_{i}.pb") is var path && File.Exists(path); i++) yield return path;
    }
}
