namespace Peregrine.Simulator.Trading;

/// <summary>A trigger that follows the market: so many basis points behind the best price since it began.</summary>
internal sealed class TrailingStop(int deltaBasisPoints, bool triggersAbove)
{
    /// <summary>When it began to follow, microseconds since 1970; -1 while it waits for its stop price.</summary>
    public long SinceMicros { get; private set; } = -1;

    /// <summary>The lowest price since then where the trigger lies above, the highest where it lies below.</summary>
    public long Extreme { get; private set; }

    /// <summary>The price that triggers it now; 0 while it does not follow.</summary>
    public long Level => SinceMicros < 0 ? 0 : (long)((Int128)Extreme * (10_000 + (triggersAbove ? deltaBasisPoints : -deltaBasisPoints)) / 10_000);

    public void Begin(long price, long micros)
    {
        SinceMicros = micros;
        Extreme = price;
    }

    /// <summary>The market traded between two prices: true when it came back far enough. What is new and better only counts for what comes after.</summary>
    public bool Follow(long low, long high)
    {
        bool isReached = triggersAbove ? high >= Level : low <= Level;
        Extreme = triggersAbove ? Math.Min(Extreme, low) : Math.Max(Extreme, high);
        return isReached;
    }
}
