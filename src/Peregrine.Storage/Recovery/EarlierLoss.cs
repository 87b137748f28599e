namespace Peregrine.Storage.Recovery;

/// <summary>What an earlier process did not bring home, until the recorder has written it down.</summary>
/// <param name="At">A sequence that no event has, for the gap.</param>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many events; 0 where nobody knows.</param>
/// <param name="FromNanos">When the last event before was received, 0 where that is not known.</param>
/// <param name="ToNanos">When the last of them was received, 0 where that is not known.</param>
internal readonly record struct EarlierLoss(long At, Common.Events.GapReason Reason, long Count, long FromNanos, long ToNanos)
{
    /// <summary>How long the gap is, 0 where that is not known.</summary>
    internal long SpanNanos => FromNanos > 0 && ToNanos > FromNanos ? ToNanos - FromNanos : 0;
}
