using Peregrine.Common;
using Peregrine.Common.Events;
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
    private readonly Statement _symbol;
    private readonly Statement?[] _rows = new Statement?[256];
    private readonly RowTable?[] _tables = new RowTable?[256];
    private readonly Statement _input;
    private readonly RecentChunks _recent = new();
    private readonly ChunkWriter _large = new();
    private readonly ChunkScratch _scratch = new();

    internal SegmentWriter(Database database)
    {
        _database = database;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _rollback = database.Prepare("ROLLBACK");
        _mark = database.Prepare("UPDATE meta SET value = ? WHERE key = 'last_sequence'");
        _chunk = database.Prepare("INSERT INTO chunk(first_seq, last_seq, symbol, kind, first_time, last_time, events, version, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        _replaced = database.Prepare("DELETE FROM chunk WHERE first_seq = ?");
        _symbol = database.Prepare("""
            INSERT INTO symbol(name, market, base, quote, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, min_notional, trading)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(name, market) DO UPDATE SET base = excluded.base, quote = excluded.quote, tick_size = excluded.tick_size,
              step_size = excluded.step_size, min_price = excluded.min_price, max_price = excluded.max_price, min_quantity = excluded.min_quantity,
              max_quantity = excluded.max_quantity, min_notional = excluded.min_notional, trading = excluded.trading
            RETURNING id
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
        if (_recent.IsDue) ReplaceRecent();
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
        table.Bind(insert, in entry, payload);
        insert.Run();
    }

    /// <summary>Writes a chunk. A small one is kept in mind as well, and written again among its like when there are enough of them.</summary>
    internal void WriteChunk(ChunkBuffer chunk, long symbol, ChunkWriter encoded)
    {
        Insert(chunk, symbol, encoded);
        if (RecentChunks.Takes(chunk)) _recent.Take(chunk, symbol);
    }

    private void ReplaceRecent()
    {
        foreach (long first in _recent.Rows)
        {
            _replaced.Bind(1, first);
            _replaced.Run();
        }
        foreach ((long symbol, ChunkBuffer chunk) in _recent.Large())
        {
            chunk.Encode(_large, _scratch);
            Insert(chunk, symbol, _large);
        }
        _recent.Clear();
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
        _chunk.Run();
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
        if (!_symbol.Step()) throw new StorageException($"{_database.Path}: the symbol {instrument.Symbol} got no number.");
        long id = _symbol.Int64(0);
        _symbol.Run(); // A statement that returns rows ends only when it is stepped to its end.
        return id;
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _rollback.Dispose();
        _mark.Dispose();
        _chunk.Dispose();
        _replaced.Dispose();
        _symbol.Dispose();
        _input.Dispose();
        foreach (Statement? insert in _rows) insert?.Dispose();
    }
}
