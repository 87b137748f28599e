using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class OrderCountTests
{
    private readonly VirtualClient _client = new(VirtualClient.Quiet());

    [Fact]
    public void Orders_that_fill_do_not_count()
    {
        for (int i = 0; i < 7; i++) _client.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.001&price={_client.Times(1.1m)}");
        Assert.Equal(7, Count());
        _client.Place("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.001");
        Assert.Equal(7, Count()); // One more, and one less for its first fill as a taker.

        string price = _client.Middle();
        _client.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.002&price={price}");
        Assert.Equal(8, Count());
        _client.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.001&price={price}");
        Assert.Equal(3, Count()); // Five less for the maker's first fill.
        _client.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.001&price={price}");
        Assert.Equal(3, Count()); // Its second fill makes no difference.

        _client.Call("DELETE", "openOrders", "symbol=BTCUSDT");
        Assert.Equal(3, Count()); // Nor do cancels.
        Assert.Equal(-2010, _client.Call("POST", "order", "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=100").Body["code"]!.GetValue<int>());
        Assert.Equal(3, Count()); // A refused order is none.
    }

    [Fact]
    public void Lists_count_for_each_of_their_orders()
    {
        string legs = $"AboveType=LIMIT_MAKER&pendingAbovePrice={_client.Times(1.1m)}&pendingBelowType=STOP_LOSS&pendingBelowStopPrice={_client.Times(0.8m)}";
        _client.Get("POST", "orderList/otoco", $"symbol=BTCUSDT&workingType=LIMIT&workingTimeInForce=GTC&workingSide=BUY&workingQuantity=0.001&workingPrice={_client.Times(0.9m)}&pendingSide=SELL&pendingQuantity=0.001&pending{legs}");
        Assert.Equal(3, Count());
    }

    /// <summary>Why each kind of order expired, in the answer and in the event.</summary>
    [Theory]
    [InlineData("type=LIMIT&timeInForce=IOC&quantity=0.001&price=LOW", "UNFILLED_IOC_QUANTITY_EXPIRED")]
    [InlineData("type=LIMIT&timeInForce=FOK&quantity=0.001&price=LOW", "UNFILLED_FOK_ORDER_EXPIRED")]
    public void Expired_orders_say_why(string order, string reason)
    {
        _client.Subscribe();
        JsonNode answer = _client.Place($"symbol=BTCUSDT&side=BUY&{order.Replace("LOW", _client.Times(0.9m), StringComparison.Ordinal)}");
        Assert.Equal(("EXPIRED", reason), (answer["status"]!.GetValue<string>(), answer["expiryReason"]!.GetValue<string>()));
        Assert.Equal(reason, _client.Events().Single(static e => e["x"]!.GetValue<string>() == "EXPIRED")["eR"]!.GetValue<string>());
        Assert.Equal(reason, _client.Get("GET", "order", $"symbol=BTCUSDT&orderId={answer["orderId"]}")["expiryReason"]!.GetValue<string>());
    }

    [Fact]
    public void A_market_order_beyond_the_book_expires_for_want_of_liquidity()
    {
        _client.Exchange.Faults.Apply("account.setBalance", "{\"asset\":\"BTC\",\"amount\":\"899\"}");
        JsonNode answer = _client.Place("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=899");
        Assert.Equal(("EXPIRED", "INSUFFICIENT_LIQUIDITY"), (answer["status"]!.GetValue<string>(), answer["expiryReason"]!.GetValue<string>()));
    }

    [Fact]
    public void What_a_buy_brought_less_its_fee_is_sold_again()
    {
        _client.Subscribe();
        string sell = _client.Times(1.1m);
        JsonNode list = _client.Get("POST", "orderList/opo",
            $"symbol=BTCUSDT&workingType=LIMIT&workingTimeInForce=GTC&workingSide=BUY&workingQuantity=0.05&workingPrice={_client.Times(1.02m)}&pendingType=LIMIT&pendingTimeInForce=GTC&pendingSide=SELL&pendingPrice={sell}");
        Shape.Matches("spot/rest/post.orderList.opo.json", list);
        Assert.Equal("OTO", list["contingencyType"]!.GetValue<string>());
        JsonNode pending = _client.Get("GET", "order", $"symbol=BTCUSDT&orderId={list["orders"]![1]!["orderId"]}");
        Assert.Equal(("NEW", "0.04995000"), (pending["status"]!.GetValue<string>(), pending["origQty"]!.GetValue<string>())); // A thousandth was the fee.
        Assert.Equal(2, Count() + 1);

        list = _client.Get("POST", "orderList/opoco",
            $"symbol=BTCUSDT&workingType=LIMIT&workingTimeInForce=GTC&workingSide=BUY&workingQuantity=0.05&workingPrice={_client.Times(0.9m)}&pendingSide=SELL"
            + $"&pendingAboveType=LIMIT_MAKER&pendingAbovePrice={sell}&pendingBelowType=STOP_LOSS_LIMIT&pendingBelowTimeInForce=GTC&pendingBelowPrice={_client.Times(0.7m)}&pendingBelowStopPrice={_client.Times(0.8m)}");
        Shape.Matches("spot/rest/post.orderList.opoco.json", list, "stopPrice");
        Assert.Equal("PENDING_NEW", list["orderReports"]![2]!["status"]!.GetValue<string>());
        Assert.Equal(-2038, _client.Call("PUT", "order/amend/keepPriority", $"symbol=BTCUSDT&orderId={list["orders"]![1]!["orderId"]}&newQty=0.001").Body["code"]!.GetValue<int>());
    }

    private int Count() => _client.Get("GET", "rateLimit/order")[1]!["count"]!.GetValue<int>();
}
