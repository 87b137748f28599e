using System.Buffers.Binary;
using System.Text.Json;

using Peregrine.Binance.Sbe;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class SbeDecoderTests
{
    private static readonly string[] Symbols = ["BTCUSDT", "ETHUSDT", "A", "1000SATSUSDT", "币安人生USDT", "ALONGSYMBOLOFTWENTYFOUR1"];

    private readonly StreamTable _streams = new(Some.Instruments(Market.Spot, Symbols), Some.Kinds);
    private readonly Seen _seen = new();
    private readonly EventRing _ring;
    private readonly SbeDecoder _decoder;

    public SbeDecoderTests()
    {
        _ring = Some.Ring(_seen);
        _decoder = new SbeDecoder(_streams);
    }

    private DecodeResult Decode(byte[] message)
    {
        _seen.All.Clear();
        return _decoder.Decode(message, _ring, 77);
    }

    [Fact]
    public void The_vectors_of_the_reference_decode_to_their_values()
    {
        string? path = Repository.Shared("reference/sbe/synthetic-stream-vectors.json");
        Assert.SkipWhen(path is null, "The reference vectors are not beside the project.");
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(path));
        int count = 0;
        foreach (JsonElement vector in vectors.RootElement.GetProperty("vectors").EnumerateArray())
        {
            JsonElement says = vector.GetProperty("decoded");
            int template = says.GetProperty("_header").GetProperty("templateId").GetInt32();
            DecodeResult result = Decode(Convert.FromHexString(vector.GetProperty("hex").GetString()!));
            Assert.True(result.IsEvent, $"{vector.GetProperty("name")}: {result}");
            int price = says.GetProperty("priceExponent").GetInt32(), quantity = says.GetProperty("qtyExponent").GetInt32();
            long Units(JsonElement element, string name, int exponent) => (long)(element.GetProperty(name).GetInt64() * Math.Pow(10, exponent + 8));
            (MarketEvent entry, long[] payload) = _seen.Last;
            Assert.Equal(_streams.FindSymbol(Some.Utf8(says.GetProperty("symbol").GetString()!)), entry.Symbol);
            Assert.Equal(says.GetProperty("eventTime").GetInt64(), entry.ExchangeTimeMicros);
            Assert.Equal(77, entry.ReceiveTimeNanos);
            switch (template)
            {
                case 10_000:
                    Assert.Equal(says.GetProperty("trades").GetArrayLength(), _seen.All.Count);
                    foreach ((JsonElement trade, MarketEvent read) in says.GetProperty("trades").EnumerateArray().Zip(_seen.All.Select(each => each.Entry)))
                    {
                        Assert.Equal(EventKind.Trade, read.Kind);
                        Assert.Equal(trade.GetProperty("id").GetInt64(), read.Trade.Id);
                        Assert.Equal(trade.GetProperty("id").GetInt64(), read.Trade.FirstTradeId);
                        Assert.Equal(trade.GetProperty("id").GetInt64(), read.Trade.LastTradeId);
                        Assert.Equal(Units(trade, "price", price), read.Trade.Price.Raw);
                        Assert.Equal(Units(trade, "qty", quantity), read.Trade.Quantity.Raw);
                        Assert.Equal(trade.GetProperty("isBuyerMaker").GetString() == "True", (read.Flags & EventFlags.BuyerIsMaker) != 0);
                        Assert.Equal(says.GetProperty("transactTime").GetInt64(), read.TransactionTimeMicros);
                    }
                    break;
                case 10_001:
                    Assert.Equal(EventKind.BookTicker, entry.Kind);
                    Assert.Equal(says.GetProperty("bookUpdateId").GetInt64(), entry.Ticker.UpdateId);
                    Assert.Equal(Units(says, "bidPrice", price), entry.Ticker.BidPrice.Raw);
                    Assert.Equal(Units(says, "bidQty", quantity), entry.Ticker.BidQuantity.Raw);
                    Assert.Equal(Units(says, "askPrice", price), entry.Ticker.AskPrice.Raw);
                    Assert.Equal(Units(says, "askQty", quantity), entry.Ticker.AskQuantity.Raw);
                    break;
                default:
                    long[] levels = [.. ((string[])["bids", "asks"]).SelectMany(side => says.GetProperty(side).EnumerateArray())
                        .SelectMany(level => (long[])[Units(level, "price", price), Units(level, "qty", quantity)])];
                    Assert.Equal(levels, payload);
                    Assert.Equal(says.GetProperty("bids").GetArrayLength(), entry.Depth.BidCount);
                    Assert.Equal(says.GetProperty("asks").GetArrayLength(), entry.Depth.AskCount);
                    bool diff = template == 10_003;
                    Assert.Equal(diff ? EventKind.DepthDiff : EventKind.Depth20, entry.Kind);
                    Assert.Equal(diff ? says.GetProperty("firstBookUpdateId").GetInt64() : 0, entry.Depth.FirstUpdateId);
                    Assert.Equal(says.GetProperty(diff ? "lastBookUpdateId" : "bookUpdateId").GetInt64(), entry.Depth.FinalUpdateId);
                    break;
            }
            count++;
        }
        Assert.Equal(6, count);
    }

    [Fact]
    public void What_an_independent_encoder_wrote_is_read_to_the_last_field()
    {
        const int Seed = 11;
        var random = new Random(Seed);
        int events = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] message = SbeMessage.Any(random, Symbols).Encode();
            events += Agree(message, $"message {i} of seed {Seed}");
        }
        Assert.True(events > 20_000);
    }

    [Fact]
    public void A_hundred_thousand_spoilt_messages_are_read_as_the_obvious_reader_reads_them_or_refused()
    {
        const int Seed = 12;
        var random = new Random(Seed);
        int events = 0, trials = 100_000;
        for (int i = 0; i < trials; i++)
        {
            byte[] message = SbeMessage.Any(random, [.. Symbols, "NOBODYASKED"]).Encode();
            int changes = random.Next(1, 4);
            for (int j = 0; j < changes && message.Length > 0; j++)
            {
                int at = random.Next(random.Next(2) == 0 ? Math.Min(40, message.Length) : message.Length);
                switch (random.Next(6))
                {
                    case 0: message = message[..at]; break;
                    case 1: message[at] = (byte)random.Next(256); break;
                    case 2: message[at] ^= (byte)(1 << random.Next(8)); break;
                    case 3: message = [.. message[..at], (byte)random.Next(256), .. message[at..]]; break;
                    case 4 when message.Length - at >= 8: BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(at), Extreme(random)); break;
                    default: message = [.. message[..at], .. message[(at + 1)..]]; break;
                }
            }
            events += Agree(message, $"message {i} of seed {Seed}: {Convert.ToHexString(message)}");
        }
        Console.WriteLine($"SBE: {trials} spoilt messages, {events} events, 0 crashes, 0 other values (seed {Seed})");
        Assert.InRange(events, trials / 10, trials * 4);
    }

    private static long Extreme(Random random) => random.Next(6) switch
    {
        0 => long.MinValue,
        1 => long.MaxValue,
        2 => -1,
        3 => long.MaxValue / (long)Math.Pow(10, random.Next(17)),
        4 => (long.MaxValue / (long)Math.Pow(10, random.Next(17))) + 1,
        _ => 0,
    };

    /// <summary>Both readers say the same of the message; returns how many events it had.</summary>
    private int Agree(byte[] message, string what)
    {
        List<(MarketEvent Entry, long[] Payload)>? expected = null;
        Refusal refusal = Refusal.None;
        try
        {
            expected = SbeReference.Read(message, _streams, _ring.PayloadWordsMax);
        }
        catch (SbeReference.Wrong wrong)
        {
            refusal = wrong.Reason;
        }
        // Nothing behind or before the message belongs to it.
        byte[] memory = [.. Enumerable.Repeat((byte)0x41, 64), .. message, .. Enumerable.Repeat((byte)0x41, 64)];
        _seen.All.Clear();
        DecodeResult result = _decoder.Decode(memory.AsSpan(64, message.Length), _ring, 77);
        if (refusal != Refusal.None)
        {
            Assert.True(result.Outcome == DecodeOutcome.Refused, $"{what}: {result}, not refused ({refusal})");
            Assert.Empty(_seen.All);
            return 0;
        }
        if (expected is null)
        {
            Assert.True(result == DecodeResult.Unknown, $"{what}: {result}, not unknown");
            Assert.Empty(_seen.All);
            return 0;
        }
        Assert.True(result == DecodeResult.Event(expected[0].Entry.Kind), $"{what}: {result}, not {expected[0].Entry.Kind}");
        Assert.Equal(expected.Count, _seen.All.Count);
        foreach (((MarketEvent entry, long[] payload) own, (MarketEvent entry, long[] payload) theirs) in _seen.All.Zip(expected))
        {
            MarketEvent entry = own.entry;
            if (entry.HasPayload) entry.PayloadPosition = 0;
            Assert.True(Bytes(entry).SequenceEqual(Bytes(theirs.entry)) && own.payload.AsSpan().SequenceEqual(theirs.payload), what);
        }
        return expected.Count;
    }

    private static ReadOnlySpan<byte> Bytes(MarketEvent entry) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<MarketEvent>([entry]));

    [Fact]
    public void Every_cut_of_a_message_is_refused()
    {
        var random = new Random(4);
        for (int template = 10_000; template < 10_004; template++)
        {
            SbeMessage whole;
            do whole = SbeMessage.Any(random, Symbols);
            while (whole.Template != template || whole.Version != 0);
            byte[] message = whole.Encode();
            Assert.True(Decode(message).IsEvent);
            for (int length = 0; length < message.Length; length++) Assert.Equal(DecodeResult.Refused(Refusal.Malformed), Decode(message[..length]));
            Assert.Equal(DecodeResult.Refused(Refusal.Malformed), Decode([.. message, 0]));
        }
    }

    [Theory] // The mantissa, the exponent, and the units it is; -1 where there is no exact value.
    [InlineData(9_412_345, -2, 9_412_345_000_000)]
    [InlineData(1, -8, 1)]
    [InlineData(5, -9, -1)]
    [InlineData(50, -9, 5)]
    [InlineData(1_230_000_000_000_000_000, -18, 123_000_000)]
    [InlineData(1_230_000_000_000_000_001, -18, -1)]
    [InlineData(922, 8, 9_220_000_000_000_000_000)]
    [InlineData(923, 8, -1)]
    [InlineData(0, 8, 0)]
    [InlineData(1, 9, -1)]
    [InlineData(0, 9, -1)]
    [InlineData(0, -19, -1)]
    [InlineData(0, -128, -1)]
    [InlineData(-1, -8, -1)]
    [InlineData(long.MinValue, -8, -1)]
    [InlineData(long.MaxValue, -8, long.MaxValue)]
    public void A_value_is_exact_or_refused(long mantissa, sbyte exponent, long units)
    {
        DecodeResult expected = units < 0 ? DecodeResult.Refused(Refusal.BadNumber) : DecodeResult.Event(EventKind.BookTicker);
        Assert.Equal(expected, Decode(new SbeMessage { Template = 10_001, Ids = [7], PriceExponent = exponent, Quotes = [mantissa, 1, mantissa, 2] }.Encode()));
        if (units >= 0) Assert.Equal(units, _seen.Last.Entry.Ticker.BidPrice.Raw);
        // Wherever it stands in a book, among the levels done together or the last ones.
        for (int place = 0; place < 11; place++)
        {
            (long, long)[] side = [.. Enumerable.Range(0, 11).Select(i => i == place ? (mantissa, 3L) : (0L, 3L))];
            result(new SbeMessage { Template = 10_002, Ids = [7], PriceExponent = exponent, Bids = side });
            result(new SbeMessage { Template = 10_003, Ids = [7, 8], QuantityExponent = exponent, Asks = [.. side.Select(level => (level.Item2, level.Item1))] });
            void result(SbeMessage message)
            {
                DecodeResult read = Decode(message.Encode());
                Assert.Equal(units < 0 ? DecodeOutcome.Refused : DecodeOutcome.Event, read.Outcome);
                if (units >= 0) Assert.Contains(units, _seen.Last.Payload);
            }
        }
    }

    [Fact]
    public void Another_schema_template_or_symbol_is_unknown()
    {
        SbeMessage Ticker(int template = 10_001, int schema = 1, string symbol = "BTCUSDT") => new() { Template = template, SchemaId = schema, Ids = [1], Quotes = [1, 2, 3, 4], Symbol = symbol };
        Assert.True(Decode(Ticker().Encode()).IsEvent);
        Assert.Equal(DecodeResult.Unknown, Decode(Ticker(schema: 2).Encode()));
        Assert.Equal(DecodeResult.Unknown, Decode(Ticker(template: 10_004).Encode()));
        Assert.Equal(DecodeResult.Unknown, Decode(Ticker(template: 9_999).Encode()));
        Assert.Equal(DecodeResult.Unknown, Decode(Ticker(symbol: "BTCUSD").Encode()));
        Assert.Equal(DecodeResult.Unknown, Decode(Ticker(symbol: "").Encode()));
        Assert.Equal(DecodeResult.Unknown, Decode(new SbeMessage { Template = 10_000, Ids = [1] }.Encode())); // Not one trade.
        Assert.Empty(_seen.All);
    }

    [Fact]
    public void A_message_with_one_bad_trade_publishes_none_of_them()
    {
        (long, long, long, byte) good = (1, 2, 3, 0);
        Assert.Equal(DecodeResult.Refused(Refusal.BadNumber), Decode(new SbeMessage { Template = 10_000, Ids = [1], EventTime = 2, Trades = [good, good, (3, 4, 5, 255)] }.Encode()));
        Assert.Empty(_seen.All);
        Assert.True(Decode(new SbeMessage { Template = 10_000, Ids = [1], EventTime = 2, Trades = [good, good, good] }.Encode()).IsEvent);
        Assert.Equal(3, _seen.All.Count);
    }

    [Fact]
    public void A_book_with_more_levels_than_an_event_holds_is_refused()
    {
        (long, long)[] side = [.. Enumerable.Repeat((5L, 6L), _ring.PayloadWordsMax / 4)];
        Assert.True(Decode(new SbeMessage { Template = 10_002, Ids = [1], Bids = side, Asks = side }.Encode()).IsEvent);
        Assert.Equal(DecodeResult.Refused(Refusal.TooManyLevels), Decode(new SbeMessage { Template = 10_002, Ids = [1], Bids = side, Asks = [.. side, (7, 8)] }.Encode()));
    }

    private struct OnlyNewer : IEventGate
    {
        public long Last;
        public int Dropped;

        public bool Accept(in MarketEvent entry)
        {
            long id = entry.Kind == EventKind.Trade ? entry.Trade.Id : entry.Depth.FinalUpdateId;
            if (id <= Last)
            {
                Dropped++;
                return false;
            }
            Last = id;
            return true;
        }
    }

    [Fact]
    public void The_gate_decides_for_each_event_and_a_dropped_one_takes_no_room()
    {
        OnlyNewer gate = default;
        byte[] trades = new SbeMessage { Template = 10_000, Ids = [1], EventTime = 2, Trades = [(5, 1, 1, 0), (6, 1, 1, 0)] }.Encode();
        byte[] more = new SbeMessage { Template = 10_000, Ids = [1], EventTime = 2, Trades = [(6, 1, 1, 0), (7, 1, 1, 0)] }.Encode();
        Assert.True(_decoder.Decode(trades, _ring, 1, ref gate).IsEvent);
        Assert.True(_decoder.Decode(more, _ring, 1, ref gate).IsEvent);
        Assert.Equal([5, 6, 7], _seen.All.Select(each => each.Entry.Trade.Id));
        gate.Last = 0;
        byte[] Book(long id) => new SbeMessage { Template = 10_003, Ids = [id, id], Bids = [(id, 1)] }.Encode();
        foreach (long id in (long[])[10, 10, 10, 11]) Assert.True(_decoder.Decode(Book(id), _ring, 1, ref gate).IsEvent);
        Assert.Equal(3, gate.Dropped);
        Assert.Equal([10, 11], _seen.All[3..].Select(each => each.Payload[0]));
        Assert.Equal(_seen.All[3].Entry.PayloadPosition + 2, _seen.All[4].Entry.PayloadPosition);
    }

    [Fact]
    public void Decoding_allocates_nothing()
    {
        var random = new Random(9);
        byte[][] messages = [.. Enumerable.Range(0, 64).Select(_ => SbeMessage.Any(random, Symbols).Encode())];
        var ring = Some.Ring();
        long allocated = 0;
        for (int round = 0; round < 200; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (byte[] message in messages) _decoder.Decode(message, ring, 1);
            if (round >= 100) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Allocation.AssertNone(allocated);
    }
}
