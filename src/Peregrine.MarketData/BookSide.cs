using System.Runtime.CompilerServices;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// One side of a book: an array sorted so that the best level is the last. Nearly every change happens near the best price, where finding it
/// takes a step or two and making room moves next to nothing.
/// </summary>
internal sealed class BookSide
{
    /// <summary>
    /// Levels kept at most. The exchange never says that a far level is gone for good, so a book that lives for weeks would grow without end;
    /// the far levels that are let go are hundreds of times deeper than any order looks.
    /// </summary>
    public const int LevelsMax = 65_536;

    /// <summary>Levels looked at one by one before a binary search takes over.</summary>
    private const int NearLevels = 8;

    private readonly long _sign;
    private Level[] _levels;
    private int _count;

    /// <param name="side">Buy: the highest price is best. Sell: the lowest.</param>
    /// <param name="capacity">Levels there is room for at first.</param>
    public BookSide(Side side, int capacity)
    {
        _sign = side.Sign();
        _levels = new Level[capacity];
    }

    public int Count => _count;

    /// <summary>The best level, all zero where there is none.</summary>
    public Level Best
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _count == 0 ? default : _levels[_count - 1];
    }

    public void Clear() => _count = 0;

    public void Apply(Price price, Quantity quantity)
    {
        int at = Find(price, out bool found);
        if (quantity.Raw > 0)
        {
            if (found) _levels[at] = new Level(price, quantity);
            else Insert(at, new Level(price, quantity));
        }
        else if (found)
        {
            _levels.AsSpan(at + 1, _count - at - 1).CopyTo(_levels.AsSpan(at));
            _count--;
        }
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Span<Level> destination)
    {
        int count = Math.Min(destination.Length, _count);
        for (int i = 0; i < count; i++) destination[i] = _levels[_count - 1 - i];
        return count;
    }

    // Where the price is, or where it belongs. Keys grow towards the end of the array.
    private int Find(Price price, out bool found)
    {
        long key = _sign * price.Raw;
        int at = _count - 1;
        int near = Math.Max(-1, at - NearLevels);
        for (; at > near; at--)
        {
            long other = _sign * _levels[at].Price.Raw;
            if (other > key) continue;
            found = other == key;
            return found ? at : at + 1;
        }

        int low = 0;
        int high = at + 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sign * _levels[middle].Price.Raw < key) low = middle + 1;
            else high = middle;
        }
        found = low <= at && _levels[low].Price == price;
        return low;
    }

    private void Insert(int at, Level level)
    {
        if (_count == _levels.Length)
        {
            if (_count < LevelsMax)
            {
                Array.Resize(ref _levels, _count * 2);
            }
            else
            {
                // The farthest eighth goes at once, so that a full book does not move everything at each new level.
                int dropped = _count / 8;
                if (at < dropped) return;
                _levels.AsSpan(dropped, _count - dropped).CopyTo(_levels);
                _count -= dropped;
                at -= dropped;
            }
        }
        _levels.AsSpan(at, _count - at).CopyTo(_levels.AsSpan(at + 1));
        _levels[at] = level;
        _count++;
    }
}
