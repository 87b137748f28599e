using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// The levels near the best price, a place for every tick: setting one is a multiplication, a store and a bit, whatever it does to the book, so that the processor has nothing to guess.
/// Ticks grow towards the better price on both sides. The places are a ring: the window moves without anything being copied.
/// </summary>
/// <remarks>Nothing is allocated after the constructor, and memory that a window does not reach is never touched.</remarks>
internal sealed class PriceLadder
{
    /// <summary>Ticks there is a place for at most: 128 KiB a side.</summary>
    private const int TicksMax = 16_384;

    /// <summary>With fewer, a window that moves by whole words might not move at all.</summary>
    private const int TicksMin = 256;

    /// <summary>A window that does not reach at least this part of the price from the best level on is of no use: nearly every level would lie beyond it.</summary>
    private const long UsefulPart = 2_000;

    /// <summary>A window reaches about this part of the price, where that is not too many ticks: nine of ten changes of a liquid book lie within.</summary>
    private const long WishedPart = 400;

    private const int WordBits = 64;

    private readonly StepGrid _grid;
    private readonly long _tickSize;
    private readonly long _sign;
    private readonly long[] _quantities = GC.AllocateUninitializedArray<long>(TicksMax); // By tick modulo the window's size. What a place holds that is not taken means nothing.
    private readonly ulong[] _taken = new ulong[TicksMax / WordBits]; // A bit for every place.
    private int _places = TicksMin; // The window's size, a power of two.
    private long _low; // The worst tick of the window; a multiple of 64.
    private long _best;

    /// <param name="tickSize">Raw.</param>
    /// <param name="sign">1 where the highest price is best, -1 where the lowest is.</param>
    public PriceLadder(long tickSize, long sign)
    {
        _grid = new StepGrid(tickSize);
        _tickSize = tickSize;
        _sign = sign;
    }

    /// <summary>Taken places.</summary>
    public int Count { get; private set; }

    /// <summary>The best tick, or less than the window's worst where no place is taken.</summary>
    public long BestTick => _best;

    /// <summary>Whether no level is left, or the best has come so far down that the window's upper half is empty.</summary>
    public bool IsLow => _best - _low < _places / 2;

    /// <summary>The best level; there must be one.</summary>
    public Level Best => At(_best);

    /// <summary>Whether a window of the greatest size is worth having at a price of so many ticks.</summary>
    public static bool IsUseful(long ticks) => ticks / UsefulPart <= TicksMax;

