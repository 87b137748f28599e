using System.Diagnostics;
using System.Threading.Channels;

using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Benchmarks.Feed.Ring;

/// <summary>How many events a second the ring carries from one thread to another, and how long one is on its way, beside channels and the hardware's own hand-over.</summary>
internal sealed class RingRates : IBenchmark
{
    private const int Slots = 1 << 16;
    private const int Words = 1 << 17;
    private const int Events = 2_000_000;
    private const int ChannelEvents = 500_000;
    private const int Paced = 3_000;
    private const int Channels = 3;
    private static readonly long PaceTicks = Stopwatch.Frequency / 50_000; // One in 20 µs.

    public string Name => "the ring";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        if (Environment.ProcessorCount < 2)
        {
            const string Reason = "A producer and a consumer that both spin need two processors.";
            return [BenchRow.Skip("ring 1 to 1", "ns/event", Reason), BenchRow.Skip("ring, three handlers", "ns/event", Reason), BenchRow.Skip("ring one way", "ns", Reason)];
        }
        Contest rates = new(context);
        Entrant one = rates.Add("one handler", static () => Carry(handlers: 1));
        Entrant three = rates.Add("three handlers", static () => Carry(handlers: 3));
        Entrant channels = rates.Add("Channel × 3", static () => CarryByChannels());
        rates.Run();

        Contest ways = new(context);
        Entrant way = ways.Add("ring", static () => new Sample(OneWayNanos()));
        Entrant handOver = ways.Add("cache-line hand-over", static () => new Sample(HandOver.Nanos()));
        ways.Run();
        return
        [
            Contest.Row("ring 1 to 1", "ns/event", one, (channels, 6)) with { Note = "producer and consumer spin, 64-byte events in order, none lost; the channels are unbounded and carry the same struct" },
            Contest.Row("ring, three handlers on one thread", "ns/event", three, (one, 0.85)),
            Contest.Row("ring one way", "ns", way, (handOver, 0.2)) with { Note = "p50 of one event in 20 µs, publish to handler, two clock reads included" },
        ];
    }

    private static Sample Carry(int handlers)
    {
        EventRing ring = new(Slots, Words);
        IEventReader reader = ring.Subscribe();
        Sum[] sums = [.. Enumerable.Range(0, handlers).Select(static _ => new Sum())];
        using ManualResetEventSlim ready = new();
        Thread consumer = new(() =>
        {
            Processor.Pin(toLast: true);
            ready.Set();
            long seen = 0;
            while (seen < Events)
            {
                RingRead read = reader.Read(512, out ReadOnlySpan<MarketEvent> events, out _);
                if (read == RingRead.Empty)
                {
                    Thread.SpinWait(1);
                    continue;
                }
                if (read == RingRead.Lagged) throw new InvalidOperationException("The consumer was overtaken.");
                foreach (Sum sum in sums)
                {
                    foreach (ref readonly MarketEvent entry in events) sum.On(in entry);
                }
                seen += events.Length;
                if (!reader.Advance(events.Length)) throw new InvalidOperationException("The consumer was overtaken.");
            }
        });
        consumer.Start();
        ready.Wait();
        Processor.Pin(toLast: false);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < Events; i++)
        {
            // Nothing may be lost here: every so often the producer looks whether the consumer follows.
            if ((i & 1_023) == 0) WaitFor(reader, ring);
            ref MarketEvent slot = ref ring.Claim();
            slot.Kind = EventKind.Trade;
            slot.ReceiveTimeNanos = i;
            slot.Trade.Id = i ^ 5;
            slot.Trade.Price = new Common.Price(i + 7);
            ring.Publish();
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        consumer.Join();
        double nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        Processor.Unpin();
        foreach (Sum sum in sums)
            if (sum.Total != sums[0].Total || sum.Total == 0) throw new InvalidOperationException("A handler saw something else.");
        return new Sample(nanos / Events, (double)allocated / Events);
    }

    private static void WaitFor(IEventReader reader, EventRing ring)
    {
        while (ring.Published - reader.Cursor > Slots - 4_096) Thread.SpinWait(10);
    }

    private static Sample CarryByChannels()
    {
        Channel<MarketEvent>[] channels = [.. Enumerable.Range(0, Channels).Select(static _ => Channel.CreateUnbounded<MarketEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }))];
        Task<long>[] consumers = [.. channels.Select(static channel => Consume(channel.Reader))];
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < ChannelEvents; i++)
        {
            MarketEvent entry = new() { Kind = EventKind.Trade, ReceiveTimeNanos = i };
            entry.Trade.Id = i ^ 5;
            entry.Trade.Price = new Common.Price(i + 7);
            foreach (Channel<MarketEvent> channel in channels) _ = channel.Writer.TryWrite(entry);
        }
        foreach (Channel<MarketEvent> channel in channels) channel.Writer.Complete();
        Task.WaitAll(consumers);
        double nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        if (consumers.Any(consumer => consumer.GetAwaiter().GetResult() != consumers[0].GetAwaiter().GetResult())) throw new InvalidOperationException("A channel lost something.");
        return new Sample(nanos / ChannelEvents, (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / ChannelEvents);
    }

    private static async Task<long> Consume(ChannelReader<MarketEvent> reader)
    {
        await Task.Yield();
        Sum sum = new();
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (reader.TryRead(out MarketEvent entry)) sum.On(in entry);
        }
        return sum.Total;
    }

    private static double OneWayNanos()
    {
        EventRing ring = new(Slots, Words);
        IEventReader reader = ring.Subscribe();
        long[] took = new long[Paced];
        using ManualResetEventSlim ready = new();
        Thread consumer = new(() =>
        {
            Processor.Pin(toLast: true);
            ready.Set();
            for (int seen = 0; seen < Paced;)
            {
                if (reader.Read(512, out ReadOnlySpan<MarketEvent> events, out _) != RingRead.Events) continue;
                foreach (ref readonly MarketEvent entry in events) took[seen++] = Stopwatch.GetTimestamp() - entry.ReceiveTimeNanos;
                reader.Advance(events.Length);
            }
        });
        consumer.Start();
        ready.Wait();
        Processor.Pin(toLast: false);
        long next = Stopwatch.GetTimestamp();
        for (int i = 0; i < Paced; i++)
        {
            next += PaceTicks;
            while (Stopwatch.GetTimestamp() < next) { }
            ref MarketEvent slot = ref ring.Claim();
            slot.Kind = EventKind.Trade;
            slot.ReceiveTimeNanos = Stopwatch.GetTimestamp();
            ring.Publish();
        }
        consumer.Join();
        Processor.Unpin();
        return Statistics.Median(took.Skip(Paced / 5).Select(static ticks => (double)ticks)) * 1e9 / Stopwatch.Frequency;
    }

    private sealed class Sum
    {
        public long Total { get; private set; }

        public void On(in MarketEvent entry) => Total += entry.ReceiveTimeNanos + entry.Trade.Id + entry.Trade.Price.Raw;
    }
}
