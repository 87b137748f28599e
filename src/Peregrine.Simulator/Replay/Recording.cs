using System.Buffers.Text;
using System.IO.Compression;
using System.Text;
using Peregrine.Common;
using Peregrine.Simulator.Synthetic;

namespace Peregrine.Simulator.Replay;

/// <summary>What a recorded line is.</summary>
internal enum LineKind : byte
{
    Other = 0,
    DepthDiff = 1,
    Trade = 2,
    BookTicker = 3,
    Snapshot = 4,
    MarkPrice = 5,
}

/// <summary>One recorded message: where its payload lies, when it came, and what it is.</summary>
/// <param name="TimeNanos">Receive time, nanoseconds since 1970.</param>
/// <param name="Channel">Index of its channel; -1 for a snapshot.</param>
internal readonly record struct RecordedLine(long TimeNanos, int File, int Offset, int Length, int Channel, int Symbol, LineKind Kind);

/// <summary>Recorded messages of one session, indexed; the bytes stay as they came.</summary>
internal sealed class Recording
{
    private readonly List<byte[]> _files = [];
    private readonly List<string> _channels = [];
    private readonly Dictionary<string, int> _channelIndex = new(StringComparer.Ordinal);
    private readonly List<string> _symbols = [];
    private readonly Dictionary<string, int> _symbolIndex = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TradingRules> _rules = new(StringComparer.Ordinal);
    private RecordedLine[] _lines = [];

    /// <summary>In the order in which they are played.</summary>
    public ReadOnlySpan<RecordedLine> Lines => _lines;

    /// <summary>Canonical channel names, by index.</summary>
    public IReadOnlyList<string> Channels => _channels;

    /// <summary>Symbols with their rules as far as the recording shows them, by index.</summary>
    public IReadOnlyList<Instrument> Instruments { get; private set; } = [];

    public ReadOnlySpan<byte> Payload(in RecordedLine line) => _files[line.File].AsSpan(line.Offset, line.Length);

    /// <summary>A stream name without its speed: names that differ only in speed carry the same frames.</summary>
    public static string ChannelKey(string streamName)
    {
        int at = streamName.LastIndexOf('@');
        if (at <= 0 || streamName.IndexOf('@', StringComparison.Ordinal) == at) return streamName;
        ReadOnlySpan<char> tail = streamName.AsSpan(at + 1);
        return tail.EndsWith("ms") || tail is "1s" or "3s" ? streamName[..at] : streamName;
    }

    /// <exception cref="InvalidDataException">A file has no message in a known format.</exception>
    public static Recording Load(IReadOnlyList<string> files, Market market, IReadOnlyList<string>? symbols)
    {
        Recording recording = new();
        List<RecordedLine> played = [];
        List<RecordedLine> merged = [];
        foreach (string file in files)
        {
            List<RecordedLine> lines = recording.ReadFile(file, out bool isRestOnly);
            (isRestOnly ? merged : played).AddRange(lines);
        }
        merged.Sort((a, b) => a.TimeNanos.CompareTo(b.TimeNanos));
        List<RecordedLine> all = new(played.Count + merged.Count);
        int next = 0;
        foreach (RecordedLine line in played)
        {
            while (next < merged.Count && merged[next].TimeNanos < line.TimeNanos) all.Add(merged[next++]);
            all.Add(line);
        }
        all.AddRange(merged[next..]);
        if (symbols is not null)
        {
            HashSet<int> wanted = [.. symbols.Where(recording._symbolIndex.ContainsKey).Select(s => recording._symbolIndex[s])];
            all.RemoveAll(l => !wanted.Contains(l.Symbol));
        }
        if (all.Count == 0) throw new InvalidDataException($"No recorded message in {string.Join(", ", files)}.");
        recording._lines = [.. all];
        recording.Instruments = recording.DescribeSymbols(market);
        return recording;
    }

