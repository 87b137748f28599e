using System.Numerics;
using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Tests;

/// <summary>Writes SBE messages of the stream schema field by field, as its XML lists them, with all that a newer version may have appended.</summary>
internal sealed class SbeMessage
{
    public int Template { get; init; }
    public int SchemaId { get; init; } = 1;
    public int Version { get; init; }
    public long EventTime { get; init; } = 1_770_313_263_917_123;

    /// <summary>The block's 64-bit fields behind the event time and before the exponents: the trade time, or update ids.</summary>
    public long[] Ids { get; init; } = [];

    public sbyte PriceExponent { get; init; } = -8;
    public sbyte QuantityExponent { get; init; } = -8;

    /// <summary>BestBidAsk: bid, bid quantity, ask, ask quantity.</summary>
    public long[] Quotes { get; init; } = [];

    public (long Id, long Price, long Quantity, byte Maker)[] Trades { get; init; } = [];
    public (long Price, long Quantity)[] Bids { get; init; } = [];
    public (long Price, long Quantity)[] Asks { get; init; } = [];
    public string Symbol { get; init; } = "BTCUSDT";

    /// <summary>Bytes that this version does not know, at the end of the block, of each group entry and of the message.</summary>
    public int MoreInBlock { get; init; }
    public int MoreInEntries { get; init; }
    public int MoreAtEnd { get; init; }

    /// <summary>Groups that this version does not know: the bytes of an entry and how many there are.</summary>
    public (int EntryBytes, int Count)[] MoreGroups { get; init; } = [];
    public bool MoreGroupsAreLong { get; init; }

    public byte[] Encode()
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        int block = 8 + (Ids.Length * 8) + 2 + (Quotes.Length * 8) + MoreInBlock;
        foreach (int field in (int[])[block, Template, SchemaId, Version]) writer.Write((ushort)field);
        writer.Write(EventTime);
        foreach (long id in Ids) writer.Write(id);
        writer.Write(PriceExponent);
        writer.Write(QuantityExponent);
        foreach (long quote in Quotes) writer.Write(quote);
        More(writer, MoreInBlock);
        if (Template == 10_000)
        {
            writer.Write((ushort)(25 + MoreInEntries));
            writer.Write((uint)Trades.Length);
            foreach ((long id, long price, long quantity, byte maker) in Trades)
            {
                writer.Write(id);
                writer.Write(price);
                writer.Write(quantity);
                writer.Write(maker);
                More(writer, MoreInEntries);
            }
        }
        if (Template is 10_002 or 10_003)
        {
            foreach ((long Price, long Quantity)[] side in ((long, long)[][])[Bids, Asks])
            {
                writer.Write((ushort)(16 + MoreInEntries));
                writer.Write((ushort)side.Length);
                foreach ((long price, long quantity) in side)
                {
                    writer.Write(price);
                    writer.Write(quantity);
                    More(writer, MoreInEntries);
                }
            }
        }
        foreach ((int entryBytes, int count) in MoreGroups)
        {
            writer.Write((ushort)entryBytes);
            if (MoreGroupsAreLong) writer.Write((uint)count);
            else writer.Write((ushort)count);
            More(writer, entryBytes * count);
        }
        byte[] symbol = Encoding.UTF8.GetBytes(Symbol);
        writer.Write((byte)symbol.Length);
        writer.Write(symbol);
        More(writer, MoreAtEnd);
        return memory.ToArray();
    }

    private static void More(BinaryWriter writer, int bytes) => writer.Write([.. Enumerable.Repeat((byte)0xEE, bytes)]);

    /// <summary>A message of any of the four kinds with plausible values, and sometimes what a newer version may have.</summary>
    public static SbeMessage Any(Random random, params string[] symbols)
    {
        int template = 10_000 + random.Next(4);
        sbyte priceExponent = (sbyte)random.Next(-10, 1), quantityExponent = (sbyte)random.Next(-10, 1);
        long Price() => Mantissa(priceExponent, random.NextInt64(1, 20_000_000_000_000));
        long Quantity() => Mantissa(quantityExponent, random.Next(5) == 0 ? 0 : random.NextInt64(1, 900_000_000_000));
        static long Mantissa(sbyte exponent, long value) => exponent < -8 ? value * (exponent == -9 ? 10 : 100) : value % 9_000_000_000;
        (long, long)[] Side() => [.. Enumerable.Range(0, random.Next(4) == 0 ? random.Next(60) : 20).Select(_ => (Price(), Quantity()))];
        long id = random.NextInt64(1, 1L << 40);
        bool newer = random.Next(3) == 0;
        return new SbeMessage
        {
            Template = template,
            Version = newer ? random.Next(1, 9) : 0,
            EventTime = 1_770_000_000_000_000 + random.NextInt64(1_000_000_000),
            Ids = template switch
            {
                10_000 => [1_770_000_000_000_000 + random.NextInt64(1_000_000_000)],
                10_003 => [id, id + random.Next(1_000)],
                _ => [id],
            },
            PriceExponent = priceExponent,
            QuantityExponent = quantityExponent,
            Quotes = template == 10_001 ? [Price(), Quantity(), Price(), Quantity()] : [],
            Trades = template == 10_000 ? [.. Enumerable.Range(0, random.Next(1, 5)).Select(i => (id + i, Price(), Quantity(), (byte)random.Next(2)))] : [],
            Bids = template >= 10_002 ? Side() : [],
            Asks = template >= 10_002 ? Side() : [],
            Symbol = symbols[random.Next(symbols.Length)],
            MoreInBlock = newer ? random.Next(12) : 0,
            MoreInEntries = newer ? random.Next(7) : 0,
            MoreAtEnd = newer ? random.Next(5) : 0,
            MoreGroups = newer && random.Next(2) == 0 ? [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (random.Next(20), random.Next(4)))] : [],
            MoreGroupsAreLong = random.Next(2) == 0,
        };
    }
}

