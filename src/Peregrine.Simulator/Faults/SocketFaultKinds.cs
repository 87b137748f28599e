namespace Peregrine.Simulator.Faults;

/// <summary>Which way is dead, seen from the client.</summary>
public enum Direction
{
    /// <summary>Nothing passes at all.</summary>
    Both = 0,

    /// <summary>What the client sends is lost: its pongs too, so that the exchange hangs up in the end.</summary>
    Up = 1,

    /// <summary>What the exchange sends is lost.</summary>
    Down = 2,
}

/// <summary><c>socket.blackhole</c>: TCP stays open and nothing passes. What is lost meanwhile stays lost.</summary>
public sealed record Blackhole : ConnectionFault
{
    public Direction Direction { get; init; }
}

/// <summary><c>socket.reset</c>: open connections are reset, without a goodbye.</summary>
public sealed record ResetSocket : ConnectionFault
{
    internal override string? Problem() => NextConnections is not null ? "'nextConnections' is not used here: only open connections can be reset" : base.Problem();
}

/// <summary><c>socket.slice</c>: everything leaves in segments of so many bytes.</summary>
public sealed record SliceWrites : ConnectionFault
{
    public int Bytes { get; init; } = 1;

    internal override string? Problem() => AtLeastOne("bytes", Bytes) ?? base.Problem();
}

/// <summary><c>socket.close</c>: open connections get a close frame.</summary>
public sealed record CloseSocket : ConnectionFault
{
    public int Code { get; init; } = 1001;
    public string Reason { get; init; } = "";

    internal override string? Problem() =>
        NextConnections is not null ? "'nextConnections' is not used here: only open connections can be closed"
        : Code is < 1000 or > 4999 ? "'code' must be 1000 to 4999" : base.Problem();
}

/// <summary>What is refused.</summary>
public enum RefuseWhat
{
    All = 0,
    Streams = 1,

    /// <summary>REST and the WebSocket API.</summary>
    Rest = 2,

    /// <summary>The WebSocket API alone.</summary>
    Api = 3,
}

/// <summary><c>socket.refuse</c>: new requests are accepted by TCP, then reset before any answer. The control surface stays open.</summary>
public sealed record RefuseSocket : ExchangeFault
{
    public RefuseWhat What { get; init; }

    internal bool Hits(string path, bool isStream) => What == RefuseWhat.All
        || (isStream ? What == RefuseWhat.Streams : What == RefuseWhat.Rest || (What == RefuseWhat.Api && path.StartsWith("/ws-api", StringComparison.Ordinal)));
}

/// <summary><c>session.shutdownEvent</c>: a serverShutdown event, and a while later the close.</summary>
public sealed record ShutdownEvent : ConnectionFault
{
    /// <summary>From the event to the close.</summary>
    public int CloseAfterMilliseconds { get; init; } = 1_000;

    internal override string? Problem() =>
        NextConnections is not null ? "'nextConnections' is not used here: only open connections can be told"
        : CloseAfterMilliseconds < 0 ? "'closeAfterMilliseconds' must be at least 0" : base.Problem();
}

/// <summary><c>session.lifetime</c>: a connection is closed so long after it was opened (Binance: 24 hours).</summary>
public sealed record SessionLifetime : ConnectionFault
{
    public required double LifetimeSeconds { get; init; }

    internal override string? Problem() => LifetimeSeconds <= 0 ? "'lifetimeSeconds' must be above 0" : base.Problem();
}
