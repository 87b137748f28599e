using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Unicode;

using Peregrine.Binance.Streams.Scanning;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams;

/// <summary>
/// Turns one message of a market stream, in the combined envelope or bare, into an event in the ring's claimed slot. Fields may come in any order,
/// unknown ones are passed over, and a message that is not exactly what it should be is refused whole. Allocates nothing. One thread.
/// </summary>
/// <param name="market">Decides what the wire means where the markets differ.</param>
/// <param name="bareStream">The stream that bare messages without a symbol belong to, where a connection has only one.</param>
public sealed class StreamDecoder(Market market, StreamTable streams, StreamInfo? bareStream = null)
{
    public const int MessageBytesMax = 1 << 20;

    private const int NameBytesMax = 128;

    // What each kind must have, one bit a field, in the order of the switches below.
    private const uint AllOfAggTrade = 0b11_1111_1111;
    private const uint AllOfTrade = 0b00_1111_1111;
    private const uint AllOfTicker = 0b11_1111;

    private readonly MessageScanner _scanner = new(market, streams);
    private long _scanned;
    private long _general;

    /// <summary>Messages of <see cref="DecodeInPlace"/> that looked as their stream's always do. May be read from any thread.</summary>
    public long Scanned => Volatile.Read(ref _scanned);

    /// <summary>Messages of <see cref="DecodeInPlace"/> that the general decoder had to read.</summary>
    public long General => Volatile.Read(ref _general);

    /// <summary>
    /// As <see cref="Decode"/>, at a fraction of the cost for messages that look as the exchange's always do. The message lies in pinned memory, with
    /// <see cref="Wire.WireLine.SlackBefore"/> readable bytes before it and <see cref="Wire.WireLine.SlackAfter"/> behind it, whatever they hold.
    /// </summary>
    public DecodeResult DecodeInPlace(ReadOnlySpan<byte> message, EventRing ring, long receiveNanos)
    {
        if (_scanner.TryScan(message, ring, receiveNanos, out EventKind kind))
        {
            _scanned++;
            return DecodeResult.Event(kind);
        }
        _general++;
        return Decode(message, ring, receiveNanos);
    }

    /// <summary>Reads the message into the ring's next slot. Nothing is published here.</summary>
    /// <param name="receiveNanos">Our clock when the bytes were read, nanoseconds since 1970.</param>
    public DecodeResult Decode(ReadOnlySpan<byte> message, EventRing ring, long receiveNanos)
    {
        if (message.Length > MessageBytesMax) return DecodeResult.Refused(Refusal.TooLarge);
        if (!Utf8.IsValid(message)) return DecodeResult.Refused(Refusal.BadUtf8);
        try
        {
            var reader = new Utf8JsonReader(message, isFinalBlock: true, new JsonReaderState(WireJson.Options));
            reader.Read();
            DecodeResult result = Envelope(ref reader, message.Length, ring, receiveNanos);
            if (result.Outcome == DecodeOutcome.Refused) return result;
            while (reader.Read()) { } // Anything behind the message throws.
            return result;
        }
        catch (JsonException)
        {
            return DecodeResult.Refused(Refusal.Malformed);
        }
        catch (InvalidOperationException)
        {
            return DecodeResult.Refused(Refusal.Malformed); // An escape that is no character.
        }
    }

