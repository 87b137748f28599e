namespace Peregrine.MarketData.Trust;

/// <summary>
/// How much later than usual a symbol's events arrive. The two clocks need not agree: the least difference between our receive time and the exchange's event
/// time of the last minutes counts as no lag. Data that wait in a queue, the network's or ours, make the difference grow.
/// </summary>
public struct LagWatch
{
    /// <summary>Later than this is too late to trade on, nanoseconds.</summary>
    public const long LagNanosMax = 1_000_000_000;

    /// <summary>The least difference is that of this window and the one before, nanoseconds.</summary>
    private const long Window = 120_000_000_000;

    private long _least;
    private long _leastBefore;
    private long _windowAge;
    private long _worst;
    private bool _hasAny;
    private bool _hasBefore;

    /// <summary>Whether the newest event came too late.</summary>
    public bool IsLate { get; private set; }

    /// <summary>The largest lag since it was last taken, nanoseconds.</summary>
    public long TakeWorst()
    {
        long worst = _worst;
        _worst = 0;
        return worst;
    }

    /// <summary>An event that has the exchange's time.</summary>
    public void OnEvent(long receiveNanos, long exchangeMicros)
    {
        long difference = receiveNanos - (exchangeMicros * 1_000);
        if (!_hasAny || difference < _least) _least = difference;
        _hasAny = true;
        long lag = difference - (_hasBefore ? Math.Min(_least, _leastBefore) : _least);
        IsLate = lag > LagNanosMax;
        if (lag > _worst) _worst = lag;
    }

    /// <summary>Time went on.</summary>
    /// <param name="nanos">Since the last call.</param>
    /// <param name="clockStepped">Our clock was set meanwhile: what was usual is no more.</param>
    public void Tick(long nanos, bool clockStepped)
    {
        if (clockStepped)
        {
            this = default;
            return;
        }
        _windowAge += nanos;
        if (_windowAge < Window) return;
        _windowAge = 0;
        (_leastBefore, _hasBefore) = (_least, _hasAny);
        _hasAny = false;
    }
}
