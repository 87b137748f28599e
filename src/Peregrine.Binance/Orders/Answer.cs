namespace Peregrine.Binance.Orders;

internal enum AnswerKind : byte
{
    /// <summary>Nothing that concerns us.</summary>
    Other = 0,

    /// <summary>The answer to a request of ours; it carries the request's id.</summary>
    Reply = 1,
    ExecutionReport = 2,
    Balances = 3,

    /// <summary>The user stream ended: subscribe again.</summary>
    StreamTerminated = 4,
    ServerShutdown = 5,

    /// <summary>A deposit, withdrawal or transfer.</summary>
    BalanceChange = 6,
    ListStatus = 7,

    /// <summary>Something outside locked or released a part of a balance.</summary>
    ExternalLock = 8,
}

/// <summary>The head of one message: what it is, and where its body lies in the message.</summary>
internal struct Answer
{
    public AnswerKind Kind;

    /// <summary>The request's id, 0 where the message has none of ours.</summary>
    public long Id;
    public int Status;
    public int Code;

    /// <summary>Until when the server wants us away, milliseconds since 1970; 0 where it does not say.</summary>
    public long RetryAtMillis;

    public bool IsDuplicateOrder;

    /// <summary>Something in the head was not what it should be.</summary>
    public bool IsBroken;

    /// <summary>The reply's result, the error's data, or the event.</summary>
    public int BodyStart;

    public int BodyLength;

    /// <summary>The server's own counts, negative where it does not tell: weight in this minute, placements in these ten seconds and today.</summary>
    public int WeightUsed;

    public int OrdersUsed10Seconds;
    public int OrdersUsedDay;

    public readonly ReadOnlySpan<byte> Body(ReadOnlySpan<byte> message) => message.Slice(BodyStart, BodyLength);
}
