using System.Globalization;
using System.Text;

namespace Peregrine.Benchmarks.Feed.Markets;

/// <summary>
/// One stream of a made-up symbol as the frame that the exchange would send, encoded once: sending it again only writes other ids and times into their places.
/// </summary>
internal sealed class MarketFrame
{
    private const int IdDigits = 10;
    private const int TimeDigits = 13;

    private readonly int[] _ids;
    private readonly int[] _times;

    /// <param name="text">The message; ids are runs of ten hash signs, times of thirteen at signs.</param>
    public MarketFrame(string text)
    {
        byte[] payload = Encoding.ASCII.GetBytes(text);
        using MemoryStream frame = new();
        Sockets.FrameMix.Write(frame, 0x1, payload);
        Bytes = frame.ToArray();
        int head = Bytes.Length - payload.Length;
        _ids = Places(text, '#', IdDigits, head);
        _times = Places(text, '~', TimeDigits, head);
    }

    public byte[] Bytes { get; }

    /// <summary>Writes ids, in the order in which they stand, and the time.</summary>
    public void Set(long millis, params ReadOnlySpan<long> ids)
    {
        for (int i = 0; i < _ids.Length; i++) Write(_ids[i], IdDigits, ids[i]);
        foreach (int place in _times) Write(place, TimeDigits, millis);
    }

    private void Write(int at, int digits, long number)
    {
        for (int i = at + digits - 1; i >= at; i--, number /= 10) Bytes[i] = (byte)('0' + (number % 10));
    }

    private static int[] Places(string text, char sign, int digits, int head)
    {
        List<int> places = [];
        string run = new(sign, digits);
        for (int at = text.IndexOf(run, StringComparison.Ordinal); at >= 0; at = text.IndexOf(run, at + digits, StringComparison.Ordinal)) places.Add(head + at);
        return [.. places];
    }
}

/// <summary>A made-up symbol: its ids, its frames, and the snapshot of its book.</summary>
internal sealed class MarketSymbolFrames
{
    private const int BookLevels = 20;

    private const string Id = "##########";
    private const string Time = "~~~~~~~~~~~~~";

    private long _update = 1_000_000_000;
    private long _depthUpdate = 1_000_000_000;
    private long _trade = 2_000_000_000;
    private long _aggregate = 3_000_000_000;

    public MarketSymbolFrames(int number)
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"S{number:000}USDT");
        string lower = Name.ToLowerInvariant();
        Trade = new($"{{\"stream\":\"{lower}@trade\",\"data\":{{\"e\":\"trade\",\"E\":{Time},\"s\":\"{Name}\",\"t\":{Id},\"p\":\"100.01000000\",\"q\":\"0.25000000\",\"T\":{Time},\"m\":false,\"M\":true}}}}");
        Aggregate = new($"{{\"stream\":\"{lower}@aggTrade\",\"data\":{{\"e\":\"aggTrade\",\"E\":{Time},\"s\":\"{Name}\",\"a\":{Id},\"p\":\"100.01000000\",\"q\":\"0.25000000\",\"f\":{Id},\"l\":{Id},\"T\":{Time},\"m\":false,\"M\":true}}}}");
        Ticker = new($"{{\"stream\":\"{lower}@bookTicker\",\"data\":{{\"u\":{Id},\"s\":\"{Name}\",\"b\":\"100.00000000\",\"B\":\"31.21000000\",\"a\":\"100.01000000\",\"A\":\"40.66000000\"}}}}");
        Depth = new(
            $"{{\"stream\":\"{lower}@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{Time},\"s\":\"{Name}\",\"U\":{Id},\"u\":{Id},"
            + "\"b\":[[\"100.00000000\",\"31.21000000\"],[\"99.97000000\",\"1.50000000\"],[\"99.90000000\",\"7.00000000\"]],\"a\":[[\"100.01000000\",\"40.66000000\"],[\"100.05000000\",\"2.00000000\"],[\"100.11000000\",\"0.30000000\"]]}}");
    }

    public string Name { get; }
    public MarketFrame Trade { get; }
    public MarketFrame Aggregate { get; }
    public MarketFrame Ticker { get; }
    public MarketFrame Depth { get; }

    /// <summary>The answer to GET depth: the book as it is after the last diff.</summary>
    public string Snapshot()
    {
        string Side(int direction, decimal best) => string.Join(',', Enumerable.Range(0, BookLevels).Select(i => string.Create(CultureInfo.InvariantCulture, $"[\"{best + (direction * i * 0.01m):0.00000000}\",\"{i + 1}.00000000\"]")));
        return string.Create(CultureInfo.InvariantCulture, $"{{\"lastUpdateId\":{Volatile.Read(ref _depthUpdate)},\"bids\":[{Side(-1, 100.00m)}],\"asks\":[{Side(1, 100.01m)}]}}");
    }

    public MarketFrame NextTrade(long millis)
    {
        Trade.Set(millis, ++_trade);
        return Trade;
    }

    public MarketFrame NextAggregate(long millis)
    {
        Aggregate.Set(millis, ++_aggregate, _trade, _trade);
        return Aggregate;
    }

    public MarketFrame NextTicker(long millis)
    {
        Ticker.Set(millis, ++_update);
        return Ticker;
    }

    public MarketFrame NextDepth(long millis)
    {
        long first = _depthUpdate + 1;
        long last = Math.Max(++_update, first);
        Depth.Set(millis, first, last);
        Volatile.Write(ref _depthUpdate, last);
        return Depth;
    }
}
