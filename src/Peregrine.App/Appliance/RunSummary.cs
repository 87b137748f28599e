using System.Globalization;
using System.Text;
using System.Text.Json;

using Peregrine.Binance.Feed;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.App.Appliance;

/// <summary>What a run did, told at its end.</summary>
internal sealed record RunSummary
{
    public required string Mode { get; init; }
    public required double Seconds { get; init; }
    public required IReadOnlyDictionary<EventKind, long> Events { get; init; }
    public required IReadOnlyDictionary<EventKind, long> Recorded { get; init; }
    public required long Lagged { get; init; }
    public required long Gaps { get; init; }
    public required long Refused { get; init; }
    public required long Decisions { get; init; }
    public required long Orders { get; init; }
    public required long Fills { get; init; }
    public required Notional Pnl { get; init; }

    /// <summary>Socket read to order bytes written.</summary>
    public required LatencyHistogram Latency { get; init; }

    /// <summary>Socket read to the core having taken in the event.</summary>
    public required LatencyHistogram EventLatency { get; init; }

    /// <summary>The same in its parts.</summary>
    public required HopLatencies Hops { get; init; }

    /// <summary>JSON messages that the scanner read, and those that took the general decoder.</summary>
    public required (long Scanned, long General) Decoded { get; init; }

    /// <summary>What each connection for market data did.</summary>
    public required IReadOnlyList<LineStatus> Lines { get; init; }

    public required double AllocatedPerEvent { get; init; }

    /// <summary>What was configured to trade only recorded, because of what happened before.</summary>
    public required bool ObserveOnly { get; init; }

    public required long Rss { get; init; }
    public required long Restarts { get; init; }
    public required string State { get; init; }

    public string ToJson()
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("mode", Mode);
            if (ObserveOnly) json.WriteBoolean("observeOnly", true);
            json.WriteNumber("seconds", Math.Round(Seconds, 2));
            WriteKinds(json, "events", Events);
            WriteKinds(json, "recorded", Recorded);
            json.WriteNumber("lagged", Lagged);
            json.WriteNumber("gaps", Gaps);
            json.WriteNumber("refused", Refused);
            json.WriteNumber("decisions", Decisions);
            json.WriteNumber("orders", Orders);
            json.WriteNumber("fills", Fills);
            json.WriteString("pnl", Pnl.ToString());
            WriteLatency(json, "latency", Latency);
            WriteLatency(json, "eventLatency", EventLatency);
            json.WriteStartObject("hops");
            WriteLatency(json, "readToDecoded", Hops.ReadToDecoded);
            WriteLatency(json, "decodedToPublished", Hops.DecodedToPublished);
            WriteLatency(json, "publishedToCore", Hops.PublishedToCore);
            WriteLatency(json, "coreToEncoded", Hops.CoreToEncoded);
            WriteLatency(json, "encodedToWritten", Hops.EncodedToWritten);
            json.WriteEndObject();
            json.WriteStartObject("exchangeToRead");
            json.WriteNumber("count", Hops.ExchangeToRead.Count);
            json.WriteNumber("min", Math.Round(Hops.ExchangeToRead.MinNanos / 1_000.0, 2));
            json.WriteNumber("p50", Math.Round(Hops.ExchangeToRead.Quantile(0.5) / 1_000, 2));
            json.WriteNumber("p99", Math.Round(Hops.ExchangeToRead.Quantile(0.99) / 1_000, 2));
            json.WriteEndObject();
            WriteLines(json);
            json.WriteStartObject("decoded");
            json.WriteNumber("scanned", Decoded.Scanned);
            json.WriteNumber("general", Decoded.General);
            json.WriteEndObject();
            json.WriteNumber("allocatedPerEvent", Math.Round(AllocatedPerEvent, 4));
            json.WriteNumber("rss", Rss);
            json.WriteNumber("restarts", Restarts);
            json.WriteString("state", State);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.ToArray());
    }

    private void WriteLines(Utf8JsonWriter json)
    {
        json.WriteStartArray("lines");
        foreach (LineStatus line in Lines)
        {
            json.WriteStartObject();
            json.WriteString("name", line.Name);
            json.WriteNumber("first", line.Wins);
            json.WriteNumber("duplicates", line.Duplicates);
            json.WriteNumber("missed", line.Missed);
            json.WriteNumber("lagP50", Math.Round(line.LagP50Nanos / 1_000, 2));
            json.WriteNumber("lagP99", Math.Round(line.LagP99Nanos / 1_000, 2));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteKinds(Utf8JsonWriter json, string name, IReadOnlyDictionary<EventKind, long> counts)
    {
        json.WriteStartObject(name);
        foreach ((EventKind kind, long count) in counts) json.WriteNumber(kind.Text(), count);
        json.WriteEndObject();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, LatencyHistogram latency)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        json.WriteNumber("p50", Micros(latency, 0.5));
        json.WriteNumber("p90", Micros(latency, 0.9));
        json.WriteNumber("p99", Micros(latency, 0.99));
        json.WriteNumber("p999", Micros(latency, 0.999));
        json.WriteNumber("max", Math.Round(latency.MaxNanos / 1_000.0, 2));
        json.WriteEndObject();
    }

    private static double Micros(LatencyHistogram latency, double share) => Math.Round(latency.Quantile(share) / 1_000, 2);
}
