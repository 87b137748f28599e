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

/// <summary>What an export wrote, without its header line.</summary>
public readonly record struct ExportResult(long Events, long Rows);

/// <summary>Turns a kind of a recording into comma-separated text with a header; prices, quantities and amounts are exact decimals.</summary>
public static class DatabaseExport
{
    /// <summary>Writes every event of the kind in the order of arrival. Lines end with a line feed.</summary>
    /// <param name="path">A state directory or one of its files.</param>
    /// <param name="kind">Any kind.</param>
    /// <param name="symbol">Only this symbol; null for all.</param>
    /// <param name="from">From this receive time on; null from the beginning.</param>
    /// <param name="to">Before this receive time; null to the end.</param>
    /// <param name="writer">Where the text goes.</param>
    /// <param name="depth">What a row is for kinds with levels.</param>
    /// <param name="cancellation">Ends the export with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FileNotFoundException">There is no recording there.</exception>
    /// <exception cref="ArgumentException">The recording has no such symbol.</exception>
    public static ExportResult Write(
        string path, EventKind kind, string? symbol, DateTimeOffset? from, DateTimeOffset? to, TextWriter writer,
        DepthExport depth = DepthExport.Levels, CancellationToken cancellation = default)
    {
        Recording recording = Recording.Open(path);
        if (symbol is not null && !recording.Instruments.TryGet(symbol, out _))
            throw new ArgumentException($"The recording has no symbol {symbol}; it has {string.Join(", ", recording.Instruments.All.Select(static known => known.Symbol))}.", nameof(symbol));
        CsvHandler csv = new(kind, depth, recording.Instruments, writer);
        csv.WriteHeader();
        long events = recording.Play(csv, new RecordingFilter
        {
            Kinds = new HashSet<EventKind> { kind },
            Symbols = symbol is null ? null : new HashSet<string>(StringComparer.Ordinal) { symbol },
            FromNanos = from is null ? long.MinValue : Nanos(from.Value),
            ToNanos = to is null ? long.MaxValue : Nanos(to.Value),
        }, cancellation);
        writer.Flush();
        return new ExportResult(events, csv.Rows);
    }

    private static long Nanos(DateTimeOffset time)
    {
        Int128 nanos = (Int128)(time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
        return (long)Int128.Clamp(nanos, long.MinValue, long.MaxValue);
    }
}
