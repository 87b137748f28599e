using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Checks;

/// <summary>Adds up what a transaction writes, and writes the sum with it.</summary>
internal sealed class BatchSums : IDisposable
{
    private static readonly RowTable Gaps = RowTable.All.First(static table => table.Kind == EventKind.Gap);

    private readonly Statement _batch;
    private readonly Statement _gaps;
    private readonly Statement _chunks;
    private readonly Statement _symbol;
    private ulong _sum;
    private long _chunkEvents;
    private long _chunkEventsWritten;
    private ulong _gapSum;
    private long _events;
    private bool _hasGaps;

    internal BatchSums(Database database)
    {
        _batch = database.Prepare("INSERT INTO batch(last_seq, events, checksum) VALUES (?, ?, ?)");
        _gaps = database.Prepare("UPDATE meta SET value = ? WHERE key = 'gap_checksum'");
        _chunks = database.Prepare("UPDATE meta SET value = ? WHERE key = 'chunk_events'");
        _symbol = database.Prepare("UPDATE symbol SET checksum = ? WHERE id = ?");
        _chunkEvents = _chunkEventsWritten = database.QueryInt64("SELECT value FROM meta WHERE key = 'chunk_events'");
        _gapSum = (ulong)database.QueryInt64("SELECT value FROM meta WHERE key = 'gap_checksum'");
    }

    internal void AddRow(long sequence, ulong symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        ulong sum = EventSum.OfRow(sequence, symbol, in entry, payload);
        if (entry.Kind == EventKind.Gap && Gaps.Holds(in entry, payload))
        {
            // A loss may be recorded long after it happened, at a sequence of a transaction that is over.
            _gapSum += sum;
            _hasGaps = true;
            return;
        }
        _sum += sum;
        _events++;
    }

    /// <summary>Each chunk has a checksum of its own, for it may be written again among others later; here it counts so that none can vanish.</summary>
    internal void AddChunk(ChunkBuffer chunk) => _chunkEvents += chunk.Count;

    /// <summary>The symbol has just been written under this number.</summary>
    internal void SignSymbol(long id, Instrument instrument, SymbolUnits units)
    {
        TradingRules rules = instrument.Rules;
        _symbol.Bind(1, (long)EventSum.OfSymbol(
            [instrument.Symbol, instrument.Market.Text(), instrument.BaseAsset, instrument.QuoteAsset, rules.MinNotional.ToString()],
            [
                id, rules.TickSize.Raw, rules.StepSize.Raw, rules.MinPrice.Raw, rules.MaxPrice.Raw, rules.MinQuantity.Raw, rules.MaxQuantity.Raw,
                instrument.IsTrading ? 1 : 0, units.Price, units.Quantity,
            ]));
        _symbol.Bind(2, id);
        _symbol.Run();
    }

    /// <summary>Last before the commit, inside the transaction.</summary>
    internal void Write(long lastSequence)
    {
        if (_events > 0)
        {
            _batch.Bind(1, lastSequence);
            _batch.Bind(2, _events);
            _batch.Bind(3, (long)_sum);
            _batch.Run();
        }
        if (_hasGaps)
        {
            _gaps.Bind(1, (long)_gapSum);
            _gaps.Run();
        }
        if (_chunkEvents != _chunkEventsWritten)
        {
            _chunks.Bind(1, _chunkEvents);
            _chunks.Run();
            _chunkEventsWritten = _chunkEvents;
        }
        _sum = 0;
        _events = 0;
        _hasGaps = false;
    }

    public void Dispose()
    {
        _batch.Dispose();
        _gaps.Dispose();
        _chunks.Dispose();
        _symbol.Dispose();
    }
}
