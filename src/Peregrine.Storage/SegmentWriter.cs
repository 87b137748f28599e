using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Checks;
using Peregrine.Storage.Chunks;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>Prepared statements of one open file: rows, chunks and symbols go in, inside one transaction at a time.</summary>
internal sealed unsafe class SegmentWriter : IDisposable
{
    private readonly Database _database;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _mark;
    private readonly Statement _chunk;
    private readonly Statement _replaced;
    private readonly Statement _reached;
    private readonly Statement _symbol;
    private readonly Statement?[] _rows = new Statement?[256];
    private readonly RowTable?[] _tables = new RowTable?[256];
    private readonly Statement _input;
    private SymbolUnits[] _units = [SymbolUnits.Plain];
    private ulong[] _nameSums = [EventSum.OfName("")];
    private long _reach;
    private long _reachWritten;
    private readonly RecentChunks _recent = new();
    private readonly ChunkWriter _large = new(ChunkWriter.FullBytes);
    private readonly ChunkScratch _scratch = new ChunkScratch().MadeForFullChunks();
    private readonly Action<long> _remove;
    private readonly Action<long, ChunkBuffer> _writeLarge;

    internal SegmentWriter(Database database)
    {
        _database = database;
        _remove = Remove;
        _writeLarge = WriteLarge;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _rollback = database.Prepare("ROLLBACK");
        _mark = database.Prepare("UPDATE meta SET value = ? WHERE key = 'last_sequence'");
        _chunk = database.Prepare("INSERT INTO chunk(first_seq, last_seq, symbol, kind, first_time, last_time, events, version, data, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        _reached = database.Prepare("UPDATE meta SET value = ? WHERE key = 'chunk_reach'");
        _reach = _reachWritten = database.QueryInt64("SELECT value FROM meta WHERE key = 'chunk_reach'");
        _replaced = database.Prepare("DELETE FROM chunk WHERE first_seq = ?");
        _symbol = database.Prepare("""
            INSERT INTO symbol(name, market, base, quote, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, min_notional, trading, price_unit, quantity_unit)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(name, market) DO UPDATE SET base = excluded.base, quote = excluded.quote, tick_size = excluded.tick_size,
              step_size = excluded.step_size, min_price = excluded.min_price, max_price = excluded.max_price, min_quantity = excluded.min_quantity,
              max_quantity = excluded.max_quantity, min_notional = excluded.min_notional, trading = excluded.trading
            RETURNING id, price_unit, quantity_unit
            """);
        _input = database.Prepare(RowTable.Input.InsertSql);
        foreach (RowTable table in RowTable.All)
        {
            if (table.Kind == EventKind.None) continue;
            _tables[(int)table.Kind] = table;
            _rows[(int)table.Kind] = database.Prepare(table.InsertSql);
        }
    }

    internal bool InTransaction => _database.InTransaction;

    internal void Begin() => _begin.Run();

    internal void Commit(long lastSequence)
    {
        if (_recent.IsDue) _recent.Replace(_remove, _writeLarge);
        if (_reach != _reachWritten)
        {
            _reached.Bind(1, _reach);
            _reached.Run();
            _reachWritten = _reach;
        }
        _mark.Bind(1, lastSequence);
        _mark.Run();
        _commit.Run();
    }

    internal void Rollback()
    {
        if (InTransaction) _rollback.Run();
    }

    internal void WriteRow(long sequence, long symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        RowTable? table = _tables[(int)entry.Kind];
        Statement insert = _input;
        if (table is not null && table.Holds(in entry, payload)) insert = _rows[(int)entry.Kind]!;
        else table = RowTable.Input;
        RowTable.BindCommon(insert, sequence, symbol, in entry);
        table.Bind(insert, in entry, payload, symbol < _units.Length ? _units[symbol] : SymbolUnits.Plain);
        insert.Run();
    }

    /// <summary>Writes a chunk. A small one is kept in mind as well, and written again among its like when there are enough of them.</summary>
    internal void WriteChunk(ChunkBuffer chunk, long symbol, ChunkWriter encoded)
    {
        Insert(chunk, symbol, encoded);
        _recent.Take(chunk, symbol);
    }

    private void Remove(long firstSequence)
    {
        _replaced.Bind(1, firstSequence);
        _replaced.Run();
    }

    private void WriteLarge(long symbol, ChunkBuffer chunk)
    {
        chunk.Encode(_large, _scratch);
        Insert(chunk, symbol, _large);
    }

    private void Insert(ChunkBuffer chunk, long symbol, ChunkWriter encoded)
    {
        _chunk.Bind(1, chunk.FirstSequence);
        _chunk.Bind(2, chunk.LastSequence);
        _chunk.Bind(3, symbol);
        _chunk.Bind(4, (long)chunk.Kind);
        _chunk.Bind(5, chunk.FirstTimeNanos);
        _chunk.Bind(6, chunk.LastTimeNanos);
        _chunk.Bind(7, chunk.Count);
        _chunk.Bind(8, ChunkFormat.Version);
        _chunk.BindPinned(9, encoded.Start, encoded.Length);
        _chunk.Bind(10, (long)EventSum.OfChunk(
            chunk.FirstSequence, chunk.LastSequence, _nameSums[symbol], (long)chunk.Kind, chunk.FirstTimeNanos, chunk.LastTimeNanos, chunk.Count, ChunkFormat.Version,
            encoded.Written));
        _chunk.Run();
        _reach = Math.Max(_reach, chunk.LastSequence - chunk.FirstSequence);
    }

    /// <summary>Writes or rewrites a symbol and returns this file's number of it.</summary>
    internal long WriteSymbol(Instrument instrument)
    {
        TradingRules rules = instrument.Rules;
        _symbol.BindText(1, instrument.Symbol);
        _symbol.BindText(2, instrument.Market.Text());
        _symbol.BindText(3, instrument.BaseAsset);
        _symbol.BindText(4, instrument.QuoteAsset);
        _symbol.Bind(5, rules.TickSize.Raw);
        _symbol.Bind(6, rules.StepSize.Raw);
        _symbol.Bind(7, rules.MinPrice.Raw);
        _symbol.Bind(8, rules.MaxPrice.Raw);
        _symbol.Bind(9, rules.MinQuantity.Raw);
        _symbol.Bind(10, rules.MaxQuantity.Raw);
        _symbol.BindText(11, rules.MinNotional.ToString());
        _symbol.Bind(12, instrument.IsTrading ? 1 : 0);
        SymbolUnits units = SymbolUnits.Of(rules.TickSize.Raw, rules.StepSize.Raw); // A symbol that the file knows keeps those it has.
        _symbol.Bind(13, units.Price);
        _symbol.Bind(14, units.Quantity);
        if (!_symbol.Step()) throw new StorageException($"{_database.Path}: the symbol {instrument.Symbol} got no number.");
        long id = _symbol.Int64(0);
        if (id >= _units.Length)
        {
            int known = _units.Length;
            Array.Resize(ref _units, checked((int)Math.Max(id + 1, known * 2)));
            _units.AsSpan(known).Fill(SymbolUnits.Plain);
            Array.Resize(ref _nameSums, _units.Length);
        }
        _units[id] = SymbolUnits.Of(_symbol.Int64(1), _symbol.Int64(2));
        _nameSums[id] = EventSum.OfName(instrument.Symbol);
        _symbol.Run(); // A statement that returns rows ends only when it is stepped to its end.
        return id;
    }

    /// <summary>In what this file counts the symbol's prices and quantities.</summary>
    internal SymbolUnits UnitsOf(long symbol) => _units[symbol];

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _rollback.Dispose();
        _mark.Dispose();
        _chunk.Dispose();
        _reached.Dispose();
        _replaced.Dispose();
        _symbol.Dispose();
        _input.Dispose();
        foreach (Statement? insert in _rows) insert?.Dispose();
    }
}
