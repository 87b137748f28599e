using Peregrine.Binance.Rest;
using Peregrine.Binance.Wire;

namespace Peregrine.Binance.Feed;

/// <summary>How a market feed holds its connections.</summary>
public sealed record FeedOptions
{
    /// <summary>Connections for each group of streams, 1 or 2. With two, the first arrival of each event counts.</summary>
    public int LinesPerGroup { get; init; } = 1;

    /// <summary>Binance ends a connection after 24 hours; a new one takes over before.</summary>
    public TimeSpan LineLifetime { get; init; } = TimeSpan.FromHours(23);

    /// <summary>How much sooner at most, drawn for each connection, so that they do not all go at once.</summary>
    public TimeSpan LifetimeJitter { get; init; } = TimeSpan.FromMinutes(45);

    /// <summary>How long a connection may bring no data at all while it lives, until its own rhythm is known.</summary>
    public TimeSpan DataWithin { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long one connection may miss what the other brings.</summary>
    public TimeSpan BehindMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The least time between two renewals of the same connection for bringing nothing, doubled each time up to the cap.</summary>
    public TimeSpan RenewPause { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan RenewPauseMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Spot: whether streams that exist as SBE are taken as such (trade, bookTicker, depth20, depth); the others stay JSON. Needs a key.</summary>
    public bool Binary { get; init; }

    /// <summary>Sent with connections for SBE, which want one; empty for none.</summary>
    public string ApiKey { get; init; } = "";

    /// <summary>What is asked for over REST on USD-M; null for nothing.</summary>
    public DerivativesSchedule? Derivatives { get; init; }

    public WireOptions Wire { get; init; } = new();
}
