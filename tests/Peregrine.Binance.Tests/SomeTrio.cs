using System.Runtime.InteropServices;

using Peregrine.Binance.Streams;
using Peregrine.Binance.Streams.Scanning;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Tests;

/// <summary>The general decoder and both scanners on the same messages.</summary>
internal sealed class SomeTrio
{
    private readonly StreamDecoder _general;
    private readonly Side _said = new();
    private readonly (string Name, MessageScanner Scanner, Side Side)[] _scanners;
    private readonly int[] _counts = new int[2];

    public SomeTrio(Market market, string[] symbols, string[] kinds)
    {
        var table = new StreamTable(Some.Instruments(market, symbols), kinds);
        _general = new StreamDecoder(market, table);
        _scanners = [("vectors", new MessageScanner(market, table), new Side()), ("registers", new MessageScanner(market, table, vectors: false), new Side())];
    }

    /// <summary>Messages that the scanner with vectors accepted, and the one without.</summary>
    public (int Vectors, int Registers) Scanned => (_counts[0], _counts[1]);

    public int Events { get; private set; }

    /// <summary>Null where they agree; a scanner that accepts nothing says nothing.</summary>
    /// <param name="message">In pinned memory, with slack around it.</param>
    public string? Difference(ReadOnlySpan<byte> message)
    {
        DecodeResult expected = _general.Decode(message, _said.Ring, 7);
        if (expected.IsEvent)
        {
            _said.Ring.Publish();
            Events++;
        }
        for (int i = 0; i < _scanners.Length; i++)
        {
            (string name, MessageScanner scanner, Side side) = _scanners[i];
            if (!scanner.TryScan(message, side.Ring, 7, out EventKind kind)) continue;
            _counts[i]++;
            side.Ring.Publish();
            if (expected != DecodeResult.Event(kind)) return $"{name} found {kind} where the general decoder says {expected}";
            if (!side.Entry.SequenceEqual(_said.Entry)) return $"{name} found {Convert.ToHexString(side.Entry)}, the general decoder {Convert.ToHexString(_said.Entry)}";
            if (!side.Payload.SequenceEqual(_said.Payload)) return $"{name} found the words {string.Join(',', side.Payload.ToArray())}, the general decoder {string.Join(',', _said.Payload.ToArray())}";
        }
        return null;
    }

    /// <summary>A ring that keeps its last event, bit for bit but for where its words lie.</summary>
    private sealed class Side : IEventHandler
    {
        private readonly long[] _words = new long[1 << 15];
        private readonly MarketEvent[] _entry = new MarketEvent[1];
        private int _count;

        public Side() => Ring = Some.Ring(this);

        public EventRing Ring { get; }
        public ReadOnlySpan<byte> Entry => MemoryMarshal.AsBytes(_entry.AsSpan());
        public ReadOnlySpan<long> Payload => _words.AsSpan(0, _count);

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            _entry[0] = entry;
            if (entry.HasPayload) _entry[0].PayloadPosition = 0;
            payload.CopyTo(_words);
            _count = payload.Length;
        }
    }
}
