namespace Peregrine.Storage.Recovery;

/// <summary>What a mark file says: how far the events of a process had come, and how far their recording.</summary>
public readonly record struct RecorderMark
{
    /// <summary>The newest event that was published, 0 where there was none.</summary>
    public long PublishedSequence { get; init; }

    /// <summary>When it was received, nanoseconds since 1970.</summary>
    public long PublishedTimeNanos { get; init; }

    /// <summary>Everything up to here is recorded, or named by a gap, or among the <see cref="OmittedCount"/>.</summary>
    public long CommittedSequence { get; init; }

    /// <summary>What the database said itself after its last transaction.</summary>
    public long RecordedSequence { get; init; }

    /// <summary>The receive time of the last event that was recorded, nanoseconds since 1970.</summary>
    public long CommittedTimeNanos { get; init; }

    /// <summary>Events that were left out because the disk is too full and that no gap names yet.</summary>
    public long OmittedCount { get; init; }

    /// <summary>Sequences after <see cref="CommittedSequence"/> that no event was ever given.</summary>
    public long SkippedCount { get; init; }

    /// <summary>The process that wrote it.</summary>
    public int ProcessId { get; init; }

    /// <summary>The process ended by itself; nothing can have been lost with it.</summary>
    public bool Closed { get; init; }

    /// <summary>The machine has not been started anew since: what the process wrote last is all here.</summary>
    public bool SameBoot { get; init; }

    /// <summary>Whether the process may still be recording.</summary>
    public bool IsLive => !Closed && SameBoot && (ProcessId == Environment.ProcessId || Directory.Exists(FormattableString.Invariant($"/proc/{ProcessId}")));
}
