using System.Buffers.Binary;
using System.Runtime.CompilerServices;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Sbe;

/// <summary>
/// Reads the binary messages of the SBE streams (schema stream_1_0, spot) and publishes their events. A message is read whole before anything of it is
/// published, and one that is not exactly what its lengths say is refused whole. Newer versions of the schema are read as far as they only appended. Allocates nothing. One thread.
/// </summary>
/// <remarks>The connection's text messages (answers, serverShutdown) are JSON: they belong to the <see cref="StreamDecoder"/>.</remarks>
public sealed class SbeDecoder(StreamTable streams)
{
    /// <summary>Beyond any plausible time, as for JSON.</summary>
    private const long TimeEndMicros = 100_000_000_000_000_000;

    private readonly SbeSymbols _symbols = new(streams);

    /// <summary>Reads the message and publishes every event in it: one, or as many as it has trades.</summary>
    /// <inheritdoc cref="Decode{TGate}"/>
    public DecodeResult Decode(ReadOnlySpan<byte> message, EventRing ring, long receiveNanos)
    {
        OpenGate all = default;
        return Decode(message, ring, receiveNanos, ref all);
    }

    /// <summary>Reads the message and publishes those of its events that the gate lets pass. Unlike the JSON decoder it publishes itself: one message may hold many trades.</summary>
    /// <param name="receiveNanos">Our clock when the bytes were read, nanoseconds since 1970.</param>
    /// <returns>Event where the message was good, whatever the gate said; Unknown for other schemas, templates and symbols, and for a message without a trade.</returns>
    public DecodeResult Decode<TGate>(ReadOnlySpan<byte> message, EventRing ring, long receiveNanos, ref TGate gate) where TGate : IEventGate, allows ref struct
    {
        if (message.Length < SbeLayout.HeaderBytes) return DecodeResult.Refused(Refusal.Malformed);
        if (message.Length > StreamDecoder.MessageBytesMax) return DecodeResult.Refused(Refusal.TooLarge);
        ulong header = BinaryPrimitives.ReadUInt64LittleEndian(message);
        if ((ushort)(header >> 32) != SbeLayout.SchemaId) return DecodeResult.Unknown;
        int block = (ushort)header;
        bool isNewer = header >> 48 != 0;
        int template = (ushort)(header >> 16);
        int known = template switch
        {
            SbeLayout.Trades => SbeLayout.TradesBlock,
            SbeLayout.BestBidAsk => SbeLayout.BestBidAskBlock,
            SbeLayout.DepthSnapshot => SbeLayout.DepthSnapshotBlock,
            SbeLayout.DepthDiff => SbeLayout.DepthDiffBlock,
            _ => 0,
        };
        if (known == 0) return DecodeResult.Unknown;
        int at = SbeLayout.HeaderBytes + block;
        if (block < known || at > message.Length) return DecodeResult.Refused(Refusal.Malformed);
        return template switch
        {
            SbeLayout.BestBidAsk => Ticker(message, at, isNewer, ring, receiveNanos, ref gate),
            SbeLayout.Trades => Trades(message, at, isNewer, ring, receiveNanos, ref gate),
            _ => Depth(message, at, isNewer, template == SbeLayout.DepthDiff, ring, receiveNanos, ref gate),
        };
    }

    private DecodeResult Ticker<TGate>(ReadOnlySpan<byte> message, int at, bool isNewer, EventRing ring, long receiveNanos, ref TGate gate) where TGate : IEventGate, allows ref struct
    {
        if (!TrySymbol(message, at, isNewer, out SymbolId symbol)) return DecodeResult.Refused(Refusal.Malformed);
        if (symbol.IsNone) return DecodeResult.Unknown;
        ReadOnlySpan<byte> block = message.Slice(SbeLayout.HeaderBytes, SbeLayout.BestBidAskBlock);
        long eventTime = Int64(block, 0), updateId = Int64(block, 8);
        if (!IsTime(eventTime)) return DecodeResult.Refused(Refusal.BadTime);
        ref readonly SbeScale price = ref SbeScale.For(block[16]);
        ref readonly SbeScale quantity = ref SbeScale.For(block[17]);
        bool good = price.TryUnits(Int64(block, 18), out long bid) & quantity.TryUnits(Int64(block, 26), out long bidQuantity);
        good &= price.TryUnits(Int64(block, 34), out long ask) & quantity.TryUnits(Int64(block, 42), out long askQuantity);
        if (!good || updateId < 0) return DecodeResult.Refused(Refusal.BadNumber);
        ref MarketEvent slot = ref Header(ring, EventKind.BookTicker, symbol, eventTime, receiveNanos);
        slot.Ticker.UpdateId = updateId;
        slot.Ticker.BidPrice = new Price(bid);
        slot.Ticker.BidQuantity = new Quantity(bidQuantity);
        slot.Ticker.AskPrice = new Price(ask);
        slot.Ticker.AskQuantity = new Quantity(askQuantity);
        if (gate.Accept(in slot)) ring.Publish();
        return DecodeResult.Event(EventKind.BookTicker);
    }

