using Peregrine.Common.Events;

namespace Peregrine.Storage;

/// <summary>Which events of a recording are played; what is not said is not asked.</summary>
public sealed record RecordingFilter
{
    /// <summary>Only these kinds; null plays all.</summary>
    public IReadOnlySet<EventKind>? Kinds { get; init; }

    /// <summary>Only these symbols, by the exchange's name; events without a symbol are then left out. Null plays all.</summary>
    public IReadOnlySet<string>? Symbols { get; init; }

    /// <summary>The first and the last arrival sequence, both included.</summary>
    public long FromSequence { get; init; } = long.MinValue;

    public long ToSequence { get; init; } = long.MaxValue;

    /// <summary>Receive times, nanoseconds since 1970: from (included) and to (excluded).</summary>
    public long FromNanos { get; init; } = long.MinValue;

    public long ToNanos { get; init; } = long.MaxValue;

    /// <summary>Everything that the core was told, without its own answers: what a replay feeds.</summary>
    public static RecordingFilter Inputs { get; } = new() { Kinds = EventKinds.All.ToArray().Where(static kind => !kind.IsOutput()).ToHashSet() };

    internal bool Accepts(EventKind kind) => Kinds is null || Kinds.Contains(kind);

    internal bool Accepts(long sequence, in MarketEvent entry) =>
        sequence >= FromSequence && sequence <= ToSequence && entry.ReceiveTimeNanos >= FromNanos && entry.ReceiveTimeNanos < ToNanos && Accepts(entry.Kind);
}
