using System.Globalization;

using Peregrine.Common.Events;

namespace Peregrine.Storage.Recovery;

/// <summary>Where a start goes on, decided from what the database holds and what the mark of the process before says.</summary>
internal sealed class Continuation
{
    /// <summary>
    /// More sequences than a damaged file can have held that no mark speaks of: a hundred thousand a second for four months.
    /// </summary>
    internal const long SequencesOfLostFile = 1L << 40;

    /// <summary>The new process's mark, until its own recorder has committed.</summary>
    internal RecorderMark Begin { get; private init; }

    /// <summary>The next event's sequence is one more.</summary>
    internal long LastSequence => Begin.PublishedSequence;

    /// <summary>What is to be recorded as missing.</summary>
    internal IReadOnlyList<EarlierLoss> Losses { get; private init; } = [];

    /// <summary>What people should know.</summary>
    internal string Sentence { get; private init; } = "";

    /// <param name="recorded">The highest sequence that the databases name, 0 where there is none.</param>
    /// <param name="mark">The mark as it was found; null where there is none that is whole.</param>
    /// <param name="hasFiles">There are recordings already.</param>
    /// <param name="newestIsDamaged">The newest of them was just set aside, and with it what it knew.</param>
    internal static Continuation Decide(long recorded, RecorderMark? mark, bool hasFiles, bool newestIsDamaged)
    {
        if (mark is not { } left)
        {
            long jump = newestIsDamaged ? SequencesOfLostFile : hasFiles ? MarkFile.SequencesAfterPowerCut : 0;
            long from = recorded + jump;
            return new Continuation
            {
                Begin = new RecorderMark { PublishedSequence = from, CommittedSequence = from, RecordedSequence = recorded },
                Sentence = jump == 0 ? "" : Text($"No mark of an earlier process was found; sequences go on {jump:N0} further, so that none is used twice."),
            };
        }
        bool powerCut = !left.Closed && !left.SameBoot;
        long published = Math.Max(left.PublishedSequence, recorded);
        // A kill takes nothing that was committed. What the database does not have although it was committed, the disk has lost.
        bool tailIsGone = recorded < left.RecordedSequence && !newestIsDamaged;
        long accounted = tailIsGone || powerCut ? recorded : Math.Max(left.CommittedSequence, recorded);
        if (newestIsDamaged) accounted = Math.Max(left.CommittedSequence, recorded);
        long skipped = recorded > left.CommittedSequence ? 0 : left.SkippedCount;
        long lost = Math.Max(published - accounted - skipped, 0);
        long omitted = left.OmittedCount;
        long next = published + (powerCut ? MarkFile.SequencesAfterPowerCut : 0);
        List<EarlierLoss> losses = [];
        if (lost > 0 || skipped > 0 || powerCut)
        {
            next = Math.Max(next, accounted + 1);
            losses.Add(new EarlierLoss(accounted + 1, GapReason.Killed, lost, left.CommittedTimeNanos, left.PublishedTimeNanos));
        }
        if (omitted > 0) losses.Add(new EarlierLoss(++next, GapReason.Disk, omitted, 0, 0));
        string sentence = tailIsGone
            ? Text($"The recording ends at {recorded}, but {left.RecordedSequence} had been committed: the end of its log is gone or damaged.")
            : powerCut ? Text($"The machine went down while recording; at least {lost:N0} events after {accounted} are lost.")
            : lost > 0 ? Text($"The last process was ended with {lost:N0} events after {accounted} not recorded yet{Span(losses[0])}.")
            : "";
        if (omitted > 0) sentence = $"{sentence} It had left out {omitted.ToString("N0", CultureInfo.InvariantCulture)} events for want of room on the disk.".TrimStart();
        return new Continuation
        {
            Begin = new RecorderMark
            {
                PublishedSequence = next,
                PublishedTimeNanos = left.PublishedTimeNanos,
                CommittedSequence = accounted,
                CommittedTimeNanos = left.CommittedTimeNanos,
                RecordedSequence = recorded,
                OmittedCount = omitted,
                SkippedCount = next - accounted - lost,
            },
            Losses = losses,
            Sentence = sentence,
        };
    }

    private static string Span(EarlierLoss loss) => loss.SpanNanos > 0 ? Text($" ({loss.SpanNanos / 1e9:0.000} s)") : "";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
