namespace Peregrine.Strategy.Features;

/// <summary>
/// Relative strength index with Wilder's smoothing: the first averages are plain means of the first <c>period</c> changes, each later one is
/// (average × (period − 1) + change) / period. J. Welles Wilder, New Concepts in Technical Trading Systems, 1978.
/// </summary>
public sealed class Rsi
{
    // Far below any change of a price: only rounding is left of averages as small as this.
    private const double Nothing = 1e-100;

    private readonly int _period;
    private double _lastClose;
    private double _gain;
    private double _loss;
    private long _closes;

    /// <param name="period">Changes it smooths over.</param>
    public Rsi(int period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 2);
        _period = period;
    }

    /// <summary>Whether <c>period</c> changes were seen, for which it takes one close more.</summary>
    public bool IsReady => _closes > _period;

    /// <summary>0 to 100; 100 without a loss, 0 without a gain, and 50 where the price never moved or too little was seen.</summary>
    public double Value
    {
        get
        {
            if (!IsReady || _gain + _loss < Nothing) return 50;
            if (_loss == 0) return 100;
            return 100 - (100 / (1 + (_gain / _loss)));
        }
    }

    /// <summary>Takes in the close of a bar, in any unit.</summary>
    public void Add(double close)
    {
        double change = close - _lastClose;
        _lastClose = close;
        if (_closes++ == 0) return;

        double gain = change > 0 ? change : 0;
        double loss = change < 0 ? -change : 0;
        if (_closes <= _period + 1)
        {
            _gain += gain;
            _loss += loss;
            if (!IsReady) return;
            _gain /= _period;
            _loss /= _period;
            return;
        }
        _gain = ((_gain * (_period - 1)) + gain) / _period;
        _loss = ((_loss * (_period - 1)) + loss) / _period;
    }

    public void Reset()
    {
        _lastClose = 0;
        _gain = 0;
        _loss = 0;
        _closes = 0;
    }
}
