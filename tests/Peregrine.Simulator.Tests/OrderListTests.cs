using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;
using Peregrine.Simulator.Trading;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class OrderListTests : IAccountObserver
{
    private const long Usdt = 5_000_000 * FixedPoint.One;
    private const long Btc = 50 * FixedPoint.One;

    private readonly List<Fill> _fills = [];
    private readonly List<VenueOrder> _fillOrders = [];
    private readonly List<string> _told = [];
    private readonly SyntheticMarket _market;
    private readonly SyntheticSymbol _symbol;
    private readonly OrderDesk _desk;
    private double _time;

    public OrderListTests()
        : this(1)
    {
    }

    private OrderListTests(ulong seed)
    {
        long nextId = 1;
        _market = new SyntheticMarket(["BTCUSDT"], Market.Spot, new SyntheticSource(seed), new StreamHub((_, n) => n), new ExchangeGate(), new ExchangeClock(TimeProvider.System), () => nextId++);
        _symbol = _market.Books[0];
        _symbol.Begin(0);
        _desk = new OrderDesk(_market, new FeeSchedule(7, 10), () => nextId++, () => 1, this);
        _desk.FollowMarket();
        _desk.Account.Deposit("USDT", Usdt);
        _desk.Account.Deposit("BTC", Btc);
        Advance(2);
    }

    void IAccountObserver.OnOrder(VenueOrder order, string execution, Fill? fill, string? cancelId)
    {
        _told.Add($"{order.ClientId} {execution} {order.StatusText()}");
        if (fill is not { } f) return;
        _fills.Add(f);
        _fillOrders.Add(order);
    }

    void IAccountObserver.OnList(OrderList list) => _told.Add($"list {list.StatusType}");

    void IAccountObserver.OnBalances(Account account, IReadOnlyList<string> assets)
    {
        foreach (AssetBalance balance in account.Balances) Assert.True(balance is { Free: >= 0, Locked: >= 0 }, $"{balance}");
    }

    [Fact]
    public void The_profit_leg_fills_and_the_stop_leg_expires()
    {
        OrderList list = Oco();
        Assert.Equal(["list EXEC_STARTED", "a NEW NEW", "b NEW NEW"], _told);
        Assert.Equal(FixedPoint.One / 100, _desk.Account["BTC"].Locked);
        _desk.FillWhole(list.Legs[0]);
        Assert.Equal(["b EXPIRED EXPIRED", "list ALL_DONE", "a TRADE FILLED"], _told[3..]);
        Assert.Equal(0, _desk.Account["BTC"].Locked);
    }

    [Fact]
    public void The_stop_leg_is_triggered_by_a_trade_and_the_profit_leg_expires()
    {
        OrderList list = Oco();
        Push(Side.Sell, list.Legs[1].StopPrice);
        Assert.Equal(OrderStatus.Expired, list.Legs[0].Status);
        Assert.True(list.Legs[1].IsTriggered);
        Assert.Equal(OrderStatus.Filled, list.Legs[1].Status);
        Assert.Equal("list ALL_DONE", _told.Last(t => t.StartsWith("list", StringComparison.Ordinal)));
        Assert.Equal(0, _desk.Account["BTC"].Locked);
    }

    [Fact]
    public void Cancelling_one_leg_cancels_the_list()
    {
        OrderList list = Oco();
        _desk.Cancel(list.Legs[1], "x");
        Assert.All(list.Legs, l => Assert.Equal(OrderStatus.Canceled, l.Status));
        Assert.False(list.IsOpen);
        Assert.Equal(0, _desk.Account["BTC"].Locked);
        Assert.Throws<ApiException>(() => _desk.CancelList(list, null));
    }

    [Fact]
    public void Pending_orders_come_to_life_when_the_working_order_is_wholly_filled()
    {
        OrderRequest working = Request(Side.Buy, OrderType.Limit, _symbol.Best.BidPrice - Tick(1_000), 0, "w");
        OrderList list = _desk.PlaceList(working, [Request(Side.Sell, OrderType.LimitMaker, _symbol.Best.AskPrice + Tick(5_000), 0, "a"), Request(Side.Sell, OrderType.StopLossLimit, Tick(6_000_000), Tick(6_100_000), "b")], "l");
        Assert.All(list.Legs, l => Assert.Equal("PENDING_NEW", l.StatusText()));
        Assert.Equal(0, _desk.Account["BTC"].Locked);
        _desk.FillWhole(list.Working!);
        Assert.All(list.Legs, l => Assert.Equal("NEW", l.StatusText()));
        Assert.Equal(FixedPoint.One / 100, _desk.Account["BTC"].Locked);
        _desk.CancelList(list, null);
        Assert.Equal(0, _desk.Account["BTC"].Locked);
    }

    [Fact]
    public void Pending_orders_end_with_a_working_order_that_is_cancelled()
    {
        OrderRequest working = Request(Side.Buy, OrderType.Limit, _symbol.Best.BidPrice - Tick(1_000), 0, "w");
        OrderList list = _desk.PlaceList(working, [Request(Side.Sell, OrderType.LimitMaker, _symbol.Best.AskPrice + Tick(5_000), 0, "a")], "l");
        _desk.Cancel(list.Working, null);
        Assert.Equal(OrderStatus.Canceled, list.Legs[0].Status);
        Assert.Equal(0, _desk.Account["USDT"].Locked);
    }

    [Fact]
    public void A_stop_on_the_wrong_side_would_trigger_immediately()
    {
        ApiException refusal = Assert.Throws<ApiException>(() => _desk.Place(Request(Side.Sell, OrderType.StopLoss, 0, _symbol.LastPrice + Tick(10), "s")));
        Assert.Equal((-2010, "Order would trigger immediately."), (refusal.Code, refusal.Message));
        Assert.Empty(_desk.Open);
    }

    [Fact]
    public void A_client_id_is_unique_among_open_orders_only()
    {
        VenueOrder first = _desk.Place(Request(Side.Buy, OrderType.Limit, _symbol.Best.BidPrice - Tick(1_000), 0, "same"));
        Assert.Throws<ApiException>(() => _desk.Place(Request(Side.Buy, OrderType.Limit, _symbol.Best.BidPrice - Tick(1_000), 0, "same")));
        _desk.Cancel(first, null);
        Assert.True(_desk.Place(Request(Side.Buy, OrderType.Limit, _symbol.Best.BidPrice - Tick(1_000), 0, "same")).IsOpen);
    }

    [Fact]
    public void Whatever_lists_and_stops_do_money_is_conserved_and_locks_are_what_open_orders_need()
    {
        int lists = 0, triggered = 0, fills = 0, checks = 0;
        const int seeds = 5;
        for (int seed = 1; seed <= seeds; seed++)
        {
            OrderListTests run = new((ulong)seed);
            checks += run.Play(new Random(seed));
            lists += run._desk.Lists.Count;
            triggered += run._desk.All.Count(o => o.IsTriggered);
            fills += run._fills.Count;
        }
        Assert.True(lists > 200 && triggered > 50 && fills > 500, $"{lists} lists, {triggered} triggered, {fills} fills");
        TestContext.Current.TestOutputHelper!.WriteLine($"desk: {checks} states checked, {lists} lists, {triggered} triggered stops, {fills} fills; 0 units lost, 0 locks wrong (seeds 1 to {seeds})");
    }

    private int Play(Random random)
    {
        const int steps = 1_500;
        for (int i = 0; i < steps; i++)
        {
            Advance(random.NextDouble() * 0.05);
            try
            {
                Step(random);
            }
            catch (ApiException)
            {
                // A refusal is as good an answer as any.
            }
            CheckLocks();
        }
        foreach (VenueOrder order in _desk.Open.ToArray())
            if (order.IsOpen) _desk.Cancel(order, null);
        long btc = Btc, usdt = Usdt;
        for (int i = 0; i < _fills.Count; i++)
        {
            (Fill fill, int sign) = (_fills[i], _fillOrders[i].Side.Sign());
            btc += (sign * fill.Quantity) - (fill.CommissionAsset == "BTC" ? fill.Commission : 0);
            usdt -= (sign * fill.Quote) + (fill.CommissionAsset == "USDT" ? fill.Commission : 0);
        }
        Assert.Equal(new AssetBalance("BTC", btc, 0), _desk.Account["BTC"]);
        Assert.Equal(new AssetBalance("USDT", usdt, 0), _desk.Account["USDT"]);
        return steps;
    }

    private void Step(Random random)
    {
        VenueOrder[] open = [.. _desk.Open];
        Side side = random.Next(2) == 0 ? Side.Buy : Side.Sell;
        long near = Tick(random.Next(1, 800));
        long last = _symbol.LastPrice;
        switch (random.Next(7))
        {
            case 0 when open.Length > 0:
                _desk.Cancel(open[random.Next(open.Length)], null);
                break;
            case 1:
                _desk.Place(Request(side, OrderType.Market, 0, 0, null));
                break;
            case 2:
                _desk.Place(Request(side, OrderType.Limit, last - (side.Sign() * near), 0, null));
                break;
            case 3:
                _desk.Place(Request(side, random.Next(2) == 0 ? OrderType.StopLoss : OrderType.TakeProfit, 0, last + (random.Next(2) == 0 ? near : -near), null));
                break;
            case 4:
                _desk.PlaceList(null, Legs(side, last, near), null);
                break;
            case 5:
                _desk.PlaceList(Request(side.Opposite(), OrderType.Limit, last - (side.Opposite().Sign() * Tick(random.Next(-200, 200))), 0, null), Legs(side, last, near), null);
                break;
            default:
                Advance(0.2);
                break;
        }
    }

    private OrderRequest[] Legs(Side side, long last, long near) =>
    [
        Request(side, OrderType.LimitMaker, last - (side.Sign() * near), 0, null),
        Request(side, OrderType.StopLossLimit, last + (side.Sign() * near * 2), last + (side.Sign() * near), null),
    ];

    /// <summary>Each asset's lock is the sum over its open orders; of the legs of an OCO only the dearer counts, and pending orders need nothing yet.</summary>
    private void CheckLocks()
    {
        Dictionary<string, long> needed = new() { ["BTC"] = 0, ["USDT"] = 0 };
        foreach (VenueOrder order in _desk.Open)
        {
            if (order.IsPending || order.IsMarket && order.IsTriggered) continue;
            bool isShadow = order.List is { } list && order != list.Working && list.Legs.Any(o => o != order && o.IsOpen && (o.Need > order.Need || (o.Need == order.Need && o.Id < order.Id)));
            if (!isShadow) needed[order.LockedAsset] += order.Need;
        }
        foreach ((string asset, long units) in needed) Assert.Equal(units, _desk.Account[asset].Locked);
    }

    private OrderList Oco() => _desk.PlaceList(
        null,
        [Request(Side.Sell, OrderType.LimitMaker, _symbol.Best.AskPrice + Tick(5_000), 0, "a"), Request(Side.Sell, OrderType.StopLossLimit, Tick(6_000_000), _symbol.LastPrice - Tick(500), "b")], "l");

    /// <summary>Trades until the price has been reached.</summary>
    private void Push(Side side, long price)
    {
        for (int i = 0; i < 200 && (side == Side.Sell ? _symbol.LastPrice > price : _symbol.LastPrice < price); i++)
            _desk.Place(new OrderRequest(_symbol.Instrument, side, OrderType.Market, TimeInForce.None, 0, FixedPoint.One / 5, 0, null));
    }

    private void Advance(double seconds) => _market.AdvanceTo(_time += seconds);

    private static long Tick(long count) => count * 1_000_000;

    private OrderRequest Request(Side side, OrderType type, long price, long stop, string? id) => new(
        _symbol.Instrument, side, type, type is OrderType.Limit or OrderType.StopLossLimit ? TimeInForce.GoodTillCancel : TimeInForce.None, price, FixedPoint.One / 100, 0, id, stop);
}
