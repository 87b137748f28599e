using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>What an event did to a book.</summary>
public enum BookChangeKind : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A sound book took new levels.</summary>
    Updated = 1,

    /// <summary>The book became sound with this event.</summary>
    Synchronised = 2,

    /// <summary>The book broke with this event and must not be traded on: a fact to be recorded.</summary>
    Gap = 3,
}

/// <summary>What an event did to a book and, where it broke, why.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Reason">Why the book broke; None otherwise.</param>
/// <param name="Expected">
/// What a Sequence gap should have had instead of <paramref name="Got"/>: spot U, USD-M pu. Crossed: the best ask in 1e-8 units. Overflow: the diffs that
/// can be kept.
/// </param>
/// <param name="Got">What there was: U or pu; Crossed: the best bid; Overflow: the diffs there were.</param>
public readonly record struct BookChange(BookChangeKind Kind, GapReason Reason = GapReason.None, long Expected = 0, long Got = 0)
{
    public static BookChange Nothing => default;
    public static BookChange Updated => new(BookChangeKind.Updated);
    public static BookChange Synchronised => new(BookChangeKind.Synchronised);
    public static BookChange Gap(GapReason reason, long expected, long got) => new(BookChangeKind.Gap, reason, expected, got);

    public bool IsGap => Kind == BookChangeKind.Gap;
}
