using System.Globalization;

namespace Peregrine.Inference;

/// <summary>
/// What a trained classifier says about itself in its <c>metadata_props</c>: which features it wants in which order, what its outputs mean, and which
/// training run made it. The engine itself needs none of it.
/// </summary>
public sealed record ModelMetadata
{
    /// <summary>SHA-256 of the feature schema the model was trained on, 64 hexadecimal digits in lower case.</summary>
    public required string SchemaSha256 { get; init; }
    public required int SchemaVersion { get; init; }

    /// <summary>Names of the input's columns, in order.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>Names of the output's columns, in order.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>How the label was made, in words.</summary>
    public required string LabelSpec { get; init; }

    /// <summary>How far ahead the label looks, in milliseconds.</summary>
    public required int HorizonMs { get; init; }
    public required IReadOnlyList<string> Symbols { get; init; }

    /// <summary>The first moment of the training data.</summary>
    public required DateTimeOffset TrainedFrom { get; init; }

    /// <summary>The last moment of the training data; whoever backtests the model starts after it.</summary>
    public required DateTimeOffset TrainedTo { get; init; }

    /// <summary>What the last layer's sums were divided by, to make the probabilities honest. It is part of the graph.</summary>
    public required float Temperature { get; init; }

    /// <summary>Identifies the training run; the same data, options and seed give the same id.</summary>
    public required string RunId { get; init; }

    /// <summary>Reads the metadata, and holds the feature and label names against the model's input and output.</summary>
    /// <exception cref="ModelException">Keys are missing (all are named at once), a value cannot be read, or the names do not fit the shapes.</exception>
    public static ModelMetadata Read(OnnxModel model)
    {
        string[] keys = ["schema_sha256", "schema_version", "features", "labels", "label_spec", "horizon_ms", "symbols", "trained_from", "trained_to", "temperature", "run_id"];
        string[] missing = [.. keys.Where(k => !model.Metadata.ContainsKey(k))];
        if (missing.Length > 0) throw new ModelException($"The model's metadata lacks {string.Join(", ", missing)}. Models made by training/train.py have them.");

        string sha = model.Metadata["schema_sha256"];
        if (sha.Length != 64 || !sha.All(char.IsAsciiHexDigitLower)) throw Bad("schema_sha256", sha, "64 hexadecimal digits in lower case");
        var metadata = new ModelMetadata
        {
            SchemaSha256 = sha,
            SchemaVersion = Whole(model, "schema_version"),
            Features = List(model, "features"),
            Labels = List(model, "labels"),
            LabelSpec = model.Metadata["label_spec"],
            HorizonMs = Whole(model, "horizon_ms"),
            Symbols = List(model, "symbols"),
            TrainedFrom = Moment(model, "trained_from"),
            TrainedTo = Moment(model, "trained_to"),
            Temperature = float.TryParse(model.Metadata["temperature"], NumberStyles.Float, CultureInfo.InvariantCulture, out float temperature) && temperature > 0
                ? temperature
                : throw Bad("temperature", model.Metadata["temperature"], "a number above zero"),
            RunId = model.Metadata["run_id"],
        };
        CheckColumns(model.Inputs, "input", metadata.Features.Count, "features");
        CheckColumns(model.Outputs, "output", metadata.Labels.Count, "labels");
        return metadata;
    }

    private static void CheckColumns(IReadOnlyList<TensorInfo> tensors, string what, int names, string key)
    {
        if (tensors.Count != 1 || tensors[0].Shape.Count != 2 || tensors[0].Shape[1].Size != names)
            throw new ModelException($"The metadata names {names} {key}; the model must then have one {what} of shape [1, {names}], and has {string.Join(", ", tensors)}.");
    }

    private static int Whole(OnnxModel model, string key) =>
        int.TryParse(model.Metadata[key], NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw Bad(key, model.Metadata[key], "a whole number");

    private static string[] List(OnnxModel model, string key)
    {
        string[] names = model.Metadata[key].Split(',');
        return names.All(n => n.Length > 0) && names.Distinct(StringComparer.Ordinal).Count() == names.Length
            ? names
            : throw Bad(key, model.Metadata[key], "different names with commas between them");
    }

    private static DateTimeOffset Moment(OnnxModel model, string key) =>
        DateTimeOffset.TryParse(model.Metadata[key], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset value)
            ? value
            : throw Bad(key, model.Metadata[key], "a time such as 2024-08-08T00:00:00Z");

    private static ModelException Bad(string key, string value, string allowed) => new($"The model's metadata has {key} '{(value.Length > 80 ? value[..80] + "…" : value)}'; {allowed} is allowed.");
}
