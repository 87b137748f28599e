namespace Peregrine.Strategy.Features;

/// <summary>
/// Bought and sold quantity and the number of trades over several windows at once: a ring of time cells, and a running sum for each window. Sums are
/// whole numbers, so that they never drift. A window holds the cell that is being filled and the full ones before it.
/// </summary>
internal sealed class TradeWindows
{
    private readonly Cell[] _cells;
    private readonly int[] _lengths;
    private readonly Cell[] _sums;
    private long _now = long.MinValue;

    internal struct Cell
    {
        public Int128 Bought;
        public Int128 Sold;
        public long Trades;
    }

    /// <param name="windowCells">The length of each window in cells.</param>
    public TradeWindows(int[] windowCells)
    {
        _lengths = windowCells;
        _sums = new Cell[windowCells.Length];
        _cells = new Cell[windowCells.Length == 0 ? 1 : windowCells.Max() + 1];
    }

    public ref readonly Cell Sum(int window) => ref _sums[window];

    /// <summary>Moves on to a cell of time, numbered from 1970 on.</summary>
    public void Advance(long cell)
    {
        if (_now == long.MinValue || cell - _now >= _cells.Length)
        {
            Array.Clear(_cells);
            Array.Clear(_sums);
            _now = cell;
            return;
        }
        while (_now < cell)
        {
            _now++;
            for (int i = 0; i < _lengths.Length; i++)
            {
                ref Cell leaving = ref _cells[Slot(_now - _lengths[i])];
                _sums[i].Bought -= leaving.Bought;
                _sums[i].Sold -= leaving.Sold;
                _sums[i].Trades -= leaving.Trades;
            }
            _cells[Slot(_now)] = default;
        }
    }

    /// <summary>Counts a trade (or an aggregate of several) in the present cell.</summary>
    public void Add(long quantity, bool takerBought, long trades)
    {
        Count(ref _cells[Slot(_now)], quantity, takerBought, trades);
        foreach (ref Cell sum in _sums.AsSpan()) Count(ref sum, quantity, takerBought, trades);
    }

    public void Reset() => _now = long.MinValue;

    private static void Count(ref Cell cell, long quantity, bool takerBought, long trades)
    {
        if (takerBought) cell.Bought += quantity;
        else cell.Sold += quantity;
        cell.Trades += trades;
    }

    private int Slot(long cell) => (int)((ulong)cell % (ulong)_cells.Length);
}
