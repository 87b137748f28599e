using System.Text;

using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>Messages behind each other in pinned memory, as a receive buffer holds them.</summary>
internal sealed class MessageBatch
{
    public MessageBatch(string name, Market market, EventKind kind, IReadOnlyCollection<string> symbols, IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        Name = name;
        Market = market;
        Kind = kind;
        Symbols = symbols;
        Bytes = GC.AllocateArray<byte>(messages.Sum(static message => message.Length + WireLine.SlackBefore) + (2 * WireLine.SlackAfter), pinned: true);
        Offsets = GC.AllocateArray<int>(messages.Count, pinned: true);
        Lengths = GC.AllocateArray<int>(messages.Count, pinned: true);
        int at = WireLine.SlackAfter;
        for (int i = 0; i < messages.Count; i++)
        {
            messages[i].Span.CopyTo(Bytes.AsSpan(at));
            Offsets[i] = at;
            Lengths[i] = messages[i].Length;
            at += messages[i].Length + WireLine.SlackBefore; // Between frames lie their headers.
        }
    }

    public string Name { get; }
    public Market Market { get; }

    /// <summary>None where the messages are of several kinds.</summary>
    public EventKind Kind { get; }
    public IReadOnlyCollection<string> Symbols { get; }
    public byte[] Bytes { get; }
    public int[] Offsets { get; }
    public int[] Lengths { get; }
    public int Count => Offsets.Length;
    public double BytesEach => Lengths.Average();

    public ReadOnlySpan<byte> this[int message] => Bytes.AsSpan(Offsets[message], Lengths[message]);

    public static MessageBatch Of(string name, Market market, EventKind kind, IReadOnlyCollection<string> symbols, IEnumerable<string> messages) =>
        new(name, market, kind, symbols, [.. messages.Select(static message => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(message))]);
}
