using Peregrine.Common.Events;
using Peregrine.Storage.Checks;
using Peregrine.Storage.Chunks;
using Peregrine.Storage.Files;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Recovery;

/// <summary>
/// Saves every row and every chunk that can still be read from a damaged file into a new one, which then takes the place that the damaged one had in the
/// recording. Work for a one-shot; it may run beside a recorder, and be cut anywhere and run again. The damaged file is never changed.
/// </summary>
public static class Salvage
{
    internal const string ResultExtension = ".salvaged.json";
    private const string Copy = ".salvaging";
    private const string Temporary = ".salvaged";

    private const string SymbolColumns =
        "id, name, market, base, quote, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, min_notional, trading, price_unit, quantity_unit, checksum";

    private const string ChunkColumns = "first_seq, last_seq, symbol, kind, first_time, last_time, events, version, data, checksum";

    internal static bool IsDone(string damagedFile) => File.Exists(damagedFile + ResultExtension);

    /// <summary>Saves what can be read.</summary>
    /// <param name="damagedFile">A file that was set aside (crypto_YYYY_WW.db.corrupt-TIME), with its log beside it.</param>
    /// <param name="time">Stamps the new file.</param>
    /// <param name="cancellation">Ends the work; it begins anew the next time.</param>
    /// <exception cref="StorageException">There is no such file, no room, or it was saved already.</exception>
    public static SalvageResult Run(string damagedFile, TimeProvider time, CancellationToken cancellation = default)
    {
        if (!File.Exists(damagedFile)) throw new StorageException($"There is no {damagedFile}.");
        if (SalvageResult.TryRead(damagedFile) is { } done) return done;
        string original = SetAside.OriginalOf(damagedFile);
        if (!IsoWeek.TryParseFileName(Path.GetFileName(original), out IsoWeek week)) throw new StorageException($"{damagedFile} was not a weekly file (crypto_YYYY_WW.db).");
        string copy = damagedFile + Copy;
        string target = damagedFile + Temporary;
        SegmentFile.Delete(copy);
        SegmentFile.Delete(target);
        SegmentFile.Delete(target + SegmentFile.Temporary);
        try
        {
            MakeCopy(damagedFile, copy);
            SegmentFile.Create(target, week, time.GetUtcNow());
            SalvageResult result = Fill(copy, target, damagedFile, cancellation);
            if (result.Events > 0)
            {
                // Its own name, if nobody took it meanwhile; the recording is then one again.
                string name = File.Exists(original) ? SegmentFile.NextPart(Path.GetDirectoryName(original)!, week).Path : original;
                File.Move(target, name, overwrite: false);
                Posix.FlushFolderOf(name);
                result = result with { Target = name };
            }
            result.Write(damagedFile + ResultExtension);
            return result;
        }
        catch (Exception error) when (error is UnauthorizedAccessException or (IOException and not StorageException))
        {
            throw new StorageException($"{damagedFile} cannot be salvaged now: {error.Message}", error);
        }
        finally
        {
            SegmentFile.Delete(copy);
            SegmentFile.Delete(target);
        }
    }

    /// <summary>SQLite may change what lies beside a database, so it gets copies.</summary>
    private static void MakeCopy(string damagedFile, string copy)
    {
        File.Copy(damagedFile, copy);
        if (File.Exists(damagedFile + "-wal")) File.Copy(damagedFile + "-wal", copy + "-wal");
    }

    private static SalvageResult Fill(string copy, string target, string damagedFile, CancellationToken cancellation)
    {
        long saved = 0;
        long chunkEventsHad = 0;
        long refused = 0;
        SalvageResult nothing = new() { Source = damagedFile, Target = "", Events = 0, Lost = 0, Doubtful = 0, Refused = 0 };
        List<(long Last, long Events, long Sum)> batches = [];
        using (Database to = SegmentFile.OpenForWriting(target))
        {
            using Database from = Database.OpenReadOnly(copy);
            if (!IsReadable(from)) return nothing;
            (long first, long last) = ReadBatches(from, batches);
            chunkEventsHad = ChunkEvents(from);
            to.Execute("BEGIN IMMEDIATE");
            CopyTable(from, to, "symbol", SymbolColumns, "id", (0, ushort.MaxValue), passes: null, ref refused);
            foreach (RowTable table in RowTable.All)
            {
                cancellation.ThrowIfCancellationRequested();
                long[] words = new long[table.PayloadWords];
                saved += CopyTable(from, to, table.Name, table.AllColumns, "seq", (first, last), row => IsRow(table, row, ref words), ref refused);
            }
            Dictionary<long, ulong> names = NameSums(to);
            DecodedChunk chunk = new();
            ChunkScratch scratch = new();
            cancellation.ThrowIfCancellationRequested();
            CopyTable(from, to, "chunk", ChunkColumns, "first_seq", (first, last), row => IsChunk(row, chunk, scratch, names), ref refused);
            saved += to.QueryInt64("SELECT coalesce(sum(events), 0) FROM chunk");
            to.Execute("COMMIT");
        }
        if (saved == 0) return nothing with { Refused = refused };
        (long lost, long doubtful) = Sign(target, batches, chunkEventsHad, cancellation);
        return nothing with { Events = saved, Lost = lost, Doubtful = doubtful, Refused = refused };
    }

