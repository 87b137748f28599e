using System.Buffers.Binary;
using System.Globalization;
using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Common;

namespace Peregrine.Benchmarks.Feed.Sockets;

/// <summary>WebSocket frames as the exchange's spot streams send them, 340 bytes on average: half of them best prices, a third trades, the rest books of twenty levels.</summary>
internal sealed class FrameMix
{
    private static readonly string[] Symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "LINKUSDT", "TRXUSDT", "AVAXUSDT"];

    private FrameMix(byte[] bytes, int messages, long payloadBytes)
    {
        Bytes = bytes;
        Messages = messages;
        PayloadBytes = payloadBytes;
    }

    /// <summary>All frames behind each other.</summary>
    internal byte[] Bytes { get; }

    internal int Messages { get; }

    /// <summary>Without the frames' heads.</summary>
    internal long PayloadBytes { get; }

    internal static StreamTable Streams()
    {
        InstrumentTable instruments = new();
        foreach (string symbol in Symbols) instruments.Add(symbol, Market.Spot);
        return new StreamTable(instruments, ["aggTrade", "bookTicker", "depth20@100ms"]);
    }

    internal static FrameMix Of(int messages)
    {
        Random random = new(17);
        using MemoryStream all = new();
        long payload = 0;
        for (int i = 0; i < messages; i++)
        {
            byte[] text = Encoding.ASCII.GetBytes(Message(random, i));
            payload += text.Length;
            Write(all, 0x1, text);
        }
        return new FrameMix(all.ToArray(), messages, payload);
    }

    /// <summary>One whole frame from a server.</summary>
    internal static void Write(Stream to, int opcode, ReadOnlySpan<byte> payload)
    {
        to.WriteByte((byte)(0x80 | opcode));
        if (payload.Length < 126)
        {
            to.WriteByte((byte)payload.Length);
        }
        else
        {
            Span<byte> length = stackalloc byte[3];
            length[0] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(length[1..], (ushort)payload.Length);
            to.Write(length);
        }
        to.Write(payload);
    }

    private static string Message(Random random, int number)
    {
        string symbol = Symbols[random.Next(Symbols.Length)], name = symbol.ToLowerInvariant();
        long price = random.NextInt64(10_000_000_000, 9_000_000_000_000);
        string Decimal(long units) => string.Create(CultureInfo.InvariantCulture, $"{units / 100_000_000}.{units % 100_000_000:00000000}");
        string Quantity() => Decimal(random.NextInt64(1_000, 500_000_000));
        long time = 1_723_075_200_000 + number;
        switch (random.Next(100))
        {
            case < 50:
                return $$$"""{"stream":"{{{name}}}@bookTicker","data":{"u":{{{48_000_000_000 + number}}},"s":"{{{symbol}}}","b":"{{{Decimal(price)}}}","B":"{{{Quantity()}}}","a":"{{{Decimal(price + 1_000_000)}}}","A":"{{{Quantity()}}}"}}""";
            case < 85:
                return $$$"""{"stream":"{{{name}}}@aggTrade","data":{"e":"aggTrade","E":{{{time}}},"s":"{{{symbol}}}","a":{{{3_000_000_000 + number}}},"p":"{{{Decimal(price)}}}","q":"{{{Quantity()}}}","f":{{{3_700_000_000 + number}}},"l":{{{3_700_000_001 + number}}},"T":{{{time}}},"m":{{{(number % 2 == 0 ? "true" : "false")}}},"M":true}}""";
            default:
                string Side(int sign) => string.Join(',', Enumerable.Range(1, 20).Select(i => $"[\"{Decimal(price + (sign * i * 1_000_000L))}\",\"{Quantity()}\"]"));
                return $$$"""{"stream":"{{{name}}}@depth20@100ms","data":{"lastUpdateId":{{{48_000_000_000 + number}}},"bids":[{{{Side(-1)}}}],"asks":[{{{Side(1)}}}]}}""";
        }
    }
}
