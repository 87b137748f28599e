namespace Peregrine.Storage.Backups;

/// <summary>How a backup ended. What is not done is to be tried again after a pause; the local file is untouched in every case.</summary>
public enum BackupVerdict
{
    None = 0,

    /// <summary>The archive was made and proved.</summary>
    Written = 1,

    /// <summary>It was there already, whole.</summary>
    AlreadyThere = 2,

    /// <summary>The target folder does not exist (any more): not mounted, pulled out, removed.</summary>
    TargetGone = 3,

    /// <summary>The target has too little room.</summary>
    TargetFull = 4,

    /// <summary>The target may not be written.</summary>
    TargetReadOnly = 5,

    /// <summary>The target answers with errors, or gives back something else than was written.</summary>
    TargetFailed = 6,

    /// <summary>Another backup is writing into the same folder.</summary>
    Busy = 7,

    /// <summary>The copy of a live file took longer, or let its log grow further, than is allowed.</summary>
    SnapshotTooSlow = 8,
}

/// <summary>How a backup ended, in a sentence for the log as well.</summary>
/// <param name="Verdict">What became of it.</param>
/// <param name="Sentence">For the log or a person.</param>
/// <param name="Archive">Full path of the archive; empty where there is none.</param>
/// <param name="Manifest">What the archive holds; null where there is none.</param>
/// <param name="RetryAfter">When to try again; zero where there is no need to.</param>
public sealed record BackupOutcome(BackupVerdict Verdict, string Sentence, string Archive, BackupManifest? Manifest, TimeSpan RetryAfter)
{
    /// <summary>Whether a proved archive lies in the target.</summary>
    public bool IsDone => Verdict is BackupVerdict.Written or BackupVerdict.AlreadyThere;

    /// <summary>The pause after so many failures in a row: one minute, doubled each time, six hours at most.</summary>
    public static TimeSpan PauseAfter(int failures)
    {
        TimeSpan first = TimeSpan.FromMinutes(1);
        TimeSpan cap = TimeSpan.FromHours(6);
        if (failures <= 1) return first;
        return failures > 10 ? cap : TimeSpan.FromTicks(Math.Min(cap.Ticks, first.Ticks << (failures - 1)));
    }
}
