using Peregrine.Common;

namespace Peregrine.Simulator.Limits;

/// <summary>What the exchange allows. The defaults are Binance's.</summary>
public sealed record ExchangeLimits
{
    /// <summary>Request weight per minute.</summary>
    public int WeightPerMinute { get; init; } = 6_000;

    /// <summary>Frames per second from one stream socket, pings and pongs included.</summary>
    public int MessagesPerSecond { get; init; } = 5;

    /// <summary>Stream connections per five minutes, refused ones included.</summary>
    public int ConnectionsPerFiveMinutes { get; init; } = 300;

    public int StreamsPerConnection { get; init; } = 1_024;

    /// <summary>How long a stream connection lives.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long the first ban lasts; each further one takes twice as long, up to three days.</summary>
    public TimeSpan Ban { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>So many calls in spite of a 429 make it a ban.</summary>
    public int CallsUntilBan { get; init; } = 10;

    /// <summary>Binance's limits of a market.</summary>
    public static ExchangeLimits Of(Market market) =>
        market == Market.UsdMargined ? new ExchangeLimits { WeightPerMinute = 2_400, MessagesPerSecond = 10 } : new ExchangeLimits();
}
