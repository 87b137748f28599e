using Peregrine.Storage.Disk;

namespace Peregrine.Storage;

/// <summary>How the pool keeps its files. The defaults are the promise that the operator's manual gives.</summary>
public sealed record PoolOptions
{
    /// <summary>The longest that a recorded event waits for its transaction's end: what kill -9 can take.</summary>
    public TimeSpan BatchMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The time between checkpoints: with one batch, what a power cut can take.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the check of the newest file may take at start.</summary>
    public TimeSpan CheckMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How far ahead of the clock a receive time may lie and still begin a new week. What lies further ahead is one bad stamp; it is recorded in the file of
    /// its neighbours.
    /// </summary>
    public TimeSpan AheadMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>From this size of the write-ahead log on, a checkpoint waits a moment (40 ms) for readers, so that the log may begin anew.</summary>
    public long WalRestartBytes { get; init; } = 24L << 20;

    /// <summary>From this size on it also cuts the log's file short.</summary>
    public long WalTruncateBytes { get; init; } = 48L << 20;

    /// <summary>
    /// From this size on someone's reading has kept the log from being emptied for too long: it is reported, and recording goes on in a new file of the same
    /// week. That bounds every log; the reader keeps what it reads.
    /// </summary>
    public long WalAlarmBytes { get; init; } = 128L << 20;

    /// <summary>When the disk counts as filling up, and the ballast.</summary>
    public DiskOptions Disk { get; init; } = new();

    /// <summary>Called with the path of a file that will not change any more (a backup may begin). On the thread that uses the pool.</summary>
    public Action<string>? Sealed { get; init; }

    /// <summary>
    /// Called with the path of a sealed file that could not be checked in time at the start: <see cref="Recovery.SealedCheck"/> does it whole, as a one-shot.
    /// </summary>
    public Action<string>? Unchecked { get; init; }

    /// <summary>
    /// Called with the path of a file that was found damaged and set aside: <see cref="Recovery.Salvage"/> saves what can be read, as a one-shot.
    /// </summary>
    public Action<string>? SetAside { get; init; }

    /// <summary>
    /// Called when the disk's level changes. At <see cref="DiskLevel.Halt"/> trading has to end: no new orders, and the open ones cancelled. On the thread that
    /// uses the pool.
    /// </summary>
    public Action<DiskLevel, DiskSpace>? DiskChanged { get; init; }

    /// <summary>Called with a sentence for the log when something out of the ordinary happened. On the thread that uses the pool.</summary>
    public Action<string>? Report { get; init; }

    /// <summary>For tests: called with a name of <see cref="Files.PoolSteps"/> before or after every step that the disk remembers.</summary>
    public Action<string>? AtStep { get; init; }
}
