using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;
using Peregrine.Storage.Files;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Playback;

/// <summary>One file while it is played: all its tables from one consistent view, and its chunks as they come up.</summary>
internal sealed class FilePlayer : IDisposable
{
    private readonly Database _database;
    private readonly List<TableSource> _tables = [];
    private readonly Stack<ChunkSource> _spare = [];
    private readonly ChunkScratch _scratch;
    private readonly RecordingFilter _filter;
    private readonly Dictionary<long, SymbolId> _symbols;
    private readonly Func<SymbolId, bool> _acceptsSymbol;
    private readonly Statement? _chunks;
    private bool _hasChunk;

    internal FilePlayer(string path, InstrumentTable instruments, RecordingFilter filter, ChunkScratch scratch)
    {
        _filter = filter;
        _scratch = scratch;
        _database = Database.OpenReadOnly(path);
        try
        {
            SegmentFile.Recognise(_database);
            _database.Execute("BEGIN"); // All reads see the same moment of a live file.
            _symbols = FileSymbols.Map(_database, instruments); // The recording keeps its latest rules, whatever this file says.
            Dictionary<long, SymbolUnits> units = FileSymbols.Units(_database);
            HashSet<SymbolId>? wanted = filter.Symbols is null ? null : instruments.All.Where(known => filter.Symbols.Contains(known.Symbol)).Select(static known => known.Id).ToHashSet();
            _acceptsSymbol = wanted is null ? static _ => true : wanted.Contains;
            foreach (RowTable table in RowTable.All)
            {
                // The general table may hold any kind that its own table could not.
                if (table.Kind != EventKind.None && !filter.Accepts(table.Kind)) continue;
                _tables.Add(new TableSource(_database, table, _symbols, units, _acceptsSymbol, filter));
            }
            if (!EventKinds.All.ToArray().Any(kind => ChunkFormat.Keeps(kind) && filter.Accepts(kind))) return;
            _chunks = _database.Prepare("SELECT first_seq, symbol, kind, last_seq, first_time, last_time, events, version, data FROM chunk WHERE first_seq <= ? AND first_seq > ? ORDER BY first_seq");
            _chunks.Bind(1, filter.ToSequence);
            // No chunk reaches further than the file says, so those before need not be looked at.
            _chunks.Bind(2, filter.FromSequence > 0 ? filter.FromSequence - 1 - _database.QueryInt64("SELECT value FROM meta WHERE key = 'chunk_reach'") : long.MinValue);
            MoveToNextChunk();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The sources that have a first event.</summary>
    internal IEnumerable<EventSource> Tables()
    {
        foreach (TableSource table in _tables)
            if (table.MoveNext()) yield return table;
    }

    /// <summary>The first sequence of the chunk that is next; the largest number where there is none.</summary>
    internal long NextChunkSequence => _hasChunk ? _chunks!.Int64(0) : long.MaxValue;

    /// <summary>Decodes the chunk that is next.</summary>
    internal ChunkSource TakeChunk()
    {
        Statement chunks = _chunks!;
        long first = chunks.Int64(0);
        if (chunks.Int64(7) != ChunkFormat.Version) throw new StorageException($"{_database.Path}: chunk {first} has encoding {chunks.Int64(7)}, this program knows {ChunkFormat.Version}.");
        if (!_symbols.TryGetValue(chunks.Int64(1), out SymbolId symbol)) throw new StorageException($"{_database.Path}: chunk {first} has symbol {chunks.Int64(1)}, which the file does not know.");
        ChunkSource source = _spare.Count > 0 ? _spare.Pop() : new ChunkSource(_spare);
        try
        {
            source.Chunk.Decode(chunks.Blob(8), (EventKind)chunks.Int64(2), symbol, _scratch);
        }
        catch (StorageException error)
        {
            throw new StorageException($"{_database.Path}: chunk {first}: {error.Message}", error);
        }
        if (source.Chunk.Count != chunks.Int64(6) || source.Chunk.Sequences[0] != first || source.Chunk.Sequences[^1] != chunks.Int64(3))
            throw new StorageException($"{_database.Path}: chunk {first} does not hold the events that its row names.");
        source.Rewind();
        MoveToNextChunk();
        return source;
    }

    /// <summary>What the file had recorded when it was opened.</summary>
    internal long LastSequence => _database.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'");

    private void MoveToNextChunk()
    {
        Statement chunks = _chunks!;
        while (_hasChunk = chunks.Step())
        {
            if (chunks.Int64(3) < _filter.FromSequence || chunks.Int64(5) < _filter.FromNanos || chunks.Int64(4) >= _filter.ToNanos) continue;
            if (!_filter.Accepts((EventKind)chunks.Int64(2))) continue;
            if (_symbols.TryGetValue(chunks.Int64(1), out SymbolId symbol) && !_acceptsSymbol(symbol)) continue;
            return;
        }
    }

    public void Dispose()
    {
        foreach (TableSource table in _tables) table.Dispose();
        _chunks?.Dispose();
        _database.Dispose();
    }
}