    /// <summary>Empties all and lays a window that suits a price so that the price is in its upper eighth; false where the ticks are too fine for one or the price lies beside them.</summary>
    public bool TryPlace(long price)
    {
        if (!TryTick(price, out long best) || !IsUseful(price / _tickSize)) return false;
        _taken.AsSpan(0, _places / WordBits).Clear();
        _places = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(price / _tickSize / WishedPart, TicksMin, TicksMax));
        Count = 0;
        _low = LowFor(best);
        _best = _low - 1;
        return true;
    }

    /// <summary>The tick of a price, if it lies on the grid.</summary>
    public bool TryTick(long price, out long tick)
    {
        bool isOnGrid = _grid.TryDivide(price, out long multiple);
        tick = _sign * multiple;
        return isOnGrid;
    }

    /// <summary>The key of a tick: its price, negated where the lowest is best.</summary>
    public long Key(long tick) => tick * _tickSize;

    /// <summary>The tick of a key that lies on the grid.</summary>
    public long Tick(long key) => key / _tickSize;

    /// <summary>Whether a tick has a place; else <paramref name="isBetter"/> says on which side of the window it lies.</summary>
    public bool Covers(long tick, out bool isBetter)
    {
        isBetter = tick >= _low;
        return (ulong)(tick - _low) < (ulong)_places;
    }

    /// <summary>Sets levels from the first on, and returns how many there were before one that lies beyond the window or beside the grid.</summary>
    public int Apply(ReadOnlySpan<Level> levels)
    {
        (int count, int done) = (Count, 0);
        for (; done < levels.Length; done++)
        {
            ref readonly Level level = ref levels[done];
            if (!TryTick(level.Price.Raw, out long tick) || (ulong)(tick - _low) >= (ulong)_places) break;
            count += Put(tick, level.Quantity.Raw);
        }
        Count = count;
        return done;
    }

    /// <summary>Sets the level of a tick that the window covers.</summary>
    public void Set(long tick, long quantity) => Count += Put(tick, quantity);

    /// <summary>Moves the window towards better prices until a tick is in its upper eighth. Levels that fall out go to others, the worst first.</summary>
    public void Raise(long best, SortedLevels fallen) => Empty(LowFor(best), fallen);

    /// <summary>Gives every level to others, the worst first.</summary>
    public void Spill(SortedLevels to) => Empty(_low + _places, to);

    /// <summary>Moves the window towards worse prices until a tick, which must be the best of all, is in its upper eighth, and takes in what others have there.</summary>
    public void Lower(long best, SortedLevels from)
    {
        _low = LowFor(best);
        if (Count == 0) _best = _low - 1;
        while (from.Count > 0 && from.BestKey >= Key(_low))
        {
            (long key, long quantity) = from.TakeBest();
            Set(Tick(key), quantity);
        }
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Span<Level> destination)
    {
        ref long quantities = ref MemoryMarshal.GetArrayDataReference(_quantities);
        ref ulong taken = ref MemoryMarshal.GetArrayDataReference(_taken);
        (int places, int words, long step) = (_places - 1, (_places / WordBits) - 1, _sign * _tickSize);
        destination = destination[..Math.Min(Count, destination.Length)];
        long word = _best >> 6; // No bit is taken above the best, so whole words will do.
        ulong bits = Unsafe.Add(ref taken, (int)word & words);
        foreach (ref Level level in destination)
        {
            while (bits == 0) bits = Unsafe.Add(ref taken, (int)--word & words);
            int bit = BitOperations.Log2(bits);
            bits ^= 1UL << bit;
            long tick = (word << 6) + bit;
            level = new Level(new Price(tick * step), new Quantity(Unsafe.Add(ref quantities, (int)tick & places)));
        }
        return destination.Length;
    }

    private long LowFor(long best) => (best - (_places / 8 * 7) + WordBits - 1) & -WordBits;

    private Level At(long tick) => new(new Price(_sign * Key(tick)), new Quantity(_quantities[(int)tick & (_places - 1)]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Word(long word) => ref _taken[(int)word & ((_places / WordBits) - 1)];

    /// <summary>Returns by how much the number of levels changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Put(long tick, long quantity)
    {
        _quantities[(int)tick & (_places - 1)] = quantity;
        ref ulong word = ref Word(tick >> 6);
        ulong bit = 1UL << (int)tick;
        bool isThere = quantity > 0;
        ulong before = word;
        ulong after = (before & ~bit) | (isThere ? bit : 0);
        word = after;
        if (tick >= _best) MoveBest(tick, isThere);
        return BitOperations.PopCount(after) - BitOperations.PopCount(before);
    }

    private void MoveBest(long tick, bool isThere)
    {
        if (isThere) _best = tick;
        else if (tick == _best) _best = NextBelow(tick);
    }

    /// <summary>The best taken tick where none is taken from the given one on, or less than the window's worst.</summary>
    private long NextBelow(long tick)
    {
        for (long word = tick >> 6; word >= _low >> 6; word--)
            if (Word(word) is var bits and not 0) return (word << 6) + BitOperations.Log2(bits);
        return _low - 1;
    }

    /// <summary>The window begins at <paramref name="low"/> now, which is not worse than where it began.</summary>
    private void Empty(long low, SortedLevels fallen)
    {
        long words = Math.Min((low - _low) >> 6, _places / WordBits);
        for (long word = _low >> 6; words > 0; words--, word++)
        {
            ulong bits = Word(word);
            Word(word) = 0;
            Count -= BitOperations.PopCount(bits);
            for (; bits != 0; bits &= bits - 1)
            {
                long tick = (word << 6) + BitOperations.TrailingZeroCount(bits);
                fallen.Apply(Key(tick), _quantities[(int)tick & (_places - 1)]);
            }
        }
        _low = low;
    }
}
