namespace Peregrine.Storage.Retention;

/// <summary>Why a file stays or goes. Zero keeps it.</summary>
public enum RetentionVerdict
{
    /// <summary>Not looked at.</summary>
    None = 0,

    /// <summary>Its backup was verified; it goes (or would, in a plan).</summary>
    Delete = 1,

    /// <summary>The newest file, which is written or may be again.</summary>
    Current = 2,

    /// <summary>It may still change.</summary>
    Unsealed = 3,

    /// <summary>One of the weeks that are kept in any case.</summary>
    Recent = 4,

    /// <summary>No backup of it was found.</summary>
    NoBackup = 5,

    /// <summary>There is a backup, but it is not whole or of another file.</summary>
    BackupDiffers = 6,

    /// <summary>Nobody vouches for the clock.</summary>
    ClockUnverified = 7,

    /// <summary>The clock says something else than the recordings or their backups.</summary>
    ClockContradicted = 8,

    /// <summary>As many as a day may take have gone already.</summary>
    DailyLimit = 9,

    /// <summary>It cannot be read, deleted, or counted.</summary>
    Failed = 10,

    /// <summary>An archive whose week still lies on the local disk.</summary>
    StillLocal = 11,
}

/// <summary>What becomes of one file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Week">2026-W47</param>
/// <param name="Bytes">What it takes on its disk.</param>
/// <param name="IsArchive">Whether it lies in the backup folder rather than in the state directory.</param>
/// <param name="Verdict">Whether it goes.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record RetentionEntry(string Name, string Week, long Bytes, bool IsArchive, RetentionVerdict Verdict, string Reason);

/// <summary>What a look at a state directory found, oldest file first; in a run, what was done.</summary>
/// <param name="Entries">Every weekly file, then every archive where these are looked after too.</param>
/// <param name="ClockProblem">Why the clock is not believed (nothing is deleted then); empty where it is.</param>
/// <param name="Applied">Whether files marked <see cref="RetentionVerdict.Delete"/> are gone, rather than would go.</param>
public sealed record RetentionReport(IReadOnlyList<RetentionEntry> Entries, string ClockProblem, bool Applied)
{
    /// <summary>Files that are (or would be) deleted.</summary>
    public int Deletions => Entries.Count(static entry => entry.Verdict == RetentionVerdict.Delete);

    /// <summary>Bytes that they take.</summary>
    public long DeletedBytes => Entries.Where(static entry => entry.Verdict == RetentionVerdict.Delete).Sum(static entry => entry.Bytes);
}
