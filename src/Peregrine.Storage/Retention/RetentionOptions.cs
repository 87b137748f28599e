namespace Peregrine.Storage.Retention;

/// <summary>What may be deleted, and how fast. The defaults would rather keep a file too long.</summary>
public sealed record RetentionOptions
{
    /// <summary>How many of the newest weeks on record stay on the local disk in any case, the running one among them; at least 1.</summary>
    public int KeepWeeks { get; init; } = 8;

    /// <summary>Most files that are deleted in a day (UTC). The count is kept in the state directory and survives restarts.</summary>
    public int DeletionsPerDayMax { get; init; } = 2;

    /// <summary>How far the newest recorded event may lie from the clock, either way, before the clock is not believed.</summary>
    public TimeSpan ClockSlack { get; init; } = TimeSpan.FromDays(2);

    /// <summary>
    /// The most weeks between the newest two files before the clock that named the newer one is not believed: a recording that jumped by years was made by a
    /// wrong clock.
    /// </summary>
    public int GapWeeksMax { get; init; } = 13;

    /// <summary>
    /// How many of the newest weeks stay in the backup folder; null, the default, never deletes a backup. An archive whose week still lies on the local disk
    /// is never deleted.
    /// </summary>
    public int? KeepArchiveWeeks { get; init; }

    /// <summary>Most bytes a second that are read while backups are verified; 0 is no limit.</summary>
    public long BytesPerSecondMax { get; init; }

    /// <summary>Whether the work is done on a thread of its own with the lowest priority for processor and disk.</summary>
    public bool Background { get; init; } = true;

    /// <summary>Called with the name of each durable step: "counted" before a file goes, "deleted" after it went. For tests that cut the work there.</summary>
    public Action<string>? AtStep { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A value is outside of what is allowed.</exception>
    internal void Require()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(KeepWeeks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DeletionsPerDayMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(GapWeeksMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ClockSlack, TimeSpan.Zero);
        if (KeepArchiveWeeks is { } weeks) ArgumentOutOfRangeException.ThrowIfLessThan(weeks, 1, nameof(KeepArchiveWeeks));
    }
}
