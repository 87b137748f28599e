using System.Numerics;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Learns from one message how long the values of a shape are at the moment. It walks the message value by value and never looks beyond its end; the
/// scanners then check every byte themselves.
/// </summary>
internal static unsafe class LayoutMeasure
{
    private static readonly long[] PowersOfTen = [.. Enumerable.Range(0, ScanTables.DigitsMax).Select(static power => (long)BigInteger.Pow(10, power))];

    /// <summary>False where the message has another shape, or values that no scanner reads.</summary>
    public static bool TryLearn(StreamLayout* layout, ReadOnlySpan<byte> message)
    {
        layout->BytesMin = StreamLayout.Unmeasured; // A measurement that ends half way must not be used.
        if (message.Length < layout->PrefixBytes) return false;
        int at = layout->PrefixBytes;
        int number = 0, point = 0;
        long bytesMin = at;
        bool levelsKnown = false;
        for (int i = 0; i < layout->ValueCount; i++)
        {
            byte mark = layout->Values[i];
            ReadOnlySpan<byte> rest = message[at..];
            int length;
            switch (mark)
            {
                case (byte)'~' or (byte)'#':
                    if (!TryNumber(rest, mark == (byte)'~', out layout->Numbers[number])) return false;
                    length = (int)layout->Numbers[number++].Digits;
                    bytesMin += length;
                    break;
                case (byte)'%':
                    if (!TryDecimal(rest, ref layout->Decimals[point], out length)) return false;
                    bytesMin += 1 + layout->Decimals[point++].After;
                    break;
                case (byte)'-':
                    bool negative = rest.Length > 0 && rest[0] == (byte)'-';
                    if (!TryDecimal(negative ? rest[1..] : rest, ref layout->Decimals[point], out length)) return false;
                    bytesMin += 1 + layout->Decimals[point++].After;
                    if (negative) length++;
                    break;
                case (byte)'?':
                    length = rest.StartsWith("true"u8) ? 4 : rest.StartsWith("false"u8) ? 5 : 0;
                    bytesMin += 4;
                    break;
                case (byte)'!':
                    length = rest.StartsWith("BUY"u8) ? 3 : rest.StartsWith("SELL"u8) ? 4 : 0;
                    bytesMin += 3;
                    break;
                default:
                    if (!TryLevels(rest, layout, ref levelsKnown, out length)) return false;
                    bytesMin += 2;
                    break;
            }
            if (length == 0) return false;
            at += length;
            Literal literal = layout->Literals[i];
            if (!message[at..].StartsWith(new ReadOnlySpan<byte>(literal.Text, (int)literal.Bytes))) return false;
            at += (int)literal.Bytes;
            bytesMin += literal.Bytes;
        }
        if (at != message.Length) return false;
        layout->BytesMin = (int)bytesMin;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, bool time, out NumberFormat format)
    {
        format = default;
        int digits = DigitsOf(text);
        if (digits is 0 or > ScanTables.DigitsMax) return false;
        // Fifteen digits and more are microseconds: those of milliseconds would lie beyond the year 5138.
        format = new NumberFormat { Digits = digits, Floor = digits == 1 ? 0 : PowersOfTen[digits - 1], Unit = time && digits < 15 ? 1_000 : 1 };
        return true;
    }

    private static bool TryDecimal(ReadOnlySpan<byte> text, ref DecimalFormat format, out int length)
    {
        length = 0;
        int whole = DigitsOf(text);
        if (whole == 0 || whole >= text.Length) return false;
        int places = text[whole] == (byte)'.' ? DigitsOf(text[(whole + 1)..]) : 0;
        if (places > 8 || (text[whole] == (byte)'.' && places == 0)) return false;
        Set(ref format, whole, places);
        length = whole + format.After;
        return length < text.Length && text[length] == (byte)'"';
    }

    private static void Set(ref DecimalFormat format, int whole, int places)
    {
        format.Row = ScanTables.Row(places);
        format.PlacesMask = places == 8 ? ulong.MaxValue : (1UL << (8 * places)) - 1;
        format.After = places == 0 ? 0 : places + 1;
        format.WholeDigits = Math.Min(whole, ScanTables.WholeDigitsMax);
    }

    // The first level of the message says how the others look: a symbol's prices and quantities each have their own number of places.
    private static bool TryLevels(ReadOnlySpan<byte> text, StreamLayout* layout, ref bool known, out int length)
    {
        length = 0;
        if (text.StartsWith("[]"u8))
        {
            if (!known && layout->Decimals[0].Row == null) // None seen yet: any format is as good as another.
            {
                Set(ref layout->Decimals[0], 1, 8);
                Set(ref layout->Decimals[1], 1, 8);
            }
            length = 2;
            return true;
        }
        if (!text.StartsWith("[[\""u8)) return false;
        if (!known)
        {
            if (!TryDecimal(text[3..], ref layout->Decimals[0], out int price)) return false;
            ReadOnlySpan<byte> behind = text[(3 + price)..];
            if (!behind.StartsWith("\",\""u8) || !TryDecimal(behind[3..], ref layout->Decimals[1], out _)) return false;
            known = true;
        }
        length = text.IndexOf("]]"u8) + 2;
        return length > 2;
    }

    private static int DigitsOf(ReadOnlySpan<byte> text)
    {
        int digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return digits < 0 ? text.Length : digits;
    }
}