    /// <summary>Whether it has a schema of ours; without one there are no tables to look into.</summary>
    private static bool IsReadable(Database database)
    {
        try
        {
            return database.QueryInt64("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'") > 0;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    /// <summary>What the file's transactions say of themselves, and between which sequences the search makes sense.</summary>
    private static (long First, long Last) ReadBatches(Database from, List<(long Last, long Events, long Sum)> batches)
    {
        long last = 1L << 53;
        try
        {
            last = Math.Max(1, from.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'"));
        }
        catch (StorageException)
        {
            // Unknown, then.
        }
        try
        {
            new TolerantScan(from, "SELECT last_seq, events, checksum FROM batch", "last_seq").Run(0, last, row => batches.Add((row.Int64(0), row.Int64(1), row.Int64(2))));
        }
        catch (StorageException)
        {
            // That table is gone: nobody can say then what is missing.
        }
        batches.Sort();
        const long BatchReach = 1 << 20; // Events that a transaction has at most, generously.
        return batches.Count == 0 ? (0, last) : (Math.Max(0, batches[0].Last - BatchReach), Math.Max(last, batches[^1].Last));
    }

    /// <summary>How many events the chunks had, 0 where the file cannot say any more.</summary>
    private static long ChunkEvents(Database from)
    {
        try
        {
            return from.QueryInt64("SELECT value FROM meta WHERE key = 'chunk_events'");
        }
        catch (StorageException)
        {
            return 0;
        }
    }

    /// <summary>Copies all rows that can be read and pass; a table that cannot even be found has none.</summary>
    private static long CopyTable(Database from, Database to, string table, string columns, string key, (long From, long To) keys, Func<Statement, bool>? passes, ref long refused)
    {
        long copied = 0;
        long bad = 0;
        int count = columns.Count(static character => character == ',') + 1;
        try
        {
            using Statement insert = to.Prepare($"INSERT OR IGNORE INTO {table}({columns}) VALUES ({string.Join(", ", Enumerable.Repeat("?", count))})");
            new TolerantScan(from, $"SELECT {columns} FROM {table}", key).Run(keys.From, keys.To, row =>
            {
                if (passes is not null && !passes(row))
                {
                    bad++;
                    return;
                }
                for (int i = 0; i < count; i++) insert.BindColumn(i + 1, row, i);
                try
                {
                    insert.Run();
                    copied += to.Changes;
                }
                catch (StorageException error) when ((error.SqliteCode & 0xFF) is 19 or 20)
                {
                    bad++; // A NULL where there is none, a text for a number: not a row of ours.
                }
            });
        }
        catch (StorageException error) when ((error.SqliteCode & 0xFF) is 1 || error.IsCorruption)
        {
            // No such table: its place in the schema is damaged.
        }
        refused += bad;
        return copied;
    }

    private static bool IsRow(RowTable table, Statement row, ref long[] words)
    {
        try
        {
            MarketEvent entry = default;
            RowTable.ReadCommon(row, ref entry);
            table.Read(row, ref entry, ref words, SymbolUnits.Plain);
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    private static Dictionary<long, ulong> NameSums(Database database)
    {
        Dictionary<long, ulong> sums = new() { [0] = EventSum.OfName("") };
        using Statement select = database.Prepare("SELECT id, name FROM symbol");
        while (select.Step()) sums[select.Int64(0)] = EventSum.OfName(select.Text(1));
        return sums;
    }

    private static bool IsChunk(Statement row, DecodedChunk chunk, ChunkScratch scratch, Dictionary<long, ulong> names)
    {
        try
        {
            // One whose symbol was lost cannot be told from one whose symbol is wrong; it is kept, under a number.
            if (names.TryGetValue(row.Int64(2), out ulong name) && (ulong)row.Int64(9) != EventSum.OfChunk(
                row.Int64(0), row.Int64(1), name, row.Int64(3), row.Int64(4), row.Int64(5), row.Int64(6), row.Int64(7), row.Blob(8))) return false;
            chunk.Decode(row.Blob(8), (EventKind)row.Int64(3), default, scratch);
            return chunk.Count == row.Int64(6) && chunk.Sequences[0] == row.Int64(0) && chunk.Sequences[^1] == row.Int64(1);
        }
        catch (StorageException)
        {
            return false;
        }
    }

    /// <summary>
    /// Writes the checksums of what was saved. Transactions that are whole keep their own; of the others what is there is signed anew, and counted as lost and
    /// doubtful.
    /// </summary>
    private static (long Lost, long Doubtful) Sign(string target, List<(long Last, long Events, long Sum)> batches, long chunkEventsHad, CancellationToken cancellation)
    {
        using Database database = SegmentFile.OpenForWriting(target);
        BatchSigner signer = new(database);
        (long lost, long doubtful) = signer.Run(batches, chunkEventsHad, cancellation);
        SegmentFile.Seal(database);
        return (lost, doubtful);
    }
}
