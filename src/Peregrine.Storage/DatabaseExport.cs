using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Export;

namespace Peregrine.Storage;

/// <summary>How the kinds with levels are exported.</summary>
public enum DepthExport
{
    /// <summary>One row for each level.</summary>
    Levels = 0,

    /// <summary>One row for each event, with the number of its levels.</summary>
    Events = 1,
}

/// <summary>What an export is written as.</summary>
public enum ExportFormat
{
    /// <summary>Comma-separated text with a header; prices, quantities and amounts are exact decimals. Lines end with a line feed.</summary>
    Csv = 0,

    /// <summary>
    /// NumPy's <c>.npy</c>: one structured array whose fields have the names of the CSV columns. Whole numbers are int64 (the input hash uint64), flags uint8,
    /// probabilities float32, text is UTF-8 bytes (<c>S</c>), and prices, quantities and amounts are exact int64 in units of 1e-8.
    /// </summary>
    Npy = 1,

    /// <summary>As <see cref="Npy"/>, but prices, quantities and amounts are float64 in whole units: handier, and rounded from about 16 digits on.</summary>
    NpyFloats = 2,
}

/// <summary>Which events an export has.</summary>
/// <param name="Kind">Any kind.</param>
/// <param name="Symbol">Only this symbol; null for all.</param>
/// <param name="From">From this receive time on; null from the beginning.</param>
/// <param name="To">Before this receive time; null to the end.</param>
/// <param name="Depth">What a row is for kinds with levels.</param>
public sealed record ExportSelection(EventKind Kind, string? Symbol = null, DateTimeOffset? From = null, DateTimeOffset? To = null, DepthExport Depth = DepthExport.Levels);

/// <summary>What an export wrote, without its header.</summary>
/// <param name="Events">Events that were read.</param>
/// <param name="Rows">Rows that were made of them.</param>
/// <param name="Unknown">Events without a row: their payload has a shape that this program does not know.</param>
public readonly record struct ExportResult(long Events, long Rows, long Unknown = 0);

/// <summary>Turns a kind of a recording into a table that other programs read. Every event has its place in the order of arrival.</summary>
public static class DatabaseExport
{
    private const string Partial = ".partial";
    private const int TextBufferBytes = 1 << 18;

    /// <summary>Writes the selection as comma-separated text.</summary>
    /// <param name="path">A state directory or one of its files.</param>
    /// <param name="writer">Where the text goes.</param>
    /// <param name="cancellation">Ends the export with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FileNotFoundException">There is no recording there.</exception>
    /// <exception cref="ArgumentException">The recording has no such symbol.</exception>
    /// <inheritdoc cref="ExportSelection" path="/param"/>
    public static ExportResult Write(
        string path, EventKind kind, string? symbol, DateTimeOffset? from, DateTimeOffset? to, TextWriter writer,
        DepthExport depth = DepthExport.Levels, CancellationToken cancellation = default) =>
        WriteCsv(Open(path, symbol), new ExportSelection(kind, symbol, from, to, depth), writer, null, cancellation);

    /// <summary>Writes the selection into a file, which has its name only once it is whole; one that is there is then replaced.</summary>
    /// <param name="path">A state directory or one of its files.</param>
    /// <param name="selection">What to write.</param>
    /// <param name="outputFile">The file; its folder must exist.</param>
    /// <param name="format">As what.</param>
    /// <param name="progress">Called now and then with how much of the recording was read, 0 to 1.</param>
    /// <param name="cancellation">Ends the export with an <see cref="OperationCanceledException"/>; no file is left.</param>
    /// <exception cref="FileNotFoundException">There is no recording there.</exception>
    /// <exception cref="ArgumentException">The recording has no such symbol.</exception>
    public static ExportResult ToFile(
        string path, ExportSelection selection, string outputFile, ExportFormat format, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        Recording recording = Open(path, selection.Symbol);
        string output = Path.GetFullPath(outputFile);
        return format == ExportFormat.Csv
            ? WriteCsvFile(recording, selection, output, progress, cancellation)
            : WriteNpy(recording, selection, output, format == ExportFormat.NpyFloats, progress, cancellation);
    }

    private static Recording Open(string path, string? symbol)
    {
        Recording recording = Recording.Open(path);
        if (symbol is not null && !recording.Instruments.TryGet(symbol, out _))
            throw new ArgumentException($"The recording has no symbol {symbol}; it has {string.Join(", ", recording.Instruments.All.Select(static known => known.Symbol))}.", nameof(symbol));
        return recording;
    }

    private static ExportResult WriteCsvFile(Recording recording, ExportSelection selection, string output, Action<double>? progress, CancellationToken cancellation)
    {
        string partial = output + Partial;
        try
        {
            ExportResult result;
            using (FileStream file = new(partial, FileMode.Create, FileAccess.Write, FileShare.Read, TextBufferBytes))
            using (StreamWriter writer = new(file))
            {
                result = WriteCsv(recording, selection, writer, progress, cancellation);
                file.Flush(flushToDisk: true);
            }
            File.Move(partial, output, overwrite: true);
            return result;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static ExportResult WriteCsv(Recording recording, ExportSelection selection, TextWriter writer, Action<double>? progress, CancellationToken cancellation)
    {
        CsvRows rows = new(writer);
        rows.Header(ExportColumns.Of(selection.Kind, selection.Depth, recording.Instruments, payloadWidth: 0));
        ExportResult result = Play(recording, selection, rows, progress, cancellation);
        writer.Flush();
        return result;
    }

    private static ExportResult WriteNpy(Recording recording, ExportSelection selection, string output, bool floats, Action<double>? progress, CancellationToken cancellation)
    {
        PayloadWidth width = new();
        if (ExportColumns.HasFreePayload(selection.Kind)) recording.Play(width, Filter(recording, selection), cancellation);
        ExportColumn[] columns = ExportColumns.Of(selection.Kind, selection.Depth, recording.Instruments, width.Digits);
        using NpyFile file = new(output, NpyRows.TypeOf(columns, floats));
        ExportResult result = Play(recording, selection, new NpyRows(file, columns, floats), progress, cancellation);
        file.Finish();
        return result;
    }

    private static ExportResult Play(Recording recording, ExportSelection selection, IExportRows rows, Action<double>? progress, CancellationToken cancellation)
    {
        ExportHandler handler = new(selection.Kind, selection.Depth, recording.Instruments, rows);
        IEventHandler player = progress is null ? handler : new ExportMeter(handler, recording.LastSequence, progress);
        long events = recording.Play(player, Filter(recording, selection), cancellation);
        return new ExportResult(events, handler.Rows, handler.Unknown);
    }

    /// <summary>No further than the recording went when it was opened: a live one grows meanwhile, and may be played twice.</summary>
    private static RecordingFilter Filter(Recording recording, ExportSelection selection) => new()
    {
        Kinds = new HashSet<EventKind> { selection.Kind },
        Symbols = selection.Symbol is null ? null : new HashSet<string>(StringComparer.Ordinal) { selection.Symbol },
        FromNanos = selection.From is null ? long.MinValue : Nanos(selection.From.Value),
        ToNanos = selection.To is null ? long.MaxValue : Nanos(selection.To.Value),
        ToSequence = recording.LastSequence,
    };

    private static long Nanos(DateTimeOffset time)
    {
        Int128 nanos = (Int128)(time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
        return (long)Int128.Clamp(nanos, long.MinValue, long.MaxValue);
    }
}
