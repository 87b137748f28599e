namespace Peregrine.Benchmarks.Feed.Sockets;

/// <summary>One frame in 100 µs, as a live market sends them: how long each is on its way when we spin, and what waiting costs when we do not.</summary>
internal sealed class PacedFrames : IBenchmark
{
    private const int Frames = 2_000;
    private static readonly TimeSpan Every = TimeSpan.FromMicroseconds(100);

    public string Name => "frames at a pace";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        if (Environment.ProcessorCount < 2) return [BenchRow.Skip("one way, spinning", "ns", "A sender and a receiver that both spin need two processors.")];
        using WireReceiver spinning = new(tls: false, looksFirst: true);
        using WireReceiver blocking = new(tls: false);
        using ClientWebSocketReceiver client = new(tls: false);
        using RawReceiver raw = new(tls: false);
        Contest ways = new(context);
        Entrant ours = ways.Add("own client, spinning", () => Pinned(spinning, spins: true, cpu: false));
        Entrant theirs = ways.Add("ClientWebSocket", () => new Sample(client.Paced(Frames, Every, spins: false).P50Nanos));
        Entrant bare = ways.Add("raw TCP read, spinning", () => Pinned(raw, spins: true, cpu: false));
        ways.Run();
        Contest costs = new(context);
        Entrant ourCost = costs.Add("own client, blocking", () => Pinned(blocking, spins: false, cpu: true));
        Entrant theirCost = costs.Add("ClientWebSocket", () => new Sample(client.Paced(Frames, Every, spins: false).CpuNanos));
        costs.Run();
        return
        [
            Contest.Row("one way, spinning", "ns", ours, (theirs, 1 / 0.35), (bare, null)) with { Note = "p50 of a frame of 200 bytes from its sending to its handler, one in 100 µs, loopback" },
            Contest.Row("waiting, blocked", "ns CPU/message", ourCost, (theirCost, 4)) with { Note = "the same frames; processor time of everything but the sender" },
        ];
    }

    private static Sample Pinned(Receiver receiver, bool spins, bool cpu)
    {
        Processor.Pin(toLast: true);
        (double p50, double nanos) = receiver.Paced(Frames, Every, spins);
        Processor.Unpin();
        return new Sample(cpu ? nanos : p50);
    }
}
