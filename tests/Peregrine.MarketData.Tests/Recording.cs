using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData.Tests;

/// <summary>
/// Recorded raw messages as events, by a plain reader that owes nothing to the one the program uses. Understands the combined-stream envelope with a
/// receive time before it (hftbacktest), and cryptofeed's text with its REST snapshots.
/// </summary>
internal sealed class Recording
{
    private readonly List<MarketEvent> _events = [];
    private readonly List<long[]> _payloads = [];
    private readonly Market _market;

    private Recording(Market market) => _market = market;

    public InstrumentTable Instruments { get; } = new();
    public int Count => _events.Count;

    /// <summary>The events of some files one after the other, by receive time where they are of the same moment.</summary>
    /// <param name="market">Which market they are of.</param>
    /// <param name="symbol">The symbol of a snapshot that names none; null where each names its own.</param>
    /// <param name="linesMax">Lines read of each file.</param>
    /// <param name="files">Their paths.</param>
    public static Recording Load(Market market, string? symbol, int linesMax, params string[] files)
    {
        var recording = new Recording(market);
        foreach (string file in files)
        {
            using var text = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            for (int i = 0; i < linesMax && text.ReadLine() is { } line; i++) recording.Read(line, symbol);
        }
        return recording;
    }

    /// <summary>As <see cref="Load"/>, of files that lie beside each other in time.</summary>
    public static Recording LoadMerged(Market market, params string[] files)
    {
        Recording all = Load(market, symbol: null, int.MaxValue, files);
        int[] order = [.. Enumerable.Range(0, all.Count).OrderBy(i => all._events[i].ReceiveTimeNanos)];
        var sorted = new Recording(market);
        foreach (int i in order) sorted.Add(all._events[i], all._payloads[i]);
        foreach (Instrument instrument in all.Instruments.All) sorted.Instruments.Add(instrument);
        return sorted;
    }

    public MarketEvent this[int index] => _events[index];

    public ReadOnlySpan<long> PayloadOf(int index) => _payloads[index];

    private void Read(string line, string? symbol)
    {
        if (line.StartsWith("wss://", StringComparison.Ordinal) || line.StartsWith("configuration", StringComparison.Ordinal) || line.Length == 0) return;
        int json = line.IndexOf(line.StartsWith("http", StringComparison.Ordinal) ? ": {" : "{", StringComparison.Ordinal);
        if (json < 0) return;
        string head = line[..json];
        if (head.StartsWith("http", StringComparison.Ordinal))
        {
            if (!head.Contains("depth?", StringComparison.Ordinal)) return;
            symbol = head.Split("symbol=")[1].Split('&')[0];
            head = head.Split(" -> ")[1];
            json += 2;
        }
        using JsonDocument document = JsonDocument.Parse(line.AsMemory(json));
        JsonElement root = document.RootElement;
        long receive = NanosOf(head.Trim(' ', ':'));
        if (root.TryGetProperty("lastUpdateId", out _)) ReadSnapshot(root, symbol!, receive);
        else if (root.TryGetProperty("stream", out JsonElement stream)) ReadMessage(stream.GetString()!, root.GetProperty("data"), receive);
    }

    private void ReadSnapshot(JsonElement body, string symbol, long receive)
    {
        var entry = new MarketEvent { Kind = EventKind.DepthSnapshot, ReceiveTimeNanos = receive, Symbol = IdOf(symbol) };
        long[] payload = ReadLevels(ref entry, body.GetProperty("bids"), body.GetProperty("asks"));
        entry.Depth.FinalUpdateId = body.GetProperty("lastUpdateId").GetInt64();
        Add(entry, payload);
    }

    private void ReadMessage(string stream, JsonElement data, long receive)
    {
        string[] parts = stream.Split('@');
        var entry = new MarketEvent { ReceiveTimeNanos = receive, Symbol = IdOf(parts[0].ToUpperInvariant()) };
        if (data.TryGetProperty("E", out JsonElement eventTime)) entry.ExchangeTimeMicros = eventTime.GetInt64() * 1_000;
        if (data.TryGetProperty("T", out JsonElement transaction)) entry.TransactionLagMicros = (int)(entry.ExchangeTimeMicros - (transaction.GetInt64() * 1_000));
        long[] payload = [];
        switch (parts[1])
        {
            case "bookTicker":
                entry.Kind = EventKind.BookTicker;
                entry.Ticker = new BookTickerFields
                {
                    UpdateId = data.GetProperty("u").GetInt64(),
                    BidPrice = new Price(Units(data.GetProperty("b"))),
                    BidQuantity = new Quantity(Units(data.GetProperty("B"))),
                    AskPrice = new Price(Units(data.GetProperty("a"))),
                    AskQuantity = new Quantity(Units(data.GetProperty("A"))),
                };
                break;
            case "depth":
                entry.Kind = EventKind.DepthDiff;
                payload = ReadLevels(ref entry, data.GetProperty("b"), data.GetProperty("a"));
                entry.Depth.FirstUpdateId = data.GetProperty("U").GetInt64();
                entry.Depth.FinalUpdateId = data.GetProperty("u").GetInt64();
                if (data.TryGetProperty("pu", out JsonElement previous)) entry.Depth.PreviousFinalUpdateId = previous.GetInt64();
                break;
            case "trade" or "aggTrade":
                bool isAggregate = parts[1] == "aggTrade";
                long id = data.GetProperty(isAggregate ? "a" : "t").GetInt64();
                entry.Kind = isAggregate ? EventKind.AggTrade : EventKind.Trade;
                entry.Trade = new TradeFields
                {
                    Id = id,
                    Price = new Price(Units(data.GetProperty("p"))),
                    Quantity = new Quantity(Units(data.GetProperty("q"))),
                    FirstTradeId = isAggregate ? data.GetProperty("f").GetInt64() : id,
                    LastTradeId = isAggregate ? data.GetProperty("l").GetInt64() : id,
                };
                if (data.GetProperty("m").GetBoolean()) entry.Flags |= EventFlags.BuyerIsMaker;
                if (data.TryGetProperty("X", out JsonElement source) && source.GetString() != "MARKET") entry.Flags |= EventFlags.OffMarket;
                break;
            default:
                if (!parts[1].StartsWith("depth", StringComparison.Ordinal)) return;
                goto case "depth";
        }
        Add(entry, payload);
    }

    private static long[] ReadLevels(ref MarketEvent entry, JsonElement bids, JsonElement asks)
    {
        long[] words = [.. bids.EnumerateArray().Concat(asks.EnumerateArray()).SelectMany(level => new[] { Units(level[0]), Units(level[1]) })];
        entry.Flags |= EventFlags.HasPayload;
        entry.Depth.PayloadWords = words.Length;
        entry.Depth.BidCount = bids.GetArrayLength();
        return words;
    }

    private void Add(MarketEvent entry, long[] payload)
    {
        _events.Add(entry);
        _payloads.Add(payload);
    }

    private SymbolId IdOf(string symbol) => (Instruments.TryGet(symbol, out Instrument known) ? known : Instruments.Add(symbol, _market)).Id;

    // decimal is exact here and no relative of the reader under test.
    private static long Units(JsonElement text) => (long)(decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture) * 100_000_000m);

    // Seconds with a fraction, microseconds or nanoseconds: told apart by their size.
    private static long NanosOf(string text) => text.Contains('.', StringComparison.Ordinal)
        ? (long)(decimal.Parse(text, CultureInfo.InvariantCulture) * 1_000_000_000m)
        : long.Parse(text, CultureInfo.InvariantCulture) is var number && number < 100_000_000_000_000_000 ? number * 1_000 : number;
}
