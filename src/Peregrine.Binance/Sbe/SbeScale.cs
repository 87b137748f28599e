using System.Runtime.CompilerServices;

namespace Peregrine.Binance.Sbe;

/// <summary>Turns the mantissas of one exponent into 1e-8 units, exactly or not at all. The default has no value for anything.</summary>
internal readonly struct SbeScale
{
    /// <summary>Below it nothing but multiples of ten thousand million would be exact; no asset is cut so fine.</summary>
    private const int ExponentMin = -18;

    /// <summary>Above it not even nine hundred would fit.</summary>
    private const int ExponentMax = 8;

    private const int UnitExponent = -8;

    private static readonly SbeScale[] All = [.. Enumerable.Range(ExponentMin, ExponentMax - ExponentMin + 1).Select(static exponent => new SbeScale(exponent - UnitExponent))];

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

    /// <summary>The scale of an exponent of ten; false beyond -18 to 8, which takes in the exponent that stands for "none".</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryOf(sbyte exponent, out SbeScale scale)
    {
        SbeScale[] all = All;
        int at = exponent - ExponentMin;
        bool known = (uint)at < (uint)all.Length;
        scale = known ? all[at] : default;
        return known;
    }

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
}
