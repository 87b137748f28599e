using System.Runtime.Intrinsics;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>From the bytes of a message to the fields of an event: the scanners beside simdjson, System.Text.Json and a plain forward reader.</summary>
internal sealed class DecodingMessages : IBenchmark
{
    private const double WarmUpSeconds = 0.4;

    public string Name => "decoding messages";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        GeneratedMessages generated = new();
        SimdjsonDecoding? simdjson = SimdjsonDecoding.Find();
        MessageBatch[] batches = [generated.AggTrades(), generated.Trades(), generated.PartialBooks(), generated.Klines(), generated.MarkPrices(), .. RecordedMessages.Load(context.DataFiles)];
        return [.. batches.Select(batch => Row(context, batch, simdjson))];
    }

    private static BenchRow Row(BenchContext context, MessageBatch batch, SimdjsonDecoding? simdjson)
    {
        OwnDecoding own = new(batch);
        ulong expected = own.Generally(batch);
        // A batch of a few milliseconds, whoever reads it.
        Contest contest = new(context);
        Entrant ours = Add("scanner", () => own.InPlace(batch), 4);
        Entrant native = simdjson is null ? contest.Add("simdjson", null) : Add("simdjson", () => simdjson.Read(batch), 2);
        Entrant serializer = Add("System.Text.Json", () => SerializerDecoding.Read(batch), 1);
        Entrant reader = Add("Utf8JsonReader", () => own.Generally(batch), 1);
        contest.Run();

        (double? overNative, double? overSerializer) = Goals(batch.Kind);
        return Contest.Row($"decode {batch.Name}", "ns/message", ours, (native, overNative), (serializer, overSerializer), (reader, 1)) with
        {
            Note = $"{batch.BytesEach:F0} bytes each, {batch.Symbols.Count} symbol{(batch.Symbols.Count == 1 ? "" : "s")}; {own.General} left to the general decoder",
        };

        Entrant Add(string name, Func<ulong> read, int times)
        {
            long from = context.Time.GetTimestamp();
            while (context.Time.GetElapsedTime(from).TotalSeconds < WarmUpSeconds) read(); // The compiler needs to have seen it often.
            return contest.Add(name, () =>
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                long start = context.Time.GetTimestamp();
                ulong sum = 0;
                for (int i = 0; i < times; i++) sum = read();
                double nanos = context.Time.GetElapsedTime(start).TotalNanoseconds;
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
                if (sum != expected) throw new InvalidOperationException($"{name} read other values of {batch.Name} than the general decoder.");
                double operations = (double)batch.Count * times;
                return new Sample(nanos / operations, allocated / operations);
            });
        }
    }

    /// <summary>Against simdjson and System.Text.Json, on a processor with vectors.</summary>
    private static (double? Simdjson, double? Serializer) Goals(EventKind kind) => !Vector256.IsHardwareAccelerated ? (null, null) : kind switch
    {
        EventKind.AggTrade or EventKind.Trade => (4.5, 28),
        EventKind.BookTicker => (3.5, null),
        EventKind.Depth20 or EventKind.DepthDiff => (3, 38),
        _ => (null, null),
    };
}