/// <summary>Reads SBE stream messages with readers and exceptions and big integers, one field after the other: slow, and easy to believe.</summary>
internal static class SbeReference
{
    private static readonly BigInteger UnitsMax = long.MaxValue;

    public sealed class Wrong(Refusal reason) : Exception
    {
        public Refusal Reason => reason;
    }

    /// <summary>The events of the message, without their payload positions; null where it is not for us.</summary>
    /// <exception cref="Wrong">It is not a message.</exception>
    public static List<(MarketEvent Entry, long[] Payload)>? Read(byte[] message, StreamTable streams, int wordsMax)
    {
        using var reader = new BinaryReader(new MemoryStream(message));
        try
        {
            return Read(reader, streams, wordsMax);
        }
        catch (EndOfStreamException)
        {
            throw new Wrong(Refusal.Malformed);
        }
    }

    private static List<(MarketEvent Entry, long[] Payload)>? Read(BinaryReader reader, StreamTable streams, int wordsMax)
    {
        int block = reader.ReadUInt16(), template = reader.ReadUInt16(), schema = reader.ReadUInt16(), version = reader.ReadUInt16();
        if (schema != 1) return null;
        string[]? fields = template switch
        {
            10_000 => ["time", "tradeTime", "exponents"],
            10_001 => ["time", "id", "exponents", "p", "q", "p", "q"],
            10_002 => ["time", "id", "exponents"],
            10_003 => ["time", "id", "id", "exponents"],
            _ => null,
        };
        if (fields is null) return null;
        if (block < fields.Sum(field => field == "exponents" ? 2 : 8)) throw new Wrong(Refusal.Malformed);
        using var body = new BinaryReader(new MemoryStream(Exactly(reader, block)));
        List<List<byte[]>> groups = [];
        if (template == 10_000) groups.Add(Group(reader, isLong: true, 25));
        if (template >= 10_002)
        {
            groups.Add(Group(reader, isLong: false, 16));
            groups.Add(Group(reader, isLong: false, 16));
        }
        SymbolId symbol = Symbol(reader, version, streams);
        if (symbol.IsNone || (template == 10_000 && groups[0].Count == 0)) return null;

        List<long> numbers = [];
        int price = 0, quantity = 0;
        foreach (string field in fields)
        {
            if (field == "exponents") (price, quantity) = (body.ReadSByte(), body.ReadSByte());
            else numbers.Add(field switch { "p" => Units(body.ReadInt64(), price), "q" => Units(body.ReadInt64(), quantity), _ => body.ReadInt64() });
            if (field is "time" or "tradeTime" && numbers[^1] is < 0 or >= 100_000_000_000_000_000) throw new Wrong(Refusal.BadTime);
            if (field == "id" && numbers[^1] < 0) throw new Wrong(Refusal.BadNumber);
        }
        if (price is < -18 or > 8 || quantity is < -18 or > 8) throw new Wrong(Refusal.BadNumber);
        if (template == 10_000 && numbers[0] - numbers[1] is < int.MinValue or > int.MaxValue) throw new Wrong(Refusal.BadTime);

        MarketEvent entry = new() { Symbol = symbol, ExchangeTimeMicros = numbers[0], ReceiveTimeNanos = 77 };
        if (template == 10_001)
        {
            entry.Kind = EventKind.BookTicker;
            entry.Ticker = new BookTickerFields
            {
                UpdateId = numbers[1],
                BidPrice = new Price(numbers[2]),
                BidQuantity = new Quantity(numbers[3]),
                AskPrice = new Price(numbers[4]),
                AskQuantity = new Quantity(numbers[5]),
            };
            return [(entry, [])];
        }
        if (template == 10_000)
        {
            entry.TransactionLagMicros = (int)(numbers[0] - numbers[1]);
            return [.. groups[0].Select(bytes => (Trade(entry, bytes, price, quantity), (long[])[]))];
        }
        if ((groups[0].Count + groups[1].Count) * 2 > wordsMax) throw new Wrong(Refusal.TooManyLevels);
        long[] payload = [.. groups.SelectMany(group => group).SelectMany(bytes => (long[])[Units(BitConverter.ToInt64(bytes), price), Units(BitConverter.ToInt64(bytes, 8), quantity)])];
        entry.Kind = template == 10_003 ? EventKind.DepthDiff : EventKind.Depth20;
        entry.Flags = EventFlags.HasPayload;
        entry.Depth = new DepthFields { BidCount = groups[0].Count, PayloadWords = payload.Length, FinalUpdateId = numbers[^1], FirstUpdateId = template == 10_003 ? numbers[1] : 0 };
        return [(entry, payload)];
    }

