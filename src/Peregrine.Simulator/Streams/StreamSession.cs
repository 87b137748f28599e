using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Sockets;

namespace Peregrine.Simulator.Streams;

/// <summary>Which part of the futures' streams a connection is for; on spot there are no parts.</summary>
internal enum StreamRoute : byte
{
    None = 0,
    Public = 1,
    Market = 2,
    Private = 3,
}

/// <summary>One market-data socket and what it listens to.</summary>
internal sealed class StreamSession(WebSocketConnection connection, TransportControl? transport, MessageMeter meter, TimeProvider time, bool combined) : IDisposable
{
    private readonly long _openedStamp = time.GetTimestamp();
    private ITimer? _lifetime;
    private ITimer? _close;
    private bool _isOver;

    public WebSocketConnection Connection { get; } = connection;
    public MessageMeter Meter { get; } = meter;

    /// <summary>Its number since the exchange began, from 1.</summary>
    public int Number { get; init; }

    public string Path { get; init; } = "";
    public StreamRoute Route { get; init; }

    /// <summary>Whether payloads come in an envelope that names their stream.</summary>
    public bool Combined { get; set; } = combined;

    /// <summary>Whether frames are SBE.</summary>
    public bool IsBinary { get; init; }

    /// <summary>Whether times in JSON are microseconds.</summary>
    public bool IsMicros { get; init; }

    /// <summary>In the order in which they were asked for.</summary>
    public List<Subscription> Subscriptions { get; } = [];

    public TimeSpan Age => time.GetElapsedTime(_openedStamp);

    /// <summary>Everything leaves in segments of so many bytes; 0 for as it comes.</summary>
    public Layered<int> SliceBytes { get; } = new(0, bytes =>
    {
        if (transport is not null) transport.SliceBytes = bytes;
    });

    /// <summary>Whether what comes in is lost, and what goes out.</summary>
    public Layered<(bool IsDeaf, bool IsDumb)> Hole { get; } = new((false, false), hole => (connection.IsDeaf, connection.IsDumb) = hole);

    /// <summary>The connection is closed so long after it was opened.</summary>
    public Layered<TimeSpan> Lifetime => field ??= new(TimeSpan.MaxValue, lifetime => Set(ref _lifetime, lifetime - Age, "session lifetime is over"));

    /// <summary>Ends the connection with a TCP reset.</summary>
    public void Reset()
    {
        if (transport is not null) transport.Reset();
        Connection.Abort();
    }

    public void CloseAfter(TimeSpan wait) => Set(ref _close, wait, "server shutdown");

    public void Dispose()
    {
        _isOver = true;
        _lifetime?.Dispose();
        _close?.Dispose();
    }

    private void Set(ref ITimer? timer, TimeSpan wait, string reason)
    {
        timer?.Dispose();
        if (_isOver) return; // A fault that ends later than the connection changes nothing.
        timer = time.CreateTimer(_ => Connection.SendClose(1001, reason), null, wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
