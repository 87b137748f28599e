namespace Peregrine.Binance.Wire;

/// <summary>
/// Capped exponential backoff with full jitter: each wait is anything between nothing and a bound that doubles, so that many clients that lost the
/// same server do not come back together.
/// </summary>
public sealed class Backoff(TimeSpan first, TimeSpan cap, Random random)
{
    private int _failures;

    /// <summary>The wait before the next try.</summary>
    public TimeSpan Next()
    {
        double bound = Math.Min(cap.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(_failures, 30)));
        _failures++;
        return TimeSpan.FromMilliseconds(bound * random.NextDouble());
    }

    /// <summary>The last try held: the next wait is short again.</summary>
    public void Reset() => _failures = 0;
}
