using System.Text.Json;

using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>A book as lastUpdateId, bids and asks: what the spot market's partial depth and the REST snapshot of both markets have in common.</summary>
internal struct BookBody
{
    public long LastUpdateId;
    public long EventTimeMicros;
    public long TransactionTimeMicros;
    public int Bids;
    public int Asks;
    public int Words;
}

/// <summary>Reads a book body; the reader stands on its '{' and is left on its '}'.</summary>
internal static class BookReader
{
    public static Refusal Read(ref Utf8JsonReader reader, Span<long> words, out BookBody book)
    {
        book = default;
        bool asksFirst = false;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            if (reader.ValueTextEquals("lastUpdateId"u8))
            {
                bit = 1;
                refusal = WireJson.Id(ref reader, out book.LastUpdateId);
            }
            else if (reader.ValueTextEquals("bids"u8))
            {
                bit = 2;
                refusal = WireJson.Levels(ref reader, words, ref book.Words, out book.Bids);
            }
            else if (reader.ValueTextEquals("asks"u8))
            {
                bit = 4;
                asksFirst = (seen & 2) == 0;
                refusal = WireJson.Levels(ref reader, words, ref book.Words, out book.Asks);
            }
            else if (reader.ValueTextEquals("E"u8))
            {
                bit = 8;
                refusal = WireJson.Time(ref reader, out book.EventTimeMicros);
            }
            else if (reader.ValueTextEquals("T"u8))
            {
                bit = 16;
                refusal = WireJson.Time(ref reader, out book.TransactionTimeMicros);
            }
            else
            {
                reader.Skip();
                continue;
            }
            if (refusal != Refusal.None) return refusal;
            if ((seen & bit) != 0) return Refusal.DuplicateField;
            seen |= bit;
        }
        if ((seen & 7) != 7) return Refusal.MissingField;
        if (asksFirst)
        {
            Span<long> used = words[..book.Words];
            used[..(book.Asks * Level.Words)].Reverse();
            used[(book.Asks * Level.Words)..].Reverse();
            used.Reverse();
        }
        return Refusal.None;
    }
}
