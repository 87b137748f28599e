using System.Buffers.Text;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage.Chunks;

namespace Peregrine.Benchmarks.Storage;

/// <summary>Recorded raw messages (a receive time and a message a line, gzip-ed or not) as the events that they decode to.</summary>
internal sealed class RecordedSession
{
    private static readonly string[] Kinds = ["aggTrade", "trade", "bookTicker", "depth", "depth@100ms", "depth@0ms", "depth20@100ms", "kline_1m"];

    private readonly List<MarketEvent> _events = [];
    private readonly List<long> _words = [];

    private RecordedSession(InstrumentTable instruments) => Instruments = instruments;

    internal InstrumentTable Instruments { get; }
    internal ReadOnlySpan<MarketEvent> Events => CollectionsMarshal.AsSpan(_events);

    /// <summary>Seconds from the first to the last receive time.</summary>
    internal double Seconds => _events.Count == 0 ? 0 : (_events[^1].ReceiveTimeNanos - _events[0].ReceiveTimeNanos) / 1e9;

    internal ReadOnlySpan<long> PayloadOf(in MarketEvent entry) =>
        entry.HasPayload ? CollectionsMarshal.AsSpan(_words).Slice((int)entry.PayloadPosition, entry.PayloadWords) : default;

    /// <summary>A session with the same symbols and events of one's own choice, the levels of depth events included.</summary>
    internal RecordedSession Where(Func<MarketEvent, bool> wanted)
    {
        RecordedSession session = new(Instruments);
        foreach (MarketEvent entry in _events)
            if (wanted(entry)) session.Add(entry, PayloadOf(in entry));
        return session;
    }

    /// <summary>This session with the events of another between its own, by receive time.</summary>
    internal RecordedSession With(RecordedSession other)
    {
        RecordedSession both = new(Instruments);
        foreach ((MarketEvent entry, RecordedSession from) in _events.Select(entry => (entry, this)).Concat(other._events.Select(entry => (entry, other))).OrderBy(static pair => pair.entry.ReceiveTimeNanos))
            both.Add(entry, from.PayloadOf(in entry));
        return both;
    }

    internal void Add(MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.HasPayload) entry.PayloadPosition = _words.Count;
        _words.AddRange(payload);
        _events.Add(entry);
    }

    internal static RecordedSession Of(InstrumentTable instruments) => new(instruments);

    /// <summary>An empty session of the same symbols, to be filled.</summary>
    internal RecordedSession Empty() => new(Instruments);

    /// <exception cref="InvalidDataException">There is no message that decodes.</exception>
    internal static RecordedSession Load(IEnumerable<string> files)
    {
        List<byte[]> contents = [.. files.Select(Unpacked)];
        SortedSet<string> symbols = new(StringComparer.Ordinal);
        bool hasFutures = false;
        foreach (byte[] content in contents)
        {
            foreach (Range line in Lines(content))
            {
                ReadOnlySpan<byte> message = MessageOf(content.AsSpan(line), out _);
                int stream = message.IndexOf("\"stream\":\""u8);
                if (stream < 0) continue;
                ReadOnlySpan<byte> name = message[(stream + 10)..];
                if (name.IndexOf((byte)'@') is > 0 and var at) symbols.Add(Encoding.UTF8.GetString(name[..at]).ToUpperInvariant());
                hasFutures |= message.IndexOf("\"pu\":"u8) >= 0;
            }
        }
        if (symbols.Count == 0) throw new InvalidDataException("No recorded message names a stream.");
        Market market = hasFutures ? Market.UsdMargined : Market.Spot;
        InstrumentTable instruments = new();
        foreach (string symbol in symbols) instruments.Add(symbol, market);
        RecordedSession session = new(instruments);
        Taker taker = new(session);
        EventRing ring = new(1 << 12, 1 << 20, 1, taker);
        StreamDecoder decoder = new(market, new StreamTable(instruments, Kinds));
        foreach (byte[] content in contents)
        {
            foreach (Range line in Lines(content))
            {
                ReadOnlySpan<byte> message = MessageOf(content.AsSpan(line), out long nanos);
                if (message.IsEmpty) continue;
                if (message.StartsWith("{\"lastUpdateId\""u8))
                {
                    if (DepthSnapshot.TryRead(message, new SymbolId(1), out DepthSnapshot? snapshot, out _)) snapshot!.Publish(ring, nanos);
                    continue;
                }
                if (decoder.Decode(message, ring, nanos).IsEvent) ring.Publish();
            }
        }
        session.LearnRules();
        return session;
    }

    /// <summary>Ticks and lots as far as the recording shows them; the appliance gets them from the exchange.</summary>
    private void LearnRules()
    {
        foreach (Instrument instrument in Instruments.All.ToArray())
        {
            MarketEvent[] trades = [.. _events.Where(entry => entry.Symbol == instrument.Id && entry.Kind is EventKind.Trade or EventKind.AggTrade)];
            if (trades.Length == 0) continue;
            ulong tick = ExactDivider.CommonDivisor([.. trades.Select(static entry => entry.Trade.Price.Raw)]);
            ulong step = ExactDivider.CommonDivisor([.. trades.Select(static entry => entry.Trade.Quantity.Raw)]);
            Instruments.Add(instrument with { Rules = instrument.Rules with { TickSize = new Price((long)tick), StepSize = new Quantity((long)step) } });
        }
    }

    private static byte[] Unpacked(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream source = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using MemoryStream bytes = new();
        source.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static List<Range> Lines(byte[] content)
    {
        List<Range> lines = [];
        for (int at = 0; at < content.Length;)
        {
            int end = Array.IndexOf(content, (byte)'\n', at);
            if (end < 0) end = content.Length;
            if (end > at) lines.Add(at..end);
            at = end + 1;
        }
        return lines;
    }

    /// <summary>The message behind the receive time, which has microseconds or nanoseconds.</summary>
    private static ReadOnlySpan<byte> MessageOf(ReadOnlySpan<byte> line, out long nanos)
    {
        if (!Utf8Parser.TryParse(line, out nanos, out int digits) || digits is not (16 or 19)) return default;
        if (digits == 16) nanos *= 1_000;
        int brace = line.IndexOf((byte)'{');
        return brace < 0 ? default : line[brace..].TrimEnd((byte)'\r');
    }

    private sealed class Taker(RecordedSession session) : IEventHandler
    {
        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => session.Add(entry, payload);
    }
}
