using Peregrine.App.Configuration;
using Peregrine.Binance;
using Peregrine.Binance.Feed;
using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Execution;
using Peregrine.MarketData;

namespace Peregrine.App.Appliance;

/// <summary>Makes the connections of an incarnation of the hot thread.</summary>
internal static class TraderConnections
{
    /// <summary>Where orders and data go: the configured local exchange, or Binance.</summary>
    public static BinanceEndpoints Endpoints(ApplianceOptions options) =>
        options.ExchangeUrl.Length > 0 ? BinanceEndpoints.FromBase(options.ExchangeUrl, options.Market) : BinanceEndpoints.Production(options.Market);

    /// <summary>Makes the connections of one incarnation of the hot thread.</summary>
    public static TraderLines Open(
        ApplianceOptions options, EventRing ring, InstrumentTable instruments, PaperGateway? paper, RateLimits limits, ExchangeDeadlines deadlines, TimeProvider time, Random random, Action<string> log)
    {
        BinanceEndpoints endpoints = Endpoints(options);
#pragma warning disable CA2000 // TraderLines owns and disposes all of them.
        LinePoller poller = new();
        BinanceMarketFeed feed = new(endpoints, options.Market, instruments, options.Streams, ring, time, random, log, FeedOf(options));
        feed.AddTo(poller);
        IOrderGateway? gateway = paper;
        if (options.Mode == RunMode.Live)
        {
            BinanceOrderGateway orders = new(endpoints, new ApiKey(options.ApiKey, options.ApiSecret), instruments, ring, limits, deadlines, time, random, log, WireOf(options));
            poller.Add(orders.Line);
            gateway = orders;
        }
#pragma warning restore CA2000
        return new TraderLines(feed, gateway, WaitOf(options.Idle, poller), poller);
    }

    private static WireOptions WireOf(ApplianceOptions options) => new() { LooksFirst = options.Idle != HotIdle.Block };

    private static FeedOptions FeedOf(ApplianceOptions options) => new()
    {
        LinesPerGroup = options.FeedLines,
        Wire = WireOf(options),
        Binary = options.FeedBinary,
        ApiKey = options.FeedBinary ? options.ApiKey : "",
        LineLifetime = options.FeedLineLifetime,
        LifetimeJitter = options.FeedLineLifetime / 30,
        Derivatives = new DerivativesSchedule(options.OpenInterestEvery, options.PremiumIndexEvery),
    };

    private static Action WaitOf(HotIdle idle, LinePoller poller)
    {
        // A snapshot wakes the poller; without one, this is how late a timer or a command may come.
        TimeSpan atMost = TimeSpan.FromMilliseconds(10);
        int spins = 0;
        return idle switch
        {
            HotIdle.Spin => () => Thread.SpinWait(20),
            HotIdle.SpinThenBlock => () =>
            {
                if (++spins < 2_000)
                {
                    Thread.SpinWait(20);
                    return;
                }
                spins = 0;
                poller.Wait(atMost);
            },
            _ => () => poller.Wait(atMost),
        };
    }
}
