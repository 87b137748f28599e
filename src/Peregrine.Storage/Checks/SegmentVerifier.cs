using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;
using Peregrine.Storage.Files;
using Peregrine.Storage.Playback;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Checks;

/// <summary>
/// Compares the events of a file with the checksums that were written with them, some transactions at a time: each of these slices is a reading of its own,
/// so that a file that is being recorded can be verified without holding its log.
/// </summary>
internal sealed class SegmentVerifier(Database database)
{
    /// <summary>Events of a slice, unless one transaction alone has more.</summary>
    private const long SliceEvents = 50_000;

    private readonly ChunkScratch _scratch = new();
    private readonly DecodedChunk _chunk = new();
    private readonly Dictionary<long, ulong> _symbols = [];
    private readonly List<Batch> _batches = [];
    private readonly List<long> _sequences = [];

    private sealed class Batch
    {
        internal required long Last { get; init; }
        internal required long Events { get; init; }
        internal required ulong Sum { get; init; }
        internal long Found { get; set; }
        internal ulong FoundSum { get; set; }
    }

    /// <summary>The first thing that is wrong; empty where nothing is.</summary>
    internal string Problem { get; private set; } = "";

    /// <summary>Events that were read, gaps included.</summary>
    internal long Events { get; private set; }

    /// <summary>The checksum that the gaps as they are would have.</summary>
    internal ulong GapSum { get; private set; }

    /// <summary>Transactions whose events are not, or not all, what was recorded: what they had, how many there are, and the checksum of these.</summary>
    internal List<(long To, long Had, long Found, ulong FoundSum)> BadBatches { get; } = [];

