using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Playback;

/// <summary>The rows of one table.</summary>
internal sealed class TableSource : EventSource, IDisposable
{
    private readonly RowTable _table;
    private readonly Statement _select;
    private readonly Dictionary<long, SymbolId> _symbols;
    private readonly Dictionary<long, SymbolUnits> _units;
    private readonly Func<SymbolId, bool> _acceptsSymbol;
    private long[] _words;

    internal TableSource(Database database, RowTable table, Dictionary<long, SymbolId> symbols, Dictionary<long, SymbolUnits> units, Func<SymbolId, bool> acceptsSymbol, RecordingFilter filter)
    {
        _table = table;
        _symbols = symbols;
        _units = units;
        _acceptsSymbol = acceptsSymbol;
        _words = new long[table.PayloadWords];
        _select = database.Prepare(table.SelectSql + " WHERE seq BETWEEN ? AND ? ORDER BY seq");
        _select.Bind(1, filter.FromSequence);
        _select.Bind(2, filter.ToSequence);
    }

    internal override bool MoveNext()
    {
        if (!_select.Step()) return false;
        Sequence = _select.Int64(0);
        return true;
    }

    internal override bool Play(IEventHandler handler, RecordingFilter filter)
    {
        MarketEvent entry = default;
        long symbol = _select.Int64(1);
        if (!_symbols.TryGetValue(symbol, out entry.Symbol)) throw new StorageException($"{_table.Name} row {Sequence} has symbol {symbol}, which the file does not know.");
        if (!_acceptsSymbol(entry.Symbol)) return false;
        RowTable.ReadCommon(_select, ref entry);
        ReadOnlySpan<long> payload = _table.Read(_select, ref entry, ref _words, _units.GetValueOrDefault(symbol, SymbolUnits.Plain));
        if (!filter.Accepts(Sequence, in entry)) return false;
        handler.OnEvent(Sequence, in entry, payload);
        return true;
    }

    public void Dispose() => _select.Dispose();
}
