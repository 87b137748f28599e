using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>How fast events get into a file and out again: rows in every way that C# has, chunks through the recorder, beside SQLite's C API.</summary>
internal sealed class RowsAndChunks : IBenchmark
{
    private const int Rows = 40_000;
    private const int Events = 200_000;

    public string Name => "rows and chunks";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        MarketEvent[] events = new TickerStream(seed: 1).Take(Events);
        long[] rows = TickerStream.AsRows(events.AsSpan(0, Rows));
        string folder = context.NewFolder("rows");
        string file = Path.Combine(folder, "rows.bin");
        CRows.Save(file, rows);
        CRows? c = CRows.Find();
        long expected = RowTables.WriteOurs(Fresh(folder, "readable"), rows).Sum;
        string readable = Path.Combine(folder, "readable.db");
        string chunks = context.NewFolder("chunks-readable");
        using (RecorderRig rig = new(chunks, TimeProvider.System)) rig.Record(events);

        Sample Checked(RowTables.Loop loop) =>
            loop.Sum == expected && loop.Rows == Rows ? loop.PerRow : throw new InvalidOperationException("An alternative did other work than the rest.");

        Contest writing = new(context);
        Entrant ours = writing.Add("row writer", () => Checked(RowTables.WriteOurs(Fresh(folder, "ours"), rows)));
        Entrant cWriter = writing.Add("SQLite C API", c is null ? null : () => Checked(c.Write(Fresh(folder, "c"), file)));
        Entrant raw = writing.Add("SQLitePCLRaw", () => Checked(RowTables.WriteRaw(Fresh(folder, "raw"), rows)));
        Entrant ado = writing.Add("Microsoft.Data.Sqlite", () => Checked(RowTables.WriteAdo(Fresh(folder, "ado"), rows)));
        Entrant chunkWriter = writing.Add("chunk writer", () => WriteChunks(context, events));
        writing.Run();

        Contest reading = new(context);
        Entrant ourReader = reading.Add("row reader", () => Checked(RowTables.ReadOurs(readable)));
        Entrant cReader = reading.Add("SQLite C API", c is null ? null : () => Checked(c.Read(readable)));
        Entrant rawReader = reading.Add("SQLitePCLRaw", () => Checked(RowTables.ReadRaw(readable)));
        Entrant adoReader = reading.Add("Microsoft.Data.Sqlite", () => Checked(RowTables.ReadAdo(readable)));
        Entrant chunkReader = reading.Add("chunk reader", () => Playing.Of(chunks));
        reading.Run();

        return
        [
            Contest.Row("row writer", "ns/row", ours, (cWriter, 0.85), (raw, null), (ado, null)) with { Note = "10 integers a row, WAL, NORMAL, 1,000 rows a transaction" },
            Contest.Row("chunk writer", "ns/event", chunkWriter, (cWriter, 5)) with { Note = "book tickers from the ring through the recorder to the file" },
            Contest.Row("row reader", "ns/row", ourReader, (cReader, null), (rawReader, null), (adoReader, null)),
            Contest.Row("chunk reader", "ns/event", chunkReader, (cReader, 8)) with { Note = "a whole recording played, every field read" },
        ];
    }

    private static Sample WriteChunks(BenchContext context, MarketEvent[] events)
    {
        using RecorderRig rig = new(context.NewFolder("chunks"), TimeProvider.System);
        return rig.Record(events);
    }

    /// <summary>The path of a database that does not exist yet.</summary>
    private static string Fresh(string folder, string name)
    {
        string path = Path.Combine(folder, name + ".db");
        foreach (string part in (ReadOnlySpan<string>)["", "-wal", "-shm"]) File.Delete(path + part);
        return path;
    }
}
