using System.IO.Compression;
using System.Text;

using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Testing;

namespace Peregrine.Binance.Tests;

/// <summary>The recorded raw messages, as the data's README describes their formats.</summary>
internal static class Recordings
{
    public static byte[]? Unpacked(string name)
    {
        string? path = Repository.Shared($"data/raw-ws/{name}");
        if (path is null) return null;
        using var packed = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        byte[] pinned = GC.AllocateArray<byte>((int)bytes.Length + WireLine.SlackAfter, pinned: true); // As a receive buffer holds them.
        bytes.GetBuffer().AsSpan(0, (int)bytes.Length).CopyTo(pinned);
        return pinned;
    }

    /// <summary>The messages of a file, as ranges of its bytes: everything from the first '{' of a line that carries one.</summary>
    public static List<(int Start, int Length)> Messages(byte[] bytes)
    {
        var messages = new List<(int, int)>();
        for (int at = 0; at < bytes.Length;)
        {
            int end = Array.IndexOf(bytes, (byte)'\n', at);
            if (end < 0) end = bytes.Length;
            ReadOnlySpan<byte> line = bytes.AsSpan(at, end - at);
            int brace = line.IndexOf((byte)'{');
            if (brace >= 0 && !line.StartsWith("configuration"u8)) messages.Add((at + brace, line.Length - brace));
            at = end + 1;
        }
        return messages;
    }

    /// <summary>Every symbol that the file's streams name.</summary>
    public static string[] Symbols(byte[] bytes)
    {
        var symbols = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((int start, int length) in Messages(bytes))
        {
            ReadOnlySpan<byte> message = bytes.AsSpan(start, length);
            if (!message.StartsWith("{\"stream\":\""u8)) continue;
            int at = message.IndexOf((byte)'@');
            symbols.Add(Encoding.UTF8.GetString(message[11..at]).ToUpperInvariant());
        }
        return [.. symbols];
    }

    public static Market MarketOf(string file) => file.Contains("usdm", StringComparison.Ordinal) ? Market.UsdMargined : Market.Spot;
}