    private List<RecordedLine> ReadFile(string path, out bool isRestOnly)
    {
        byte[] bytes = ReadBytes(path);
        int file = _files.Count;
        _files.Add(bytes);
        List<RecordedLine> lines = [];
        List<int> nameless = [];
        isRestOnly = true;
        int only = -1;
        for (int at = 0; at < bytes.Length;)
        {
            int length = bytes.AsSpan(at).IndexOf((byte)'\n');
            if (length < 0) length = bytes.Length - at;
            ReadOnlySpan<byte> line = bytes.AsSpan(at, length);
            if (line.Length > 0 && line[0] is >= (byte)'0' and <= (byte)'9')
            {
                if (TryMessage(line, file, at, out RecordedLine message))
                {
                    isRestOnly = false;
                    if (message.Symbol >= 0) only = only < 0 ? message.Symbol : only;
                    else nameless.Add(lines.Count);
                    lines.Add(message);
                }
            }
            else if (line.StartsWith("http"u8) && TryRest(line, file, at, out RecordedLine snapshot)) lines.Add(snapshot);
            at += length + 1;
        }
        // A snapshot without a name belongs to the one symbol that its file is about.
        foreach (int i in nameless) lines[i] = lines[i] with { Symbol = Math.Max(only, 0) };
        return lines;
    }

    private static byte[] ReadBytes(string path)
    {
        byte[] raw = File.ReadAllBytes(path);
        if (raw.Length < 2 || raw[0] != 0x1F || raw[1] != 0x8B) return raw;
        using GZipStream unpacked = new(new MemoryStream(raw), CompressionMode.Decompress);
        using MemoryStream whole = new(raw.Length * 8);
        unpacked.CopyTo(whole);
        return whole.ToArray();
    }

    /// <summary>"receive-time {…}" or "seconds.fraction: {…}".</summary>
    private bool TryMessage(ReadOnlySpan<byte> line, int file, int lineStart, out RecordedLine message)
    {
        message = default;
        int brace = line.IndexOf((byte)'{');
        if (brace < 0 || !TryTime(line[..brace], out long nanos)) return false;
        ReadOnlySpan<byte> json = line[brace..].TrimEnd("\r "u8);
        if (json.StartsWith("{\"lastUpdateId\""u8))
        {
            message = new RecordedLine(nanos, file, lineStart + brace, json.Length, -1, -1, LineKind.Snapshot);
            return true;
        }
        ReadOnlySpan<byte> name = PayloadScanner.After(json, "\"stream\""u8);
        ReadOnlySpan<byte> data = PayloadScanner.After(json, "\"data\""u8);
        if (name.IsEmpty || data.IsEmpty || name[0] != (byte)'"' || json[^1] != (byte)'}') return false;
        string stream = Encoding.UTF8.GetString(name[1..(name[1..].IndexOf((byte)'"') + 1)]);
        ReadOnlySpan<byte> payload = data[..^1].TrimEnd(" "u8);
        int offset = lineStart + brace + json.Length - data.Length;
        int channel = Index(_channelIndex, _channels, ChannelKey(stream));
        string key = _channels[channel];
        int at = key.IndexOf('@', StringComparison.Ordinal);
        if (at <= 0) return false;
        int symbol = Index(_symbolIndex, _symbols, key[..at].ToUpperInvariant());
        LineKind kind = key[(at + 1)..] switch { "depth" => LineKind.DepthDiff, "trade" => LineKind.Trade, "bookTicker" => LineKind.BookTicker, "markPrice" => LineKind.MarkPrice, _ => LineKind.Other };
        message = new RecordedLine(nanos, file, offset, payload.Length, channel, symbol, kind);
        return true;
    }

    /// <summary>"url -> seconds.fraction: body": a depth snapshot becomes a line, exchangeInfo is read for its rules.</summary>
    private bool TryRest(ReadOnlySpan<byte> line, int file, int lineStart, out RecordedLine snapshot)
    {
        snapshot = default;
        int arrow = line.IndexOf(" -> "u8);
        int brace = line.IndexOf((byte)'{');
        if (arrow < 0 || brace < arrow || !TryTime(line[(arrow + 4)..brace], out long nanos)) return false;
        string url = Encoding.UTF8.GetString(line[..arrow]);
        ReadOnlySpan<byte> body = line[brace..].TrimEnd("\r "u8);
        if (url.Contains("exchangeInfo", StringComparison.Ordinal)) RecordedRules.Read(body, _rules);
        int at = url.IndexOf("symbol=", StringComparison.Ordinal);
        if (!url.Contains("/depth", StringComparison.Ordinal) || at < 0) return false;
        int end = url.IndexOf('&', at);
        string symbol = url[(at + 7)..(end < 0 ? url.Length : end)].ToUpperInvariant();
        snapshot = new RecordedLine(nanos, file, lineStart + brace, body.Length, -1, Index(_symbolIndex, _symbols, symbol), LineKind.Snapshot);
        return true;
    }

