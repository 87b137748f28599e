using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>How far the exchange's clock is ahead of ours, from the quickest answer. Written by one thread, read by any.</summary>
public sealed class ServerClock(TimeProvider time)
{
    private long _offsetMicros;
    private long _roundTripMicros = long.MaxValue;

    /// <summary>Whether it was ever measured.</summary>
    public bool IsKnown => Volatile.Read(ref _roundTripMicros) != long.MaxValue;

    /// <summary>Exchange minus ours.</summary>
    public long OffsetMicros => Volatile.Read(ref _offsetMicros);

    /// <summary>Of the measurement that counts: the offset is uncertain by half of it.</summary>
    public long RoundTripMicros => Volatile.Read(ref _roundTripMicros);

    /// <summary>The exchange's clock now.</summary>
    public long NowMicros => time.GetUnixMicros() + OffsetMicros;

    /// <summary>Begins a new series: drift would make an old quick answer worse than a new slow one.</summary>
    internal void Set(long offsetMicros, long roundTripMicros)
    {
        Volatile.Write(ref _offsetMicros, offsetMicros);
        Volatile.Write(ref _roundTripMicros, roundTripMicros);
    }
}
