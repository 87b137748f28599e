using System.Text.Json;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>
/// The values of account messages, read from where the reader stands: on a property's name. One that is not what it should be is passed over, and
/// <c>broken</c> remembers it: whatever the message meant is then unknown.
/// </summary>
internal static class FieldReader
{
    private const int TextBytesMax = 128;

    public static long Integer(ref Utf8JsonReader reader, ref bool broken)
    {
        broken |= WireJson.Integer(ref reader, out long value) != Refusal.None;
        return value;
    }

    /// <summary>Microseconds since 1970.</summary>
    public static long Time(ref Utf8JsonReader reader, ref bool broken)
    {
        broken |= WireJson.Time(ref reader, out long micros) != Refusal.None;
        return micros;
    }

    public static bool Flag(ref Utf8JsonReader reader, ref bool broken)
    {
        broken |= WireJson.Flag(ref reader, out bool value) != Refusal.None;
        return value;
    }

    /// <summary>A decimal that may be negative (a rebate, an amount that the exchange does not know).</summary>
    public static long Amount(ref Utf8JsonReader reader, ref bool broken)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && FixedPoint.TryParse(reader.ValueSpan, out long units)) return units;
        if (reader.TokenType == JsonTokenType.Null) return 0;
        broken = true;
        reader.Skip();
        return 0;
    }

    public static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, Span<byte> scratch, ref bool broken)
    {
        reader.Read();
        int length = WireJson.CopyText(ref reader, scratch);
        if (length >= 0) return scratch[..length];
        broken = true;
        reader.Skip();
        return default;
    }

    public static ClientOrderId Id(ref Utf8JsonReader reader, ref bool broken)
    {
        Span<byte> scratch = stackalloc byte[TextBytesMax];
        reader.Read();
        int length = WireJson.CopyText(ref reader, scratch);
        if (length < 0) reader.Skip();
        if (length >= 0 && ClientOrderId.TryCreate(scratch[..length], out ClientOrderId id)) return id;
        broken = true;
        return default;
    }

    /// <summary>An asset's name, or none where the wire says null.</summary>
    public static AssetCode Asset(ref Utf8JsonReader reader)
    {
        Span<byte> scratch = stackalloc byte[TextBytesMax];
        reader.Read();
        int length = WireJson.CopyText(ref reader, scratch);
        if (length >= 0) return AssetCode.Create(scratch[..length]);
        reader.Skip();
        return default;
    }
}
