using System.Text.Json;
using System.Text.Unicode;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Rest;

/// <summary>The answer of GET depth, ready to be published.</summary>
public sealed record DepthSnapshot(SymbolId Symbol, long LastUpdateId, long EventTimeMicros, long TransactionTimeMicros, int BidCount, ReadOnlyMemory<long> Levels)
{
    private const int LevelWordsMax = 32_768;

    /// <summary>Reads the body of either market. False: it is not what it should be, and why.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, SymbolId symbol, out DepthSnapshot? snapshot, out Refusal refusal)
    {
        snapshot = null;
        refusal = Refusal.Malformed;
        if (body.Length > StreamDecoder.MessageBytesMax) refusal = Refusal.TooLarge;
        else if (!Utf8.IsValid(body)) refusal = Refusal.BadUtf8;
        else if (TryReadChecked(body, out BookBody book, out long[] words, ref refusal))
            snapshot = new DepthSnapshot(symbol, book.LastUpdateId, book.EventTimeMicros, book.TransactionTimeMicros, book.Bids, words.AsMemory(0, book.Words));
        return snapshot is not null;
    }

    /// <summary>Publishes it and returns its arrival sequence.</summary>
    public long Publish(IEventWriter ring, long receiveNanos)
    {
        MarketEvent entry = default;
        entry.Kind = EventKind.DepthSnapshot;
        entry.Symbol = Symbol;
        entry.ExchangeTimeMicros = EventTimeMicros;
        entry.TransactionLagMicros = (int)Math.Clamp(EventTimeMicros - TransactionTimeMicros, int.MinValue, int.MaxValue);
        entry.ReceiveTimeNanos = receiveNanos;
        entry.Depth.BidCount = BidCount;
        entry.Depth.FinalUpdateId = LastUpdateId;
        return ring.Append(in entry, Levels.Span);
    }

    private static bool TryReadChecked(ReadOnlySpan<byte> body, out BookBody book, out long[] words, ref Refusal refusal)
    {
        book = default;
        words = new long[Math.Min((body.Length / 4) + Level.Words, LevelWordsMax)];
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: true, new JsonReaderState(WireJson.Options));
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            refusal = BookReader.Read(ref reader, words, out book);
            if (refusal != Refusal.None) return false;
            while (reader.Read()) { }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            refusal = Refusal.Malformed;
            return false;
        }
    }
}
