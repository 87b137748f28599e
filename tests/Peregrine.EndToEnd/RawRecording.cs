using System.IO.Compression;
using System.Text;

namespace Peregrine.EndToEnd;

/// <summary>
/// Recorded raw messages read as plainly as can be, independently of the program: a line is a receive time and a message, or a request for a depth snapshot.
/// </summary>
internal static class RawRecording
{
    /// <summary>Lines of a gzip file.</summary>
    public static IEnumerable<string> Lines(string path)
    {
        using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
        while (reader.ReadLine() is { } line) yield return line;
    }

    /// <summary>Messages of the streams that Peregrine subscribes to, counted by the kind that their stream name says.</summary>
    public static Dictionary<string, long> CountByKind(IEnumerable<string> paths)
    {
        Dictionary<string, long> counts = [];
        foreach (string line in paths.SelectMany(Lines))
        {
            const string mark = "{\"stream\":\"";
            int start = line.IndexOf(mark, StringComparison.Ordinal);
            if (start < 0) continue;
            start += mark.Length;
            string stream = line[start..line.IndexOf('"', start)];
            string? kind = stream[(stream.IndexOf('@') + 1)..] switch
            {
                "aggTrade" => "aggTrade",
                "trade" => "trade",
                "bookTicker" => "bookTicker",
                "kline_1m" => "kline",
                string other when other.StartsWith("depth@", StringComparison.Ordinal) => "depthDiff",
                _ => null,
            };
            if (kind is not null) counts[kind] = counts.GetValueOrDefault(kind) + 1;
        }
        return counts;
    }

    /// <summary>Receive time in nanoseconds and message of each line of a collector file (its stamps are nanoseconds or microseconds).</summary>
    public static IEnumerable<(long Nanos, byte[] Message)> Messages(string path)
    {
        foreach (string line in Lines(path))
        {
            int space = line.IndexOf(' ');
            long stamp = long.Parse(line.AsSpan(0, space));
            yield return (stamp > 100_000_000_000_000_000 ? stamp : stamp * 1_000, Encoding.UTF8.GetBytes(line[(space + 1)..]));
        }
    }
}
