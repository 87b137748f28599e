using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Binance.Streams.Scanning;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>A message like its stream's last one is read as a whole; every other one is left to those who look at each value.</summary>
public sealed unsafe class TemplateScanTests(ITestOutputHelper output)
{
    private const int Seed = 90;

    public static TheoryData<string> Kinds => ["aggTrade", "trade", "bookTicker"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Quantities_and_sides_may_change_from_message_to_message(string kind)
    {
        Assert.SkipUnless(VectorScan.IsSupported, "The processor has no vectors of 32 bytes.");
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var stream = new Stream(kind);
        Assert.False(stream.Reads(Message(kind, random)));
        stream.Learn(Message(kind, random));
        for (int i = 0; i < 2_000; i++)
        {
            byte[] message = Message(kind, random);
            Assert.True(stream.Reads(message), Encoding.ASCII.GetString(message));
            Assert.True(stream.Agrees(message), Encoding.ASCII.GetString(message));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_message_that_differs_in_any_byte_is_refused_or_read_as_the_general_decoder_reads_it(string kind)
    {
        Assert.SkipUnless(VectorScan.IsSupported, "The processor has no vectors of 32 bytes.");
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var stream = new Stream(kind);
        stream.Learn(Message(kind, random));
        int read = 0, refused = 0;
        for (int round = 0; round < 20; round++)
        {
            byte[] message = Message(kind, random);
            for (int at = 0; at < message.Length; at++)
            {
                byte original = message[at];
                for (int bit = 0; bit < 8; bit++)
                {
                    message[at] = (byte)(original ^ (1 << bit));
                    if (!stream.Reads(message))
                    {
                        refused++;
                        continue;
                    }
                    read++;
                    Assert.True(stream.Agrees(message), Encoding.ASCII.GetString(message));
                }
                message[at] = original;
            }
            Assert.False(stream.Reads(message[..^1]));
            Assert.False(stream.Reads([.. message, (byte)' ']));
        }
        output.WriteLine($"{kind}: {read} altered messages read, {refused} refused");
        Assert.True(read > 1_000 && refused > 10_000);
    }

    private static byte[] Message(string kind, Random random)
    {
        string bid = Quantity(random), ask = Quantity(random), side = random.Next(2) == 0 ? "true" : "false";
        return Encoding.ASCII.GetBytes(kind switch
        {
            "aggTrade" => $$$"""{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":17910198534{{{random.Next(10, 99)}}},"s":"BTCUSDT","a":{{{random.Next(1_000_000, 9_999_999)}}},"p":"{{{random.Next(10_000, 99_999)}}}.05000000","q":"{{{bid}}}","f":{{{random.Next(1_000, 9_999)}}},"l":{{{random.Next(1_000, 9_999)}}},"T":17910198534{{{random.Next(10, 99)}}},"m":{{{side}}},"M":true}}""",
            "trade" => $$$"""{"stream":"btcusdt@trade","data":{"e":"trade","E":17910198534{{{random.Next(10, 99)}}},"s":"BTCUSDT","t":{{{random.Next(1_000_000, 9_999_999)}}},"p":"{{{random.Next(10_000, 99_999)}}}.05000000","q":"{{{bid}}}","T":17910198534{{{random.Next(10, 99)}}},"m":{{{side}}},"M":true}}""",
            _ => $$$"""{"stream":"btcusdt@bookTicker","data":{"u":{{{random.Next(1_000_000, 9_999_999)}}},"s":"BTCUSDT","b":"{{{random.Next(10_000, 99_999)}}}.05000000","B":"{{{bid}}}","a":"{{{random.Next(10_000, 99_999)}}}.06000000","A":"{{{ask}}}"}}""",
        });
    }

    /// <summary>From one to seven whole digits.</summary>
    private static string Quantity(Random random) =>
        ((decimal)random.Next(0, (int)Math.Pow(10, random.Next(1, 8))) + (random.Next(0, 100_000_000) / 100_000_000m)).ToString("0.00000000", CultureInfo.InvariantCulture);

    /// <summary>One stream with its template, and the general decoder.</summary>
    private sealed class Stream
    {
        private readonly PinnedMemory _memory = new();
        private readonly EventRing _ring = new(1_024, 1 << 17);
        private readonly EventRing _general = new(1_024, 1 << 17);
        private readonly StreamDecoder _decoder;
        private readonly StreamSlot* _slot;
        private readonly byte[] _buffer = GC.AllocateArray<byte>(1_024, pinned: true);

        public Stream(string kind)
        {
            InstrumentTable instruments = new();
            instruments.Add("BTCUSDT", Market.Spot);
            var table = new StreamTable(instruments, [kind]);
            _decoder = new StreamDecoder(Market.Spot, table);
            _slot = _memory.Take<StreamSlot>(1);
            Assert.True(new LayoutBuilder(_memory).TryBuild(Market.Spot, table.Streams[0], "BTCUSDT", _slot));
            _slot->Current->Template = TemplateBuilder.Make(_memory, _slot->Current, _slot->Program);
            Assert.True(_slot->Current->Template != null);
        }

        public void Learn(byte[] message)
        {
            Assert.True(LayoutMeasure.TryLearn(_slot->Current, message));
            TemplateBuilder.Learn(_slot->Current->Template, _slot->Current, (byte*)&_slot->Text0);
        }

        public bool Reads(byte[] message)
        {
            StreamLayout* layout = _slot->Current;
            if (!layout->Template->IsReady || message.Length < layout->BytesMin) return false;
            message.CopyTo(_buffer, WireLine.SlackAfter);
            fixed (byte* at = &_buffer[WireLine.SlackAfter]) return TemplateScan.TryRun(_slot->Program, layout, at, message.Length, _ring, 7);
        }

        /// <summary>Whether the general decoder makes the same event of the message as the template just did.</summary>
        public bool Agrees(byte[] message) => _decoder.Decode(message, _general, 7).IsEvent && Bytes(_ring).SequenceEqual(Bytes(_general));

        private static ReadOnlySpan<byte> Bytes(EventRing ring) => MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in ring.Claimed, 1));
    }
}
