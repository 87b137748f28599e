using System.Text.Json;

namespace Peregrine.Storage.Recovery;

/// <summary>What was saved from a damaged file.</summary>
public sealed record SalvageResult
{
    /// <summary>The damaged file. It is as it was.</summary>
    public required string Source { get; init; }

    /// <summary>The file that what was saved lies in; empty where nothing was.</summary>
    public required string Target { get; init; }

    /// <summary>Events that were saved.</summary>
    public required long Events { get; init; }

    /// <summary>Events that the file's own transactions name and that could not be read.</summary>
    public required long Lost { get; init; }

    /// <summary>Events that were read, but of transactions whose checksum does not fit any more: most are right, and nobody can say which.</summary>
    public required long Doubtful { get; init; }

    /// <summary>Rows and chunks that were found and could not be used.</summary>
    public required long Refused { get; init; }

    internal void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, SalvageJson.Default.SalvageResult));

    /// <summary>Reads what <see cref="Salvage.Run"/> left beside the damaged file; null where it has not run to its end.</summary>
    public static SalvageResult? TryRead(string damagedFile)
    {
        string path = damagedFile + Salvage.ResultExtension;
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), SalvageJson.Default.SalvageResult) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(SalvageResult))]
internal sealed partial class SalvageJson : System.Text.Json.Serialization.JsonSerializerContext;
