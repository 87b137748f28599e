using Peregrine.Inference;
using Peregrine.Strategy.Features;

namespace Peregrine.Strategy;

/// <summary>
/// A trained ONNX model as the strategy asks it: features in, three probabilities out. Loading refuses a model that was trained on other features,
/// has other shapes than these, or does not reproduce its own test rows.
/// </summary>
public sealed class OnnxProbabilityModel : IProbabilityModel
{
    /// <summary>Down, flat, up.</summary>
    private const int Classes = 3;

    private readonly ModelSession _session;
    private readonly int _input;
    private readonly int _output;

    /// <param name="path">The .onnx file.</param>
    /// <param name="features">The features that it will be shown.</param>
    /// <exception cref="ModelException">The file is no model that can be run, or does not fit; the message says what and what was expected.</exception>
    public OnnxProbabilityModel(string path, FeatureSet features)
    {
        OnnxModel model = OnnxModel.Load(path);
        Metadata = model.Metadata;
        SchemaHash = Metadata.TryGetValue("schema_sha256", out string? hash) ? hash : "";
        if (SchemaHash != features.SchemaHash)
        {
            string trained = Metadata.TryGetValue("features", out string? names) ? names : "unknown features";
            throw new ModelException(
                $"{path} was trained on the feature schema '{SchemaHash}' ({trained}); the features here have '{features.SchemaHash}' ({string.Join(",", features.Names)}).");
        }
        _session = model.Compile();
        _input = SoleFloat(path, "input", _session.Inputs, features.Names.Count, _session.InputIndex("features"));
        _output = SoleFloat(path, "output", _session.Outputs, Classes, _session.OutputIndex("probabilities"));
        SelfTest.Verify(model);
        FeatureCount = features.Names.Count;
    }

    public int FeatureCount { get; }
    public string SchemaHash { get; }

    /// <summary>What the training wrote into the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public bool Predict(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        features.CopyTo(_session.Input(_input));
        _session.Run();
        ReadOnlySpan<float> output = _session.Output(_output);
        for (int i = 0; i < Classes; i++)
        {
            if (!(output[i] >= 0 && output[i] <= 1)) return false; // Neither does NaN.
            probabilities[i] = output[i];
        }
        return true;
    }

    private static int SoleFloat(string path, string what, IReadOnlyList<TensorInfo> tensors, int elements, int index)
    {
        if (index < 0) throw new ModelException($"{path} has no {what} named '{(what == "input" ? "features" : "probabilities")}'; it has {string.Join(", ", tensors)}.");
        TensorInfo tensor = tensors[index];
        long count = tensor.Shape.Aggregate(1L, (product, dimension) => product * (dimension.Size ?? 1));
        if (tensor.Type != ElementType.Float32 || count != elements)
            throw new ModelException($"{path}: {what} {tensor} does not fit; expected are {elements} floats ([1, {elements}]).");
        return index;
    }
}
