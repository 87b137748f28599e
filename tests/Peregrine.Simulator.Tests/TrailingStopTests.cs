using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class TrailingStopTests
{
    /// <summary>Prices one after the other; the first with a star triggers.</summary>
    [Theory]
    [InlineData(100, false, "10000 10050 10100 9999*")] // 1% behind the highest.
    [InlineData(100, false, "10000 9950 9901 9900*")]
    [InlineData(100, true, "10000 9900 9800 9898*")] // 1% above the lowest.
    [InlineData(100, true, "10000 10050 10099 10100*")]
    public void Triggers_so_far_behind_the_best_price(int delta, bool above, string story)
    {
        string[] prices = story.Split(' ');
        TrailingStop stop = new(delta, above);
        stop.Begin(long.Parse(prices[0]), 5);
        foreach (string text in prices.Skip(1))
        {
            long price = long.Parse(text.TrimEnd('*'));
            Assert.Equal(text.EndsWith('*'), stop.Follow(price, price));
        }
    }

    /// <summary>The trades that the exchange tells of decide, by the plain rule, when each order must have triggered.</summary>
    [Theory]
    [InlineData("SELL", "STOP_LOSS")]
    [InlineData("BUY", "STOP_LOSS")]
    [InlineData("SELL", "TAKE_PROFIT")]
    [InlineData("BUY", "TAKE_PROFIT")]
    public void Follows_the_market_that_everyone_sees(string side, string type)
    {
        bool above = type == "STOP_LOSS" == (side == "BUY");
        VirtualExchange exchange = new(new ExchangeOptions { Symbols = ["BTCUSDT"], Source = new SyntheticSource(3, 0.5) });
        exchange.AdvanceTo(exchange.NowMicros + 5_000_000);
        VirtualClient client = new(exchange);
        client.Subscribe();
        VirtualConnection trades = exchange.OpenStreams("/ws/btcusdt@trade");
        decimal extreme = VirtualClient.Number(client.Public("ticker/price?symbol=BTCUSDT")["price"]);
        JsonNode order = client.Place($"symbol=BTCUSDT&side={side}&type={type}&quantity=0.001&trailingDelta=10&newOrderRespType=RESULT");
        Assert.Equal((10, exchange.NowMicros / 1_000, -1), (order["trailingDelta"]!.GetValue<int>(), order["trailingTime"]!.GetValue<long>(), order["workingTime"]!.GetValue<long>()));
        Assert.Equal(10, client.Events()[0]["d"]!.GetValue<int>());

        for (int second = 0; second < 3_600; second++)
        {
            client.Advance(1);
            JsonNode now = client.Get("GET", "order", $"symbol=BTCUSDT&orderId={order["orderId"]}");
            bool isReached = false;
            while (!isReached && trades.TryReceive(out ReadOnlyMemory<byte> frame))
            {
                decimal price = VirtualClient.Number(JsonNode.Parse(frame.Span)!["p"]);
                isReached = above ? price >= extreme * 1.001m : price <= extreme * 0.999m;
                extreme = above ? Math.Min(extreme, price) : Math.Max(extreme, price);
            }
            Assert.Equal(isReached, now["workingTime"]!.GetValue<long>() >= 0);
            if (!isReached) continue;
            Assert.Equal("FILLED", now["status"]!.GetValue<string>());
            return;
        }
        Assert.Fail("the market never turned");
    }

    [Fact]
    public void With_a_stop_price_it_begins_to_follow_there()
    {
        VirtualClient client = new(VirtualClient.Quiet());
        client.Subscribe();
        JsonNode order = client.Place($"symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=0.001&trailingDelta=2000&stopPrice={client.Times(0.999998m)}&newOrderRespType=RESULT");
        Assert.Equal(-1, order["trailingTime"]!.GetValue<long>());
        // We push the market down to it ourselves.
        JsonNode push = client.Place("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.9");
        Assert.True(VirtualClient.Number(push["fills"]!.AsArray()[^1]!["price"]) <= VirtualClient.Number(order["stopPrice"]), push.ToJsonString());
        JsonNode now = client.Get("GET", "order", $"symbol=BTCUSDT&orderId={order["orderId"]}");
        Assert.Equal(("NEW", client.Exchange.NowMicros / 1_000), (now["status"]!.GetValue<string>(), now["trailingTime"]!.GetValue<long>()));
    }

    [Theory]
    [InlineData("type=LIMIT&timeInForce=GTC&price=60000&trailingDelta=50", -1106)]
    [InlineData("type=STOP_LOSS", -1102)]
    [InlineData("type=STOP_LOSS&trailingDelta=5", -1013)]
    [InlineData("type=STOP_LOSS&trailingDelta=0", -1013)]
    public void A_delta_that_cannot_be_is_refused(string order, int code)
    {
        VirtualClient client = new(VirtualClient.Quiet());
        Assert.Equal(code, client.Call("POST", "order", $"symbol=BTCUSDT&side=SELL&quantity=0.001&{order}").Body["code"]!.GetValue<int>());
    }
}
