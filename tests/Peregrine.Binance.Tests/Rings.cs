using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Tests;

/// <summary>What most tests here need: a ring, symbols, and what was published.</summary>
internal static class Some
{
    public static readonly string[] Kinds = ["aggTrade", "trade", "depth20@100ms", "depth@100ms", "bookTicker", "kline_1m", "markPrice@1s", "forceOrder", "!forceOrder@arr"];

    public static EventRing Ring(IEventHandler? inline = null) => new(4096, 1 << 18, 1, inline);

    public static InstrumentTable Instruments(Market market, params string[] symbols)
    {
        var table = new InstrumentTable();
        foreach (string symbol in symbols) table.Add(symbol, market);
        return table;
    }

    public static StreamDecoder Decoder(Market market, params string[] symbols) => new(market, new StreamTable(Instruments(market, symbols), Kinds));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>The bytes in pinned memory with slack around them, as a receive buffer holds a message.</summary>
    public static ReadOnlySpan<byte> InPlace(byte[] message)
    {
        byte[] memory = GC.AllocateArray<byte>(message.Length + (2 * WireLine.SlackAfter), pinned: true);
        memory.AsSpan().Fill((byte)'7'); // Digits go on behind the end, if anybody should look there.
        message.CopyTo(memory, WireLine.SlackAfter);
        return memory.AsSpan(WireLine.SlackAfter, message.Length);
    }

    public static DecodeResult Decode(this StreamDecoder decoder, string message, EventRing ring) => decoder.Decode(Utf8(message), ring, 1);
}

/// <summary>Keeps a copy of every event, with its payload.</summary>
internal sealed class Seen : IEventHandler
{
    public List<(MarketEvent Entry, long[] Payload)> All { get; } = [];

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => All.Add((entry, payload.ToArray()));

    public (MarketEvent Entry, long[] Payload) Last => All[^1];
}
