using Peregrine.Common.Events;

namespace Peregrine.Storage.Chunks;

/// <summary>
/// The small chunks that batches of 250 ms leave behind, kept in memory as well until enough of them are there to be written again as large ones. One
/// event alone in a chunk takes ten times the bytes that it takes among a thousand.
/// </summary>
/// <remarks>
/// All small chunks are replaced at one time, inside the transaction of a batch: they lie next to each other at the end of the table, so their pages
/// become free whole and are not written again. A process that ends before leaves its last small chunks as they are, which costs bytes and nothing else.
/// The memory (4 MB) is taken once, at the start: the recorder allocates nothing while it runs.
/// </remarks>
internal sealed class RecentChunks
{
    /// <summary>At most so many small rows: replacing them takes milliseconds of a batch.</summary>
    private const int RowsMax = 4_096;

    private const int EventsMax = 8_192;
    private const int WordsMax = 262_144;

    /// <summary>Quiet symbols gather for so long.</summary>
    private const long NanosMax = 20_000_000_000;

    /// <summary>Room for the batch that brings a limit; what finds none stays small.</summary>
    private const int Spare = 4;

    private readonly Small[] _rows = new Small[RowsMax + (RowsMax / Spare)];
    private readonly MarketEvent[] _events = new MarketEvent[EventsMax + (EventsMax / Spare)];
    private readonly long[] _sequences = new long[EventsMax + (EventsMax / Spare)];
    private readonly long[] _words = new long[WordsMax + (WordsMax / Spare)];
    private readonly ChunkBuffer _large = new(EventKind.None);
    private int _rowCount;
    private int _eventCount;
    private int _wordCount;
    private long _firstNanos;
    private long _lastNanos;

    internal RecentChunks() => _large.Reuse(EventKind.None);

    private readonly record struct Small(long Symbol, EventKind Kind, long FirstSequence, int From, int Count, int WordsFrom, int Words) : IComparable<Small>
    {
        public int CompareTo(Small other) => (Symbol, Kind, FirstSequence).CompareTo((other.Symbol, other.Kind, other.FirstSequence));
    }

    /// <summary>Whether it is time to replace what was taken.</summary>
    internal bool IsDue =>
        _rowCount >= RowsMax || _eventCount >= EventsMax || _wordCount >= WordsMax || (_rowCount > 0 && _lastNanos - _firstNanos >= NanosMax);

    /// <summary>Keeps a copy of a chunk that was just written, if it is small.</summary>
    internal void Take(ChunkBuffer chunk, long symbol)
    {
        if (chunk.Count >= ChunkBuffer.EventsFull / 2 || chunk.Words.Length >= ChunkBuffer.WordsFull / 2) return;
        if (_rowCount == _rows.Length || _eventCount + chunk.Count > _events.Length || _wordCount + chunk.Words.Length > _words.Length) return;
        _firstNanos = _rowCount == 0 ? chunk.FirstTimeNanos : Math.Min(_firstNanos, chunk.FirstTimeNanos);
        _lastNanos = _rowCount == 0 ? chunk.LastTimeNanos : Math.Max(_lastNanos, chunk.LastTimeNanos);
        _rows[_rowCount++] = new Small(symbol, chunk.Kind, chunk.FirstSequence, _eventCount, chunk.Count, _wordCount, chunk.Words.Length);
        chunk.Events.CopyTo(_events.AsSpan(_eventCount));
        chunk.Sequences.CopyTo(_sequences.AsSpan(_eventCount));
        chunk.Words.CopyTo(_words.AsSpan(_wordCount));
        _eventCount += chunk.Count;
        _wordCount += chunk.Words.Length;
    }

    /// <summary>Gives the keys of what was taken to be removed, then the large chunks to be written with their symbols, and forgets all of it.</summary>
    internal void Replace(Action<long> remove, Action<long, ChunkBuffer> write)
    {
        Span<Small> rows = _rows.AsSpan(0, _rowCount);
        foreach (ref readonly Small row in rows) remove(row.FirstSequence);
        rows.Sort();
        for (int i = 0; i < rows.Length; i++)
        {
            ref readonly Small row = ref rows[i];
            if (_large.Count == 0) _large.Reuse(row.Kind);
            _large.Append(_events.AsSpan(row.From, row.Count), _sequences.AsSpan(row.From, row.Count), _words.AsSpan(row.WordsFrom, row.Words));
            if (i + 1 < rows.Length && rows[i + 1].Symbol == row.Symbol && rows[i + 1].Kind == row.Kind && _large.HasRoomFor(rows[i + 1].Count, rows[i + 1].Words)) continue;
            write(row.Symbol, _large);
            _large.Clear();
        }
        _rowCount = _eventCount = _wordCount = 0;
    }
}
