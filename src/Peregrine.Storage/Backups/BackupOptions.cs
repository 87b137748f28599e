namespace Peregrine.Storage.Backups;

/// <summary>How a backup goes about its work. The defaults disturb a recorder on the same machine as little as possible.</summary>
public sealed record BackupOptions
{
    public const int LevelMin = 1;
    public const int LevelMax = 19;
    public const int ThreadsMax = 64;

    /// <summary>zstd's level, 1 to 19. Level 3 is right for recordings: 19 takes 65 times as long for a fifth less.</summary>
    public int Level { get; init; } = 3;

    /// <summary>zstd's worker threads, 0 to 64; 0 compresses on the job's own thread. A library without threads does that as well.</summary>
    public int Threads { get; init; }

    /// <summary>Most bytes a second that are read of the database and of the archive; 0 is no limit.</summary>
    public long BytesPerSecondMax { get; init; }

    /// <summary>Whether the work is done on a thread of its own with the lowest priority for processor and disk.</summary>
    public bool Background { get; init; } = true;

    /// <summary>
    /// Whether a target folder that does not exist is made. Off by default: a missing folder may be a disk that is not mounted, and the backup would then
    /// lie on the very disk that it protects against.
    /// </summary>
    public bool CreateTarget { get; init; }

    /// <summary>
    /// Whether an archive that is there already is hashed again, and the database with it, before it counts as done. Off, equal sizes are enough; retention
    /// hashes both in any case before it deletes anything.
    /// </summary>
    public bool RecheckExisting { get; init; } = true;

    /// <summary>How long to wait while another backup writes into the same target folder.</summary>
    public TimeSpan WaitForOthers { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often this backup has failed before; the suggested pause grows with it.</summary>
    public int FailedBefore { get; init; }

    /// <summary>The longest that the copy of a live file may take: while it is made, the writer's log cannot be emptied.</summary>
    public TimeSpan SnapshotMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The most bytes that the writer's log may reach while the copy of a live file is made.</summary>
    public long SnapshotLogBytesMax { get; init; } = 96L << 20;

    /// <summary>Called with the name of each durable step (<see cref="BackupSteps.All"/>) once it is taken. For tests that cut the work there.</summary>
    public Action<string>? AtStep { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A value is outside of what is allowed; the message says which and what is.</exception>
    internal void Require()
    {
        if (Level is < LevelMin or > LevelMax) throw new ArgumentOutOfRangeException(nameof(Level), Level, $"The zstd level is {LevelMin} to {LevelMax}.");
        if (Threads is < 0 or > ThreadsMax) throw new ArgumentOutOfRangeException(nameof(Threads), Threads, $"zstd's worker threads are 0 to {ThreadsMax}.");
        ArgumentOutOfRangeException.ThrowIfNegative(BytesPerSecondMax);
        ArgumentOutOfRangeException.ThrowIfNegative(FailedBefore);
    }
}