    /// <summary>Reads a stamp in seconds, milli-, micro- or nanoseconds: which, its magnitude tells.</summary>
    private static bool TryTime(ReadOnlySpan<byte> text, out long nanos)
    {
        text = text.Trim(": "u8);
        nanos = 0;
        if (!Utf8Parser.TryParse(text, out long whole, out int used)) return false;
        if (used < text.Length && text[used] == (byte)'.')
        {
            long fraction = 0;
            int digits = 0;
            foreach (byte digit in text[(used + 1)..])
            {
                if (digit is < (byte)'0' or > (byte)'9') return false;
                if (digits < 9)
                {
                    fraction = (fraction * 10) + (digit - '0');
                    digits++;
                }
            }
            for (; digits < 9; digits++) fraction *= 10;
            nanos = (whole * 1_000_000_000) + fraction;
            return true;
        }
        nanos = whole switch
        {
            >= 100_000_000_000_000_000 => whole,
            >= 100_000_000_000_000 => whole * 1_000,
            >= 100_000_000_000 => whole * 1_000_000,
            _ => whole * 1_000_000_000,
        };
        return used == text.Length;
    }

    private static int Index(Dictionary<string, int> index, List<string> names, string name)
    {
        if (index.TryGetValue(name, out int at)) return at;
        index.Add(name, names.Count);
        names.Add(name);
        return names.Count - 1;
    }

    /// <summary>Grids from recorded rules where there are some, else from the finest decimals that were seen.</summary>
    private Instrument[] DescribeSymbols(Market market)
    {
        long[] prices = new long[_symbols.Count];
        long[] quantities = new long[_symbols.Count];
        foreach (RecordedLine line in _lines)
        {
            ReadOnlySpan<byte> payload = Payload(line);
            switch (line.Kind)
            {
                case LineKind.Trade:
                    Seen(payload, "\"p\""u8, ref prices[line.Symbol]);
                    Seen(payload, "\"q\""u8, ref quantities[line.Symbol]);
                    break;
                case LineKind.BookTicker:
                    Seen(payload, "\"b\""u8, ref prices[line.Symbol]);
                    Seen(payload, "\"B\""u8, ref quantities[line.Symbol]);
                    break;
                case LineKind.Snapshot:
                    SeenLevels(payload, "\"bids\""u8, ref prices[line.Symbol], ref quantities[line.Symbol]);
                    SeenLevels(payload, "\"asks\""u8, ref prices[line.Symbol], ref quantities[line.Symbol]);
                    break;
            }
        }
        return [.. _symbols.Select((name, i) =>
        {
            (string baseAsset, string quoteAsset) = FlowProfile.Split(name);
            return new Instrument
            {
                Id = SymbolId.None, Symbol = name, Market = market, BaseAsset = baseAsset, QuoteAsset = quoteAsset, IsTrading = true,
                Rules = _rules.GetValueOrDefault(name) ?? RecordedRules.FromGrids(prices[i], quantities[i]),
            };
        })];
    }

    private static void Seen(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key, ref long grid)
    {
        if (PayloadScanner.TryDecimal(payload, key, out long units)) grid = RecordedRules.Finer(grid, units);
    }

    private static void SeenLevels(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key, ref long prices, ref long quantities)
    {
        ReadOnlySpan<byte> rest = PayloadScanner.After(payload, key);
        if (rest.IsEmpty) return;
        rest = rest[1..];
        while (PayloadScanner.TryLevel(ref rest, out long price, out long quantity))
        {
            prices = RecordedRules.Finer(prices, price);
            quantities = RecordedRules.Finer(quantities, quantity);
        }
    }
}
