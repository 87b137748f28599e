namespace Peregrine.Strategy.Features;

/// <summary>The mid price on a grid of time cells, and what follows from it: returns, and the volatility of one-second returns.</summary>
internal sealed class MidSeries
{
    private readonly int _cellsPerSecond;
    private readonly double[] _cells;
    private readonly double[] _squares;
    private long _now = long.MinValue;
    private long _filled;
    private double _mid;
    private double _secondMid;
    private long _seconds;

    /// <param name="cellsPerSecond">Cells of the grid in a second.</param>
    /// <param name="returnSecondsMax">The longest return that will be asked for.</param>
    /// <param name="volatilitySeconds">One-second returns that the volatility takes in.</param>
    public MidSeries(int cellsPerSecond, int returnSecondsMax, int volatilitySeconds)
    {
        _cellsPerSecond = cellsPerSecond;
        _cells = new double[(cellsPerSecond * returnSecondsMax) + 2];
        _squares = new double[volatilitySeconds];
    }

    /// <summary>Whether there was a mid price at all.</summary>
    public bool HasMid => _mid > 0;

    public double Mid => _mid;

    /// <summary>One-second returns seen, at most a window of them.</summary>
    public int Returns => (int)Math.Min(_seconds, _squares.Length);

    /// <summary>Root mean square of the one-second log returns in the window, 0 before the first.</summary>
    public double Volatility { get; private set; }

    /// <summary>Moves on to a cell of time, numbered from 1970 on: the cells passed keep the mid as it was.</summary>
    public void Advance(long cell)
    {
        if (_now == long.MinValue || !HasMid)
        {
            _now = cell;
            return;
        }
        for (; _now < cell; _now++)
        {
            _cells[Slot(_now)] = _mid;
            _filled++;
            if ((_now + 1) % _cellsPerSecond == 0) CloseSecond();
        }
    }

    /// <summary>Takes in the mid price as it is now.</summary>
    public void Add(double mid) => _mid = mid;

    /// <summary>The log return from the end of the last cell that is at least so many seconds old until now; false while the series is too short.</summary>
    public bool TryReturn(int seconds, out double value)
    {
        int cells = (seconds * _cellsPerSecond) + 1;
        value = 0;
        if (_filled < cells) return false;
        value = Math.Log(_mid / _cells[Slot(_now - cells)]);
        return true;
    }

    public void Reset()
    {
        _now = long.MinValue;
        _filled = 0;
        _mid = 0;
        _secondMid = 0;
        _seconds = 0;
        Volatility = 0;
    }

    private void CloseSecond()
    {
        if (_secondMid > 0)
        {
            double change = Math.Log(_mid / _secondMid);
            _squares[(int)(_seconds++ % _squares.Length)] = change * change;
            // Added up anew each second: a running sum would drift, and never be zero again after a quiet time.
            double sum = 0;
            int count = Returns;
            for (int i = 0; i < count; i++) sum += _squares[i];
            Volatility = Math.Sqrt(sum / count);
        }
        _secondMid = _mid;
    }

    private int Slot(long cell) => (int)((ulong)cell % (ulong)_cells.Length);
}
