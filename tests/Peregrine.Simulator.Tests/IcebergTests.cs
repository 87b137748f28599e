using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Matching;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class IcebergTests
{
    [Fact]
    public void The_book_shows_a_part_and_the_next_part_stands_behind_the_others()
    {
        List<(long Maker, long Quantity)> fills = [];
        MatchingBook book = new(1, new AmendTests.Watcher((maker, quantity) => fills.Add((maker, quantity))));
        book.Submit(new IncomingOrder(1, Side.Sell, 100, 10, Remainder.Rests) { Peak = 4 });
        book.Submit(new IncomingOrder(2, Side.Sell, 100, 3, Remainder.Rests));
        Assert.Equal(7, book.QuantityAt(Side.Sell, 100));
        Assert.True(book.TryQuote(Side.Buy, 13, 100, out _), "what is hidden can be traded too");
        Assert.False(book.TryQuote(Side.Buy, 14, 100, out _));

        book.Submit(new IncomingOrder(3, Side.Buy, 100, 5, Remainder.Expires));
        Assert.Equal([(1, 4), (2, 1)], fills);
        Assert.Equal(6, book.QuantityAt(Side.Sell, 100)); // 2 of the other and the next 4.
        fills.Clear();
        book.Submit(new IncomingOrder(4, Side.Buy, 100, 20, Remainder.Expires));
        Assert.Equal([(2, 2), (1, 4), (1, 2)], fills);
        Assert.Equal((0, 0), (book.QuantityAt(Side.Sell, 100), book.OrderCount));
    }

    [Fact]
    public void A_cancelled_iceberg_leaves_nothing_behind()
    {
        MatchingBook book = new(1, new AmendTests.Watcher(static (_, _) => { }));
        book.Submit(new IncomingOrder(1, Side.Sell, 100, 10, Remainder.Rests) { Peak = 4 });
        book.Submit(new IncomingOrder(2, Side.Sell, 100, 5, Remainder.Rests));
        Assert.True(book.Cancel(1));
        Assert.Equal(5, book.QuantityAt(Side.Sell, 100));
        Assert.False(book.TryQuote(Side.Buy, 6, 100, out _));
    }

    [Fact]
    public void An_iceberg_that_shrinks_gives_up_what_it_hides_first()
    {
        MatchingBook book = new(1, new AmendTests.Watcher(static (_, _) => { }));
        book.Submit(new IncomingOrder(1, Side.Sell, 100, 10, Remainder.Rests) { Peak = 4 });
        Assert.True(book.Shrink(1, 5));
        Assert.Equal(4, book.QuantityAt(Side.Sell, 100));
        Assert.True(book.Shrink(1, 3));
        Assert.Equal(3, book.QuantityAt(Side.Sell, 100));
    }

    [Fact]
    public void Clients_see_only_the_part_that_is_shown()
    {
        VirtualClient client = new(VirtualClient.Quiet());
        string price = client.Middle();
        JsonNode order = client.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.01&icebergQty=0.002&price={price}");
        Assert.Equal("0.00200000", order["icebergQty"]!.GetValue<string>());
        Assert.Equal((price + "000000", "0.00200000"), (client.Public("depth?symbol=BTCUSDT&limit=5")["asks"]![0]![0]!.GetValue<string>(), client.Public("depth?symbol=BTCUSDT&limit=5")["asks"]![0]![1]!.GetValue<string>()));
        JsonNode taker = client.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.005&price={price}");
        Assert.Equal(["0.00200000", "0.00200000", "0.00100000"], taker["fills"]!.AsArray().Select(static f => f!["qty"]!.GetValue<string>()));
        Assert.Equal("0.00100000", client.Public("depth?symbol=BTCUSDT&limit=5")["asks"]![0]![1]!.GetValue<string>());
        Assert.Equal("0.00500000", client.Get("GET", "order", $"symbol=BTCUSDT&orderId={order["orderId"]}")["executedQty"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("type=LIMIT&timeInForce=IOC&quantity=0.01&icebergQty=0.002", -2010, "Unsupported order combination")]
    [InlineData("type=LIMIT&timeInForce=GTC&quantity=0.01&icebergQty=0.01", -2010, "IcebergQty exceeds QTY.")]
    [InlineData("type=LIMIT&timeInForce=GTC&quantity=1.01&icebergQty=0.01", -1013, "Filter failure: ICEBERG_PARTS")]
    [InlineData("type=LIMIT&timeInForce=GTC&quantity=0.01&icebergQty=0.000001", -1013, "Filter failure: LOT_SIZE")]
    public void An_iceberg_that_cannot_be_is_refused(string order, int code, string message)
    {
        VirtualClient client = new(VirtualClient.Quiet());
        (_, JsonNode body) = client.Call("POST", "order", $"symbol=BTCUSDT&side=SELL&price={client.Times(1.1m)}&{order}");
        Assert.Equal((code, message), (body["code"]!.GetValue<int>(), body["msg"]!.GetValue<string>()));
    }
}
