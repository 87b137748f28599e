using Peregrine.Common;

namespace Peregrine.Simulator.Streams;

/// <summary>Where a stream lives. A subscription in the wrong place is acknowledged and stays silent.</summary>
internal static class StreamRoutes
{
    /// <summary>Takes the route off a path: /public/stream is /stream under the public route.</summary>
    public static StreamRoute Split(ref string path)
    {
        StreamRoute route = path.StartsWith("/public/", StringComparison.Ordinal) ? StreamRoute.Public
            : path.StartsWith("/market/", StringComparison.Ordinal) ? StreamRoute.Market
            : path.StartsWith("/private/", StringComparison.Ordinal) ? StreamRoute.Private : StreamRoute.None;
        if (route != StreamRoute.None) path = path[path.IndexOf('/', 1)..];
        return route;
    }

    /// <summary>The channel of a stream for a session; for what it is not served, one that nobody publishes to.</summary>
    public static string KeyOf(StreamSession session, string name, Market market, Func<string, string> channelKey)
    {
        if (market == Market.UsdMargined && !IsServed(session.Route, name)) return "silent:" + name;
        if (session.IsBinary) return name + "#sbe";
        return session.IsMicros ? channelKey(name) + "#us" : channelKey(name);
    }

    /// <summary>Without a route only what is public is still served.</summary>
    private static bool IsServed(StreamRoute route, string name) =>
        IsPublic(name) ? route is StreamRoute.Public or StreamRoute.None : route == StreamRoute.Market;

    private static bool IsPublic(string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        ReadOnlySpan<char> kind = at < 0 ? name : name.AsSpan(at + 1);
        return kind.StartsWith("depth") || kind.StartsWith("rpiDepth") || kind is "bookTicker" or "!bookTicker" or "trade";
    }
}
