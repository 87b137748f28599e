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
internal sealed class PriceLadder
{
    /// <summary>Ticks there is a place for at most: 128 KiB a side.</summary>
    public const int TicksMax = 16_384;

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
    private readonly long[] _quantities; // By tick modulo their number. What a place holds that is not taken means nothing.
    private readonly ulong[] _taken; // A bit for every place.
    private long _low; // The worst tick of the window; a multiple of 64.
    private long _best;

    private PriceLadder(int ticks, long tickSize, long sign)
    {
        _grid = new StepGrid(tickSize);
        _tickSize = tickSize;
        _sign = sign;
        _quantities = new long[ticks];
        _taken = new ulong[ticks / WordBits];
    }

    /// <summary>Taken places.</summary>
    public int Count { get; private set; }

    /// <summary>The best tick, or less than the window's worst where no place is taken.</summary>
    public long BestTick => _best;

    /// <summary>Whether no level is left, or the best has come so far down that the window's upper half is empty.</summary>
    public bool IsLow => _best - _low < _quantities.Length / 2;

    /// <summary>The best level; there must be one.</summary>
    public Level Best => At(_best);

    /// <summary>A ladder for a price, or none where the ticks are too fine for one. A ladder that is there already is used again if it is large enough.</summary>
    /// <param name="price">The best price, raw.</param>
    /// <param name="tickSize">Raw.</param>
    /// <param name="sign">1 where the highest price is best, -1 where the lowest is.</param>
    /// <param name="old">One of the same tick size and sign, or none.</param>
    public static PriceLadder? For(long price, long tickSize, long sign, PriceLadder? old)
    {
        if (tickSize <= 0 || !IsUseful(price / tickSize)) return null;
        int wished = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(price / tickSize / WishedPart, TicksMin, TicksMax));
        return old is not null && old._quantities.Length >= wished ? old : new PriceLadder(wished, tickSize, sign);
    }

    /// <summary>Whether a window of the greatest size is worth having at a price of so many ticks.</summary>
    public static bool IsUseful(long ticks) => ticks / UsefulPart <= TicksMax;

    /// <summary>Empties all and lays the window so that a tick is in its upper eighth.</summary>
    public void Place(long best)
    {
        _taken.AsSpan().Clear();
        Count = 0;
        _low = LowFor(best);
        _best = _low - 1;
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

    /// <summary>Whether a tick has a place; else <paramref name="isBetter"/> says on which side of the window it lies.</summary>
    public bool Covers(long tick, out bool isBetter)
    {
        isBetter = tick >= _low;
        return (ulong)(tick - _low) < (ulong)_quantities.Length;
    }

    /// <summary>Sets levels from the first on, and returns how many there were before one that lies beyond the window or beside the grid.</summary>
    public int Apply(ReadOnlySpan<Level> levels)
    {
        long[] quantities = _quantities;
        ulong[] taken = _taken;
        int count = Count, done = 0;
        for (; done < levels.Length; done++)
        {
            ref readonly Level level = ref levels[done];
            if (!TryTick(level.Price.Raw, out long tick) || (ulong)(tick - _low) >= (ulong)quantities.Length) break;
            count += Set(quantities, taken, tick, level.Quantity.Raw);
        }
        Count = count;
        return done;
    }

    /// <summary>Sets the level of a tick that the window covers.</summary>
    public void Set(long tick, long quantity) => Count += Set(_quantities, _taken, tick, quantity);

    /// <summary>Moves the window towards better prices until a tick is in its upper eighth. Levels that fall out go to others, the worst first.</summary>
    public void Raise(long best, SortedLevels fallen) => Empty(LowFor(best), fallen);

    /// <summary>Gives every level to others, the worst first.</summary>
    public void Spill(SortedLevels to) => Empty(_low + _quantities.Length, to);

    /// <summary>Moves the window towards worse prices until a tick, which must be the best of all, is in its upper eighth, and takes in what others have there.</summary>
    public void Lower(long best, SortedLevels from)
    {
        _low = LowFor(best);
        if (Count == 0) _best = _low - 1;
        while (from.Count > 0 && from.BestKey >= Key(_low))
        {
            (long key, long quantity) = from.TakeBest();
            Set(key / _tickSize, quantity);
        }
    }

    /// <summary>Copies the best levels, best first, and returns how many there were.</summary>
    public int Top(Span<Level> destination)
    {
        ref long quantities = ref MemoryMarshal.GetArrayDataReference(_quantities);
        ref ulong taken = ref MemoryMarshal.GetArrayDataReference(_taken);
        (int places, int words, long step) = (_quantities.Length - 1, _taken.Length - 1, _sign * _tickSize);
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

    private long LowFor(long best) => (best - (_quantities.Length / 8 * 7) + WordBits - 1) & -WordBits;

    private Level At(long tick) => new(new Price(_sign * Key(tick)), new Quantity(_quantities[(int)tick & (_quantities.Length - 1)]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Word(long word) => ref _taken[(int)word & (_taken.Length - 1)];

    /// <summary>Returns by how much the number of levels changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Set(long[] quantities, ulong[] taken, long tick, long quantity)
    {
        quantities[(int)tick & (quantities.Length - 1)] = quantity;
        ref ulong word = ref taken[(int)(tick >> 6) & (taken.Length - 1)];
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

    /// <summary>The best taken tick below one, or less than the window's worst.</summary>
    private long NextBelow(long tick)
    {
        long word = tick >> 6;
        ulong bits = Word(word) & ((1UL << (int)tick) - 1);
        while (bits == 0)
        {
            if (--word < _low >> 6) return _low - 1;
            bits = Word(word);
        }
        return (word << 6) + WordBits - 1 - BitOperations.LeadingZeroCount(bits);
    }

    /// <summary>The window begins at <paramref name="low"/> now, which is not worse than where it began.</summary>
    private void Empty(long low, SortedLevels fallen)
    {
        long words = Math.Min((low - _low) >> 6, _taken.Length);
        for (long word = _low >> 6; words > 0; words--, word++)
        {
            ulong bits = Word(word);
            Word(word) = 0;
            Count -= BitOperations.PopCount(bits);
            for (; bits != 0; bits &= bits - 1)
            {
                long tick = (word << 6) + BitOperations.TrailingZeroCount(bits);
                fallen.Apply(Key(tick), _quantities[(int)tick & (_quantities.Length - 1)]);
            }
        }
        _low = low;
        if (Count == 0) _best = low - 1;
    }
}
