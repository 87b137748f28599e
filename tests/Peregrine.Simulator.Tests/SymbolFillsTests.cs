using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Trading;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class SymbolFillsTests : IFillListener
{
    private static readonly Instrument Instrument = new() { Id = new SymbolId(1), Symbol = "BTCUSDT", Market = Market.Spot, BaseAsset = "BTC", QuoteAsset = "USDT", IsTrading = true };
    private readonly List<(long Price, long Quantity, bool IsMaker)> _fills = [];
    private readonly SymbolFills _market = new(1, null);
    private long _nextId = 1;

    void IFillListener.OnFill(VenueOrder order, long price, long quantity, bool isMaker, long tradeId)
    {
        order.Executed += quantity;
        if (order.Remaining == 0) order.Status = OrderStatus.Filled;
        _fills.Add((price, quantity, isMaker));
    }

    private VenueOrder Place(Side side, long price, long quantity, OrderType type = OrderType.Limit)
    {
        VenueOrder order = new() { Id = _nextId++, ClientId = "a", Instrument = Instrument, Side = side, Type = type, Price = price, Quantity = quantity };
        _market.Execute(order, this);
        return order;
    }

    [Fact]
    public void A_taker_gets_what_is_displayed_and_no_more_until_it_is_displayed_anew()
    {
        _market.OnBest(99, 5, 100, 7);
        Place(Side.Buy, 0, 10, OrderType.Market);
        Assert.Equal([(100, 7, false)], _fills);
        Place(Side.Buy, 0, 10, OrderType.Market);
        Assert.Single(_fills);
        _market.OnBest(99, 5, 100, 8);
        Place(Side.Buy, 0, 3, OrderType.Market);
        Assert.Equal((100, 3, false), _fills[^1]);
    }

    [Fact]
    public void At_its_price_a_resting_order_waits_for_the_queue_before_it()
    {
        _market.OnBest(99, 5, 101, 7);
        VenueOrder order = Place(Side.Buy, 99, 4);
        _market.OnTrade(99, 3, buyerIsMaker: true);
        Assert.Empty(_fills);
        _market.OnTrade(99, 3, buyerIsMaker: true); // Two of the queue are left: one is ours.
        Assert.Equal([(99, 1, true)], _fills);
        _market.OnTrade(99, 2, buyerIsMaker: false); // A buyer took: nothing to us.
        Assert.Single(_fills);
        _market.OnTrade(98, 50, buyerIsMaker: true); // Through our price.
        Assert.Equal((99, 3, true), _fills[^1]);
        Assert.Equal(OrderStatus.Filled, order.Status);
    }

    [Fact]
    public void The_queue_shrinks_with_what_is_displayed()
    {
        _market.OnBest(99, 50, 101, 7);
        Place(Side.Buy, 99, 4);
        _market.OnBest(99, 2, 101, 7);
        _market.OnTrade(99, 5, buyerIsMaker: true);
        Assert.Equal([(99, 3, true)], _fills);
    }

    [Fact]
    public void Betters_the_best_and_is_first_in_line()
    {
        _market.OnBest(99, 50, 105, 7);
        Place(Side.Buy, 101, 4);
        _market.OnTrade(101, 1, buyerIsMaker: true);
        Assert.Equal([(101, 1, true)], _fills);
    }

    [Fact]
    public void When_the_opposite_best_comes_to_it_it_fills_at_its_own_price_as_maker()
    {
        _market.OnBest(99, 5, 105, 7);
        Place(Side.Sell, 104, 10);
        _market.OnBest(104, 6, 106, 7);
        Assert.Equal([(104, 6, true)], _fills);
        _market.OnBest(104, 6, 106, 8); // Nothing new at 104.
        Assert.Single(_fills);
        _market.OnBest(105, 6, 106, 8);
        Assert.Equal((104, 4, true), _fills[^1]);
    }

    [Fact]
    public void Fills_never_exceed_what_the_market_traded()
    {
        _market.OnBest(99, 5, 110, 7);
        Place(Side.Buy, 101, 4);
        Place(Side.Buy, 102, 4);
        _market.OnTrade(100, 6, buyerIsMaker: true);
        Assert.Equal([(102, 4, true), (101, 2, true)], _fills); // The better price first.
    }

    [Fact]
    public void All_or_nothing_takes_nothing_when_not_all_is_there()
    {
        _market.OnBest(99, 5, 100, 7);
        VenueOrder order = new() { Id = 9, ClientId = "f", Instrument = Instrument, Side = Side.Buy, Type = OrderType.Limit, TimeInForce = TimeInForce.FillOrKill, Price = 100, Quantity = 8 };
        Assert.False(_market.Execute(order, this));
        Assert.Empty(_fills);
    }
}
