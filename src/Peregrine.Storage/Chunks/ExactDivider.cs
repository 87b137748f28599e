using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Storage.Chunks;

/// <summary>Divides by a fixed number and tells whether that left nothing over, with one multiplication (Hacker's Delight, 10-17).</summary>
internal readonly struct ExactDivider
{
    private readonly ulong _inverse;
    private readonly ulong _limit;
    private readonly int _twos;

    internal ExactDivider(ulong divisor)
    {
        _twos = BitOperations.TrailingZeroCount(divisor);
        ulong odd = divisor >> _twos;
        ulong inverse = odd; // Right in three bits; each step doubles them.
        for (int i = 0; i < 5; i++) inverse *= 2 - (odd * inverse);
        _inverse = inverse;
        _limit = ulong.MaxValue / divisor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryDivide(ulong value, out ulong quotient)
    {
        quotient = BitOperations.RotateRight(value * _inverse, _twos);
        return quotient <= _limit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Magnitude(long value) => value < 0 ? 0UL - (ulong)value : (ulong)value;

    /// <summary>The greatest number that divides all values; 1 where they are all zero.</summary>
    internal static ulong CommonDivisor(ReadOnlySpan<long> values, ulong known = 0)
    {
        ulong divisor = known;
        ExactDivider divider = divisor == 0 ? default : new ExactDivider(divisor);
        foreach (long value in values)
        {
            ulong magnitude = Magnitude(value);
            if (divisor == 0)
            {
                if (magnitude == 0) continue;
                divisor = magnitude;
            }
            else
            {
                if (divider.TryDivide(magnitude, out _)) continue;
                while (magnitude != 0) (divisor, magnitude) = (magnitude, divisor % magnitude);
            }
            if (divisor == 1) return 1;
            divider = new ExactDivider(divisor);
        }
        return divisor == 0 ? 1 : divisor;
    }

    /// <summary>Divides each value in place; all are known to divide.</summary>
    internal static void Divide(Span<long> values, ulong divisor)
    {
        if (divisor == 1) return;
        ExactDivider divider = new(divisor);
        foreach (ref long value in values)
        {
            divider.TryDivide(Magnitude(value), out ulong quotient);
            value = value < 0 ? -(long)quotient : (long)quotient;
        }
    }
}
