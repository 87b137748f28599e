using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>Reads the inner object of a one-minute kline message.</summary>
internal static class CandleReader
{
    /// <summary>The reader stands on the name k and is left on the object's '}'.</summary>
    public static Refusal Read(ref Utf8JsonReader reader, out Kline kline, out bool closed)
    {
        kline = default;
        closed = false;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return Refusal.WrongType;
        }
        long open = 0, high = 0, low = 0, close = 0, volume = 0, takerVolume = 0;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 't': bit = 1; refusal = WireJson.Time(ref reader, out kline.OpenTimeMicros); break;
                case 'T': bit = 2; refusal = WireJson.Time(ref reader, out kline.CloseTimeMicros); break;
                case 'o': bit = 4; refusal = WireJson.Amount(ref reader, out open); break;
                case 'h': bit = 8; refusal = WireJson.Amount(ref reader, out high); break;
                case 'l': bit = 16; refusal = WireJson.Amount(ref reader, out low); break;
                case 'c': bit = 32; refusal = WireJson.Amount(ref reader, out close); break;
                case 'v': bit = 64; refusal = WireJson.Amount(ref reader, out volume); break;
                case 'q': bit = 128; refusal = WireJson.Amount(ref reader, out kline.QuoteVolumeUnits); break;
                case 'V': bit = 256; refusal = WireJson.Amount(ref reader, out takerVolume); break;
                case 'Q': bit = 512; refusal = WireJson.Amount(ref reader, out kline.TakerBuyQuoteUnits); break;
                case 'n': bit = 1024; refusal = WireJson.Id(ref reader, out kline.TradeCount); break;
                case 'f': bit = 2048; refusal = WireJson.Integer(ref reader, out kline.FirstTradeId); break; // -1: no trade happened.
                case 'L': bit = 4096; refusal = WireJson.Integer(ref reader, out kline.LastTradeId); break;
                case 'x': bit = 8192; refusal = WireJson.Flag(ref reader, out closed); break;
                case 'i': bit = 16384; refusal = WireJson.Expect(ref reader, "1m"u8); break;
                default: reader.Skip(); continue;
            }
            if (refusal != Refusal.None) return refusal;
            if ((seen & bit) != 0) return Refusal.DuplicateField;
            seen |= bit;
        }
        if (seen != 0x7FFF) return Refusal.MissingField;
        kline.Open = new Price(open);
        kline.High = new Price(high);
        kline.Low = new Price(low);
        kline.Close = new Price(close);
        kline.Volume = new Quantity(volume);
        kline.TakerBuyVolume = new Quantity(takerVolume);
        return Refusal.None;
    }
}
