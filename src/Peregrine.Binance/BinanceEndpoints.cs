using Peregrine.Common;

namespace Peregrine.Binance;

/// <summary>Where one market of Binance is reached.</summary>
public sealed record BinanceEndpoints
{
    /// <summary>REST without its path: https://api.binance.com.</summary>
    public required Uri Rest { get; init; }

    /// <summary>Streams without a path: wss://stream.binance.com:9443.</summary>
    public required Uri Streams { get; init; }

    /// <summary>Another host or port that carries the same streams, for second connections; null where there is only one.</summary>
    public Uri? OtherStreams { get; init; }

    /// <summary>SBE streams; null where there are none.</summary>
    public Uri? BinaryStreams { get; init; }

    /// <summary>The same on another host or port; null where there is only one.</summary>
    public Uri? OtherBinaryStreams { get; init; }

    /// <summary>The WebSocket API with its path.</summary>
    public required Uri WebSocketApi { get; init; }

    /// <summary>Whether stream paths begin with /public and /market, as USD-M demands in production.</summary>
    public bool AreStreamsRouted { get; init; }

    public static BinanceEndpoints Production(Market market) => market == Market.UsdMargined
        ? new()
        {
            Rest = new Uri("https://fapi.binance.com"),
            Streams = new Uri("wss://fstream.binance.com"),
            WebSocketApi = new Uri("wss://ws-fapi.binance.com/ws-fapi/v1"),
            AreStreamsRouted = true,
        }
        : new()
        {
            Rest = new Uri("https://api.binance.com"),
            Streams = new Uri("wss://stream.binance.com:9443"),
            OtherStreams = new Uri("wss://stream.binance.com:443"),
            BinaryStreams = new Uri("wss://stream-sbe.binance.com:9443"),
            OtherBinaryStreams = new Uri("wss://stream-sbe.binance.com:443"),
            WebSocketApi = new Uri("wss://ws-api.binance.com:443/ws-api/v3"),
        };

    /// <summary>Virtual money: the spot test network, the futures demo.</summary>
    public static BinanceEndpoints Testnet(Market market) => market == Market.UsdMargined
        ? new()
        {
            Rest = new Uri("https://demo-fapi.binance.com"),
            Streams = new Uri("wss://fstream.binancefuture.com"),
            WebSocketApi = new Uri("wss://testnet.binancefuture.com/ws-fapi/v1"),
            AreStreamsRouted = true,
        }
        : new()
        {
            Rest = new Uri("https://testnet.binance.vision"),
            Streams = new Uri("wss://stream.testnet.binance.vision"),
            BinaryStreams = new Uri("wss://stream-sbe.testnet.binance.vision"),
            WebSocketApi = new Uri("wss://ws-api.testnet.binance.vision/ws-api/v3"),
        };

    /// <summary>A local exchange that serves everything from one base: http://127.0.0.1:PORT.</summary>
    /// <param name="baseUrl">Scheme, host and port.</param>
    /// <param name="market">USD-M has routes there too.</param>
    /// <exception cref="FormatException">No absolute http or https address.</exception>
    public static BinanceEndpoints FromBase(string baseUrl, Market market = Market.Spot)
    {
        if (!Uri.TryCreate(baseUrl, UriKind.Absolute, out Uri? rest) || rest.Scheme is not ("http" or "https"))
            throw new FormatException($"An exchange is an address like http://127.0.0.1:8080, not '{baseUrl}'.");
        string socket = $"{(rest.Scheme == "https" ? "wss" : "ws")}://{rest.Authority}";
        return new() { Rest = rest, Streams = new Uri(socket), BinaryStreams = new Uri($"{socket}/sbe"), AreStreamsRouted = market == Market.UsdMargined, WebSocketApi = new Uri($"{socket}/ws-api/v3") };
    }

    /// <summary>/api/v3 or /fapi/v1.</summary>
    public static string RestPath(Market market) => market == Market.UsdMargined ? "/fapi/v1" : "/api/v3";
}
