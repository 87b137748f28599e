namespace Peregrine.Binance.Rest;

/// <summary>
/// What our address may still ask of the exchange in this wall-clock minute. Counts what we spent, believes the server's own count where that is higher,
/// and keeps a reserve. Used by one thread.
/// </summary>
/// <param name="perMinute">Weight the exchange grants per minute.</param>
/// <param name="share">The part of it that may be used here; the rest is for others.</param>
public sealed class WeightBudget(int perMinute, double share, TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly int _allowed = (int)(perMinute * share);
    private long _minute;
    private int _used;
    private DateTimeOffset _blockedUntil;

    /// <summary>Takes the weight and returns zero, or says how long to wait before asking again.</summary>
    public TimeSpan Take(int weight)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _blockedUntil) return _blockedUntil - now;
        long minute = now.UtcTicks / Minute.Ticks;
        if (minute != _minute)
        {
            _minute = minute;
            _used = 0;
        }
        if (_used > 0 && _used + weight > _allowed) return TimeSpan.FromTicks(((minute + 1) * Minute.Ticks) - now.UtcTicks);
        _used += weight;
        return TimeSpan.Zero;
    }

    /// <summary>What may still be spent in this minute.</summary>
    public int Left => time.GetUtcNow().UtcTicks / Minute.Ticks == _minute ? Math.Max(0, _allowed - _used) : _allowed;

    /// <summary>The server's own count of this minute.</summary>
    public void Observe(int usedWeight) => _used = Math.Max(_used, usedWeight);

    /// <summary>The server told us to stay away (429, 418).</summary>
    public void BlockFor(TimeSpan duration)
    {
        DateTimeOffset until = time.GetUtcNow() + duration;
        if (until > _blockedUntil) _blockedUntil = until;
    }
}
