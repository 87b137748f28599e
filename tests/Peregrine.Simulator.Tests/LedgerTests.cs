using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;
using Peregrine.Simulator.Trading;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class LedgerTests : IAccountObserver
{
    private readonly List<Fill> _fills = [];
    private readonly List<VenueOrder> _fillOrders = [];

    void IAccountObserver.OnOrder(VenueOrder order, string execution, Fill? fill, string? cancelId)
    {
        if (fill is not { } f) return;
        _fills.Add(f);
        _fillOrders.Add(order);
    }

    void IAccountObserver.OnBalances(Account account, IReadOnlyList<string> assets)
    {
        foreach (AssetBalance balance in account.Balances) Assert.True(balance is { Free: >= 0, Locked: >= 0 }, $"{balance}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_ordered_balances_equal_deposits_plus_fills_less_fees(int seed)
    {
        Random random = new(seed);
        long nextId = 1;
        SyntheticMarket market = new(["BTCUSDT"], Market.Spot, new SyntheticSource((ulong)seed), new StreamHub((_, n) => n), new ExchangeGate(), new ExchangeClock(TimeProvider.System), () => nextId++);
        SyntheticSymbol symbol = market.Books[0];
        symbol.Begin(0);
        OrderDesk desk = new(market, new FeeSchedule(7, 10), () => nextId++, () => 1, this);
        desk.Account.Deposit("USDT", 50_000 * FixedPoint.One);
        desk.Account.Deposit("BTC", FixedPoint.One);
        double time = 0;
        for (int i = 0; i < 3_000; i++)
        {
            market.AdvanceTo(time += random.NextDouble() * 0.05);
            try
            {
                if (random.Next(4) == 0 && desk.Open.Any()) desk.Cancel(desk.Open.ElementAt(random.Next(desk.Open.Count())), null);
                else desk.Place(Order(random, symbol));
            }
            catch (ApiException)
            {
                // A refusal is as good an answer as any.
            }
        }
        foreach (VenueOrder order in desk.Open.ToArray()) desk.Cancel(order, null);
        Assert.True(_fills.Count > 100 && _fills.Any(f => f.IsMaker) && _fills.Any(f => !f.IsMaker), $"{_fills.Count} fills with seed {seed}");
        long btc = FixedPoint.One;
        long usdt = 50_000 * FixedPoint.One;
        for (int i = 0; i < _fills.Count; i++)
        {
            Fill fill = _fills[i];
            bool isBuy = _fillOrders[i].Side == Side.Buy;
            btc += isBuy ? fill.Quantity - fill.Commission : -fill.Quantity;
            usdt += isBuy ? -fill.Quote : fill.Quote - fill.Commission;
        }
        Assert.Equal([new AssetBalance("BTC", btc, 0), new AssetBalance("USDT", usdt, 0)], desk.Account.Balances);
    }

    private static OrderRequest Order(Random random, SyntheticSymbol symbol)
    {
        Side side = random.Next(2) == 0 ? Side.Buy : Side.Sell;
        long tick = symbol.Instrument.Rules.TickSize.Raw;
        long price = (side == Side.Buy ? symbol.Best.BidPrice : symbol.Best.AskPrice) + (random.Next(-500, 500) * tick);
        long quantity = random.Next(1, 30_000) * symbol.Instrument.Rules.StepSize.Raw;
        return random.Next(6) switch
        {
            0 => new OrderRequest(symbol.Instrument, side, OrderType.Market, TimeInForce.None, 0, quantity, 0, null),
            1 => new OrderRequest(symbol.Instrument, side, OrderType.Market, TimeInForce.None, 0, 0, random.Next(10, 5_000) * FixedPoint.One, null),
            2 => new OrderRequest(symbol.Instrument, side, OrderType.LimitMaker, TimeInForce.None, price, quantity, 0, null),
            3 => new OrderRequest(symbol.Instrument, side, OrderType.Limit, TimeInForce.ImmediateOrCancel, price, quantity, 0, null),
            4 => new OrderRequest(symbol.Instrument, side, OrderType.Limit, TimeInForce.FillOrKill, price, quantity, 0, null),
            _ => new OrderRequest(symbol.Instrument, side, OrderType.Limit, TimeInForce.GoodTillCancel, price, quantity, 0, null),
        };
    }
}
