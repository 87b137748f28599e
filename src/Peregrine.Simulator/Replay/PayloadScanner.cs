using System.Buffers.Text;
using Peregrine.Common;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Replay;

/// <summary>Finds values in recorded payloads by their keys. Made for the exchange's own flat texts, not for JSON at large.</summary>
internal static class PayloadScanner
{
    /// <summary>A whole number behind a key such as "u" (quotes included in <paramref name="key"/>); false when it is not there.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key, out long value)
    {
        value = 0;
        ReadOnlySpan<byte> rest = After(payload, key);
        return !rest.IsEmpty && Utf8Parser.TryParse(rest, out value, out _);
    }

    /// <summary>A quoted decimal behind a key, in 1e-8 units.</summary>
    public static bool TryDecimal(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key, out long units)
    {
        units = 0;
        ReadOnlySpan<byte> rest = After(payload, key);
        if (rest.IsEmpty || rest[0] != (byte)'"') return false;
        int end = rest[1..].IndexOf((byte)'"');
        return end > 0 && FixedPoint.TryParse(rest.Slice(1, end), out units);
    }

    public static bool IsTrue(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key) => After(payload, key).StartsWith("true"u8);

    /// <summary>What stands behind a key and its colon.</summary>
    public static ReadOnlySpan<byte> After(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key)
    {
        int from = 0;
        while (true)
        {
            int at = payload[from..].IndexOf(key);
            if (at < 0) return default;
            at += from + key.Length;
            while (at < payload.Length && payload[at] == (byte)' ') at++;
            if (at < payload.Length && payload[at] == (byte)':')
            {
                at++;
                while (at < payload.Length && payload[at] == (byte)' ') at++;
                return payload[at..];
            }
            from = at;
        }
    }

    /// <summary>Hands each [["price","quantity"],…] behind a key to the action; how many there were.</summary>
    public static int ReadLevels(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key, LevelBook book, Side side)
    {
        ReadOnlySpan<byte> rest = After(payload, key);
        int count = 0;
        if (rest.IsEmpty || rest[0] != (byte)'[') return 0;
        rest = rest[1..];
        while (TryLevel(ref rest, out long price, out long quantity))
        {
            book.Set(side, price, quantity);
            count++;
        }
        return count;
    }

    /// <summary>The next level of a list, of which the reader stands inside; false at its end.</summary>
    public static bool TryLevel(ref ReadOnlySpan<byte> rest, out long price, out long quantity)
    {
        (price, quantity) = (0, 0);
        int open = rest.IndexOfAny((byte)'[', (byte)']');
        if (open < 0 || rest[open] == (byte)']') return false;
        rest = rest[(open + 1)..];
        return TryText(ref rest, out price) && TryText(ref rest, out quantity) && TryClose(ref rest);
    }

    private static bool TryText(ref ReadOnlySpan<byte> rest, out long units)
    {
        units = 0;
        int open = rest.IndexOf((byte)'"');
        if (open < 0) return false;
        rest = rest[(open + 1)..];
        int close = rest.IndexOf((byte)'"');
        if (close < 0 || !FixedPoint.TryParse(rest[..close], out units)) return false;
        rest = rest[(close + 1)..];
        return true;
    }

    private static bool TryClose(ref ReadOnlySpan<byte> rest)
    {
        int close = rest.IndexOf((byte)']');
        if (close < 0) return false;
        rest = rest[(close + 1)..];
        return true;
    }
}
