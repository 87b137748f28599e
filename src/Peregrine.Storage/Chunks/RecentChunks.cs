using System.Runtime.InteropServices;

using Peregrine.Common.Events;

namespace Peregrine.Storage.Chunks;

/// <summary>
/// The small chunks that batches of 250 ms leave behind, kept in memory as well until enough of them are there to be written again as large ones. One
/// event alone in a chunk takes ten times the bytes that it takes among a thousand.
/// </summary>
/// <remarks>
/// All small chunks are replaced at one time, inside the transaction of a batch: they lie next to each other at the end of the table, so their pages
/// become free whole and are not written again. A process that ends before leaves its last small chunks as they are, which costs bytes and nothing else.
/// </remarks>
internal sealed class RecentChunks
{
    /// <summary>At most so many small rows: replacing them takes milliseconds of a batch.</summary>
    private const int RowsMax = 4_096;

    /// <summary>At most so many events (64 bytes each in memory) and payload words (8 bytes each).</summary>
    private const int EventsMax = 16_384;
    private const int WordsMax = 524_288;

    /// <summary>Quiet symbols gather for so long.</summary>
    private const long NanosMax = 60_000_000_000;

    private readonly Dictionary<long, Pieces> _pieces = [];
    private readonly List<Pieces> _filled = [];
    private readonly List<long> _rows = [];
    private int _events;
    private int _words;
    private long _firstNanos;
    private long _lastNanos;

    /// <summary>Whether so small a chunk shall be written again later.</summary>
    internal static bool Takes(ChunkBuffer chunk) => chunk.Count < ChunkBuffer.EventsFull / 2 && chunk.WordCount < ChunkBuffer.WordsFull / 2;

    /// <summary>Whether it is time to replace what was taken.</summary>
    internal bool IsDue => _rows.Count >= RowsMax || _events >= EventsMax || _words >= WordsMax || (_rows.Count > 0 && _lastNanos - _firstNanos >= NanosMax);

    /// <summary><c>first_seq</c> of what was taken: the rows to be replaced.</summary>
    internal ReadOnlySpan<long> Rows => CollectionsMarshal.AsSpan(_rows);

    /// <summary>Keeps a copy of a small chunk that was just written.</summary>
    internal void Take(ChunkBuffer chunk, long symbol)
    {
        long key = (symbol << 8) | (long)chunk.Kind;
        if (!_pieces.TryGetValue(key, out Pieces? pieces)) _pieces.Add(key, pieces = new Pieces(chunk.Kind, symbol));
        if (pieces.IsEmpty) _filled.Add(pieces);
        pieces.Append(chunk);
        _firstNanos = _rows.Count == 0 ? chunk.FirstTimeNanos : Math.Min(_firstNanos, chunk.FirstTimeNanos);
        _lastNanos = _rows.Count == 0 ? chunk.LastTimeNanos : Math.Max(_lastNanos, chunk.LastTimeNanos);
        _rows.Add(chunk.FirstSequence);
        _events += chunk.Count;
        _words += chunk.WordCount;
    }

    /// <summary>The large chunks, each with its symbol, in the order in which they lie here.</summary>
    internal IEnumerable<(long Symbol, ChunkBuffer Chunk)> Large()
    {
        foreach (Pieces pieces in _filled)
            foreach (ChunkBuffer chunk in pieces.Used) yield return (pieces.Symbol, chunk);
    }

    internal void Clear()
    {
        foreach (Pieces pieces in _filled) pieces.Clear();
        _filled.Clear();
        _rows.Clear();
        _events = _words = 0;
    }

    /// <summary>One symbol's and kind's events in chunks of the full size; their memory is kept for the next time.</summary>
    private sealed class Pieces(EventKind kind, long symbol)
    {
        private readonly List<ChunkBuffer> _chunks = [];
        private int _used;

        internal long Symbol => symbol;
        internal bool IsEmpty => _used == 0;
        internal IEnumerable<ChunkBuffer> Used => _chunks.Take(_used);

        internal void Append(ChunkBuffer chunk)
        {
            if (_used == 0 || _chunks[_used - 1].IsFullFor(chunk))
            {
                if (_used == _chunks.Count) _chunks.Add(new ChunkBuffer(kind));
                _used++;
            }
            _chunks[_used - 1].Append(chunk);
        }

        internal void Clear()
        {
            for (int i = 0; i < _used; i++) _chunks[i].Clear();
            _used = 0;
        }
    }
}
