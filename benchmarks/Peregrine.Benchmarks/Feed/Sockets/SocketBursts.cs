namespace Peregrine.Benchmarks.Feed.Sockets;

/// <summary>Processor time for one received message when they come as fast as they can: our client, .NET's, and the bare read of the same bytes.</summary>
internal sealed class SocketBursts : IBenchmark
{
    private const int Messages = 60_000;

    public string Name => "received bursts";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        FrameMix mix = FrameMix.Of(Messages);
        string note = $"{mix.PayloadBytes / mix.Messages} bytes on average, loopback; processor time of everything but the sender";
        Processor.Pin(toLast: true);
        try
        {
            return [.. Plain(context, mix, note), Secure(context, mix, note)];
        }
        finally
        {
            Processor.Unpin();
        }
    }

    private static BenchRow[] Plain(BenchContext context, FrameMix mix, string note)
    {
        using WireReceiver wire = new(tls: false);
        using WireReceiver decoding = new(tls: false, decodes: true);
        using ClientWebSocketReceiver client = new(tls: false);
        using RawReceiver raw = new(tls: false);
        Contest contest = new(context);
        Entrant ours = contest.Add("own client", () => wire.Burst(mix));
        Entrant decoded = contest.Add("own client, decoded", () => decoding.Burst(mix));
        Entrant theirs = contest.Add("ClientWebSocket", () => client.Burst(mix));
        Entrant bare = contest.Add("raw TCP read", () => raw.Burst(mix));
        contest.Run();
        return
        [
            Contest.Row("receive, burst", "ns CPU/message", ours, (theirs, 1 / 0.13), (bare, 1 / 1.2)) with { Note = note },
            Contest.Row("receive and decode, burst", "ns CPU/message", decoded, (theirs, 1 / 0.65)) with { Note = "every message to its published event, beside a client that only receives" },
        ];
    }

    private static BenchRow Secure(BenchContext context, FrameMix mix, string note)
    {
        using WireReceiver wire = new(tls: true);
        using ClientWebSocketReceiver client = new(tls: true);
        using RawReceiver raw = new(tls: true);
        Contest contest = new(context);
        Entrant ours = contest.Add("own client", () => wire.Burst(mix));
        Entrant theirs = contest.Add("ClientWebSocket", () => client.Burst(mix));
        Entrant bare = contest.Add("raw SslStream read", () => raw.Burst(mix));
        contest.Run();
        return Contest.Row("receive, burst, TLS", "ns CPU/message", ours, (theirs, 1 / 0.65), (bare, 1 / 1.2)) with { Note = note };
    }
}
