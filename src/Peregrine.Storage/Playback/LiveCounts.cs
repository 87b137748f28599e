using Peregrine.Common.Events;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Playback;

/// <summary>
/// Counts the events of a file that is being recorded, as it stood at the beginning, piece by piece: no statement holds the file's log for more than a moment.
/// </summary>
internal static class LiveCounts
{
    /// <summary>Rows a statement looks at: some tens of milliseconds.</summary>
    private const int RowsMax = 100_000;

    /// <summary>Events by symbol, market and kind.</summary>
    internal static List<DatabaseStatus.SymbolCount> Read(Database database)
    {
        Dictionary<long, (string Name, string Market)> symbols = DatabaseStatus.SymbolsOf(database);
        long until = database.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'");
        Dictionary<(long Symbol, EventKind Kind), long> counts = [];
        foreach (RowTable table in RowTable.All)
            Count(database, table.Name, "seq", table.Kind == EventKind.None ? "kind" : $"{(int)table.Kind} AS kind", "1", until, counts);
        Count(database, "chunk", "first_seq", "kind", "events", until, counts);
        return [.. counts.Select(pair =>
        {
            (string name, string market) = symbols.GetValueOrDefault(pair.Key.Symbol, ("", ""));
            return new DatabaseStatus.SymbolCount(name, market, pair.Key.Kind, pair.Value);
        })];
    }

    private static void Count(Database database, string table, string key, string kind, string events, long until, Dictionary<(long Symbol, EventKind Kind), long> counts)
    {
        using Statement select = database.Prepare(
            $"SELECT symbol, kind, sum(n), max(k) FROM (SELECT symbol, {kind}, {events} AS n, {key} AS k FROM {table} WHERE {key} > ? AND {key} <= ? ORDER BY {key} LIMIT {RowsMax}) GROUP BY symbol, kind");
        long from = long.MinValue;
        while (true)
        {
            select.Bind(1, from);
            select.Bind(2, until);
            long reached = from;
            while (select.Step())
            {
                (long, EventKind) place = (select.Int64(0), (EventKind)select.Int64(1));
                counts[place] = counts.GetValueOrDefault(place) + select.Int64(2);
                reached = Math.Max(reached, select.Int64(3));
            }
            select.Reset();
            if (reached == from) return;
            from = reached;
        }
    }
}