    private static MarketEvent Trade(MarketEvent entry, byte[] bytes, int priceExponent, int quantityExponent)
    {
        long id = BitConverter.ToInt64(bytes);
        if (id < 0 || bytes[24] > 1) throw new Wrong(Refusal.BadNumber);
        entry.Kind = EventKind.Trade;
        entry.Trade = new TradeFields
        {
            Id = id,
            FirstTradeId = id,
            LastTradeId = id,
            Price = new Price(Units(BitConverter.ToInt64(bytes, 8), priceExponent)),
            Quantity = new Quantity(Units(BitConverter.ToInt64(bytes, 16), quantityExponent)),
        };
        if (bytes[24] == 1) entry.Flags |= EventFlags.BuyerIsMaker;
        if (entry.Trade.Price.Raw == 0) entry.Flags |= EventFlags.OffMarket;
        return entry;
    }

    private static long Units(long mantissa, int exponent)
    {
        if (exponent is < -18 or > 8 || mantissa < 0) throw new Wrong(Refusal.BadNumber);
        BigInteger scaled = mantissa * BigInteger.Pow(10, exponent + 18);
        BigInteger units = BigInteger.DivRem(scaled, BigInteger.Pow(10, 10), out BigInteger rest);
        return rest.IsZero && units <= UnitsMax ? (long)units : throw new Wrong(Refusal.BadNumber);
    }

    private static SymbolId Symbol(BinaryReader reader, int version, StreamTable streams)
    {
        long at = reader.BaseStream.Position;
        if (version == 0)
        {
            byte[] name = Exactly(reader, reader.ReadByte());
            return reader.BaseStream.Position == reader.BaseStream.Length ? streams.FindSymbol(name) : throw new Wrong(Refusal.Malformed);
        }
        // A newer version may have appended groups: the first reading with a symbol of ours is meant.
        bool anything = false;
        foreach ((int groups, bool isLong) in ((int, bool)[])[(0, false), (1, false), (1, true), (2, false), (2, true), (3, false), (3, true), (4, false), (4, true)])
        {
            reader.BaseStream.Position = at;
            try
            {
                for (int i = 0; i < groups; i++) Group(reader, isLong, 0);
                SymbolId symbol = streams.FindSymbol(Exactly(reader, reader.ReadByte()));
                anything = true;
                if (!symbol.IsNone) return symbol;
            }
            catch (Exception error) when (error is EndOfStreamException or Wrong)
            {
                // It cannot mean that.
            }
        }
        return anything ? SymbolId.None : throw new Wrong(Refusal.Malformed);
    }

    private static List<byte[]> Group(BinaryReader reader, bool isLong, int entryBytesMin)
    {
        int entryBytes = reader.ReadUInt16();
        long count = isLong ? reader.ReadUInt32() : reader.ReadUInt16();
        if (count > 0 && entryBytes < entryBytesMin) throw new Wrong(Refusal.Malformed);
        List<byte[]> entries = [];
        if (entryBytes == 0) return count > 0 && entryBytesMin > 0 ? throw new Wrong(Refusal.Malformed) : entries;
        for (long i = 0; i < count; i++) entries.Add(Exactly(reader, entryBytes));
        return entries;
    }

    private static byte[] Exactly(BinaryReader reader, int count)
    {
        byte[] bytes = reader.ReadBytes(count);
        return bytes.Length == count ? bytes : throw new EndOfStreamException();
    }
}
