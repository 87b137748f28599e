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

    /// <summary>Levels that are applied together; also the least capacity.</summary>
    private const int RunMax = 64;

    private readonly long _sign;
    private readonly Change[] _changes = new Change[RunMax];
    private Level[] _levels;
    private int _count;

    /// <summary>A level that comes or goes.</summary>
    private struct Change
    {
        public Level Level;
        public int At;
        public int Place;
        public int Shift;

        public readonly bool IsInsert => Level.Quantity.Raw > 0;
    }

    /// <param name="side">Buy: the highest price is best. Sell: the lowest.</param>
    /// <param name="capacity">Levels there is room for at first.</param>
    public BookSide(Side side, int capacity)
    {
        _sign = side.Sign();
        _levels = new Level[Math.Max(capacity, RunMax)];
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
        Level level = new(price, quantity);
        Apply(new ReadOnlySpan<Level>(in level));
    }

    /// <summary>Sets levels; one without quantity goes. They may come in any order; best first, as the exchange sends them, is quickest.</summary>
    public void Apply(ReadOnlySpan<Level> levels)
    {
        while (!levels.IsEmpty) levels = levels[ApplyRun(levels)..];
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Span<Level> destination)
    {
        int count = Math.Min(destination.Length, _count);
        for (int i = 0; i < count; i++) destination[i] = _levels[_count - 1 - i];
        return count;
    }

    /// <summary>
    /// Takes the levels that run from better to worse, and returns how many those are. Each is looked for from the one before it on, and what was inserted and
    /// removed moves everything between at most once: where as many came as went, nothing.
    /// </summary>
    private int ApplyRun(ReadOnlySpan<Level> levels)
    {
        int most = Math.Min(levels.Length, RunMax);
        MakeRoom(most);
        int from = _count, changes = 0, taken = 0;
        long before = 0;
        for (; taken < most; taken++)
        {
            ref readonly Level level = ref levels[taken];
            long key = _sign * level.Price.Raw;
            if (taken > 0 && key >= before) break;
            before = key;
            int at = Find(key, from);
            bool found = at < from && _levels[at].Price == level.Price;
            from = at;
            bool isLevel = level.Quantity.Raw > 0;
            if (found && isLevel) _levels[at] = level;
            else if (found || isLevel) _changes[changes++] = new Change { At = at, Level = level };
        }
        if (changes > 0) Move(changes);
        return taken;
    }

    /// <summary>The first of the places before <paramref name="end"/> whose key is not below the given one, or the end: looked for from there on in steps that double.</summary>
    private int Find(long key, int end)
    {
        long sign = _sign;
        Level[] levels = _levels;
        int high = end, low = high - 1;
        for (int step = 1; low >= 0 && sign * levels[low].Price.Raw > key; step <<= 1)
        {
            high = low;
            low -= step;
        }
        for (low = Math.Max(low, 0); low < high;)
        {
            int middle = (low + high) >>> 1;
            if (sign * levels[middle].Price.Raw < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Inserts and removes; the changes stand from the best to the worst, their places are those before any of them.</summary>
    private void Move(int changes)
    {
        // Between two changes lies a segment that moves as one, by what was inserted less what was removed on its worse side. Segments keep their order, so those that
        // go down may go first, the worst before the others, and then those that go up, the best before the others: none is written over before it was moved.
        int shift = 0;
        for (int i = changes - 1; i >= 0; i--)
        {
            ref Change change = ref _changes[i];
            change.Place = change.At + shift;
            shift += change.IsInsert ? 1 : -1;
            change.Shift = shift;
            if (shift < 0) MoveSegment(i);
        }
        for (int i = 0; i < changes; i++)
            if (_changes[i].Shift > 0) MoveSegment(i);
        for (int i = 0; i < changes; i++)
            if (_changes[i].IsInsert) _levels[_changes[i].Place] = _changes[i].Level;
        _count += shift;
    }

    /// <summary>The levels from a change up to the next better one.</summary>
    private void MoveSegment(int i)
    {
        ref Change change = ref _changes[i];
        int from = change.IsInsert ? change.At : change.At + 1;
        int length = (i == 0 ? _count : _changes[i - 1].At) - from;
        if (length > 0) _levels.AsSpan(from, length).CopyTo(_levels.AsSpan(from + change.Shift));
    }

    private void MakeRoom(int levels)
    {
        if (_count + levels <= _levels.Length) return;
        if (_levels.Length < LevelsMax)
        {
            Array.Resize(ref _levels, _levels.Length * 2);
            return;
        }
        // The farthest eighth goes at once, so that a full book does not move everything at each new level.
        int dropped = _count / 8;
        _levels.AsSpan(dropped, _count - dropped).CopyTo(_levels);
        _count -= dropped;
    }
}