    private DecodeResult Envelope(ref Utf8JsonReader reader, int length, EventRing ring, long receiveNanos)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            bool array = reader.TokenType == JsonTokenType.StartArray;
            reader.Skip();
            return array ? DecodeResult.Unknown : DecodeResult.Refused(Refusal.WrongType);
        }
        Utf8JsonReader bare = reader;
        Utf8JsonReader early = default;
        StreamInfo? stream = null;
        bool streamSeen = false, dataSeen = false, dataEarly = false, shutdown = false;
        DecodeResult result = DecodeResult.Unknown;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("stream"u8))
            {
                if (streamSeen) return DecodeResult.Refused(Refusal.DuplicateField);
                streamSeen = true;
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) return DecodeResult.Refused(Refusal.WrongType);
                stream = FindStream(ref reader);
                shutdown = stream is null && reader.ValueTextEquals("!serverShutdown"u8);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                if (dataSeen) return DecodeResult.Refused(Refusal.DuplicateField);
                dataSeen = true;
                reader.Read();
                if (stream is null)
                {
                    early = reader; // The name comes later, or the stream is not ours.
                    dataEarly = !streamSeen;
                    reader.Skip();
                    continue;
                }
                result = Payload(ref reader, stream.Kind, stream.Symbol, length, ring, receiveNanos);
                if (result.Outcome == DecodeOutcome.Refused) return result;
            }
            else
            {
                reader.Skip();
            }
        }
        if (!streamSeen && !dataSeen)
        {
            while (reader.Read()) { }
            return Bare(ref bare, length, ring, receiveNanos);
        }
        if (!streamSeen || !dataSeen) return DecodeResult.Refused(Refusal.MissingField);
        if (shutdown) return DecodeResult.ServerShutdown;
        if (stream is null) return DecodeResult.Unknown;
        return dataEarly ? Payload(ref early, stream.Kind, stream.Symbol, length, ring, receiveNanos) : result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private StreamInfo? FindStream(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return streams.Find(reader.ValueSpan);
        Span<byte> scratch = stackalloc byte[NameBytesMax];
        int length = WireJson.CopyText(ref reader, scratch);
        return length < 0 ? null : streams.Find(scratch[..length]);
    }

    /// <summary>A message without envelope says its kind by its event type, or by its shape.</summary>
    private DecodeResult Bare(ref Utf8JsonReader reader, int length, EventRing ring, long receiveNanos)
    {
        Utf8JsonReader look = reader;
        EventKind kind = EventKind.None;
        bool typed = false, answer = false, ticker = false;
        while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
        {
            if (look.ValueTextEquals("e"u8))
            {
                look.Read();
                if (look.TokenType != JsonTokenType.String) return DecodeResult.Refused(Refusal.WrongType);
                typed = true;
                if (look.ValueTextEquals("aggTrade"u8)) kind = EventKind.AggTrade;
                else if (look.ValueTextEquals("trade"u8)) kind = EventKind.Trade;
                else if (look.ValueTextEquals("depthUpdate"u8)) kind = bareStream?.Kind ?? EventKind.DepthDiff;
                else if (look.ValueTextEquals("bookTicker"u8)) kind = EventKind.BookTicker;
                else if (look.ValueTextEquals("kline"u8)) kind = EventKind.Kline;
                else if (look.ValueTextEquals("markPriceUpdate"u8)) kind = EventKind.MarkPrice;
                else if (look.ValueTextEquals("forceOrder"u8)) kind = EventKind.Liquidation;
                else if (look.ValueTextEquals("serverShutdown"u8)) return DecodeResult.ServerShutdown;
                continue;
            }
            if (look.ValueTextEquals("lastUpdateId"u8)) kind = EventKind.Depth20;
            answer |= look.ValueTextEquals("result"u8) || look.ValueTextEquals("id"u8) || look.ValueTextEquals("code"u8) || look.ValueTextEquals("error"u8);
            ticker |= look.ValueTextEquals("u"u8);
            look.Skip();
        }
        if (!typed && kind == EventKind.None)
        {
            if (answer) return DecodeResult.Control;
            if (!ticker) return DecodeResult.Unknown;
            kind = EventKind.BookTicker;
        }
        if (kind == EventKind.None) return DecodeResult.Unknown;
        if (kind == EventKind.Depth20 && bareStream is null) return DecodeResult.Unknown; // Nothing says whose book it is.
        return Payload(ref reader, kind, bareStream?.Symbol ?? SymbolId.None, length, ring, receiveNanos);
    }

    private DecodeResult Payload(ref Utf8JsonReader reader, EventKind kind, SymbolId symbol, int length, EventRing ring, long receiveNanos)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return DecodeResult.Refused(Refusal.WrongType);
        return kind switch
        {
            EventKind.AggTrade or EventKind.Trade => Trade(ref reader, kind, symbol, ring, receiveNanos),
            EventKind.BookTicker => Ticker(ref reader, symbol, ring, receiveNanos),
            EventKind.Kline => Candle(ref reader, symbol, ring, receiveNanos),
            EventKind.MarkPrice => MarkPrice(ref reader, symbol, ring, receiveNanos),
            EventKind.Liquidation => Liquidation(ref reader, symbol, ring, receiveNanos),
            EventKind.Depth20 when market != Market.UsdMargined => PartialBook(ref reader, symbol, length, ring, receiveNanos),
            _ => Depth(ref reader, kind, symbol, length, ring, receiveNanos),
        };
    }

    private DecodeResult Trade(ref Utf8JsonReader reader, EventKind kind, SymbolId symbol, EventRing ring, long receiveNanos)
    {
        bool aggregate = kind == EventKind.AggTrade;
        TradeFields trade = default;
        long eventTime = 0, tradeTime = 0, price = 0, quantity = 0;
        bool buyerIsMaker = false, offMarket = false;
        SymbolId said = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': bit = 1; refusal = WireJson.Time(ref reader, out eventTime); break;
                case 'T': bit = 2; refusal = WireJson.Time(ref reader, out tradeTime); break;
                case 's': bit = 4; refusal = SymbolOf(ref reader, symbol, out said); break;
                case 'p': bit = 8; refusal = WireJson.Amount(ref reader, out price); break;
                case 'q': bit = 16; refusal = WireJson.Amount(ref reader, out quantity); break;
                case 'm': bit = 32; refusal = WireJson.Flag(ref reader, out buyerIsMaker); break;
                case 'e': bit = 64; refusal = WireJson.Expect(ref reader, aggregate ? "aggTrade"u8 : "trade"u8); break;
                case 'a' when aggregate: bit = 128; refusal = WireJson.Id(ref reader, out trade.Id); break;
                case 't' when !aggregate: bit = 128; refusal = WireJson.Id(ref reader, out trade.Id); break;
                case 'f' when aggregate: bit = 256; refusal = WireJson.Id(ref reader, out trade.FirstTradeId); break;
                case 'l' when aggregate: bit = 512; refusal = WireJson.Id(ref reader, out trade.LastTradeId); break;
                case 'X' when !aggregate && market == Market.UsdMargined:
                    bit = 1024;
                    refusal = WireJson.Expect(ref reader, "MARKET"u8);
                    offMarket = refusal == Refusal.Mismatch;
                    if (offMarket) refusal = Refusal.None; // An insurance fund's trade is a fact too.
                    break;
                default: reader.Skip(); continue;
            }
            if (Fails(refusal, ref seen, bit, out DecodeResult failed)) return failed;
        }
        uint needed = aggregate ? AllOfAggTrade : AllOfTrade;
        if ((seen & needed) != needed) return DecodeResult.Refused(Refusal.MissingField);
        if (said.IsNone) return DecodeResult.Unknown;
        if (!TryLag(eventTime, tradeTime, out int lag)) return DecodeResult.Refused(Refusal.BadTime);
        trade.Price = new Price(price);
        trade.Quantity = new Quantity(quantity);
        if (!aggregate) trade.FirstTradeId = trade.LastTradeId = trade.Id;
        ref MarketEvent slot = ref Header(ring, kind, said, eventTime, lag, receiveNanos);
        slot.Trade = trade;
        if (buyerIsMaker) slot.Flags |= EventFlags.BuyerIsMaker;
        if (offMarket || price == 0) slot.Flags |= EventFlags.OffMarket;
        return DecodeResult.Event(kind);
    }

    private DecodeResult Ticker(ref Utf8JsonReader reader, SymbolId symbol, EventRing ring, long receiveNanos)
    {
        long eventTime = 0, bookTime = 0, updateId = 0, bid = 0, bidQuantity = 0, ask = 0, askQuantity = 0;
        SymbolId said = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 'u': bit = 1; refusal = WireJson.Id(ref reader, out updateId); break;
                case 's': bit = 2; refusal = SymbolOf(ref reader, symbol, out said); break;
                case 'b': bit = 4; refusal = WireJson.Amount(ref reader, out bid); break;
                case 'B': bit = 8; refusal = WireJson.Amount(ref reader, out bidQuantity); break;
                case 'a': bit = 16; refusal = WireJson.Amount(ref reader, out ask); break;
                case 'A': bit = 32; refusal = WireJson.Amount(ref reader, out askQuantity); break;
                case 'E': bit = 64; refusal = WireJson.Time(ref reader, out eventTime); break;
                case 'T': bit = 128; refusal = WireJson.Time(ref reader, out bookTime); break;
                case 'e': bit = 256; refusal = WireJson.Expect(ref reader, "bookTicker"u8); break;
                default: reader.Skip(); continue;
            }
            if (Fails(refusal, ref seen, bit, out DecodeResult failed)) return failed;
        }
        uint needed = market == Market.UsdMargined ? AllOfTicker | 64 | 128 | 256 : AllOfTicker;
        if ((seen & needed) != needed) return DecodeResult.Refused(Refusal.MissingField);
        if (said.IsNone) return DecodeResult.Unknown;
        if ((seen & (64 | 128)) != (64 | 128)) eventTime = bookTime = Math.Max(eventTime, bookTime);
        if (!TryLag(eventTime, bookTime, out int lag)) return DecodeResult.Refused(Refusal.BadTime);
        ref MarketEvent slot = ref Header(ring, EventKind.BookTicker, said, eventTime, lag, receiveNanos);
        slot.Ticker.UpdateId = updateId;
        slot.Ticker.BidPrice = new Price(bid);
        slot.Ticker.BidQuantity = new Quantity(bidQuantity);
        slot.Ticker.AskPrice = new Price(ask);
        slot.Ticker.AskQuantity = new Quantity(askQuantity);
        return DecodeResult.Event(EventKind.BookTicker);
    }

    /// <summary>A diff of either market, or the partial book of USD-M, which has the shape of a diff.</summary>
    private DecodeResult Depth(ref Utf8JsonReader reader, EventKind kind, SymbolId symbol, int length, EventRing ring, long receiveNanos)
    {
        Span<long> words = ring.ClaimWords(WordsFor(length, ring));
        long eventTime = 0, bookTime = 0, first = 0, final = 0, previous = 0;
        int used = 0, bids = 0, asks = 0;
        bool asksFirst = false;
        SymbolId said = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': bit = 1; refusal = WireJson.Time(ref reader, out eventTime); break;
                case 's': bit = 2; refusal = SymbolOf(ref reader, symbol, out said); break;
                case 'U': bit = 4; refusal = WireJson.Id(ref reader, out first); break;
                case 'u': bit = 8; refusal = WireJson.Id(ref reader, out final); break;
                case 'b': bit = 16; refusal = WireJson.Levels(ref reader, words, ref used, out bids); break;
                case 'a': bit = 32; asksFirst = (seen & 16) == 0; refusal = WireJson.Levels(ref reader, words, ref used, out asks); break;
                case 'e': bit = 64; refusal = WireJson.Expect(ref reader, "depthUpdate"u8); break;
                case 'T': bit = 128; refusal = WireJson.Time(ref reader, out bookTime); break;
                case 'p' | ('u' << 8): bit = 256; refusal = WireJson.Id(ref reader, out previous); break;
                default: reader.Skip(); continue;
            }
            if (Fails(refusal, ref seen, bit, out DecodeResult failed)) return failed;
        }
        uint needed = market == Market.UsdMargined ? 0b1_1111_1111u : 0b111_1111u;
        if ((seen & needed) != needed) return DecodeResult.Refused(Refusal.MissingField);
        if (said.IsNone) return DecodeResult.Unknown;
        if ((seen & 128) == 0) bookTime = eventTime;
        if (!TryLag(eventTime, bookTime, out int lag)) return DecodeResult.Refused(Refusal.BadTime);
        if (asksFirst) Swap(words[..used], asks * Level.Words);
        ref MarketEvent slot = ref Header(ring, kind, said, eventTime, lag, receiveNanos);
        ring.SetPayload(ref slot, used);
        slot.Depth.BidCount = bids;
        slot.Depth.FinalUpdateId = final;
        if (kind == EventKind.DepthDiff)
        {
            slot.Depth.FirstUpdateId = first;
            slot.Depth.PreviousFinalUpdateId = market == Market.UsdMargined ? previous : 0;
        }
        return DecodeResult.Event(kind);
    }

    /// <summary>The partial book of the spot market: lastUpdateId, bids and asks, and not a word about whose they are.</summary>
    private static DecodeResult PartialBook(ref Utf8JsonReader reader, SymbolId symbol, int length, EventRing ring, long receiveNanos)
    {
        Span<long> words = ring.ClaimWords(WordsFor(length, ring));
        Refusal refusal = BookReader.Read(ref reader, words, out BookBody book);
        if (refusal != Refusal.None) return DecodeResult.Refused(refusal);
        ref MarketEvent slot = ref Header(ring, EventKind.Depth20, symbol, 0, 0, receiveNanos);
        ring.SetPayload(ref slot, book.Words);
        slot.Depth.BidCount = book.Bids;
        slot.Depth.FinalUpdateId = book.LastUpdateId;
        return DecodeResult.Event(EventKind.Depth20);
    }

    private DecodeResult Candle(ref Utf8JsonReader reader, SymbolId symbol, EventRing ring, long receiveNanos)
    {
        long eventTime = 0;
        SymbolId said = default;
        Kline kline = default;
        bool closed = false;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': bit = 1; refusal = WireJson.Time(ref reader, out eventTime); break;
                case 's': bit = 2; refusal = SymbolOf(ref reader, symbol, out said); break;
                case 'e': bit = 4; refusal = WireJson.Expect(ref reader, "kline"u8); break;
                case 'k': bit = 8; refusal = CandleReader.Read(ref reader, out kline, out closed); break;
                default: reader.Skip(); continue;
            }
            if (Fails(refusal, ref seen, bit, out DecodeResult failed)) return failed;
        }
        if ((seen & 15) != 15) return DecodeResult.Refused(Refusal.MissingField);
        if (said.IsNone) return DecodeResult.Unknown;
        ReadOnlySpan<long> record = Common.Events.Payload.Of(in kline);
        record.CopyTo(ring.ClaimWords(record.Length));
        ref MarketEvent slot = ref Header(ring, EventKind.Kline, said, eventTime, 0, receiveNanos);
        ring.SetPayload(ref slot, record.Length);
        if (closed) slot.Flags |= EventFlags.Closed;
        return DecodeResult.Event(EventKind.Kline);
    }

    private DecodeResult MarkPrice(ref Utf8JsonReader reader, SymbolId symbol, EventRing ring, long receiveNanos)
    {
        Refusal refusal = MarkPriceReader.Read(ref reader, streams, symbol, out MarkPriceFields mark, out SymbolId said, out long eventTime);
        if (refusal != Refusal.None) return DecodeResult.Refused(refusal);
        if (said.IsNone) return DecodeResult.Unknown;
        Header(ring, EventKind.MarkPrice, said, eventTime, 0, receiveNanos).Mark = mark;
        return DecodeResult.Event(EventKind.MarkPrice);
    }

    private DecodeResult Liquidation(ref Utf8JsonReader reader, SymbolId symbol, EventRing ring, long receiveNanos)
    {
        long eventTime = 0;
        LiquidationBody order = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal refusal;
            uint bit;
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': bit = 1; refusal = WireJson.Time(ref reader, out eventTime); break;
                case 'e': bit = 2; refusal = WireJson.Expect(ref reader, "forceOrder"u8); break;
                case 'o': bit = 4; refusal = LiquidationReader.Read(ref reader, streams, symbol, out order); break;
                default: reader.Skip(); continue;
            }
            if (Fails(refusal, ref seen, bit, out DecodeResult failed)) return failed;
        }
        if (seen != 7) return DecodeResult.Refused(Refusal.MissingField);
        if (order.Symbol.IsNone) return DecodeResult.Unknown;
        if (!TryLag(eventTime, order.TimeMicros, out int lag)) return DecodeResult.Refused(Refusal.BadTime);
        ref MarketEvent slot = ref Header(ring, EventKind.Liquidation, order.Symbol, eventTime, lag, receiveNanos);
        slot.Liquidation = order.Fields;
        if (order.Sells) slot.Flags |= EventFlags.Sell;
        return DecodeResult.Event(EventKind.Liquidation);
    }

    private Refusal SymbolOf(ref Utf8JsonReader reader, SymbolId expected, out SymbolId symbol) => WireJson.Symbol(ref reader, streams, expected, out symbol);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Fails(Refusal refusal, ref uint seen, uint bit, out DecodeResult failed)
    {
        if (refusal == Refusal.None && (seen & bit) != 0) refusal = Refusal.DuplicateField;
        seen |= bit;
        failed = DecodeResult.Refused(refusal);
        return refusal != Refusal.None;
    }

    private static ref MarketEvent Header(EventRing ring, EventKind kind, SymbolId symbol, long eventTime, int lag, long receiveNanos)
    {
        ref MarketEvent slot = ref ring.Claim();
        slot.Kind = kind;
        slot.Symbol = symbol;
        slot.ExchangeTimeMicros = eventTime;
        slot.TransactionLagMicros = lag;
        slot.ReceiveTimeNanos = receiveNanos;
        return ref slot;
    }

    private static bool TryLag(long eventTime, long transactionTime, out int lag)
    {
        long difference = eventTime - transactionTime;
        lag = (int)difference;
        return lag == difference;
    }

    /// <summary>More words than a message of that length can fill: a level takes at least nine characters, and two words.</summary>
    private static int WordsFor(int length, EventRing ring) => Math.Min((length / 4) + Level.Words, ring.PayloadWordsMax);

    private static void Swap(Span<long> words, int firstPart)
    {
        words[..firstPart].Reverse();
        words[firstPart..].Reverse();
        words.Reverse();
    }
}
