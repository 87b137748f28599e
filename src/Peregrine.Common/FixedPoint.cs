using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Common;

/// <summary>
/// Decimal text to and from a whole number of 1e-8 units, the exchange's own precision. Nothing is rounded: text that has no exact
/// value in these units is refused.
/// </summary>
public static class FixedPoint
{
    /// <summary>Units in one whole: 100,000,000.</summary>
    public const long One = 100_000_000;

    /// <summary>Decimal places that a value can have.</summary>
    public const int Places = 8;

    /// <summary>The longest text that <see cref="Format(long, Span{byte})"/> writes: sign, 11 digits, point, 8 places.</summary>
    public const int TextLengthMax = 21;

    private const int RoomForAll = TextLengthMax + Places;

    /// <summary>
    /// Reads an optional minus, digits and an optional fraction (64123.10). Refused: nothing, a bare point, a leading plus, exponents, blanks,
    /// a ninth significant decimal, and what does not fit 64 bits. Zeros behind the eighth decimal are exact and accepted.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long units)
    {
        units = 0;
        bool negative = text.Length > 0 && text[0] == (byte)'-';
        int at = negative ? 1 : 0;
        int first = at;
        ulong whole = 0;
        while (at < text.Length && IsDigit(text[at]))
        {
            if (whole > long.MaxValue / 10) return false;
            whole = (whole * 10) + (ulong)(text[at++] - '0');
        }
        if (at == first) return false;

        ulong fraction = 0;
        if (at < text.Length)
        {
            if (text[at++] != (byte)'.' || at == text.Length) return false;
            int places = 0;
            for (; at < text.Length; at++)
            {
                if (!IsDigit(text[at])) return false;
                if (places == Places)
                {
                    if (text[at] != (byte)'0') return false;
                    continue;
                }
                fraction = (fraction * 10) + (ulong)(text[at] - '0');
                places++;
            }
            for (; places < Places; places++) fraction *= 10;
        }

        UInt128 magnitude = ((UInt128)whole * (ulong)One) + fraction;
        ulong magnitudeMax = negative ? (ulong)long.MaxValue + 1 : long.MaxValue;
        if (magnitude > magnitudeMax) return false;
        units = negative ? unchecked(-(long)(ulong)magnitude) : (long)magnitude;
        return true;
    }

    /// <summary>As <see cref="TryParse(ReadOnlySpan{byte}, out long)"/>, for UTF-16 text from files and flags.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long units)
    {
        units = 0;
        if (text.Length is 0 or > 64) return false;
        Span<byte> utf8 = stackalloc byte[64];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] > 127) return false;
            utf8[i] = (byte)text[i];
        }
        return TryParse(utf8[..text.Length], out units);
    }

    /// <summary>Writes the shortest exact decimal (64123.1, -0.00001, 0) and returns its length. Bytes behind it in the destination may be overwritten.</summary>
    public static int Format(long units, Span<byte> destination) => Format(units, destination, placesMin: 0);

    /// <summary>Writes the exact decimal with at least <paramref name="placesMin"/> places (8 gives Binance's own 64123.10000000).</summary>
    /// <exception cref="ArgumentException">The destination is too short; <see cref="TextLengthMax"/> always suffices.</exception>
    public static int Format(long units, Span<byte> destination, int placesMin)
    {
        ulong magnitude = units < 0 ? (ulong)-(units + 1) + 1 : (ulong)units;
        ulong whole = magnitude / (ulong)One;
        uint fraction = (uint)(magnitude - (whole * (ulong)One));
        if (destination.Length >= RoomForAll) return Write(units < 0, whole, fraction, destination, placesMin);
        Span<byte> text = stackalloc byte[RoomForAll];
        int length = Write(units < 0, whole, fraction, text, placesMin);
        if (destination.Length < length) throw new ArgumentException($"A decimal needs {length} bytes, got {destination.Length}.", nameof(destination));
        text[..length].CopyTo(destination);
        return length;
    }

    /// <summary>Writes eight places at once, so there must be room for them even where the text is shorter.</summary>
    private static int Write(bool isNegative, ulong whole, uint fraction, Span<byte> text, int placesMin)
    {
        int at = 0;
        if (isNegative) text[at++] = (byte)'-';
        at += Digits.Write(whole, text[at..]);
        if (fraction == 0 && placesMin <= 0) return at;
        ulong digits = Digits.Eight(fraction);
        int places = Places - (BitOperations.LeadingZeroCount(digits) / 8);
        if (places < placesMin) places = Math.Min(placesMin, Places);
        text[at++] = (byte)'.';
        BinaryPrimitives.WriteUInt64LittleEndian(text[at..], digits | 0x3030_3030_3030_3030);
        return at + places;
    }

    /// <summary>The shortest exact decimal as a string, for cold code.</summary>
    public static string Text(long units, int placesMin = 0)
    {
        Span<byte> text = stackalloc byte[TextLengthMax];
        int length = Format(units, text, placesMin);
        return System.Text.Encoding.ASCII.GetString(text[..length]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsDigit(byte character) => (uint)(character - '0') <= 9;
}
