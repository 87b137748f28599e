using System.Text;
using System.Text.Json;

using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>Single values of exchangeInfo, read where the reader stands on their name.</summary>
internal static class InfoValue
{
    public static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return reader.GetString() ?? "";
        reader.Skip();
        return "";
    }

    public static int Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value)) return value;
        reader.Skip();
        return 0;
    }

    /// <summary>An upper bound beyond 64 bits is no bound that an order of ours could reach.</summary>
    public static long Bound(ref Utf8JsonReader reader)
    {
        string text = Text(ref reader);
        if (FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), out long units)) return units;
        int point = text.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? text.Length : point;
        return whole > 11 && text.AsSpan(0, whole).IndexOfAnyExceptInRange('0', '9') < 0
            ? long.MaxValue
            : throw new IOException($"exchangeInfo has a filter value '{text}', which is no exact decimal within {FixedPoint.Places} places.");
    }

    public static bool Flag(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False) return reader.TokenType == JsonTokenType.True;
        reader.Skip();
        return false;
    }
}
