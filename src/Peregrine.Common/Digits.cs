using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Common;

/// <summary>Whole numbers as decimal text, eight digits at once in the bytes of one word and without a branch for each.</summary>
public static class Digits
{
    /// <summary>The longest text: 2^64 - 1 has 20 digits.</summary>
    public const int LengthMax = 20;

    private const ulong EightDigits = 100_000_000;
    private const ulong Zeros = 0x3030_3030_3030_3030;

    /// <summary>Writes the number without leading zeros and returns its length. Bytes behind it in the destination may be overwritten.</summary>
    /// <exception cref="ArgumentException">The destination is too short; <see cref="LengthMax"/> always suffices.</exception>
    public static int Write(ulong value, Span<byte> destination)
    {
        if (value < EightDigits) return WriteShort((uint)value, destination);
        ulong high = value / EightDigits;
        int length = high < EightDigits ? WriteShort((uint)high, destination) : Write(high, destination);
        if (destination.Length - length < 8) throw TooShort(destination.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[length..], Eight((uint)(value - (high * EightDigits))) | Zeros);
        return length + 8;
    }

    /// <summary>The eight digits of a number below 100,000,000, leading zeros included, as numbers 0 to 9: the first in the lowest byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Eight(uint value)
    {
        // Halves, then quarters, then single digits, side by side; each division is a multiplication that is exact in its range.
        ulong high = value / 10_000;
        ulong halves = high | ((value - (high * 10_000)) << 32);
        ulong hundreds = ((halves * 10_486) >> 20) & 0x0000_007F_0000_007F;
        ulong quarters = hundreds | ((halves - (hundreds * 100)) << 16);
        ulong tens = ((quarters * 103) >> 10) & 0x000F_000F_000F_000F;
        return tens | ((quarters - (tens * 10)) << 8);
    }

    private static int WriteShort(uint value, Span<byte> destination)
    {
        ulong digits = Eight(value);
        int leading = BitOperations.TrailingZeroCount(digits | (1UL << 56)) / 8; // A zero keeps its last digit.
        int length = 8 - leading;
        ulong text = (digits | Zeros) >> (8 * leading);
        if (destination.Length >= 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(destination, text);
            return length;
        }
        if (destination.Length < length) throw TooShort(destination.Length);
        for (int i = 0; i < length; i++) destination[i] = (byte)(text >> (8 * i));
        return length;
    }

    private static ArgumentException TooShort(int length) => new($"The number does not fit a destination of {length} bytes.");
}
