namespace Peregrine.Binance.Orders;

/// <summary>
/// Placements per ten seconds. The exchange counts in buckets of its own clock (:00, :10, …); so do we, and what it says about staying away counts too.
/// Cancels and queries are not counted there and are not here.
/// </summary>
public sealed class OrderRate(int per10Seconds)
{
    private const long BucketMicros = 10_000_000;

    private long _bucket;
    private int _used;
    private long _blockedUntilMicros;

    /// <summary>Whether one more may leave now, by the exchange's clock.</summary>
    public bool TryTake(long serverNowMicros)
    {
        if (serverNowMicros < _blockedUntilMicros) return false;
        long bucket = serverNowMicros / BucketMicros;
        if (bucket != _bucket)
        {
            _bucket = bucket;
            _used = 0;
        }
        if (_used >= per10Seconds) return false;
        _used++;
        return true;
    }

    /// <summary>A placement that did not leave after all.</summary>
    public void GiveBack() => _used = Math.Max(0, _used - 1);

    /// <summary>The exchange refused for too many: nothing before that time, or before the next bucket where it names none.</summary>
    public void Block(long serverNowMicros, long untilMicros) =>
        _blockedUntilMicros = Math.Max(_blockedUntilMicros, untilMicros > 0 ? untilMicros : ((serverNowMicros / BucketMicros) + 1) * BucketMicros);
}
