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

    /// <summary>Writes the shortest exact decimal (64123.1, -0.00001, 0) and returns its length.</summary>
    public static int Format(long units, Span<byte> destination) => Format(units, destination, placesMin: 0);

    /// <summary>Writes the exact decimal with at least <paramref name="placesMin"/> places (8 gives Binance's own 64123.10000000).</summary>
    /// <exception cref="ArgumentException">The destination is too short; <see cref="TextLengthMax"/> always suffices.</exception>
    public static int Format(long units, Span<byte> destination, int placesMin)
    {
        ulong magnitude = units < 0 ? (ulong)-(units + 1) + 1 : (ulong)units;
        ulong whole = magnitude / (ulong)One;
        ulong fraction = magnitude % (ulong)One;
        Span<byte> text = stackalloc byte[TextLengthMax];
        int at = 0;
        if (units < 0) text[at++] = (byte)'-';
        at += FormatDigits(whole, text[at..]);
        int places = fraction == 0 ? 0 : Places;
        ulong tail = fraction;
        while (places > 0 && tail % 10 == 0)
        {
            tail /= 10;
            places--;
        }
        if (places < placesMin) places = Math.Min(placesMin, Places);
        if (places > 0)
        {
            text[at++] = (byte)'.';
            for (int i = Places - 1; i >= 0; i--)
            {
                if (i < places) text[at + i] = (byte)('0' + (fraction % 10));
                fraction /= 10;
            }
            at += places;
        }
        if (destination.Length < at) throw new ArgumentException($"A decimal needs {at} bytes, got {destination.Length}.", nameof(destination));
        text[..at].CopyTo(destination);
        return at;
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

    private static int FormatDigits(ulong value, Span<byte> destination)
    {
        int digits = 1;
        for (ulong rest = value; rest >= 10; rest /= 10) digits++;
        for (int i = digits - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
        return digits;
    }
}
