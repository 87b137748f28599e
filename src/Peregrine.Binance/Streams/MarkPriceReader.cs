using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>Reads a mark price of the USD-M market. Contracts without funding send no rate, and some send no settlement price: both are zero then.</summary>
internal static class MarkPriceReader
{
    // Everything but the settlement price, which old messages lack.
    private const uint Needed = 0b0111_1111;

    /// <summary>The reader stands on the object's '{' and is left on its '}'.</summary>
    public static Refusal Read(ref Utf8JsonReader reader, StreamTable streams, SymbolId expected, out MarkPriceFields mark, out SymbolId symbol, out long eventTimeMicros)
    {
        mark = default;
        symbol = default;
        eventTimeMicros = 0;
        long price = 0, index = 0, settle = 0;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 'e': bit = 1; refusal = WireJson.Expect(ref reader, "markPriceUpdate"u8); break;
                case 'E': bit = 2; refusal = WireJson.Time(ref reader, out eventTimeMicros); break;
                case 's': bit = 4; refusal = WireJson.Symbol(ref reader, streams, expected, out symbol); break;
                case 'p': bit = 8; refusal = WireJson.Amount(ref reader, out price); break;
                case 'i': bit = 16; refusal = WireJson.Amount(ref reader, out index); break;
                case 'r': bit = 32; refusal = WireJson.SignedAmountOrNone(ref reader, out mark.FundingRateUnits); break;
                case 'T': bit = 64; refusal = WireJson.Time(ref reader, out mark.NextFundingTimeMicros); break;
                case 'P': bit = 128; refusal = WireJson.AmountOrNone(ref reader, out settle); break;
                default: reader.Skip(); continue;
            }
            if (refusal != Refusal.None) return refusal;
            if ((seen & bit) != 0) return Refusal.DuplicateField;
            seen |= bit;
        }
        if ((seen & Needed) != Needed) return Refusal.MissingField;
        mark.Mark = new Price(price);
        mark.Index = new Price(index);
        mark.EstimatedSettle = new Price(settle);
        return Refusal.None;
    }
}
