namespace Peregrine.Common.Events;

/// <summary>What a look into the ring found.</summary>
public enum RingRead
{
    Empty = 0,
    Events = 1,

    /// <summary>The subscriber fell a whole ring behind; <see cref="IEventReader.Skipped"/> events are gone and the cursor moved on.</summary>
    Lagged = 2,
}

/// <summary>
/// One subscriber's view of the ring. It polls and never slows the producer, so the memory it was shown may be overwritten while it reads:
/// what was derived from a batch counts only once <see cref="Advance"/> has said so. One thread per reader.
/// </summary>
public interface IEventReader
{
    /// <summary>Shows the next events, at most <paramref name="max"/>, in place; the first of them has <paramref name="firstSequence"/>.</summary>
    RingRead Read(int max, out ReadOnlySpan<MarketEvent> events, out long firstSequence);

    /// <summary>The payload words of an event of the batch just read. Empty when they are overwritten already; then <see cref="Advance"/> says false.</summary>
    ReadOnlySpan<long> PayloadOf(in MarketEvent entry);

    /// <summary>
    /// Moves past <paramref name="count"/> events of the batch. False: the producer came round and overwrote some of them meanwhile; nothing
    /// derived from the batch may be kept, and the next <see cref="Read"/> says how many were lost.
    /// </summary>
    bool Advance(int count);

    /// <summary>
    /// Goes back to an event that was read before, or to the oldest after it that can still be read; never forward. Returns the sequence of the event
    /// that is read next: what lies between it and <paramref name="sequence"/> is gone.
    /// </summary>
    long Rewind(long sequence) => Cursor;

    /// <summary>How many events the last <see cref="RingRead.Lagged"/> passed over.</summary>
    long Skipped { get; }

    /// <summary>The sequence of the next event to be read.</summary>
    long Cursor { get; }

    /// <summary>Events published and not read yet.</summary>
    long Backlog { get; }
}

/// <summary>Takes events that were made rather than decoded in place: timers, reports, decisions.</summary>
public interface IEventWriter
{
    /// <summary>Publishes a copy and returns its arrival sequence. Payload words, if any, are copied along and the event's payload fields set.</summary>
    long Append(in MarketEvent entry, ReadOnlySpan<long> payload);
}

/// <summary>Sees each event on the producer's own thread, right after it was published.</summary>
public interface IEventHandler
{
    void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload);
}
