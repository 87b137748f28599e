using Peregrine.Binance.Streams;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Feed;

/// <summary>Divides the streams of a feed into connections: by route where the market has routes, and as many as the limits demand.</summary>
internal static class StreamGroups
{
    /// <summary>Binance's limit of streams per connection.</summary>
    private const int StreamsPerLineMax = 1024;

    /// <summary>URLs beyond this are refused by servers on the way.</summary>
    private const int QueryCharactersMax = 4096;

    /// <exception cref="ArgumentException">SBE is wanted where there is none.</exception>
    public static IReadOnlyList<StreamGroup> Of(BinanceEndpoints endpoints, StreamTable table, int symbols, FeedOptions options)
    {
        if (options.Binary && endpoints.BinaryStreams is null) throw new ArgumentException("SBE streams exist on the spot market only.", nameof(options));
        var groups = new List<StreamGroup>();
        foreach (IGrouping<(bool IsBinary, string Route), StreamInfo> route in table.Streams.GroupBy(stream => (options.Binary && IsBinary(stream.Kind), endpoints.AreStreamsRouted ? RouteOf(stream.Kind) : "")))
        {
            var streams = new List<StreamInfo>();
            int characters = 0;
            foreach (StreamInfo stream in route)
            {
                int length = Escaped(stream, route.Key.IsBinary).Length + 1;
                if (streams.Count == StreamsPerLineMax || characters + length > QueryCharactersMax)
                {
                    groups.Add(Group(streams, route.Key));
                    streams = [];
                    characters = 0;
                }
                streams.Add(stream);
                characters += length;
            }
            if (streams.Count > 0) groups.Add(Group(streams, route.Key));
        }
        return groups;

        StreamGroup Group(List<StreamInfo> streams, (bool IsBinary, string Route) key) =>
            new(groups.Count + 1, [.. Enumerable.Range(0, options.LinesPerGroup).Select(slot => Address(HostOf(slot, key.IsBinary), key.Route, streams, key.IsBinary))], streams, symbols, key.IsBinary);

        Uri HostOf(int slot, bool isBinary) => isBinary
            ? (slot == 0 ? null : endpoints.OtherBinaryStreams) ?? endpoints.BinaryStreams!
            : (slot == 0 ? null : endpoints.OtherStreams) ?? endpoints.Streams;
    }

    /// <summary>The kinds that the spot market has as SBE.</summary>
    private static bool IsBinary(EventKind kind) => kind is EventKind.Trade or EventKind.BookTicker or EventKind.Depth20 or EventKind.DepthDiff;

    private static string Escaped(StreamInfo stream, bool isBinary) => Uri.EscapeDataString(isBinary ? BinaryName(stream) : stream.Name).Replace("%40", "@", StringComparison.Ordinal);

    /// <summary>SBE streams have names of their own, and one speed.</summary>
    private static string BinaryName(StreamInfo stream) => stream.Name[..(stream.Name.IndexOf('@', StringComparison.Ordinal) + 1)] + stream.Kind switch
    {
        EventKind.BookTicker => "bestBidAsk",
        EventKind.Depth20 => "depth20",
        EventKind.DepthDiff => "depth",
        _ => "trade",
    };

    private static Uri Address(Uri host, string route, List<StreamInfo> streams, bool isBinary) =>
        new(host, $"{(host.AbsolutePath == "/" ? "" : host.AbsolutePath)}{route}/stream?streams={string.Join('/', streams.Select(stream => Escaped(stream, isBinary)))}");

    /// <summary>USD-M, since 2026-04: books under /public, everything else under /market; a stream on the wrong one stays silent.</summary>
    private static string RouteOf(EventKind kind) => kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.BookTicker or EventKind.Trade ? "/public" : "/market";
}
