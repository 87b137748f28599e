using Peregrine.Common;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Replay;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator;

/// <summary>The exchange without its sockets: what the server and the virtual exchange have in common.</summary>
internal sealed class ExchangeCore
{
    private readonly ExchangeOptions _options;
    private readonly ExchangeApi _api;
    private readonly RequestSignature _signature;
    private readonly UsageCounter _usage;
    private readonly UserHub _users;
    private readonly TradingFaults _trading;
    private long _nextOrderId = 1_000_000;

    public ExchangeCore(ExchangeOptions options, CancellationToken stop)
    {
        _options = options;
        ExchangeClock time = Clock = new ExchangeClock(options.TimeProvider);
        Limits = new LimitKeeper(options.Limits ?? ExchangeLimits.Of(options.Market), time);
        long Micros() => time.GetUnixMicros();
        long NextOrderId() => ++_nextOrderId;
        // The source defines how stream names are read, and wants the hub to publish through.
        IMarketSource? market = null;
        Hub = new StreamHub((session, name) => StreamRoutes.KeyOf(session, name, options.Market, market!.ChannelKey));
        market = options.Source switch
        {
            SyntheticSource synthetic => new SyntheticMarket(
                options.Symbols ?? ["BTCUSDT", "ETHUSDT", "SOLUSDT"], options.Market, synthetic, Hub, Gate, time, NextOrderId),
            ReplaySource replay => new ReplayMarket(Recording.Load(replay.Files, options.Market, options.Symbols), replay, options, Hub, Gate),
            _ => throw new ArgumentException($"No such source: {options.Source}.", nameof(options)),
        };
        Market = market;
        _users = new UserHub(Micros);
        Desk = new OrderDesk(market.Venue, new FeeSchedule(options.MakerFeeBasisPoints, options.TakerFeeBasisPoints), NextOrderId, Micros, _users);
        Desk.FollowMarket();
        Deposit(Desk.Account);
        bool isSpot = options.Market == Common.Market.Spot;
        Keys = new KeyRing([new ExchangeKey(options.ApiKey, ExchangeKeyKind.Hmac, options.Secret), .. options.Keys], Micros() / 1_000);
        _usage = new UsageCounter(time, Limits);
        Desk.FirstFilled = isMaker => _usage.OnFirstFill(isMaker);
        _trading = new TradingFaults(Desk, Gate, time, (options.Source as SyntheticSource)?.Seed ?? 0) { ReleaseReports = _users.Release };
        _users.Faults = _trading;
        _api = new ExchangeApi(market, Desk, time, isSpot, _usage, _trading);
        _signature = new RequestSignature(Keys, time);
        Rest = new RestApi(_api, Gate, _signature, _usage, Limits, Http, options.TimeProvider);
        Faults = new ExchangeFaults(Gate, time, new FaultWiring(Hub, Http, market, time, Limits, new TradingFaultWiring(_trading, Desk, _users, market, _usage)));
        Door = new StreamDoor(options, Keys, market, Hub, Gate, time, Limits, stop);
        Admin = new FaultAdmin(Faults, () => Meters, () => Ledger, () => OrderCalls);
    }

    public ExchangeGate Gate { get; } = new();
    public ExchangeClock Clock { get; }
    public LimitKeeper Limits { get; }
    public StreamHub Hub { get; }
    public IMarketSource Market { get; }
    public OrderDesk Desk { get; }
    public KeyRing Keys { get; }
    public HttpFaults Http { get; } = new();
    public RestApi Rest { get; }
    public ExchangeFaults Faults { get; }
    public StreamDoor Door { get; }
    public FaultAdmin Admin { get; }
    public ExchangeMeters Meters => Door.Read(Rest.Requests);

    /// <summary>The account as the exchange knows it.</summary>
    public ExchangeLedger Ledger => Gate.Request(() => ExchangeLedger.Of(Desk));

    /// <summary>The order calls so far, the newest hundred thousand of them.</summary>
    public IReadOnlyList<OrderCall> OrderCalls => Gate.Request(() => _trading.Log.ToArray());

    /// <summary>One more connection of the WebSocket API.</summary>
    /// <param name="timeUnit">Microseconds per unit of its times.</param>
    public WebSocketApi OpenApi(WebSocketConnection connection, bool returnRateLimits, long timeUnit = 1_000)
    {
        _usage.AddWeight(WebSocketApi.ConnectWeight);
        return new WebSocketApi(connection, _api, Gate, _signature, _usage, Limits, _users, Clock) { ReturnsRateLimits = returnRateLimits, TimeUnit = timeUnit };
    }

    private void Deposit(Account account)
    {
        if (_options.Balances is { } balances)
        {
            foreach ((string asset, Quantity quantity) in balances) account.Deposit(asset, quantity.Raw);
            return;
        }
        HashSet<string> quotes = [.. Market.Symbols.Select(s => s.Instrument.QuoteAsset)];
        foreach (string quote in quotes) account.Deposit(quote, 100_000 * FixedPoint.One);
        foreach (string asset in Market.Symbols.Select(s => s.Instrument.BaseAsset).Distinct())
        {
            if (quotes.Contains(asset)) continue;
            account.Deposit(asset, asset switch { "BTC" => 1, "ETH" => 20, _ => 500 } * FixedPoint.One);
        }
    }
}
