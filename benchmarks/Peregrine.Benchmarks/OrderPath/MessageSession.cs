using System.Buffers.Text;
using System.IO.Compression;
using System.Text;

using Peregrine.Binance.Wire;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>
/// One session of one symbol as it was received: diffs, book tickers and trades with their receive times, and the depth snapshot that makes a book of them.
/// The messages lie behind each other in pinned memory, as a receive buffer holds them.
/// </summary>
internal sealed class MessageSession
{
    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly int[] _lengths;

    private MessageSession(string name, string symbol, List<(long Nanos, byte[] Message)> messages, int snapshotAt, byte[] snapshot)
    {
        Name = name;
        Symbol = symbol;
        SnapshotAt = snapshotAt;
        Snapshot = snapshot;
        Nanos = [.. messages.Select(static message => message.Nanos)];
        _lengths = [.. messages.Select(static message => message.Message.Length)];
        _offsets = new int[messages.Count];
        _bytes = GC.AllocateArray<byte>(_lengths.Sum() + (messages.Count * WireLine.SlackBefore) + (2 * WireLine.SlackAfter), pinned: true);
        int at = WireLine.SlackAfter;
        for (int i = 0; i < messages.Count; i++)
        {
            messages[i].Message.CopyTo(_bytes, at);
            _offsets[i] = at;
            at += _lengths[i] + WireLine.SlackBefore; // Between frames lie their headers.
        }
    }

    public string Name { get; }
    public string Symbol { get; }
    public int Count => _offsets.Length;

    /// <summary>When each message was read, nanoseconds since 1970.</summary>
    public long[] Nanos { get; }

    /// <summary>The snapshot came before this message.</summary>
    public int SnapshotAt { get; }

    /// <summary>The body of the answer that the exchange gave to GET depth.</summary>
    public byte[] Snapshot { get; }

    public ReadOnlySpan<byte> this[int message] => _bytes.AsSpan(_offsets[message], _lengths[message]);

    /// <summary>The first recording that has a snapshot, as far as it goes; a made-up session where there is no file.</summary>
    /// <exception cref="InvalidDataException">No file holds messages of one symbol with a snapshot among them.</exception>
    public static MessageSession Load(IReadOnlyList<string> files, int most)
    {
        if (files.Count == 0) return Of("made-up messages", SyntheticMessages.Lines(most), most);
        foreach (string file in files)
        {
            using FileStream content = File.OpenRead(file);
            using Stream source = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(content, CompressionMode.Decompress) : content;
            using StreamReader lines = new(source, Encoding.UTF8);
            List<string> read = [];
            while (read.Count <= most && lines.ReadLine() is { } line) read.Add(line);
            if (read.Exists(IsSnapshot)) return Of("recorded messages", read, most);
        }
        throw new InvalidDataException($"none of the files has a depth snapshot among its first {most} messages: {string.Join(", ", files)}");
    }

    /// <summary>From lines of "receive time in nanoseconds, a blank, the message".</summary>
    internal static MessageSession Of(string name, IEnumerable<string> lines, int most)
    {
        List<(long, byte[])> messages = [];
        string symbol = "";
        int snapshotAt = -1;
        byte[] snapshot = [];
        foreach (string line in lines)
        {
            int blank = line.IndexOf(' ', StringComparison.Ordinal);
            byte[] text = Encoding.UTF8.GetBytes(line);
            if (blank < 0 || !Utf8Parser.TryParse(text, out long nanos, out int digits) || digits != blank) throw new InvalidDataException($"A line does not begin with a time: {line[..Math.Min(60, line.Length)]}");
            byte[] message = text[(blank + 1)..];
            if (IsSnapshot(line))
            {
                if (snapshotAt < 0) (snapshotAt, snapshot) = (messages.Count, message);
                continue;
            }
            if (symbol.Length == 0) symbol = SymbolOf(line);
            messages.Add((nanos, message));
            if (messages.Count == most) break;
        }
        return snapshotAt >= 0 ? new MessageSession(name, symbol, messages, snapshotAt, snapshot) : throw new InvalidDataException($"There is no depth snapshot among the {name}.");
    }

    private static bool IsSnapshot(string line) => line.Contains(" {\"lastUpdateId\"", StringComparison.Ordinal);

    private static string SymbolOf(string line)
    {
        int from = line.IndexOf("\"stream\":\"", StringComparison.Ordinal) + "\"stream\":\"".Length;
        int to = line.IndexOf('@', StringComparison.Ordinal);
        return from > "\"stream\":\"".Length - 1 && to > from ? line[from..to].ToUpperInvariant() : throw new InvalidDataException("The recording does not name its streams.");
    }
}
