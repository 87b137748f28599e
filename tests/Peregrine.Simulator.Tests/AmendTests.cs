using System.Globalization;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Matching;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class AmendTests
{
    private const string Path = "/api/v3/order/amend/keepPriority";

    [Fact]
    public async Task An_order_gets_smaller_and_its_lock_with_it()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await using TestSocket user = await exchange.ConnectAsync("/ws-api/v3");
        await user.CallAsync("userDataStream.subscribe.signature");
        string id = await CancelReplaceTests.PlaceAsync(exchange, "a", 0.9, "0.005");
        await user.EventAsync();
        await user.EventAsync();
        decimal locked = await LockedAsync(exchange);

        (int status, JsonNode body, _) = await exchange.SignedAsync(HttpMethod.Put, Path, $"symbol=BTCUSDT&origClientOrderId=a&newQty=0.003&newClientOrderId=b");
        Assert.True(status == 200, body.ToJsonString());
        Shape.Matches("spot/rest/put.order.amend.keepPriority.single.json", body);
        Assert.Equal((id, "a", "b", "0.00300000"), (
            body["amendedOrder"]!["orderId"]!.ToJsonString(), body["amendedOrder"]!["origClientOrderId"]!.GetValue<string>(), body["amendedOrder"]!["clientOrderId"]!.GetValue<string>(), body["amendedOrder"]!["qty"]!.GetValue<string>()));
        Assert.Equal(locked * 3 / 5, await LockedAsync(exchange));

        JsonNode report = (await user.EventAsync())["event"]!;
        Assert.Equal(("executionReport", "REPLACED", "NEW", "b", "a", "0.00300000"), (
            report["e"]!.GetValue<string>(), report["x"]!.GetValue<string>(), report["X"]!.GetValue<string>(), report["c"]!.GetValue<string>(), report["C"]!.GetValue<string>(), report["q"]!.GetValue<string>()));
        Assert.Equal(body["executionId"]!.GetValue<long>(), report["I"]!.GetValue<long>());
        Assert.Equal("outboundAccountPosition", (await user.EventAsync())["event"]!["e"]!.GetValue<string>());

        Assert.Equal(-2013, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=a")).Body["code"]!.GetValue<int>());
        Assert.Equal(id, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=b")).Body["orderId"]!.ToJsonString());

        Assert.Equal(200, (await exchange.SignedAsync(HttpMethod.Put, Path, $"symbol=BTCUSDT&orderId={id}&newQty=0.001")).Status);
        JsonNode all = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order/amendments", $"symbol=BTCUSDT&orderId={id}")).Body;
        Shape.Matches("spot/rest/get.order.amendments.json", all);
        Assert.Equal(["0.00500000-0.00300000", "0.00300000-0.00100000"], all.AsArray().Select(static a => $"{a!["origQty"]}-{a["newQty"]}"));
        JsonNode last = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order/amendments", $"symbol=BTCUSDT&orderId={id}&fromExecutionId={all[1]!["executionId"]}")).Body;
        Assert.Single(last.AsArray());
        JsonNode limits = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/rateLimit/order")).Body;
        Assert.Equal(1, limits[1]!["count"]!.GetValue<int>()); // Amendments are no orders.
    }

    [Theory]
    [InlineData("newQty=0.005", -2038, "The requested action would change no state; rejecting")]
    [InlineData("newQty=0.006", -2038, "Order amend (quantity increase) is not supported.")]
    [InlineData("newQty=0.0000001", -1013, "Filter failure: LOT_SIZE")]
    [InlineData("newQty=0.00001", -1013, "Filter failure: NOTIONAL")]
    [InlineData("", -1102, "Mandatory parameter 'newQty' was not sent, was empty/null, or malformed.")]
    public async Task Only_less_is_an_amendment(string change, int code, string message)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        await CancelReplaceTests.PlaceAsync(exchange, "a", 0.9, "0.005");
        (int status, JsonNode body, _) = await exchange.SignedAsync(HttpMethod.Put, Path, $"symbol=BTCUSDT&origClientOrderId=a{(change.Length > 0 ? "&" : "")}{change}");
        Assert.Equal((400, code, message), (status, body["code"]!.GetValue<int>(), body["msg"]!.GetValue<string>()));
        Assert.Equal("0.00500000", (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=a")).Body["origQty"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_legs_of_a_list_say_which_list_they_are_of()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync();
        string below = await CancelReplaceTests.PriceAsync(exchange, 0.9), above = await CancelReplaceTests.PriceAsync(exchange, 1.1);
        (int status, JsonNode list, _) = await exchange.SignedAsync(
            HttpMethod.Post, "/api/v3/orderList/oto",
            $"symbol=BTCUSDT&workingType=LIMIT&workingTimeInForce=GTC&workingSide=BUY&workingPrice={below}&workingQuantity=0.005&pendingType=LIMIT&pendingTimeInForce=GTC&pendingSide=SELL&pendingPrice={above}&pendingQuantity=0.005");
        Assert.True(status == 200, list.ToJsonString());
        (status, JsonNode body, _) = await exchange.SignedAsync(HttpMethod.Put, Path, $"symbol=BTCUSDT&orderId={list["orders"]![1]!["orderId"]}&newQty=0.003");
        Assert.True(status == 200, body.ToJsonString());
        Shape.Matches("spot/rest/put.order.amend.keepPriority.orderlist.json", body);
        Assert.Equal("PENDING_NEW", body["amendedOrder"]!["status"]!.GetValue<string>());
        // Two orders of a list are two unfilled orders.
        Assert.Equal(2, (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/rateLimit/order")).Body[1]!["count"]!.GetValue<int>());
    }

    [Fact]
    public void An_order_that_shrinks_keeps_its_place_in_the_queue()
    {
        List<long> makers = [];
        MatchingBook book = new(1, new Watcher((maker, _) => makers.Add(maker)));
        book.Submit(new IncomingOrder(1, Side.Buy, 100, 10, Remainder.Rests));
        book.Submit(new IncomingOrder(2, Side.Buy, 100, 10, Remainder.Rests));
        Assert.True(book.Shrink(1, 4));
        Assert.Equal(14, book.QuantityAt(Side.Buy, 100));
        book.Submit(new IncomingOrder(3, Side.Sell, 100, 7, Remainder.Rests));
        Assert.Equal([1, 2], makers);
        Assert.Equal(7, book.QuantityAt(Side.Buy, 100));
        Assert.False(book.Shrink(2, 10));
        Assert.False(book.Shrink(1, 1));
    }

    private static async Task<decimal> LockedAsync(TestExchange exchange)
    {
        JsonNode account = (await exchange.SignedAsync(HttpMethod.Get, "/api/v3/account")).Body;
        return account["balances"]!.AsArray().Where(static b => b!["asset"]!.GetValue<string>() == "USDT").Select(static b => decimal.Parse(b!["locked"]!.GetValue<string>(), CultureInfo.InvariantCulture)).Single();
    }

    internal sealed class Watcher(Action<long, long> onMatch) : IMatchObserver
    {
        public void OnMatch(in IncomingOrder taker, long makerId, long price, long quantity, long makerRemaining) => onMatch(makerId, quantity);

        public void OnLevel(Side side, long price, long quantity)
        {
        }
    }
}
