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
        bool isSpot = options.Market == Common.Market.Spot;
        _usage = new UsageCounter(time, Limits);
        _trading = new TradingFaults(Gate, time, (options.Source as SyntheticSource)?.Seed ?? 0);
        ExchangeAccount first = new(ExchangeAccount.First, [new ExchangeKey(options.ApiKey, ExchangeKeyKind.Hmac, options.Secret), .. options.Keys])
        {
            Balances = options.Balances, TradeGroupId = options.TradeGroupId,
        };
        ExchangeAccount[] all = [first, .. options.Accounts];
        if (all.DistinctBy(static a => a.Name).Count() < all.Length) throw new ArgumentException($"Two accounts have one name; '{ExchangeAccount.First}' is the first one's.", nameof(options));
        Accounts = [.. all.Select((account, at) => Open(account, at + 1, NextOrderId))];
        Keys = new KeyRing(all.Zip(Accounts).SelectMany(static pair => pair.First.Keys.Select(key => (key, pair.Second))), Micros() / 1_000);
        _api = new ExchangeApi(market, time, isSpot, _usage, _trading);
        _signature = new RequestSignature(Keys, time);
        Rest = new RestApi(_api, Gate, _signature, _usage, Limits, Http, _trading, options.TimeProvider);
        Faults = new ExchangeFaults(Gate, time, new FaultWiring(Hub, Http, market, time, Limits, new TradingFaultWiring(_trading, Accounts, Keys, market)));
        Door = new StreamDoor(options, Keys, market, Hub, Gate, time, Limits, stop);
        Admin = new FaultAdmin(Faults, () => Meters, LedgerOf, () => OrderCalls);
    }

    public ExchangeGate Gate { get; } = new();
    public ExchangeClock Clock { get; }
    public LimitKeeper Limits { get; }
    public StreamHub Hub { get; }
    public IMarketSource Market { get; }

    /// <summary>All accounts, that of the options' own key first.</summary>
    public IReadOnlyList<TradingAccount> Accounts { get; }

    public KeyRing Keys { get; }
    public HttpFaults Http { get; } = new();
    public RestApi Rest { get; }
    public ExchangeFaults Faults { get; }
    public StreamDoor Door { get; }
    public FaultAdmin Admin { get; }
    public ExchangeMeters Meters => Door.Read(Rest.Requests);

    /// <summary>An account as the exchange knows it.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public ExchangeLedger LedgerOf(string account) => Gate.Request(() => ExchangeLedger.Of(
        (Accounts.FirstOrDefault(a => a.Name == account) ?? throw new ArgumentException($"There is no account '{account}'; there are {string.Join(", ", Accounts.Select(static a => a.Name))}.")).Desk));

    /// <summary>The order calls so far, the newest hundred thousand of them.</summary>
    public IReadOnlyList<OrderCall> OrderCalls => Gate.Request(() => _trading.Log.ToArray());

    /// <summary>One more connection of the WebSocket API.</summary>
    /// <param name="timeUnit">Microseconds per unit of its times.</param>
    public WebSocketApi OpenApi(WebSocketConnection connection, bool returnRateLimits, long timeUnit = 1_000)
    {
        _usage.AddWeight(WebSocketApi.ConnectWeight);
        return new WebSocketApi(connection, _api, Gate, _signature, _usage, Limits, _trading, Clock) { ReturnsRateLimits = returnRateLimits, TimeUnit = timeUnit };
    }

    private TradingAccount Open(ExchangeAccount account, int uid, Func<long> nextOrderId)
    {
        UserHub users = new(() => Clock.NowMicros) { Faults = _trading };
        UsageCounter usage = new(Clock, Limits);
        OrderDesk desk = new(Market.Venue, new FeeSchedule(_options.MakerFeeBasisPoints, _options.TakerFeeBasisPoints), nextOrderId, () => Clock.NowMicros, users)
        {
            TradeGroupId = account.TradeGroupId, FirstFilled = usage.OnFirstFill,
        };
        desk.FollowMarket();
        Deposit(desk.Account, account.Balances);
        return new TradingAccount(account.Name, uid, desk, users, usage);
    }

    private void Deposit(Account account, IReadOnlyDictionary<string, Quantity>? given)
    {
        if (given is { } balances)
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
