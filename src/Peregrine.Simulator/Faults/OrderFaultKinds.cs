namespace Peregrine.Simulator.Faults;

/// <summary>A fault of order calls, chosen by what is asked for and drawn with a seeded die.</summary>
public abstract record OrderFault : ExchangeFault
{
    /// <summary>How many calls; null all.</summary>
    public int? Count { get; init; }

    /// <summary>How likely each call that fits is to be hit, above 0 to 1.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>A symbol such as BTCUSDT; <c>*</c> stands for any characters.</summary>
    public string Symbol { get; init; } = "*";

    /// <summary>An order type such as LIMIT; calls that name none fit <c>*</c> only.</summary>
    public string Type { get; init; } = "*";

    internal override string? Problem() =>
        Probability is not (> 0 and <= 1) ? "'probability' must be above 0 and at most 1"
        : Symbol.Length == 0 ? "'symbol' is empty" : Type.Length == 0 ? "'type' is empty" : AtLeastOne("count", Count) ?? base.Problem();

    /// <summary>Says that a wait is not above zero; null where it is.</summary>
    private protected static string? Wait(double seconds) => seconds is > 0 and <= 86_400 ? null : "'delaySeconds' must be above 0 and at most 86400";
}

/// <summary>A fault of the calls themselves, by the operation's name.</summary>
public abstract record CallFault : OrderFault
{
    /// <summary>The call's name on the WebSocket API, REST alike; <c>*</c> stands for any characters: <c>order.place</c>, <c>order.*</c>.</summary>
    public string Call { get; init; } = "order.place";

    internal override string? Problem() => Call.Length == 0 ? "'call' is empty" : base.Problem();
}

/// <summary><c>order.executeThenDropReply</c>: the call takes effect and is never answered.</summary>
public sealed record ExecuteThenDropReply : CallFault;

/// <summary><c>order.rejectThenDropReply</c>: the call has no effect and is never answered.</summary>
public sealed record RejectThenDropReply : CallFault;

/// <summary><c>order.executeLate</c>: the call is never answered, and takes effect so much later, whatever its recvWindow.</summary>
public sealed record ExecuteLate : CallFault
{
    public double DelaySeconds { get; init; } = 2;

    internal override string? Problem() => Wait(DelaySeconds) ?? base.Problem();
}

/// <summary>
/// <c>order.delayMatching</c>: the call waits so long between its arrival and the matching engine, before which its time is looked at once more: beyond its recvWindow it is refused (-1021).
/// Without sockets only calls of the WebSocket API can wait.
/// </summary>
public sealed record DelayMatching : CallFault
{
    public double DelaySeconds { get; init; } = 2;

    internal override string? Problem() => Wait(DelaySeconds) ?? base.Problem();
}

/// <summary><c>order.answer</c>: an answer of one's own in place of the exchange's, whether or not the call took effect.</summary>
public sealed record AnswerCall : CallFault
{
    /// <summary>Whether the call takes effect.</summary>
    public bool Executes { get; init; } = true;

    /// <summary>The status of the answer.</summary>
    public int Status { get; init; } = 503;

    /// <summary>An error code such as -1007 or -1008, in the exchange's own shape; 0 sends the body as it stands.</summary>
    public int Code { get; init; }

    /// <summary>The error's message, or the whole body.</summary>
    public string Body { get; init; } = "";

    /// <summary>Sends only so many bytes of the exchange's true answer; null does not.</summary>
    public int? CutAt { get; init; }

    internal override string? Problem() => Status is < 200 or > 599 ? "'status' must be 200 to 599" : AtLeastOne("cutAt", CutAt) ?? base.Problem();
}

/// <summary><c>order.hideFromQuery</c>: an order is unknown to queries (-2013) so long after it was placed.</summary>
public sealed record HideFromQuery : OrderFault
{
    public double DelaySeconds { get; init; } = 2;

    internal override string? Problem() => Wait(DelaySeconds) ?? base.Problem();
}

/// <summary><c>order.pruneIoc</c>: orders that expired without a fill are forgotten: queries say -2013.</summary>
public sealed record PruneIoc : OrderFault;

/// <summary><c>order.fillDuringCancel</c>: an order is filled while its cancel is under way: the cancel is refused with -2011.</summary>
public sealed record FillDuringCancel : OrderFault;

/// <summary><c>order.hideThenFill</c>: a cancel is refused with -2011 and queries do not know the order; later it is filled.</summary>
public sealed record HideThenFill : OrderFault
{
    public double DelaySeconds { get; init; } = 2;

    internal override string? Problem() => Wait(DelaySeconds) ?? base.Problem();
}

/// <summary>A fault of the reports on the user data stream.</summary>
public abstract record ReportFault : ExchangeFault
{
    /// <summary>How many reports; null all.</summary>
    public int? Count { get; init; }

    /// <summary>How likely each is to be hit, above 0 to 1.</summary>
    public double Probability { get; init; } = 1;

    internal override string? Problem() => Probability is not (> 0 and <= 1) ? "'probability' must be above 0 and at most 1" : AtLeastOne("count", Count) ?? base.Problem();
}

/// <summary><c>order.duplicateReport</c>: events come twice.</summary>
public sealed record DuplicateReport : ReportFault;

/// <summary><c>order.shuffleReports</c>: an event is kept back until the next one has left.</summary>
public sealed record ShuffleReports : ReportFault;

/// <summary><c>order.lateReport</c>: events come so much later.</summary>
public sealed record LateReport : ReportFault
{
    public double DelaySeconds { get; init; } = 2;

    internal override string? Problem() => DelaySeconds is not (> 0 and <= 86_400) ? "'delaySeconds' must be above 0 and at most 86400" : base.Problem();
}

/// <summary><c>order.earlyReport</c>: what an order call causes is told before the call is answered.</summary>
public sealed record EarlyReport : CallFault;

/// <summary><c>user.mute</c>: the user data stream is silent, while its connection lives and calls are answered. What was kept back is lost.</summary>
public sealed record MuteUser : ExchangeFault;

/// <summary><c>user.terminate</c>: all user data subscriptions end with eventStreamTerminated.</summary>
public sealed record TerminateUser : ExchangeFault;
