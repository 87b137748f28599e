namespace Peregrine.Simulator.Faults;

/// <summary>A fault of HTTP answers, WebSocket handshakes included.</summary>
public abstract record HttpFault : ExchangeFault
{
    /// <summary>A path; <c>*</c> stands for any characters: <c>/api/v3/depth</c>, <c>/api/*</c>.</summary>
    public required string Path { get; init; }

    /// <summary>How many answers; null all.</summary>
    public int? Count { get; init; }

    internal override string? Problem() => Path.Length == 0 ? "'path' is empty" : AtLeastOne("count", Count) ?? base.Problem();
}

/// <summary><c>http.status</c>: an answer of one's own instead of the exchange's.</summary>
public sealed record HttpStatus : HttpFault
{
    public required int Code { get; init; }
    public string Body { get; init; } = "";
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    internal override string? Problem() => Code is < 200 or > 599 ? "'code' must be 200 to 599" : base.Problem();
}

/// <summary><c>http.html</c>: status 200 and a page instead of JSON.</summary>
public sealed record HttpHtml : HttpFault;

/// <summary><c>http.delay</c>: the request waits before it is looked at.</summary>
public sealed record HttpDelay : HttpFault
{
    public required int Milliseconds { get; init; }

    internal override string? Problem() => AtLeastOne("milliseconds", Milliseconds) ?? base.Problem();
}

/// <summary><c>limits.weight</c>: another request weight limit, and the length of bans.</summary>
public sealed record LimitWeight : ExchangeFault
{
    public int? PerMinute { get; init; }

    /// <summary>How long the first ban (418) lasts; each further one twice as long.</summary>
    public int? BanSeconds { get; init; }

    internal override string? Problem() => AtLeastOne("perMinute", PerMinute) ?? AtLeastOne("banSeconds", BanSeconds) ?? base.Problem();
}

/// <summary><c>limits.messages</c>: another limit of frames per second from one socket.</summary>
public sealed record LimitMessages : ExchangeFault
{
    public required int PerSecond { get; init; }

    internal override string? Problem() => AtLeastOne("perSecond", PerSecond) ?? base.Problem();
}

/// <summary><c>limits.connections</c>: another limit of stream connections per five minutes.</summary>
public sealed record LimitConnections : ExchangeFault
{
    public required int PerFiveMinutes { get; init; }

    internal override string? Problem() => AtLeastOne("perFiveMinutes", PerFiveMinutes) ?? base.Problem();
}

/// <summary><c>limits.streams</c>: another limit of streams per connection.</summary>
public sealed record LimitStreams : ExchangeFault
{
    public required int PerConnection { get; init; }

    internal override string? Problem() => AtLeastOne("perConnection", PerConnection) ?? base.Problem();
}

/// <summary><c>clock.skew</c>: the exchange's times are so far ahead (or behind, below 0) of the machine's.</summary>
public sealed record SkewClock : ExchangeFault
{
    public required long Milliseconds { get; init; }
}

/// <summary><c>clock.step</c>: the exchange's times jump by so much from where they are.</summary>
public sealed record StepClock : ExchangeFault
{
    public required long Milliseconds { get; init; }
}

/// <summary><c>sbe.schema</c>: SBE frames of a later schema version, with fields appended to messages and groups.</summary>
public sealed record SbeSchema : ExchangeFault
{
    public int Version { get; init; } = 1;

    /// <summary>Bytes appended to each message's root block.</summary>
    public int RootBytes { get; init; } = 4;

    /// <summary>Bytes appended to each entry of a group.</summary>
    public int GroupBytes { get; init; } = 8;

    internal override string? Problem() =>
        Version is < 0 or > 65_535 ? "'version' must be 0 to 65535" : RootBytes is < 0 or > 1_000 || GroupBytes is < 0 or > 1_000 ? "'rootBytes' and 'groupBytes' must be 0 to 1000" : base.Problem();
}
