using Peregrine.Common.Events;
using Peregrine.Storage.Checks;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Recovery;

/// <summary>Gives a file of salvaged rows its transactions: those that are whole keep the checksum they had, the others are signed as they are now.</summary>
internal sealed class BatchSigner(Database database)
{
    /// <summary>Returns how many events are missing, by what the transactions said, and how many are there of transactions that do not add up.</summary>
    internal (long Lost, long Doubtful) Run(List<(long Last, long Events, long Sum)> batches, CancellationToken cancellation)
    {
        database.Execute("BEGIN IMMEDIATE");
        AddUnknownSymbols();
        long last = LastSequence();
        using (Statement insert = database.Prepare("INSERT OR REPLACE INTO batch(last_seq, events, checksum) VALUES (?, ?, ?)"))
        {
            foreach ((long lastOf, long events, long sum) in batches) Insert(insert, lastOf, events, sum);
            // What lies behind the last transaction that is known belongs to one that is not.
            if (batches.Count == 0 || batches[^1].Last < last) Insert(insert, last, 0, 0);
        }
        if (batches.Count > 0) last = Math.Max(last, batches[^1].Last);
        Set("last_sequence", last);
        database.Execute("COMMIT");

        SegmentVerifier verifier = new(database);
        verifier.Run(cancellation);
        long lost = 0;
        long doubtful = 0;
        database.Execute("BEGIN IMMEDIATE");
        Set("gap_checksum", (long)verifier.GapSum);
        using (Statement update = database.Prepare("UPDATE batch SET events = ?, checksum = ? WHERE last_seq = ?"))
        using (Statement remove = database.Prepare("DELETE FROM batch WHERE last_seq = ?"))
        {
            foreach ((long to, long had, long found, ulong foundSum) in verifier.BadBatches)
            {
                lost += Math.Max(0, had - found);
                doubtful += found;
                if (found == 0)
                {
                    remove.Bind(1, to);
                    remove.Run();
                    continue;
                }
                update.Bind(1, found);
                update.Bind(2, (long)foundSum);
                update.Bind(3, to);
                update.Run();
            }
        }
        database.Execute("DELETE FROM batch WHERE events = 0; COMMIT");
        return (lost, doubtful);
    }

    private static void Insert(Statement insert, long last, long events, long sum)
    {
        insert.Bind(1, last);
        insert.Bind(2, events);
        insert.Bind(3, sum);
        insert.Run();
    }

    private void Set(string key, long value)
    {
        using Statement update = database.Prepare("UPDATE meta SET value = ? WHERE key = ?");
        update.Bind(1, value);
        update.BindText(2, key);
        update.Run();
    }

    /// <summary>Rows whose symbol was lost keep its number as a name: without one they could not be played.</summary>
    private void AddUnknownSymbols()
    {
        foreach (string table in RowTable.All.Select(static table => table.Name).Append("chunk"))
            database.Execute($"""
                INSERT OR IGNORE INTO symbol(id, name, market, base, quote, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, min_notional, trading)
                SELECT DISTINCT symbol, '#' || symbol, 'none', '', '', 0, 0, 0, 0, 0, 0, '0', 0 FROM {table} WHERE symbol <> 0 AND symbol NOT IN (SELECT id FROM symbol)
                """);
        using Statement unsigned = database.Prepare(
            "SELECT id, name, market, base, quote, min_notional, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, trading FROM symbol WHERE checksum = 0");
        using Statement sign = database.Prepare("UPDATE symbol SET checksum = ? WHERE id = ?");
        List<(long Id, long Sum)> sums = [];
        while (unsigned.Step()) sums.Add((unsigned.Int64(0), (long)SegmentVerifier.SumOfSymbol(unsigned)));
        foreach ((long id, long sum) in sums)
        {
            sign.Bind(1, sum);
            sign.Bind(2, id);
            sign.Run();
        }
    }

    private long LastSequence()
    {
        long last = 0;
        foreach (RowTable table in RowTable.All.Where(static table => table.Kind != EventKind.Gap)) last = Math.Max(last, database.QueryInt64($"SELECT max(seq) FROM {table.Name}"));
        return Math.Max(last, database.QueryInt64("SELECT max(last_seq) FROM chunk"));
    }
}
