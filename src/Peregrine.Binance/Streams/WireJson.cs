using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>
/// The value types of Binance's JSON, read from where the reader stands: on a property's name. Each method moves to the value, takes it whole and says
/// what is wrong with it.
/// </summary>
internal static class WireJson
{
    /// <summary>Longer text is never a number, a symbol or a name that we know.</summary>
    private const int TextBytesMax = 128;

    /// <summary>Larger times are microseconds already, smaller ones milliseconds (1e14 ms would be the year 5138).</summary>
    private const long MicrosFrom = 100_000_000_000_000;

    public static readonly JsonReaderOptions Options = new() { MaxDepth = 16, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>Names of one or two characters as a number (first character, then the second times 256); 0 for every other name.</summary>
    public static int ShortName(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> name = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            if (name.Length > TextBytesMax) return 0;
            Span<byte> plain = stackalloc byte[TextBytesMax];
            int length = reader.CopyString(plain);
            return ShortName(plain[..length]);
        }
        return ShortName(name);
    }

    public static Refusal Time(ref Utf8JsonReader reader, out long micros)
    {
        Refusal refusal = Id(ref reader, out long time);
        micros = time < MicrosFrom ? time * 1_000 : time;
        return refusal == Refusal.None && time >= MicrosFrom * 1_000 ? Refusal.BadTime : refusal;
    }

    /// <summary>A whole number from 0 on.</summary>
    public static Refusal Id(ref Utf8JsonReader reader, out long value)
    {
        Refusal refusal = Integer(ref reader, out value);
        return refusal == Refusal.None && value < 0 ? Refusal.BadNumber : refusal;
    }

    public static Refusal Integer(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.Number) return Refuse(ref reader, Refusal.WrongType);
        return reader.TryGetInt64(out value) ? Refusal.None : Refusal.BadNumber;
    }

    /// <summary>A decimal in quotes, not negative, in 1e-8 units.</summary>
    public static Refusal Amount(ref Utf8JsonReader reader, out long units)
    {
        reader.Read();
        return AmountHere(ref reader, out units);
    }

    /// <summary>As <see cref="Amount"/>, where the reader stands on the value already.</summary>
    public static Refusal AmountHere(ref Utf8JsonReader reader, out long units)
    {
        units = 0;
        if (reader.TokenType != JsonTokenType.String) return Refuse(ref reader, Refusal.WrongType);
        ReadOnlySpan<byte> text = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            if (text.Length > TextBytesMax) return Refusal.BadNumber;
            Span<byte> plain = stackalloc byte[TextBytesMax];
            int length = reader.CopyString(plain);
            return ParseAmount(plain[..length], out units);
        }
        return ParseAmount(text, out units);
    }

    /// <summary>As <see cref="Amount"/>, but it may be negative, and a text without characters is zero.</summary>
    public static Refusal SignedAmountOrNone(ref Utf8JsonReader reader, out long units)
    {
        units = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.String) return Refuse(ref reader, Refusal.WrongType);
        Span<byte> plain = stackalloc byte[TextBytesMax];
        int length = CopyText(ref reader, plain);
        return length == 0 || (length > 0 && FixedPoint.TryParse(plain[..length], out units)) ? Refusal.None : Refusal.BadNumber;
    }

    /// <summary>As <see cref="Amount"/>, and a text without characters is zero.</summary>
    public static Refusal AmountOrNone(ref Utf8JsonReader reader, out long units)
    {
        units = 0;
        reader.Read();
        return reader.TokenType == JsonTokenType.String && reader.ValueSpan.IsEmpty ? Refusal.None : AmountHere(ref reader, out units);
    }

    /// <summary>The symbol a message names. It must be the expected one; where none is expected, a symbol that nobody asked for has none.</summary>
    public static Refusal Symbol(ref Utf8JsonReader reader, StreamTable streams, SymbolId expected, out SymbolId symbol)
    {
        symbol = default;
        reader.Read();
        if (reader.TokenType != JsonTokenType.String) return Refuse(ref reader, Refusal.WrongType);
        if (!reader.ValueIsEscaped)
        {
            symbol = streams.FindSymbol(reader.ValueSpan);
        }
        else
        {
            Span<byte> plain = stackalloc byte[TextBytesMax];
            int length = CopyText(ref reader, plain);
            if (length >= 0) symbol = streams.FindSymbol(plain[..length]);
        }
        return expected.IsNone || symbol == expected ? Refusal.None : Refusal.Mismatch;
    }

    public static Refusal Flag(ref Utf8JsonReader reader, out bool value)
    {
        reader.Read();
        value = reader.TokenType == JsonTokenType.True;
        return value || reader.TokenType == JsonTokenType.False ? Refusal.None : Refuse(ref reader, Refusal.WrongType);
    }

    /// <summary>A text that must be exactly this one.</summary>
    public static Refusal Expect(ref Utf8JsonReader reader, ReadOnlySpan<byte> expected)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String) return Refuse(ref reader, Refusal.WrongType);
        return reader.ValueTextEquals(expected) ? Refusal.None : Refusal.Mismatch;
    }

    /// <summary>Copies the text where the reader stands, unescaped, and returns its length; -1: no text, or one that is too long.</summary>
    public static int CopyText(ref Utf8JsonReader reader, scoped Span<byte> destination)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || reader.ValueSpan.Length > destination.Length) return -1;
        return reader.CopyString(destination);
    }

    /// <summary>
    /// [["price","quantity"],…] behind a property's name, into words: price and quantity of each level behind each other. Whatever else stands in
    /// a level is passed over.
    /// </summary>
    public static Refusal Levels(ref Utf8JsonReader reader, Span<long> words, ref int used, out int levels)
    {
        levels = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return Refuse(ref reader, Refusal.WrongType);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartArray) return Refusal.WrongType;
            if (used + Level.Words > words.Length) return Refusal.TooManyLevels;
            reader.Read();
            if (AmountHere(ref reader, out words[used]) is not Refusal.None and var price) return price;
            reader.Read();
            if (AmountHere(ref reader, out words[used + 1]) is not Refusal.None and var quantity) return quantity;
            used += Level.Words;
            levels++;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) reader.Skip();
        }
        return Refusal.None;
    }

    private static Refusal ParseAmount(scoped ReadOnlySpan<byte> text, out long units)
    {
        units = 0;
        if (text.IsEmpty || text[0] == (byte)'-') return Refusal.BadNumber;
        return FixedPoint.TryParse(text, out units) ? Refusal.None : Refusal.BadNumber;
    }

    private static int ShortName(scoped ReadOnlySpan<byte> name) => name.Length switch
    {
        1 => name[0],
        2 => name[0] | (name[1] << 8),
        _ => 0,
    };

    // Whatever the value is, the reader is left behind it.
    private static Refusal Refuse(ref Utf8JsonReader reader, Refusal refusal)
    {
        reader.Skip();
        return refusal;
    }
}
