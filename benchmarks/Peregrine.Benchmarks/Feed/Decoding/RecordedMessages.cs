using System.IO.Compression;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>The messages of recordings: of each kind by itself, and all of them as they came.</summary>
internal static class RecordedMessages
{
    private const int Most = 20_000;

    /// <summary>The batches that the files hold; none where there are no files.</summary>
    public static IReadOnlyList<MessageBatch> Load(IReadOnlyList<string> files)
    {
        Dictionary<EventKind, List<ReadOnlyMemory<byte>>> kinds = new() { [EventKind.None] = [], [EventKind.Trade] = [], [EventKind.BookTicker] = [], [EventKind.DepthDiff] = [] };
        SortedSet<string> symbols = new(StringComparer.Ordinal);
        Market market = Market.Spot;
        foreach (string file in files)
        {
            byte[] content = Unpacked(file);
            for (int at = 0; at < content.Length;)
            {
                int end = Array.IndexOf(content, (byte)'\n', at);
                if (end < 0) end = content.Length;
                int start = content.AsSpan(at, end - at).IndexOf("{\"stream\":\""u8) is >= 0 and var found ? at + found : end;
                at = end + 1;
                if (start == end) continue;
                ReadOnlyMemory<byte> message = content.AsMemory(start, end - start);
                EventKind kind = KindOf(message.Span, out string symbol);
                if (kind == EventKind.None) continue;
                symbols.Add(symbol);
                if (message.Span.IndexOf("\"pu\":"u8) >= 0) market = Market.UsdMargined;
                foreach (EventKind list in (EventKind[])[EventKind.None, kind])
                    if (kinds[list].Count < Most) kinds[list].Add(message);
            }
        }
        return
        [
            .. kinds.Where(static pair => pair.Value.Count > 0).OrderBy(static pair => pair.Key)
                .Select(pair => new MessageBatch($"recorded {NameOf(pair.Key)}", market, pair.Key, symbols, pair.Value)),
        ];
    }

    private static string NameOf(EventKind kind) => kind switch
    {
        EventKind.Trade => "trade",
        EventKind.BookTicker => "bookTicker",
        EventKind.DepthDiff => "diff",
        _ => "mix",
    };

    private static EventKind KindOf(ReadOnlySpan<byte> message, out string symbol)
    {
        ReadOnlySpan<byte> name = message["{\"stream\":\"".Length..];
        name = name[..Math.Max(0, name.IndexOf((byte)'"'))];
        int at = Math.Max(0, name.IndexOf((byte)'@'));
        symbol = Encoding.UTF8.GetString(name[..at]).ToUpperInvariant();
        ReadOnlySpan<byte> kind = name[at..];
        return kind.SequenceEqual("@trade"u8) ? EventKind.Trade : kind.SequenceEqual("@bookTicker"u8) ? EventKind.BookTicker : kind.StartsWith("@depth@"u8) ? EventKind.DepthDiff : EventKind.None;
    }

    private static byte[] Unpacked(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream source = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using MemoryStream bytes = new();
        source.CopyTo(bytes);
        return bytes.ToArray();
    }
}
