using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>A forced order as its message's inner object tells it.</summary>
internal struct LiquidationBody
{
    public SymbolId Symbol;
    public bool Sells;
    public long TimeMicros;
    public LiquidationFields Fields;
}

/// <summary>Reads the inner object of a forceOrder message.</summary>
internal static class LiquidationReader
{
    /// <summary>The reader stands on the name o and is left on the object's '}'.</summary>
    public static Refusal Read(ref Utf8JsonReader reader, StreamTable streams, SymbolId expected, out LiquidationBody order)
    {
        order = default;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return Refusal.WrongType;
        }
        long price = 0, average = 0, quantity = 0, last = 0, filled = 0;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 's': bit = 1; refusal = WireJson.Symbol(ref reader, streams, expected, out order.Symbol); break;
                case 'S': bit = 2; refusal = Side(ref reader, out order.Sells); break;
                case 'q': bit = 4; refusal = WireJson.Amount(ref reader, out quantity); break;
                case 'p': bit = 8; refusal = WireJson.Amount(ref reader, out price); break;
                case 'a' | ('p' << 8): bit = 16; refusal = WireJson.Amount(ref reader, out average); break;
                case 'l': bit = 32; refusal = WireJson.Amount(ref reader, out last); break;
                case 'z': bit = 64; refusal = WireJson.Amount(ref reader, out filled); break;
                case 'T': bit = 128; refusal = WireJson.Time(ref reader, out order.TimeMicros); break;
                default: reader.Skip(); continue;
            }
            if (refusal != Refusal.None) return refusal;
            if ((seen & bit) != 0) return Refusal.DuplicateField;
            seen |= bit;
        }
        if (seen != 0xFF) return Refusal.MissingField;
        order.Fields = new LiquidationFields
        {
            Price = new Price(price), AveragePrice = new Price(average), Quantity = new Quantity(quantity),
            LastQuantity = new Quantity(last), FilledQuantity = new Quantity(filled),
        };
        return Refusal.None;
    }

    private static Refusal Side(ref Utf8JsonReader reader, out bool sells)
    {
        Refusal refusal = WireJson.Expect(ref reader, "SELL"u8);
        sells = refusal == Refusal.None;
        return refusal == Refusal.Mismatch && reader.ValueTextEquals("BUY"u8) ? Refusal.None : refusal;
    }
}
