using System.Text;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Simulator;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>What all processes of a run share: the clock, the network, the key, and where violations go.</summary>
internal sealed record TraderWorld(
    LocalClock Time, TraceHash Hash, Random Chance, VirtualLink OrderLink, VirtualLink MarketLink, ApiKey Key, IReadOnlyList<string> Streams, Action<string> Violate, Action<string>? Log)
{
    public const string Symbol = "BTCUSDT";
    private static readonly string[] Kinds = ["aggTrade", "trade", "depth20@100ms", "bookTicker"];

    /// <summary>A world around an exchange: one order link, one market link, one key.</summary>
    public static TraderWorld Over(VirtualExchange exchange, Random random, Action<string> violate, Action<string>? log)
    {
        ExchangeOptions usual = new();
        return new TraderWorld(
            new LocalClock(exchange), new TraceHash(), new Random(random.Next()), new VirtualLink(() => exchange.OpenApi(returnRateLimits: false), exchange, new Random(random.Next())),
            new VirtualLink(() => exchange.OpenStreams(string.Join('/', Kinds.Select(static kind => $"btcusdt@{kind}"))), exchange, new Random(random.Next())),
            new ApiKey(usual.ApiKey, usual.Secret), Kinds, violate, log);
    }

    /// <summary>The traded symbol with the rules that the exchange tells.</summary>
    public static InstrumentTable InstrumentsOf(VirtualExchange exchange)
    {
        InstrumentTable table = new();
        (int status, byte[] body) = exchange.Request("GET", "/api/v3/exchangeInfo");
        if (status != 200) throw new InvalidOperationException($"exchangeInfo answered {status}: {Encoding.UTF8.GetString(body)}");
        foreach (Instrument instrument in ExchangeInfoReader.Read(body, Market.Spot, [Symbol]).Instruments) table.Add(instrument);
        return table;
    }
}