    /// <exception cref="StorageException">A page cannot be read.</exception>
    internal void Run(CancellationToken cancellation)
    {
        database.Execute("BEGIN");
        VerifySymbols();
        VerifyGaps();
        long until = database.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'");
        database.Execute("COMMIT");
        long from = long.MinValue;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            database.Execute("BEGIN");
            long to = ReadBatches(from);
            bool isLast = _batches.Count == 0;
            if (isLast) to = until; // Nothing may lie beyond the last transaction.
            if (to > from)
            {
                VerifySlice(from, to);
                from = to;
            }
            database.Execute("COMMIT");
            if (isLast || from >= until) break;
        }
    }

    private void Wrong(string problem)
    {
        if (Problem.Length == 0) Problem = problem;
    }

    private void VerifySymbols()
    {
        _symbols[0] = EventSum.OfName("");
        using Statement select = database.Prepare("""
            SELECT id, name, market, base, quote, min_notional, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, trading, checksum
            FROM symbol
            """);
        while (select.Step())
        {
            _symbols[select.Int64(0)] = EventSum.OfName(select.Text(1));
            ulong sum = SumOfSymbol(select);
            if (sum != (ulong)select.Int64(13)) Wrong($"The symbol {select.Int64(0)} ({select.Text(1)}) is not as it was written.");
        }
    }

    /// <summary>Of a row that selects id, name, market, base, quote, min_notional and then the numbers in the order of their columns.</summary>
    internal static ulong SumOfSymbol(Statement row) => EventSum.OfSymbol(
        [row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5)],
        [row.Int64(0), row.Int64(6), row.Int64(7), row.Int64(8), row.Int64(9), row.Int64(10), row.Int64(11), row.Int64(12)]);

    private void VerifyGaps()
    {
        RowTable gaps = RowTable.All.First(static table => table.Kind == EventKind.Gap);
        ulong found = 0;
        using Statement select = database.Prepare(gaps.SelectSql);
        long[] words = [];
        while (select.Step()) found += SumOf(gaps, select, ref words);
        GapSum = found;
        if (found != (ulong)database.QueryInt64("SELECT value FROM meta WHERE key = 'gap_checksum'")) Wrong("The gaps are not those that were recorded.");
    }

    private ulong SumOf(RowTable table, Statement select, ref long[] words)
    {
        MarketEvent entry = default;
        long sequence = select.Int64(0);
        RowTable.ReadCommon(select, ref entry);
        ReadOnlySpan<long> payload = table.Read(select, ref entry, ref words);
        Events++;
        return EventSum.OfRow(sequence, SymbolOf(select.Int64(1), sequence), in entry, payload);
    }

    private ulong SymbolOf(long id, long sequence)
    {
        if (_symbols.TryGetValue(id, out ulong sum)) return sum;
        // A recorder may have met the symbol since.
        VerifySymbols();
        if (_symbols.TryGetValue(id, out sum)) return sum;
        Wrong($"Event {sequence} has symbol {id}, which the file does not know.");
        return 0;
    }

    /// <summary>Reads what the next transactions said of themselves; returns where the last of them ends.</summary>
    private long ReadBatches(long from)
    {
        _batches.Clear();
        using Statement select = database.Prepare("SELECT last_seq, events, checksum FROM batch WHERE last_seq > ? ORDER BY last_seq");
        select.Bind(1, from);
        long events = 0;
        while (events < SliceEvents && select.Step())
        {
            _batches.Add(new Batch { Last = select.Int64(0), Events = select.Int64(1), Sum = (ulong)select.Int64(2) });
            events += Math.Max(1, select.Int64(1));
        }
        return _batches.Count == 0 ? from : _batches[^1].Last;
    }

    private void VerifySlice(long from, long to)
    {
        _sequences.Clear();
        foreach (RowTable table in RowTable.All)
        {
            if (table.Kind == EventKind.Gap) continue;
            using Statement select = database.Prepare(table.SelectSql + " WHERE seq > ? AND seq <= ? ORDER BY seq");
            select.Bind(1, from);
            select.Bind(2, to);
            long[] words = new long[table.PayloadWords];
            int at = 0;
            while (select.Step())
            {
                long sequence = select.Int64(0);
                _sequences.Add(sequence);
                Add(ref at, sequence, 1, SumOf(table, select, ref words));
            }
        }
        VerifyChunks(from, to);
        _sequences.Sort();
        for (int i = 1; i < _sequences.Count; i++)
            if (_sequences[i] == _sequences[i - 1]) Wrong($"The sequence {_sequences[i]} is there twice.");
        foreach (Batch batch in _batches)
        {
            if (batch.Found != batch.Events || batch.FoundSum != batch.Sum)
            {
                Wrong(string.Create(CultureInfo.InvariantCulture,
                    $"The transaction up to sequence {batch.Last} had {batch.Events} events; {batch.Found} are found{(batch.Found == batch.Events ? ", but not as they were recorded" : "")}."));
                BadBatches.Add((batch.Last, batch.Events, batch.Found, batch.FoundSum));
            }
        }
    }

    private void VerifyChunks(long from, long to)
    {
        using Statement select = database.Prepare(
            "SELECT first_seq, last_seq, symbol, kind, first_time, last_time, events, version, data FROM chunk WHERE first_seq > ? AND first_seq <= ? ORDER BY first_seq");
        select.Bind(1, from);
        select.Bind(2, to);
        int at = 0;
        while (select.Step())
        {
            long first = select.Int64(0);
            ReadOnlySpan<byte> data = select.Blob(8);
            ulong sum = EventSum.OfChunk(
                first, select.Int64(1), SymbolOf(select.Int64(2), first), select.Int64(3), select.Int64(4), select.Int64(5), select.Int64(6), select.Int64(7), data);
            Add(ref at, first, select.Int64(6), sum);
            try
            {
                _chunk.Decode(data, (EventKind)select.Int64(3), default, _scratch);
            }
            catch (StorageException error)
            {
                Wrong($"Chunk {first}: {error.Message}");
                continue;
            }
            Events += _chunk.Count;
            if (_chunk.Count != select.Int64(6) || _chunk.Sequences[0] != first || _chunk.Sequences[^1] != select.Int64(1)) Wrong($"Chunk {first} does not hold the events that its row names.");
            foreach (long sequence in _chunk.Sequences) _sequences.Add(sequence);
        }
    }

    private void Add(ref int at, long sequence, long events, ulong sum)
    {
        while (at < _batches.Count && _batches[at].Last < sequence) at++;
        if (at == _batches.Count)
        {
            Wrong($"Event {sequence} belongs to no transaction.");
            return;
        }
        _batches[at].Found += events;
        _batches[at].FoundSum += sum;
    }
}
