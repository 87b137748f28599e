using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>What became of a message. Zero is a refusal.</summary>
public enum DecodeOutcome : byte
{
    Refused = 0,

    /// <summary>The ring's claimed slot holds the event; publish it, or claim again to drop it.</summary>
    Event = 1,

    /// <summary>A whole message of a stream, kind or symbol that nobody asked for.</summary>
    Unknown = 2,

    /// <summary>An answer to a request of ours.</summary>
    Control = 3,

    /// <summary>The server announces that it will go away: connect anew soon.</summary>
    ServerShutdown = 4,
}

/// <summary>Why a message was set aside.</summary>
public enum Refusal : byte
{
    None = 0,

    /// <summary>More than a megabyte.</summary>
    TooLarge = 1,
    BadUtf8 = 2,

    /// <summary>No JSON: cut, garbage, deeper than 16.</summary>
    Malformed = 3,

    /// <summary>A value of another JSON type than the field has.</summary>
    WrongType = 4,

    /// <summary>No exact value within eight places and 64 bits, or negative where that cannot be.</summary>
    BadNumber = 5,
    MissingField = 6,

    /// <summary>A field stands twice: nobody can say which one is meant.</summary>
    DuplicateField = 7,

    /// <summary>The message contradicts its own stream name (event type, symbol or interval), or an order neither buys nor sells.</summary>
    Mismatch = 8,

    /// <summary>More levels than an event can hold.</summary>
    TooManyLevels = 9,

    /// <summary>A time beyond any plausible one, or event and transaction time more than half an hour apart.</summary>
    BadTime = 10,
}

/// <summary>What became of a message: an event of a kind, or why there is none.</summary>
public readonly record struct DecodeResult(DecodeOutcome Outcome, EventKind Kind, Refusal Reason)
{
    public static DecodeResult Unknown => new(DecodeOutcome.Unknown, EventKind.None, Refusal.None);
    public static DecodeResult Control => new(DecodeOutcome.Control, EventKind.None, Refusal.None);
    public static DecodeResult ServerShutdown => new(DecodeOutcome.ServerShutdown, EventKind.None, Refusal.None);
    public bool IsEvent => Outcome == DecodeOutcome.Event;

    public static DecodeResult Event(EventKind kind) => new(DecodeOutcome.Event, kind, Refusal.None);
    public static DecodeResult Refused(Refusal reason) => new(DecodeOutcome.Refused, EventKind.None, reason);
}
