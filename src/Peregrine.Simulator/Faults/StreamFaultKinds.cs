namespace Peregrine.Simulator.Faults;

/// <summary><c>stream.mute</c>: nothing comes any more, while pings are answered and other streams flow.</summary>
public sealed record MuteStream : StreamFault;

/// <summary><c>stream.neverFirst</c>: connections to come are accepted, their subscriptions acknowledged, and the first frame never comes.</summary>
public sealed record NeverFirst : StreamFault
{
    internal override string? Problem() => Connection is not null ? "'connection' is for open connections; this fault is for those to come" : base.Problem();
}

/// <summary>What a replayed stream does.</summary>
public enum ReplayMode
{
    /// <summary>The next frames pass, then the same frames come once more, then life goes on.</summary>
    Once = 0,

    /// <summary>The next frames pass, then come again and again, one for each new frame, which is kept back.</summary>
    Forever = 1,

    /// <summary>A new subscription is first given the last frames that its stream had before it.</summary>
    OnConnect = 2,
}

/// <summary><c>stream.replay</c>: old frames once more.</summary>
public sealed record ReplayFrames : StreamFault
{
    /// <summary>How many frames are repeated.</summary>
    public int Frames { get; init; } = 1;

    public ReplayMode Mode { get; init; }

    internal override string? Problem() => Frames is < 1 or > 10_000 ? "'frames' must be 1 to 10000" : base.Problem();
}

/// <summary><c>stream.reorder</c>: the next two frames change places, so often.</summary>
public sealed record ReorderFrames : StreamFault
{
    public int Pairs { get; init; } = 1;

    internal override string? Problem() => AtLeastOne("pairs", Pairs) ?? base.Problem();
}

/// <summary><c>stream.duplicate</c>: each of the next frames comes twice.</summary>
public sealed record DuplicateFrames : StreamFault
{
    public int Frames { get; init; } = 1;

    internal override string? Problem() => AtLeastOne("frames", Frames) ?? base.Problem();
}

/// <summary><c>stream.dropNext</c>: the next frames are lost.</summary>
public sealed record DropFrames : StreamFault
{
    public int Frames { get; init; } = 1;

    internal override string? Problem() => AtLeastOne("frames", Frames) ?? base.Problem();
}

/// <summary>What stands still in a frozen stream.</summary>
public enum FreezeMode
{
    /// <summary>The event's times (E and T); everything else goes on.</summary>
    Time = 0,

    /// <summary>The whole payload: the same bytes again and again.</summary>
    Payload = 1,
}

/// <summary><c>stream.freezeEventTime</c>: frames flow, but their time, or all of them, stands still.</summary>
public sealed record FreezeStream : StreamFault
{
    public FreezeMode Mode { get; init; }
}

/// <summary><c>stream.ignoreSubscribe</c>: what matches is acknowledged when it is subscribed to, but never listed nor delivered.</summary>
public sealed record IgnoreSubscribe : StreamFault
{
    /// <summary>Of the matching names of one request only each n-th is ignored; 1 ignores all.</summary>
    public int Each { get; init; } = 1;

    internal override string? Problem() =>
        Connection is not null ? "'connection' is not used here: say which connections to come, or none" : AtLeastOne("each", Each) ?? base.Problem();
}

/// <summary><c>stream.burst</c>: the order flow of the symbols runs so many times as fast, so that as many times as many new events come.</summary>
public sealed record BurstFlow : ExchangeFault
{
    /// <summary>Names of streams or symbols; the symbols are what counts.</summary>
    public required string Streams { get; init; }

    public double Factor { get; init; } = 10;

    internal override string? Problem() =>
        StreamPattern.Parse(Streams).Length == 0 ? "'streams' names no stream" : Factor is not (> 0 and <= 10_000) ? "'factor' must be above 0 and at most 10000" : base.Problem();
}

/// <summary><c>stream.units</c>: times of JSON frames come in microseconds where milliseconds were asked for.</summary>
public sealed record MixUnits : StreamFault;

/// <summary>What is wrong, or only new, in a frame.</summary>
public enum Corruption
{
    /// <summary>Its second half is missing.</summary>
    Cut = 0,

    /// <summary>Brackets within brackets, ten thousand deep.</summary>
    Nested = 1,

    /// <summary>A field of two million characters.</summary>
    Oversized = 2,

    /// <summary>Bytes that are no UTF-8.</summary>
    BadUtf8 = 3,

    /// <summary>A page instead of JSON.</summary>
    Html = 4,

    /// <summary>Sound, with a field that nobody knows yet, ahead of all others.</summary>
    NewField = 5,

    /// <summary>Sound, and an event (in SBE a template) that nobody knows yet.</summary>
    NewEvent = 6,
}

/// <summary><c>stream.corrupt</c>: the next frames are broken or unheard of. SBE frames can be cut or new events; other modes cut them.</summary>
public sealed record CorruptFrames : StreamFault
{
    public int Frames { get; init; } = 1;
    public Corruption Mode { get; init; }

    internal override string? Problem() => AtLeastOne("frames", Frames) ?? base.Problem();
}
