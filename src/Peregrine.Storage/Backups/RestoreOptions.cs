namespace Peregrine.Storage.Backups;

/// <summary>What a restore may do. The defaults take nothing on trust.</summary>
public sealed record RestoreOptions
{
    /// <summary>
    /// Whether an archive without a manifest is restored: then nothing says what it should hold, and it may not have more than
    /// <see cref="Restore.RatioMaxWithoutManifest"/> times its own bytes.
    /// </summary>
    public bool AllowMissingManifest { get; init; }

    /// <summary>
    /// Whether the restored file may have the name of its week (<c>crypto_2026_47.db</c>), so that an appliance which starts on that folder takes it for its
    /// own recording.
    /// </summary>
    public bool AsWeek { get; init; }

    /// <summary>Most bytes a second that are read of the archive; 0 is no limit.</summary>
    public long BytesPerSecondMax { get; init; }

    /// <summary>Whether the work is done with the lowest priority for processor and disk.</summary>
    public bool Background { get; init; }
}

/// <summary>What was restored.</summary>
/// <param name="File">Full path of the new file.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Events">Events by kind, counted in it.</param>
/// <param name="Manifest">What the archive's manifest said; null where it had none.</param>
public sealed record RestoreResult(string File, long Bytes, IReadOnlyDictionary<string, long> Events, BackupManifest? Manifest);
