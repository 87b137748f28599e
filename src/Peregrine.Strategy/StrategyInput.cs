using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Strategy;

/// <summary>All that a strategy may base a decision on. Lives only as long as the call.</summary>
public readonly ref struct StrategyInput
{
    /// <param name="entry">The event that just happened.</param>
    /// <param name="payload">Its payload words, if any.</param>
    /// <param name="sequence">Its arrival sequence.</param>
    /// <param name="symbol">What is known of the symbol, this event included.</param>
    public StrategyInput(in MarketEvent entry, ReadOnlySpan<long> payload, long sequence, SymbolState symbol)
    {
        Event = ref entry;
        Payload = payload;
        Sequence = sequence;
        Symbol = symbol;
    }

    /// <summary>The event that just happened.</summary>
    public readonly ref readonly MarketEvent Event;

    /// <summary>Its payload words, if any.</summary>
    public ReadOnlySpan<long> Payload { get; }

    /// <summary>Its arrival sequence.</summary>
    public long Sequence { get; }

    /// <summary>What is known of the symbol, this event included.</summary>
    public SymbolState Symbol { get; }

    /// <summary>What the strategy holds of the symbol; negative is short.</summary>
    public Quantity Position { get; init; }

    /// <summary>What the position cost on average, zero without one.</summary>
    public Price AveragePrice { get; init; }

    /// <summary>Whether an order of the strategy for this symbol is not at its end, an unknown one included.</summary>
    public bool HasOpenOrder { get; init; }

    /// <summary>The core's time: the event's receive time, nanoseconds since 1970.</summary>
    public long TimeNanos => Event.ReceiveTimeNanos;
}
