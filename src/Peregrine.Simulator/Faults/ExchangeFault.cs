namespace Peregrine.Simulator.Faults;

/// <summary>
/// One way in which the exchange is to fail. The same records are the in-process API (<see cref="ExchangeFaults.Apply(ExchangeFault)"/>) and the JSON bodies of
/// <c>POST /sim/NAME</c>: a property <c>MaxFrames</c> is the field <c>maxFrames</c>.
/// </summary>
public abstract record ExchangeFault
{
    /// <summary>The fault ends by itself after so many seconds; null lasts until it is cleared or used up.</summary>
    public double? Seconds { get; init; }

    /// <summary>Says what is wrong with the values, null where nothing is.</summary>
    internal virtual string? Problem() => Seconds is <= 0 ? "'seconds' must be above 0" : null;

    /// <summary>Says that a count is below one; null where it is not.</summary>
    private protected static string? AtLeastOne(string field, long? value) => value < 1 ? $"'{field}' must be at least 1" : null;
}

/// <summary>
/// A fault of stream connections. Without a choice it holds for those that are open and those to come; a counted one (the next so many frames)
/// only for those that are open.
/// </summary>
public abstract record ConnectionFault : ExchangeFault
{
    /// <summary>Only this open connection: 1 is the one that has been open longest, 2 the next, and so on.</summary>
    public int? Connection { get; init; }

    /// <summary>Only so many connections that are yet to come.</summary>
    public int? NextConnections { get; init; }

    internal override string? Problem() =>
        Connection is not null && NextConnections is not null ? "'connection' and 'nextConnections' exclude each other"
        : AtLeastOne("connection", Connection) ?? AtLeastOne("nextConnections", NextConnections) ?? base.Problem();
}

/// <summary>A fault of streams, chosen by name.</summary>
public abstract record StreamFault : ConnectionFault
{
    /// <summary>Names with commas between them; <c>*</c> stands for any characters: <c>btcusdt@depth*</c>, <c>*@trade</c>, <c>*</c>.</summary>
    public required string Streams { get; init; }

    internal override string? Problem() => StreamPattern.Parse(Streams).Length == 0 ? "'streams' names no stream" : base.Problem();
}
