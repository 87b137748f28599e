using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// Levels in two arrays, keys and quantities, sorted so that the best (the greatest key) is the last. A level that goes leaves its place empty, key and all: mostly
/// the same price, or one beside it, comes back, and then nothing has to move.
/// </summary>
internal sealed class SortedLevels
{
    /// <summary>
    /// Levels kept at most. The exchange never says that a far level is gone for good, so a book that lives for weeks would grow without end;
    /// the far levels that are let go are hundreds of times deeper than any order looks.
    /// </summary>
    public const int LevelsMax = 65_536;

    /// <summary>Levels that are looked at one after the other, several at once, before the search begins to jump.</summary>
    private const int NearLevels = 64;

    /// <summary>How far an empty place is looked for when a level comes, before all better ones move instead.</summary>
    private const int ReachMax = 48;

    private const int CapacityMin = 16;

    private long[] _keys;
    private long[] _quantities; // 0 in an empty place. The last place is never empty.
    private int _places;
    private int _cursor; // Where the last level lay: the next one of a diff is mostly worse than it.

    /// <param name="capacity">Levels there is room for at first.</param>
    public SortedLevels(int capacity)
    {
        _keys = new long[Math.Max(capacity, CapacityMin)];
        _quantities = new long[_keys.Length];
    }

    public int Count { get; private set; }

    /// <summary>The key of the best level; there must be one.</summary>
    public long BestKey => _keys[_places - 1];

    /// <summary>The quantity of the best level; there must be one.</summary>
    public long BestQuantity => _quantities[_places - 1];

    public void Clear() => Count = _places = _cursor = 0;

    /// <summary>Sets a level; one without quantity goes. Quickest if called for the better of two levels first.</summary>
    public void Apply(long key, long quantity)
    {
        int end = _cursor;
        if (end >= _places || _keys[end] <= key) end = _places;
        _cursor = Apply(key, quantity, end);
    }

    /// <summary>Takes the best level away; there must be one.</summary>
    public (long Key, long Quantity) TakeBest()
    {
        (long Key, long Quantity) best = (BestKey, BestQuantity);
        _quantities[_places - 1] = 0;
        Remove(_places - 1);
        return best;
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Span<Level> destination, long sign)
    {
        int count = 0;
        for (int place = _places - 1; place >= 0 && count < destination.Length; place--)
            if (_quantities[place] != 0) destination[count++] = new Level(new Price(sign * _keys[place]), new Quantity(_quantities[place]));
        return count;
    }

    /// <summary>Returns where the level lies now or would lie: all that are worse lie before it.</summary>
    /// <param name="end">What lies from here on is better.</param>
    private int Apply(long key, long quantity, int end)
    {
        int at = Find(key, end);
        if (at < end && _keys[at] == key)
        {
            long before = _quantities[at];
            _quantities[at] = Math.Max(quantity, 0);
            if (quantity > 0) Count += before == 0 ? 1 : 0;
            else if (before != 0) Remove(at);
            return at;
        }
        return quantity > 0 ? Insert(at, key, quantity) : at;
    }

    private void Remove(int at)
    {
        Count--;
        if (at != _places - 1) return;
        do _places--;
        while (_places > 0 && _quantities[_places - 1] == 0);
    }

    /// <summary>The first of the places before <paramref name="end"/> whose key is not below the given one, or the end.</summary>
    private int Find(long key, int end)
    {
        ref long keys = ref MemoryMarshal.GetArrayDataReference(_keys);
        if (Vector.IsHardwareAccelerated)
        {
            // Most are near. One load after the other, none of which waits for the one before, is quicker than jumps that do.
            var wanted = new Vector<long>(key);
            for (int last = Math.Max(end - NearLevels, 0); end - Vector<long>.Count >= last; end -= Vector<long>.Count)
            {
                Vector<long> below = Vector.LessThan(Vector.LoadUnsafe(ref keys, (nuint)(end - Vector<long>.Count)), wanted);
                if (below != Vector<long>.Zero) return end - Vector<long>.Count - (int)Vector.Sum(below); // Each that is below counts as -1, and they stand first.
            }
        }
        // A window before the end that grows until it reaches far enough, then halved without a branch, because nobody could guess which way it goes.
        int size = NearLevels;
        while (size < end && Unsafe.Add(ref keys, end - size) > key) size *= 4;
        int low = Math.Max(0, end - size);
        for (int left = end - low; left > 0;)
        {
            int half = (left + 1) >> 1;
            long below = (Unsafe.Add(ref keys, low + half - 1) - key) >> 63; // All ones or none. The difference fits: prices have one sign.
            low += half & (int)below;
            left -= half;
        }
        return low;
    }

    private int Insert(int at, long key, long quantity)
    {
        if (_places == _keys.Length) at -= MakeRoom(key, at);
        if (at < 0) return 0; // Too far away for a full book.
        int place = Open(at);
        _keys[place] = key;
        _quantities[place] = quantity;
        Count++;
        return place;
    }

    /// <summary>Makes a place free that lies between the one before <paramref name="at"/> and it, with as little moving as can be; returns which.</summary>
    private int Open(int at)
    {
        int worse = at - 1, better = at;
        for (int step = 0; step < ReachMax; step++, worse--, better++)
        {
            if (better < _places && _quantities[better] == 0)
            {
                Shift(at, better, 1);
                return at;
            }
            if (worse >= 0 && _quantities[worse] == 0)
            {
                Shift(worse + 1, at, -1);
                return at - 1;
            }
            if (better >= _places) break; // So near to the best, moving those that are better is as good.
        }
        Shift(at, _places, 1);
        _places++;
        return at;
    }

    private void Shift(int from, int end, int by)
    {
        if (end <= from) return;
        _keys.AsSpan(from, end - from).CopyTo(_keys.AsSpan(from + by));
        _quantities.AsSpan(from, end - from).CopyTo(_quantities.AsSpan(from + by));
    }

    /// <summary>Every place is taken: the empty ones go if they are many, else the arrays grow, else the farthest levels go. Returns by how much the place of the key became less.</summary>
    private int MakeRoom(long key, int at)
    {
        if (Count <= _places - (_places / 4)) Compact();
        else if (_keys.Length < LevelsMax) Grow();
        else return Drop();
        return at - Find(key, _places);
    }

    private void Compact()
    {
        int kept = 0;
        for (int place = 0; place < _places; place++)
        {
            if (_quantities[place] == 0) continue;
            _keys[kept] = _keys[place];
            _quantities[kept++] = _quantities[place];
        }
        _places = kept;
    }

    /// <summary>The farthest eighth goes at once, so that a full book does not move everything at each new level.</summary>
    private int Drop()
    {
        int dropped = _places / 8;
        Shift(dropped, _places, -dropped);
        _places -= dropped;
        Count = _places - _quantities.AsSpan(0, _places).Count(0);
        return dropped;
    }

    private void Grow()
    {
        Array.Resize(ref _keys, _keys.Length * 2);
        Array.Resize(ref _quantities, _keys.Length);
    }
}
