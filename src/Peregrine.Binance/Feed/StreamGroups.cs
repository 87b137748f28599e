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

    public static IReadOnlyList<StreamGroup> Of(BinanceEndpoints endpoints, StreamTable table, int symbols, int slots)
    {
        var groups = new List<StreamGroup>();
        foreach (IGrouping<string, StreamInfo> route in table.Streams.GroupBy(stream => endpoints.AreStreamsRouted ? RouteOf(stream.Kind) : ""))
        {
            var streams = new List<StreamInfo>();
            int characters = 0;
            foreach (StreamInfo stream in route)
            {
                int length = Escaped(stream).Length + 1;
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

        StreamGroup Group(List<StreamInfo> streams, string route) =>
            new(groups.Count + 1, [.. Enumerable.Range(0, slots).Select(slot => Address(slot == 0 ? endpoints.Streams : endpoints.OtherStreams ?? endpoints.Streams, route, streams))], streams, symbols);
    }

    private static string Escaped(StreamInfo stream) => Uri.EscapeDataString(stream.Name).Replace("%40", "@", StringComparison.Ordinal);

    private static Uri Address(Uri host, string route, List<StreamInfo> streams) =>
        new(host, $"{(host.AbsolutePath == "/" ? "" : host.AbsolutePath)}{route}/stream?streams={string.Join('/', streams.Select(Escaped))}");

    /// <summary>USD-M, since 2026-04: books under /public, everything else under /market; a stream on the wrong one stays silent.</summary>
    private static string RouteOf(EventKind kind) => kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.BookTicker or EventKind.Trade ? "/public" : "/market";
}
