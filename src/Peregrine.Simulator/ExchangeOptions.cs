using Peregrine.Common;
using Peregrine.Simulator.Limits;

namespace Peregrine.Simulator;

/// <summary>Where the exchange's market comes from.</summary>
public abstract record ExchangeSource;

/// <summary>Order flow made up by a seeded generator in front of a real matching engine.</summary>
/// <param name="Seed">The same seed gives the same order flow.</param>
/// <param name="Rate">Multiplies how many orders arrive per second; 1 is a few hundred messages a second over three symbols.</param>
public sealed record SyntheticSource(ulong Seed = 1, double Rate = 1) : ExchangeSource;

/// <summary>Recorded raw messages, played as one session in the order of the files.</summary>
public sealed record ReplaySource(IReadOnlyList<string> Files) : ExchangeSource
{
    /// <summary>The speed that knows no pauses.</summary>
    public const double Max = double.PositiveInfinity;

    /// <summary>1 is the recorded timing, 10 ten times as fast, <see cref="Max"/> without any pause.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>When the recording is over: close the stream subscribers and complete.</summary>
    public bool Once { get; init; }
}

/// <summary>What the exchange on your desk is to be.</summary>
public sealed record ExchangeOptions
{
    /// <summary>The port on loopback; 0 picks a free one.</summary>
    public int Port { get; init; }

    public Market Market { get; init; } = Market.Spot;

    /// <summary>The symbols to trade; null leaves it to the source (three of them, or all that the recording has).</summary>
    public IReadOnlyList<string>? Symbols { get; init; }

    /// <summary>Names for a made-up market of this size: BTCUSDT, ETHUSDT, SOLUSDT, then invented ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 or more than 679.</exception>
    public static IReadOnlyList<string> MadeUpSymbols(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Synthetic.MadeUpSymbols.CountMax);
        return Synthetic.MadeUpSymbols.Names(count);
    }

    public ExchangeSource Source { get; init; } = new SyntheticSource();

    public string ApiKey { get; init; } = "peregrine-demo-key";
    public string Secret { get; init; } = "peregrine-demo-secret";

    /// <summary>Further keys of the first account: HMAC, RSA or Ed25519.</summary>
    public IReadOnlyList<ExchangeKey> Keys { get; init; } = [];

    /// <summary>Further accounts, with keys and balances of their own.</summary>
    public IReadOnlyList<ExchangeAccount> Accounts { get; init; } = [];

    /// <summary>The trade group of the first account; -1 for none.</summary>
    public int TradeGroupId { get; init; } = -1;

    /// <summary>What the first account starts with, by asset; null gives it some of everything that is traded.</summary>
    public IReadOnlyDictionary<string, Quantity>? Balances { get; init; }

    /// <summary>Commission of a resting order's fill, in basis points of what is received.</summary>
    public int MakerFeeBasisPoints { get; init; } = 10;

    /// <summary>Commission of a taking order's fill, in basis points of what is received.</summary>
    public int TakerFeeBasisPoints { get; init; } = 10;

    /// <summary>How often the server pings its sockets; null is Binance's: 20 s on spot, 3 minutes on futures.</summary>
    public TimeSpan? PingInterval { get; init; }

    /// <summary>How long a socket may owe the pong before it is cut; null is Binance's: 60 s on spot, 10 minutes on futures.</summary>
    public TimeSpan? PongTimeout { get; init; }

    internal TimeSpan EffectivePingInterval => PingInterval ?? (Market == Market.UsdMargined ? TimeSpan.FromMinutes(3) : TimeSpan.FromSeconds(20));
    internal TimeSpan EffectivePongTimeout => PongTimeout ?? (Market == Market.UsdMargined ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(60));

    /// <summary>How long a replay waits at a recorded snapshot for a subscriber that has not fetched it yet.</summary>
    public TimeSpan SnapshotWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What the exchange allows; null is Binance's own for the market.</summary>
    public ExchangeLimits? Limits { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
