namespace Peregrine.Storage.Disk;

/// <summary>
/// When a disk counts as filling up. A level begins when less is free than its share of the disk <i>and</i> less than its number of bytes: a tenth of a
/// large disk is plenty, and on a small card the shares speak.
/// </summary>
public sealed record DiskOptions
{
    /// <summary>Level 1, book depth is left out: below 15 % and 8 GB.</summary>
    public double NoDepthShare { get; init; } = 0.15;

    public long NoDepthBytes { get; init; } = 8L << 30;

    /// <summary>Level 2, only the ledger: below 8 % and 4 GB.</summary>
    public double LedgerOnlyShare { get; init; } = 0.08;

    public long LedgerOnlyBytes { get; init; } = 4L << 30;

    /// <summary>Level 3, halt: below 3 % and 1 GB.</summary>
    public double HaltShare { get; init; } = 0.03;

    public long HaltBytes { get; init; } = 1L << 30;

    /// <summary>A level ends only when so many times its threshold is free, or it would come and go with every file.</summary>
    public double LeaveFactor { get; init; } = 1.25;

    /// <summary>How often the disk is looked at.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a level that the disk forced by refusing to write stands at least; doubled each time it refuses again, at most a hundredfold.
    /// </summary>
    public TimeSpan RefusedFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of the ballast, which is given up at level 3 so that the ledger can go on; 0 for none.</summary>
    public long BallastBytes { get; init; } = 64L << 20;

    /// <summary>Who knows the free room.</summary>
    public IDiskSpace Space { get; init; } = new FileSystemSpace();

    internal long ThresholdOf(DiskLevel level, long totalBytes) => level switch
    {
        DiskLevel.NoDepth => Least(totalBytes, NoDepthShare, NoDepthBytes),
        DiskLevel.LedgerOnly => Least(totalBytes, LedgerOnlyShare, LedgerOnlyBytes),
        DiskLevel.Halt => Least(totalBytes, HaltShare, HaltBytes),
        _ => 0,
    };

    private static long Least(long totalBytes, double share, long bytes) => Math.Min((long)(totalBytes * share), bytes);
}
