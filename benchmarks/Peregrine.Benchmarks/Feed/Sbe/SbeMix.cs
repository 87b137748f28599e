using System.Buffers.Binary;
using System.Text;

using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Sbe;

/// <summary>Messages of one template as the exchange sends them, behind each other in memory.</summary>
internal sealed class SbeMix
{
    internal const int Trades = 10_000;
    internal const int BestBidAsk = 10_001;
    internal const int Depth20 = 10_002;

    internal static readonly string[] Symbols =
        ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "LINKUSDT", "1000SATSUSDT", "AVAXUSDT"];

    private SbeMix(byte[] bytes, int[] offsets)
    {
        Bytes = bytes;
        Offsets = offsets;
    }

    internal byte[] Bytes { get; }

    /// <summary>Where each message begins, and where the last one ends.</summary>
    internal int[] Offsets { get; }

    internal int Count => Offsets.Length - 1;

    /// <summary>Each message here holds one.</summary>
    internal int Events => Count;

    internal ReadOnlySpan<byte> this[int index] => Bytes.AsSpan(Offsets[index], Offsets[index + 1] - Offsets[index]);

    internal static SbeMix Of(int template, int messages)
    {
        Random random = new(31);
        MemoryStream all = new();
        int[] offsets = new int[messages + 1];
        for (int i = 0; i < messages; i++)
        {
            using (BinaryWriter writer = new(all, Encoding.UTF8, leaveOpen: true)) Write(writer, template, i, Symbols[random.Next(Symbols.Length)], random);
            offsets[i + 1] = (int)all.Length;
        }
        return new SbeMix(all.ToArray(), offsets);
    }

    private static void Write(BinaryWriter writer, int template, int number, string symbol, Random random)
    {
        foreach (int field in (int[])[template == BestBidAsk ? 50 : 18, template, 1, 0]) writer.Write((ushort)field);
        writer.Write(1_770_313_263_917_123 + (number * 1_000L));
        writer.Write(template == Trades ? 1_770_313_263_916_000 + (number * 1_000L) : 77_123_456_789 + number);
        writer.Write((sbyte)-8);
        writer.Write((sbyte)-8);
        long price = 6_000_000_000_000 + (random.Next(1_000_000) * 1_000_000L);
        long Quantity() => random.Next(1, 500_000) * 1_000L;
        switch (template)
        {
            case Trades:
                writer.Write((ushort)25);
                writer.Write(1u);
                writer.Write(5_000_000_000L + number);
                writer.Write(price);
                writer.Write(Quantity());
                writer.Write((byte)random.Next(2));
                break;
            case BestBidAsk:
                foreach (long value in (long[])[price, Quantity(), price + 1_000_000, Quantity()]) writer.Write(value);
                break;
            default:
                foreach (int side in (int[])[-1, 1])
                {
                    writer.Write((ushort)16);
                    writer.Write((ushort)20);
                    for (int i = 0; i < 20; i++)
                    {
                        writer.Write(price + (side * i * 1_000_000L));
                        writer.Write(Quantity());
                    }
                }
                break;
        }
        writer.Write(symbol); // A length in one byte, and the text.
    }

    internal static ulong Add(ulong sum, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        MarketEvent own = entry;
        if (own.HasPayload) own.PayloadPosition = 0; // Two rings need not agree on where.
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<MarketEvent>(in own));
        for (int i = 0; i < MarketEvent.SizeBytes; i += sizeof(ulong)) sum = (sum * 31) + BinaryPrimitives.ReadUInt64LittleEndian(bytes[i..]);
        foreach (long word in payload) sum = (sum * 31) + (ulong)word;
        return sum;
    }
}
