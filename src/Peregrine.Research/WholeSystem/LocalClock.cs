using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>The box's own clock: the exchange's virtual time, wrong by what the faults made of it. Its monotonic side never steps.</summary>
internal sealed class LocalClock(VirtualExchange exchange) : TimeProvider
{
    /// <summary>How far the wall clock is off, microseconds.</summary>
    public long OffsetMicros { get; set; }

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => exchange.NowMicros;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks((exchange.NowMicros + OffsetMicros) * TimeSpan.TicksPerMicrosecond);
}
