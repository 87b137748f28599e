using System.Diagnostics;

using Peregrine.Binance.Sbe;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Benchmarks.Feed.Sbe;

/// <summary>What one binary message costs from its bytes to the published event, beside the same work in C.</summary>
internal sealed class SbeDecoding : IBenchmark
{
    private const int Slots = 4_096;
    private const int Words = 1 << 18;
    private const int Laps = 20;
    private const long ReceiveNanos = 1_770_313_263_918_000_000;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public string Name => "SBE decoding";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        InstrumentTable instruments = new();
        foreach (string symbol in SbeMix.Symbols) instruments.Add(symbol, Market.Spot);
        StreamTable streams = new(instruments, []);
        SbeYardstick? c = SbeYardstick.Build(context, Slots, Words);
        foreach (Instrument instrument in instruments.All)
            if (!instrument.Id.IsNone) c?.AddSymbol(instrument.Symbol, instrument.Id.Value);
        return
        [
            Row(context, streams, c, "SBE depth20", SbeMix.Of(SbeMix.Depth20, 1_000), 1 / 1.3),
            Row(context, streams, c, "SBE trade", SbeMix.Of(SbeMix.Trades, 1_000), null),
            Row(context, streams, c, "SBE best bid and ask", SbeMix.Of(SbeMix.BestBidAsk, 1_000), null),
        ];
    }

    private static BenchRow Row(BenchContext context, StreamTable streams, SbeYardstick? c, string name, SbeMix mix, double? goal)
    {
        SbeDecoder decoder = new(streams);
        EventRing ring = new(Slots, Words);
        IEventReader reader = ring.Subscribe();
        Decode(decoder, ring, mix);
        c?.Run(mix, ReceiveNanos);
        if (c is not null && c.Checksum(mix.Events) != Checksum(reader)) throw new InvalidOperationException("The yardstick and the decoder read something else.");

        // The runtime compiles what is hot a second time, on a thread of its own and after a while.
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < WarmUp;) Decode(decoder, ring, mix);
        Contest contest = new(context);
        Entrant ours = contest.Add("decoder", () =>
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long began = Processor.ThreadNanos; // Whatever else the machine does, this is what the message costs.
            for (int lap = 0; lap < Laps; lap++) Decode(decoder, ring, mix);
            double nanos = Processor.ThreadNanos - began;
            return new Sample(nanos / (Laps * mix.Count), (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / (Laps * mix.Count));
        });
        Entrant theirs = contest.Add("C, -O3 -march=native", c is null ? null : () =>
        {
            double nanos = 0;
            for (int lap = 0; lap < Laps; lap++) nanos += c.Run(mix, ReceiveNanos);
            return new Sample(nanos / (Laps * mix.Count));
        });
        contest.Run();
        return Contest.Row(name, "ns/message", ours, (theirs, goal)) with { Note = $"{mix.Bytes.Length / mix.Count} bytes each, ten symbols, into the published slot" };
    }

    private static void Decode(SbeDecoder decoder, EventRing ring, SbeMix mix)
    {
        for (int i = 0; i < mix.Count; i++)
            if (!decoder.Decode(mix[i], ring, ReceiveNanos).IsEvent) throw new InvalidOperationException("A message was not read.");
    }

    private static ulong Checksum(IEventReader reader)
    {
        ulong sum = 0;
        while (reader.Read(100, out ReadOnlySpan<MarketEvent> events, out _) == RingRead.Events)
        {
            foreach (ref readonly MarketEvent entry in events) sum = SbeMix.Add(sum, in entry, entry.HasPayload ? reader.PayloadOf(in entry) : default);
            if (!reader.Advance(events.Length)) throw new InvalidOperationException("The ring was overwritten.");
        }
        return sum;
    }
}
