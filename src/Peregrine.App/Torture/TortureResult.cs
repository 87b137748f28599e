using System.Text.Json.Serialization;

namespace Peregrine.App.Torture;

/// <summary>What a torture found. All but the first three and the last two must be 0, or below the promise.</summary>
internal sealed record TortureResult
{
    public required int Kills { get; init; }

    /// <summary>Events that were published over all lives, and how fast they came while a life recorded.</summary>
    public required long Events { get; init; }

    public required double EventsPerSecond { get; init; }

    /// <summary>Files that failed SQLite's check or our own, after a kill or at the end.</summary>
    public required int Corrupt { get; init; }

    /// <summary>Events that the recorder had confirmed and that are not on record.</summary>
    public required long AcknowledgedLost { get; init; }

    /// <summary>The most events that one kill took of those that were not confirmed yet, and the span of their receive times: at most one batch.</summary>
    public required long UnacknowledgedLostMax { get; init; }

    public required double BatchMillisMax { get; init; }

    /// <summary>Sequences, or an exchange's trades, that are on record twice.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Kills whose loss the recording itself names, as a gap of reason "killed"; and kills that lost nothing.</summary>
    public required int LossesOnRecord { get; init; }

    public required int KillsWithoutLoss { get; init; }

    /// <summary>From the start of a process to its first recorded event, and to the check of what it left.</summary>
    public required double ResumeMillisMax { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>What is promised was kept.</summary>
    public bool Passed => Corrupt == 0 && AcknowledgedLost == 0 && Duplicates == 0 && BatchMillisMax <= BatchMillisAllowed && LossesOnRecord + KillsWithoutLoss >= Kills;

    /// <summary>One batch, and what a busy machine may take to begin writing it.</summary>
    public const double BatchMillisAllowed = 250 + 50;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TortureResult))]
internal sealed partial class TortureJson : JsonSerializerContext;
