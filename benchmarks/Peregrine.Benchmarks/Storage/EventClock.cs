namespace Peregrine.Benchmarks.Storage;

/// <summary>A clock that stands where the events are: a recording is then made with the batches and checkpoints of its own time, as fast as it goes.</summary>
internal sealed class EventClock : TimeProvider
{
    private long _nanos;

    internal long Nanos
    {
        get => _nanos;
        set => _nanos = Math.Max(_nanos, value);
    }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => _nanos;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_nanos / 100);
}