    private DecodeResult Trades<TGate>(ReadOnlySpan<byte> message, int at, bool isNewer, EventRing ring, long receiveNanos, ref TGate gate) where TGate : IEventGate, allows ref struct
    {
        if (!SbeLayout.TryGroup(message, sizeof(uint), SbeLayout.TradeEntry, ref at, out SbeGroup trades)) return DecodeResult.Refused(Refusal.Malformed);
        if (!TrySymbol(message, at, isNewer, out SymbolId symbol)) return DecodeResult.Refused(Refusal.Malformed);
        if (symbol.IsNone || trades.Count == 0) return DecodeResult.Unknown;
        ReadOnlySpan<byte> block = message.Slice(SbeLayout.HeaderBytes, SbeLayout.TradesBlock);
        long eventTime = Int64(block, 0), tradeTime = Int64(block, 8);
        int lag = (int)(eventTime - tradeTime);
        if (!IsTime(eventTime) || !IsTime(tradeTime) || lag != eventTime - tradeTime) return DecodeResult.Refused(Refusal.BadTime);
        ref readonly SbeScale price = ref SbeScale.For(block[16]);
        ref readonly SbeScale quantity = ref SbeScale.For(block[17]);
        ReadOnlySpan<byte> entries = message.Slice(trades.Start, trades.Bytes);
        // All or nothing: with more than one, each is looked at before the first is published.
        for (int i = trades.Count > 1 ? 0 : trades.Count; i < trades.Count; i++)
        {
            if (!TryTrade(entries[(i * trades.EntryBytes)..], in price, in quantity, ref ring.Claim())) return DecodeResult.Refused(Refusal.BadNumber);
        }
        for (int i = 0; i < trades.Count; i++)
        {
            ref MarketEvent slot = ref Header(ring, EventKind.Trade, symbol, eventTime, receiveNanos);
            slot.TransactionLagMicros = lag;
            if (!TryTrade(entries[(i * trades.EntryBytes)..], in price, in quantity, ref slot)) return DecodeResult.Refused(Refusal.BadNumber);
            if (gate.Accept(in slot)) ring.Publish();
        }
        return DecodeResult.Event(EventKind.Trade);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryTrade(ReadOnlySpan<byte> entry, in SbeScale price, in SbeScale quantity, ref MarketEvent slot)
    {
        entry = entry[..SbeLayout.TradeEntry];
        long id = Int64(entry, 0);
        bool good = price.TryUnits(Int64(entry, 8), out long priceUnits) & quantity.TryUnits(Int64(entry, 16), out long quantityUnits);
        byte maker = entry[24];
        slot.Trade.Id = id;
        slot.Trade.Price = new Price(priceUnits);
        slot.Trade.Quantity = new Quantity(quantityUnits);
        slot.Trade.FirstTradeId = id;
        slot.Trade.LastTradeId = id;
        slot.Flags = (EventFlags)maker | (priceUnits == 0 ? EventFlags.OffMarket : EventFlags.None); // BuyerIsMaker is the lowest bit.
        return good & (maker <= 1) & (id >= 0); // 255 would be "unknown".
    }

    private DecodeResult Depth<TGate>(ReadOnlySpan<byte> message, int at, bool isNewer, bool isDiff, EventRing ring, long receiveNanos, ref TGate gate) where TGate : IEventGate, allows ref struct
    {
        if (!SbeLayout.TryGroup(message, sizeof(ushort), SbeLevels.EntryBytesMin, ref at, out SbeGroup bids)
            || !SbeLayout.TryGroup(message, sizeof(ushort), SbeLevels.EntryBytesMin, ref at, out SbeGroup asks)
            || !TrySymbol(message, at, isNewer, out SymbolId symbol)) return DecodeResult.Refused(Refusal.Malformed);
        if (symbol.IsNone) return DecodeResult.Unknown;
        ReadOnlySpan<byte> block = message.Slice(SbeLayout.HeaderBytes, isDiff ? SbeLayout.DepthDiffBlock : SbeLayout.DepthSnapshotBlock);
        long eventTime = Int64(block, 0), first = 0, final = Int64(block, 8);
        if (isDiff) (first, final) = (final, Int64(block, 16));
        if (!IsTime(eventTime)) return DecodeResult.Refused(Refusal.BadTime);
        ref readonly SbeScale price = ref SbeScale.For(block[^2]);
        ref readonly SbeScale quantity = ref SbeScale.For(block[^1]);
        if ((first | final) < 0 || !price.IsKnown || !quantity.IsKnown) return DecodeResult.Refused(Refusal.BadNumber);
        int bidWords = bids.Count * Level.Words, allWords = bidWords + (asks.Count * Level.Words);
        if (allWords > ring.PayloadWordsMax) return DecodeResult.Refused(Refusal.TooManyLevels);
        Span<long> words = ring.ClaimWords(allWords);
        if (!SbeLevels.TryRead(message.Slice(bids.Start, bids.Bytes), bids.EntryBytes, in price, in quantity, words[..bidWords])
            || !SbeLevels.TryRead(message.Slice(asks.Start, asks.Bytes), asks.EntryBytes, in price, in quantity, words[bidWords..])) return DecodeResult.Refused(Refusal.BadNumber);
        EventKind kind = isDiff ? EventKind.DepthDiff : EventKind.Depth20;
        ref MarketEvent slot = ref Header(ring, kind, symbol, eventTime, receiveNanos);
        slot.Depth.BidCount = bids.Count;
        slot.Depth.FirstUpdateId = first;
        slot.Depth.FinalUpdateId = final;
        if (gate.Accept(in slot))
        {
            ring.SetPayload(ref slot, allWords); // A copy that is dropped takes no words from the ring.
            ring.Publish();
        }
        return DecodeResult.Event(kind);
    }

    /// <summary>The symbol, the last thing in a message that we know. False: the lengths contradict each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TrySymbol(ReadOnlySpan<byte> message, int at, bool isNewer, out SymbolId symbol)
    {
        symbol = default;
        bool whole = SbeLayout.TryText(message, at, isNewer, out int start, out int length);
        if (whole) symbol = _symbols.Find(message, start, length);
        return !isNewer || !symbol.IsNone ? whole : TrySymbolBehindGroups(message, at, whole, out symbol);
    }

    /// <summary>
    /// A newer schema may have appended groups before the symbol, and nothing in the message says how many. Only a symbol that was asked for, at a place
    /// where such groups would end, is believed.
    /// </summary>
    private bool TrySymbolBehindGroups(ReadOnlySpan<byte> message, int at, bool whole, out SymbolId symbol)
    {
        symbol = default;
        for (int i = 0; i < SbeLayout.Guesses; i++)
        {
            (int groups, int countBytes) = SbeLayout.Guess(i);
            int behind = at;
            if (!SbeLayout.TryPastGroups(message, groups, countBytes, ref behind) || !SbeLayout.TryText(message, behind, isNewer: true, out int start, out int length)) continue;
            whole = true;
            symbol = _symbols.Find(message, start, length);
            if (!symbol.IsNone) return true;
        }
        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref MarketEvent Header(EventRing ring, EventKind kind, SymbolId symbol, long eventTime, long receiveNanos)
    {
        ref MarketEvent slot = ref ring.Claim();
        slot.Kind = kind;
        slot.Symbol = symbol;
        slot.ExchangeTimeMicros = eventTime;
        slot.ReceiveTimeNanos = receiveNanos;
        return ref slot;
    }

    private static bool IsTime(long micros) => (ulong)micros < TimeEndMicros;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Int64(ReadOnlySpan<byte> block, int offset) => BinaryPrimitives.ReadInt64LittleEndian(block[offset..]);
}
