using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Binance.Sbe;

/// <summary>Turns the mantissas of one exponent into 1e-8 units, exactly or not at all. The default has no value for anything.</summary>
internal readonly struct SbeScale
{
    /// <summary>Below it nothing but multiples of ten thousand million would be exact; no asset is cut so fine.</summary>
    private const int ExponentMin = -18;

    /// <summary>Above it not even nine hundred would fit.</summary>
    private const int ExponentMax = 8;

    private const int UnitExponent = -8;

    // One for each of the 256 bytes that an exponent can be; most of them have no value for anything.
    private static readonly SbeScale[] All = [.. Enumerable.Range(0, 256).Select(static exponent => Of((sbyte)exponent))];

    private SbeScale(int power)
    {
        Multiplier = Divisor = 1;
        for (int i = 0; i < power; i++) Multiplier *= 10;
        for (int i = 0; i > power; i--) Divisor *= 10;
        MantissaMax = long.MaxValue / Multiplier;
    }

    /// <summary>Units of one mantissa step; 1 where the mantissa is finer than a unit.</summary>
    public long Multiplier { get; }

    /// <summary>Mantissa steps of one unit; 1 where the mantissa is no finer than a unit.</summary>
    public long Divisor { get; }

    /// <summary>The largest mantissa that has a value.</summary>
    public long MantissaMax { get; }

    /// <summary>Whether the exponent is one that has values: from -18 to 8, so that the one that stands for "none" has not.</summary>
    public bool IsKnown => Divisor != 0;

    /// <summary>The scale of an exponent of ten.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly SbeScale For(byte exponent) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(All), (nint)exponent);

    /// <summary>The units of a mantissa from 0 on; false for a negative one (null is the most negative of all), one too large or one too fine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryUnits(long mantissa, out long units)
    {
        units = mantissa * Multiplier;
        if ((ulong)mantissa > (ulong)MantissaMax) return false;
        if (Divisor <= 1) return Divisor == 1;
        (units, long rest) = Math.DivRem(mantissa, Divisor);
        return rest == 0;
    }

    private static SbeScale Of(sbyte exponent) => exponent is >= ExponentMin and <= ExponentMax ? new SbeScale(exponent - UnitExponent) : default;
}
