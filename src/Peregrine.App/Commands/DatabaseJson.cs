using System.Text.Json;
using System.Text.Json.Serialization;

using Peregrine.Storage.Backups;
using Peregrine.Storage.Retention;

namespace Peregrine.App.Commands;

/// <summary>One file as <c>db verify --json</c> has it.</summary>
internal sealed record VerifyJson(string Name, bool Ok, string Problem, long Events);

/// <summary><c>db verify --json</c></summary>
internal sealed record VerifyListJson(bool Ok, IReadOnlyList<VerifyJson> Files);

/// <summary>One file as <c>db backup --json</c> has it. Sizes in bytes; times in seconds.</summary>
internal sealed record BackupResultJson(string File, string Verdict, string Sentence, string Archive, long Bytes, long ArchiveBytes, string Proof, long RetryAfterSeconds)
{
    public static BackupResultJson Of(string file, BackupOutcome outcome) => new(
        file, Camel(outcome.Verdict), outcome.Sentence, outcome.Archive, outcome.Manifest?.Bytes ?? 0, outcome.Manifest?.ArchiveBytes ?? 0, outcome.Manifest?.Proof ?? "",
        (long)outcome.RetryAfter.TotalSeconds);

    internal static string Camel<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

/// <summary><c>db backup --json</c></summary>
internal sealed record BackupListJson(bool Ok, IReadOnlyList<BackupResultJson> Backups);

/// <summary><c>db restore --json</c></summary>
internal sealed record RestoreJson(string File, long Bytes, IReadOnlyDictionary<string, long> Events, bool HadManifest);

/// <summary><c>db export --json</c></summary>
internal sealed record ExportJson(string File, string Format, long Events, long Rows, long Unknown);

/// <summary>One file as <c>db retention --json</c> has it.</summary>
internal sealed record RetentionEntryJson(string Name, string Week, long Bytes, bool Archive, string Verdict, string Reason);

/// <summary><c>db retention --json</c></summary>
internal sealed record RetentionJson(bool Applied, string ClockProblem, int Deletions, long DeletedBytes, IReadOnlyList<RetentionEntryJson> Files)
{
    public static RetentionJson Of(RetentionReport report) => new(
        report.Applied, report.ClockProblem, report.Deletions, report.DeletedBytes,
        [.. report.Entries.Select(entry => new RetentionEntryJson(entry.Name, entry.Week, entry.Bytes, entry.IsArchive, BackupResultJson.Camel(entry.Verdict), entry.Reason))]);
}

/// <summary>Shapes that the <c>db</c> commands print with --json.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VerifyListJson))]
[JsonSerializable(typeof(BackupListJson))]
[JsonSerializable(typeof(RestoreJson))]
[JsonSerializable(typeof(ExportJson))]
[JsonSerializable(typeof(RetentionJson))]
internal sealed partial class DatabaseJson : JsonSerializerContext;
