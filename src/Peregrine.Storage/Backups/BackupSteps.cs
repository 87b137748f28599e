namespace Peregrine.Storage.Backups;

/// <summary>Names of the durable steps of a backup, in their order. A backup may be cut at any of them and run again.</summary>
public static class BackupSteps
{
    /// <summary>Live files only: the copy that is then archived is whole.</summary>
    public const string SnapshotWritten = "snapshot-written";

    /// <summary>The target is there, has room, and is ours alone.</summary>
    public const string Begun = "begun";

    /// <summary>What an earlier attempt left is gone.</summary>
    public const string Cleaned = "cleaned";

    /// <summary>The partial file exists, empty.</summary>
    public const string PartialCreated = "partial-created";

    /// <summary>A piece was compressed; comes many times.</summary>
    public const string Compressing = "compressing";

    /// <summary>Everything was compressed.</summary>
    public const string Compressed = "compressed";

    /// <summary>The partial file would survive a power cut.</summary>
    public const string PartialFlushed = "partial-flushed";

    /// <summary>The partial file decompresses to what was compressed.</summary>
    public const string ReadBack = "read-back";

    /// <summary>What it decompresses to passed SQLite's check and has the same counts.</summary>
    public const string Verified = "verified";

    /// <summary>The manifest of an archive that is about to be replaced is gone.</summary>
    public const string OldManifestRemoved = "old-manifest-removed";

    /// <summary>The archive has its name.</summary>
    public const string Renamed = "renamed";

    /// <summary>The archive's name would survive a power cut.</summary>
    public const string FolderFlushed = "folder-flushed";

    /// <summary>The manifest is written under its partial name.</summary>
    public const string ManifestWritten = "manifest-written";

    /// <summary>The manifest has its name.</summary>
    public const string ManifestRenamed = "manifest-renamed";

    /// <summary>Everything would survive a power cut.</summary>
    public const string Done = "done";

    /// <summary>All names that a backup of a sealed file passes, in order.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Begun, Cleaned, PartialCreated, Compressing, Compressed, PartialFlushed, ReadBack, Verified, OldManifestRemoved, Renamed, FolderFlushed,
        ManifestWritten, ManifestRenamed, Done,
    ];
}
