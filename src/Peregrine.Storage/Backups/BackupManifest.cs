using System.Text.Json;
using System.Text.Json.Serialization;

namespace Peregrine.Storage.Backups;

/// <summary>What an archive holds, written beside it (<c>….db.zst.json</c>) once it was proved. Sizes in bytes, hashes SHA-256 in lower-case hexadecimal.</summary>
public sealed record BackupManifest
{
    public required int Format { get; init; }

    /// <summary>The database's name: crypto_2026_47.db</summary>
    public required string File { get; init; }

    /// <summary>2026-W47</summary>
    public required string Week { get; init; }

    public required long Bytes { get; init; }
    public required string Sha256 { get; init; }

    /// <summary>The archive's name: crypto_2026_47.db.zst</summary>
    public required string Archive { get; init; }

    public required long ArchiveBytes { get; init; }
    public required string ArchiveSha256 { get; init; }
    public required int Level { get; init; }

    /// <summary>Events by kind.</summary>
    public required IReadOnlyDictionary<string, long> Events { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>Where the manifest of an archive lies.</summary>
    public static string PathOf(string archivePath) => archivePath + ".json";

    /// <exception cref="StorageException">There is none, or it is not one.</exception>
    public static BackupManifest Read(string archivePath)
    {
        string path = PathOf(archivePath);
        try
        {
            BackupManifest? manifest = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), BackupJson.Default.BackupManifest);
            if (manifest is { Format: 1, Bytes: >= 0, ArchiveBytes: >= 0 }) return manifest;
        }
        catch (FileNotFoundException error)
        {
            throw new StorageException($"The archive has no manifest: {path}.", error);
        }
        catch (JsonException error)
        {
            throw new StorageException($"{path} is no manifest: {error.Message}", error);
        }
        throw new StorageException($"{path} is no manifest that this program knows.");
    }

    public string ToJson() => JsonSerializer.Serialize(this, BackupJson.Default.BackupManifest);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
