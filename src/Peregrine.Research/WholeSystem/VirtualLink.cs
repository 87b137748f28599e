using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>
/// A connection through a network: both ways in order, each message late by its own latency, and stalled or cut as the faults will. What is under way when it is
/// cut is lost, or arrives although nobody will ever hear of it.
/// </summary>
internal sealed class VirtualLink(Func<VirtualConnection> open, VirtualExchange exchange, Random random)
{
    private readonly Queue<(long Due, byte[] Message)> _up = new();
    private readonly Queue<(long Due, ReadOnlyMemory<byte> Message)> _down = new();
    private VirtualConnection? _connection;
    private long _upFree;
    private long _downFree;
    private long _silentSince;

    /// <summary>One way, microseconds, on average.</summary>
    public long LatencyMicros { get; set; } = 20_000;

    /// <summary>Until when nothing passes upwards, or downwards, while both ends think they are connected.</summary>
    public long UpStalledUntil { get; set; }
    public long DownStalledUntil { get; set; }

    public bool IsOpen => _connection is not null;

    public void Open()
    {
        _connection = open();
        _upFree = _downFree = exchange.NowMicros;
        _silentSince = 0;
    }

    public void Send(ReadOnlySpan<byte> message)
    {
        _upFree = Math.Max(_upFree, exchange.NowMicros + Latency());
        _up.Enqueue((_upFree, message.ToArray()));
    }

    /// <summary>Passes on what is due. False: the other side is gone.</summary>
    public bool Pump()
    {
        if (_connection is not { } connection) return false;
        long now = exchange.NowMicros;
        while (now >= UpStalledUntil && _up.TryPeek(out (long Due, byte[] Message) next) && next.Due <= now) connection.Send(_up.Dequeue().Message);
        while (connection.TryReceive(out ReadOnlyMemory<byte> frame))
        {
            _downFree = Math.Max(_downFree, now + Latency());
            _down.Enqueue((_downFree, frame));
        }
        // A stall is found out by the pings that stay without answer: here, after six seconds.
        bool isStalled = now < UpStalledUntil || now < DownStalledUntil;
        if (!isStalled) _silentSince = 0;
        else if (_silentSince == 0) _silentSince = now;
        if (isStalled && now - _silentSince > 6_000_000) return false;
        return connection.IsOpen || _down.Count > 0;
    }

    public bool TryReceive(out ReadOnlyMemory<byte> message)
    {
        message = default;
        if (exchange.NowMicros < DownStalledUntil || !_down.TryPeek(out (long Due, ReadOnlyMemory<byte> Message) next) || next.Due > exchange.NowMicros) return false;
        message = _down.Dequeue().Message;
        return true;
    }

    /// <summary>The connection is over. What was under way to the exchange may still arrive there.</summary>
    public void Cut()
    {
        if (_connection is not { } connection) return;
        int arrive = random.Next(_up.Count + 1);
        for (int i = 0; i < arrive; i++) connection.Send(_up.Dequeue().Message);
        connection.Close();
        _connection = null;
        _up.Clear();
        _down.Clear();
        UpStalledUntil = DownStalledUntil = 0;
    }

    private long Latency() => (LatencyMicros / 2) + random.NextInt64(LatencyMicros + 1);
}
