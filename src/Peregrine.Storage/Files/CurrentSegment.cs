namespace Peregrine.Storage.Files;

/// <summary>Which file a start goes on with, and which it begins.</summary>
internal static class CurrentSegment
{
    /// <summary>
    /// A file so much further ahead than the clock was begun by a clock that was wrong. It is left alone, or all recordings of years would end up in it.
    /// </summary>
    internal static readonly TimeSpan AheadMax = TimeSpan.FromDays(35);

    /// <summary>A clock before this has not been set: this program did not exist then.</summary>
    private static readonly DateTimeOffset Earliest = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// The newest file, if its week has not ended, whatever steps back the clock took; a sealed one is never opened again, and a newer file of the same
    /// week takes its place. <c>IsNew</c> where the file is still to be made.
    /// </summary>
    internal static (Segment Segment, bool IsNew) Choose(string folder, DateTimeOffset now)
    {
        IsoWeek week = IsoWeek.Of(now);
        Segment? newest = null;
        foreach (Segment segment in SegmentFile.Segments(folder))
            if (!IsFarAhead(segment.Week, now)) newest = segment;
        if (newest is not { } found || found.Week < week) return (SegmentFile.NextPart(folder, week), true);
        return SegmentFile.IsSealed(found.Path) ? (SegmentFile.NextPart(folder, found.Week), true) : (found, false);
    }

    /// <summary>Whether a week is one that only a wrong clock can have begun.</summary>
    internal static bool IsFarAhead(IsoWeek week, DateTimeOffset now) =>
        now >= Earliest && (Int128)week.EndNanos - IsoWeek.Of(now).EndNanos > (Int128)AheadMax.Ticks * 100;
}
