using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

using Peregrine.Common.Events;
using Peregrine.Storage.Files;

namespace Peregrine.Storage.Backups;

/// <summary>
/// What an archive holds, written beside it (<c>….db.zst.json</c>) once it was proved. Sizes in bytes, hashes SHA-256 in lower-case hexadecimal. The names in
/// it are for people: no path is ever made of them.
/// </summary>
public sealed record BackupManifest
{
    /// <summary>The ending of a manifest's name, behind the archive's.</summary>
    public const string Extension = ".json";

    private const int BytesMax = 64 * 1024;
    private const int KindsMax = 256;

    private static readonly SearchValues<char> HashDigits = SearchValues.Create("0123456789abcdef");

    public required int Format { get; init; }

    /// <summary>The database's name: crypto_2026_47.db</summary>
    public required string File { get; init; }

    /// <summary>2026-W47</summary>
    public required string Week { get; init; }

    /// <summary>Whether it was taken of a file that was still being written.</summary>
    public bool Live { get; init; }

    public required long Bytes { get; init; }
    public required string Sha256 { get; init; }

    /// <summary>The archive's name: crypto_2026_47.db.zst</summary>
    public required string Archive { get; init; }

    public required long ArchiveBytes { get; init; }
    public required string ArchiveSha256 { get; init; }
    public required int Level { get; init; }

    /// <summary>The version of the database's schema; 0 where a manifest does not say.</summary>
    public int SchemaVersion { get; init; }

    /// <summary>How it was proved: "copy" (decompressed to a file and checked there) or "stream" (its content's hash is that of a checked file).</summary>
    public string Proof { get; init; } = "stream";

    /// <summary>The programs that made it, with their versions.</summary>
    public string MadeWith { get; init; } = "";

    /// <summary>Events by kind.</summary>
    public required IReadOnlyDictionary<string, long> Events { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>Where the manifest of an archive lies.</summary>
    public static string PathOf(string archivePath) => archivePath + Extension;

    /// <exception cref="StorageException">There is none, or it is not one.</exception>
    public static BackupManifest Read(string archivePath)
    {
        string path = PathOf(archivePath);
        try
        {
            return Parse(ReadBytes(path), path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StorageException($"The archive has no manifest: {path}.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StorageException($"{path} may not be read.", error);
        }
    }

    /// <summary>As <see cref="Read"/>, but null for what is not there or not one.</summary>
    internal static BackupManifest? TryRead(string archivePath)
    {
        try
        {
            return Read(archivePath);
        }
        catch (StorageException)
        {
            return null;
        }
    }

    internal static BackupManifest Parse(ReadOnlySpan<byte> json, string path)
    {
        try
        {
            BackupManifest manifest = JsonSerializer.Deserialize(json, BackupJson.Default.BackupManifest) ?? throw new StorageException($"{path} is no manifest: it is null.");
            return manifest.Problem() is { } problem ? throw new StorageException($"{path} is no manifest that this program takes: {problem}.") : manifest;
        }
        catch (JsonException error)
        {
            throw new StorageException($"{path} is no manifest: {error.Message}", error);
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, BackupJson.Default.BackupManifest);

    private static byte[] ReadBytes(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        byte[] bytes = new byte[BytesMax + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= BytesMax ? bytes[..length] : throw new StorageException($"{path} is no manifest: it has more than {BytesMax} bytes.");
    }

    /// <summary>What is impossible in it, or null.</summary>
    private string? Problem()
    {
        if (Format != 1) return $"format {Format}, this program knows format 1";
        if (!IsoWeek.TryParseFileName(File, out IsoWeek week)) return "'file' is not the name of a weekly file";
        if (Week != week.ToString()) return $"'week' is not that of the file, {week}";
        if (Archive.Length is 0 or > 255 || Archive.Contains('/', StringComparison.Ordinal) || Archive.Contains('\\', StringComparison.Ordinal) || Archive.Any(char.IsControl) || Archive[0] == '.')
            return "'archive' is not a plain file name";
        if (Bytes < 512) return $"'bytes' is {Bytes}, less than a database has";
        if (ArchiveBytes < 1) return $"'archiveBytes' is {ArchiveBytes}";
        if (!IsHash(Sha256)) return "'sha256' is not 64 hexadecimal digits in lower case";
        if (!IsHash(ArchiveSha256)) return "'archiveSha256' is not 64 hexadecimal digits in lower case";
        if (Level is < 1 or > 22) return $"'level' is {Level}";
        if (SchemaVersion < 0) return $"'schemaVersion' is {SchemaVersion}";
        if (Proof is not ("copy" or "stream")) return "'proof' is neither copy nor stream";
        if (MadeWith is not { Length: <= 200 }) return "'madeWith' is missing or too long"; // A property that is not there is null, whatever its declaration says.
        if (Events.Count > KindsMax) return $"'events' has more than {KindsMax} kinds";
        return Events.Values.Any(static count => count < 0) ? "'events' has a negative count" : null;
    }

    private static bool IsHash(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(HashDigits);

    /// <summary>Counts by kind as a manifest has them.</summary>
    internal static Dictionary<string, long> Counts(Sqlite.Database database) =>
        DatabaseStatus.Counts(database)
            .GroupBy(static count => count.Kind.Text(), StringComparer.Ordinal)
            .OrderBy(static kind => kind.Key, StringComparer.Ordinal)
            .ToDictionary(static kind => kind.Key, static kind => kind.Sum(static count => count.Count), StringComparer.Ordinal);

    internal bool HasCounts(IReadOnlyDictionary<string, long> counts) =>
        counts.Count == Events.Count && counts.All(count => Events.TryGetValue(count.Key, out long expected) && expected == count.Value);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
    AllowDuplicateProperties = false, MaxDepth = 8)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
