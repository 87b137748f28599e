using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

namespace Peregrine.Research.Datasets;

/// <summary>What a dataset is made of.</summary>
public sealed record DatasetOptions
{
    /// <summary>How far ahead the label looks, milliseconds of receive time.</summary>
    public int HorizonMillis { get; init; } = 5_000;

    /// <summary>Least move of the mid, basis points, that counts as up or down.</summary>
    public double ThresholdBasisPoints { get; init; } = 1;

    /// <summary>Least time between two rows of a symbol, milliseconds.</summary>
    public int IntervalMillis { get; init; } = 100;

    public FeatureOptions Features { get; init; } = new();

    /// <summary>Where the events came from, for the record.</summary>
    public string Source { get; init; } = "";
}

/// <summary>
/// Plays a recording through the live feature classes and writes what training reads: features.npy (float32, rows × features), labels.npy (int64: 0 down,
/// 1 flat, 2 up), times.npy (int64, microseconds) and schema.json. A row whose horizon the recording does not reach is left out, and so is one whose book
/// broke before it was over.
/// </summary>
public sealed class DatasetBuilder : IEventHandler
{
    private readonly DatasetOptions _options;
    private readonly string _folder;
    private readonly Track[] _tracks;
    private readonly List<(long Nanos, float[] Row, long Label)> _rows = [];
    private readonly long[] _counts = new long[3];

    private sealed class Track(SymbolState state)
    {
        public SymbolState State { get; } = state;
        public Queue<(long Nanos, double Mid, float[] Row)> Waiting { get; } = [];
        public long LastNanos { get; set; }
    }

    public DatasetBuilder(string folder, InstrumentTable instruments, DatasetOptions options)
    {
        _options = options;
        _folder = folder;
        _tracks = [.. instruments.All.Select(instrument => new Track(new SymbolState(instrument, options.Features)))];
        if (_tracks.Length == 0) throw new InvalidDataException("The recording has no symbols.");
    }

    /// <summary>Rows so far: down, flat, up.</summary>
    public IReadOnlyList<long> Labels => _counts;

    public long Rows => _rows.Count;

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        foreach (Track track in _tracks)
        {
            if (!entry.Symbol.IsNone && entry.Symbol != track.State.Instrument.Id) continue;
            track.State.OnEvent(in entry, payload);
            if (entry.Kind is EventKind.Session || !track.State.Book.IsTradable) track.Waiting.Clear();
            else if (entry.Kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.BookTicker) OnBook(track, entry.ReceiveTimeNanos);
        }
    }

    /// <summary>Writes the files. Rows of several symbols become known when their horizons end, and are written in the order in which they happened.</summary>
    public void Finish()
    {
        Directory.CreateDirectory(_folder);
        using (NpyWriter<float> rows = new(Path.Combine(_folder, "features.npy"), _tracks[0].State.Features.Names.Count))
        using (NpyWriter<long> labels = new(Path.Combine(_folder, "labels.npy"), columns: 0))
        using (NpyWriter<long> times = new(Path.Combine(_folder, "times.npy"), columns: 0))
        {
            foreach ((long nanos, float[] row, long label) in _rows.OrderBy(row => row.Nanos))
            {
                rows.Write(row);
                labels.Write(label);
                times.Write(nanos / 1_000);
            }
        }
        FeatureSet features = _tracks[0].State.Features;
        using FileStream file = new(Path.Combine(_folder, "schema.json"), FileMode.Create);
        using Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteStartArray("features");
        foreach (string name in features.Names) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteString("schema", features.SchemaHash);
        json.WriteNumber("schemaVersion", 1);
        json.WriteString("label", FormattableString.Invariant($"mid after {_options.HorizonMillis} ms against mid now: above +{_options.ThresholdBasisPoints} bp up, below -{_options.ThresholdBasisPoints} bp down, else flat"));
        json.WriteNumber("horizonMs", _options.HorizonMillis);
        json.WriteStartArray("symbols");
        foreach (Track track in _tracks) json.WriteStringValue(track.State.Instrument.Symbol);
        json.WriteEndArray();
        json.WriteString("source", _options.Source);
        json.WriteEndObject();
    }

    private void OnBook(Track track, long nowNanos)
    {
        double mid = track.State.Book.Mid.ToDouble();
        long horizon = _options.HorizonMillis * 1_000_000L;
        while (track.Waiting.TryPeek(out (long Nanos, double Mid, float[] Row) row) && nowNanos - row.Nanos >= horizon)
        {
            track.Waiting.Dequeue();
            // A silence of a whole horizon more: what stands there now is no longer the price then.
            if (nowNanos - row.Nanos < 2 * horizon) Write(row.Row, row.Nanos, ((mid / row.Mid) - 1) * 10_000);
        }
        if (!track.State.Features.IsWarm || nowNanos - track.LastNanos < _options.IntervalMillis * 1_000_000L) return;
        track.LastNanos = nowNanos;
        track.Waiting.Enqueue((nowNanos, mid, track.State.Features.Values.ToArray()));
    }

    private void Write(float[] row, long nanos, double moveBasisPoints)
    {
        long label = moveBasisPoints > _options.ThresholdBasisPoints ? 2 : moveBasisPoints < -_options.ThresholdBasisPoints ? 0 : 1;
        _counts[label]++;
        _rows.Add((nanos, row, label));
    }
}
