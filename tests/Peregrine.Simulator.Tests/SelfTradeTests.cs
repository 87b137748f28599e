using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class SelfTradeTests
{
    /// <summary>A buy of 0.003 rests, a sell of 0.002 (or 0.005) takes it; what is left of both, and what the match took of each.</summary>
    [Theory]
    [InlineData("EXPIRE_TAKER", "0.002", "NEW", "0", "EXPIRED_IN_MATCH", "0.00200000", null)]
    [InlineData("EXPIRE_MAKER", "0.002", "EXPIRED_IN_MATCH", "0.00300000", "NEW", "0", null)]
    [InlineData("EXPIRE_BOTH", "0.002", "EXPIRED_IN_MATCH", "0.00300000", "EXPIRED_IN_MATCH", "0.00200000", null)]
    [InlineData("DECREMENT", "0.002", "NEW", "0.00200000", "EXPIRED_IN_MATCH", "0.00200000", "0.00200000")]
    [InlineData("DECREMENT", "0.005", "EXPIRED_IN_MATCH", "0.00300000", "NEW", "0.00300000", "0.00300000")]
    [InlineData("TRANSFER", "0.002", "NEW", "0.00200000", "EXPIRED_IN_MATCH", "0.00200000", "0.00200000")]
    public void The_takers_mode_decides_who_goes(string mode, string quantity, string makerStatus, string makerPrevented, string takerStatus, string takerPrevented, string? shared)
    {
        VirtualClient client = new(VirtualClient.Quiet());
        client.Subscribe();
        string price = client.Middle();
        (decimal usdt, decimal btc) = (client.Balance("USDT").Free, client.Balance("BTC").Free);
        JsonNode maker = client.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.003&price={price}");
        client.Events();
        JsonNode taker = client.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity={quantity}&price={price}&selfTradePreventionMode={mode}");

        Assert.Equal((takerStatus, mode, 0), (taker["status"]!.GetValue<string>(), taker["selfTradePreventionMode"]!.GetValue<string>(), taker["fills"]!.AsArray().Count));
        JsonNode match = Assert.Single(taker["preventedMatches"]!.AsArray())!;
        Assert.Equal(maker["orderId"]!.ToJsonString(), match["makerOrderId"]!.ToJsonString());
        Assert.Equal((makerPrevented, takerPrevented), (match["makerPreventedQuantity"]?.GetValue<string>() ?? "0", match["takerPreventedQuantity"]?.GetValue<string>() ?? "0"));

        JsonNode rested = client.Get("GET", "order", $"symbol=BTCUSDT&orderId={maker["orderId"]}");
        Assert.Equal((makerStatus, makerPrevented), (rested["status"]!.GetValue<string>(), rested["preventedQuantity"]?.GetValue<string>() ?? "0"));
        if (makerPrevented != "0") Shape.Matches("spot/faq/stp_faq.example.7.json", rested);

        JsonNode[] told = [.. client.Events().Where(static e => e["x"]!.GetValue<string>() == "TRADE_PREVENTION")];
        Assert.Equal((makerPrevented == "0" ? 0 : 1) + (takerPrevented == "0" ? 0 : 1), told.Length);
        foreach (JsonNode report in told)
        {
            bool isTaker = report["i"]!.ToJsonString() == taker["orderId"]!.ToJsonString();
            Assert.Equal(isTaker ? (takerStatus, takerPrevented, maker["orderId"]!.ToJsonString()) : (makerStatus, makerPrevented, taker["orderId"]!.ToJsonString()),
                (report["X"]!.GetValue<string>(), report["B"]!.GetValue<string>(), report["U"]!.ToJsonString()));
            Assert.Equal((shared, shared is null ? null : price + "000000"), (report["pl"]?.GetValue<string>(), report["pL"]?.GetValue<string>()));
        }
        JsonNode listed = client.Get("GET", "myPreventedMatches", $"symbol=BTCUSDT&preventedMatchId={match["preventedMatchId"]}");
        Shape.Matches("spot/rest/get.myPreventedMatches.json", listed, "takerPreventedQuantity", "makerPreventedQuantity");
        Assert.Equal(mode, listed[0]!["selfTradePreventionMode"]!.GetValue<string>());
        Assert.Single(client.Get("GET", "myPreventedMatches", $"symbol=BTCUSDT&orderId={maker["orderId"]}").AsArray());
        Assert.Empty(client.Get("GET", "myTrades", "symbol=BTCUSDT").AsArray());

        // Nothing was paid, and once all is cancelled nothing is locked.
        client.Call("DELETE", "openOrders", "symbol=BTCUSDT");
        Assert.Equal(((usdt, 0), (btc, 0)), (client.Balance("USDT"), client.Balance("BTC")));
    }

    [Fact]
    public void A_taker_goes_on_to_others_once_its_own_order_is_gone()
    {
        VirtualClient client = new(VirtualClient.Quiet());
        client.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.003&price={client.Middle()}");
        JsonNode taker = client.Place("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.002&selfTradePreventionMode=EXPIRE_MAKER");
        Assert.Equal(("FILLED", 1), (taker["status"]!.GetValue<string>(), taker["preventedMatches"]!.AsArray().Count));
    }

    [Fact]
    public void Without_a_mode_an_account_trades_with_itself()
    {
        VirtualClient client = new(VirtualClient.Quiet());
        string price = client.Middle();
        client.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.003&price={price}&selfTradePreventionMode=EXPIRE_BOTH");
        JsonNode taker = client.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.003&price={price}");
        Assert.Equal(("FILLED", null), (taker["status"]!.GetValue<string>(), taker["preventedMatches"]));
        Assert.Equal(2, client.Get("GET", "myTrades", "symbol=BTCUSDT").AsArray().Count);
        Assert.Equal(-1130, client.Call("POST", "order", "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.003&selfTradePreventionMode=BOTH").Body["code"]!.GetValue<int>());
    }

    /// <summary>Random orders of all kinds against each other: what is locked is what the open orders need, and money only moves by fills.</summary>
    [Fact]
    public void What_is_locked_is_what_open_orders_need()
    {
        const int seed = 20_261_123;
        Random random = new(seed);
        VirtualClient client = new(VirtualClient.Quiet());
        string[] modes = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"];
        decimal middle = 0, reach = 0;
        int placed = 0, amended = 0, canceled = 0;
        for (int turn = 0; turn < 600; turn++)
        {
            if (turn % 60 == 0)
            {
                client.Call("DELETE", "openOrders", "symbol=BTCUSDT");
                client.Advance(5);
                JsonNode ticker = client.Public("ticker/bookTicker?symbol=BTCUSDT");
                (decimal bid, decimal ask) = (VirtualClient.Number(ticker["bidPrice"]), VirtualClient.Number(ticker["askPrice"]));
                (middle, reach) = ((bid + ask) / 2, (ask - bid) / 2 + 0.02m); // A little beyond the spread: now and then others are met too.
            }
            JsonArray open = client.Get("GET", "openOrders", "symbol=BTCUSDT").AsArray();
            JsonNode? one = open.Count > 0 ? open[random.Next(open.Count)] : null;
            switch (random.Next(6))
            {
                case 0 when one is not null:
                    canceled += client.Call("DELETE", "order", $"symbol=BTCUSDT&orderId={one["orderId"]}").Status == 200 ? 1 : 0;
                    break;
                case 1 when one is not null:
                    amended += client.Call("PUT", "order/amend/keepPriority", $"symbol=BTCUSDT&orderId={one["orderId"]}&newQty=0.00{random.Next(1, 9)}").Status == 200 ? 1 : 0;
                    break;
                default:
                    string price = Math.Round(middle + (reach * random.Next(-100, 101) / 100), 2).ToString("F2", System.Globalization.CultureInfo.InvariantCulture);
                    string iceberg = random.Next(3) == 0 ? "&icebergQty=0.001" : "", side = random.Next(2) == 0 ? "BUY" : "SELL";
                    placed += client.Call("POST", "order", $"symbol=BTCUSDT&side={side}&type=LIMIT&timeInForce=GTC&quantity=0.00{random.Next(2, 9)}&price={price}{iceberg}&selfTradePreventionMode={modes[random.Next(6)]}").Status == 200 ? 1 : 0;
                    break;
            }
            Check(client.Exchange.Oracle, turn, seed);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{placed} orders, {amended} amendments, {canceled} cancels, {client.Exchange.Oracle.Trades.Count} trades, {client.Exchange.Oracle.Orders.Count(o => o.Status == "EXPIRED_IN_MATCH")} expired in match (seed {seed})");
        Assert.True(client.Exchange.Oracle.Orders.Count(o => o.Status == "EXPIRED_IN_MATCH") > 20 && client.Exchange.Oracle.Trades.Count > 20, "too little happened to prove anything");
    }

    private static void Check(ExchangeLedger truth, int turn, int seed)
    {
        static long Units(string text) => FixedPoint.TryParse(text, out long units) ? units : throw new FormatException(text);
        foreach ((string asset, string side) in ((string, string)[])[("USDT", "BUY"), ("BTC", "SELL")])
        {
            long locked = truth.Balances.Where(b => b.Asset == asset).Sum(b => Units(b.Locked));
            long held = truth.Orders.Where(o => o.Side == side).Sum(o => Units(o.Locked));
            Assert.True(locked == held, $"turn {turn}, seed {seed}: {asset} has {locked} locked, its orders {held}");
        }
        foreach (LedgerOrder order in truth.Orders.Where(static o => o.Status is "NEW" or "PARTIALLY_FILLED"))
        {
            long rest = Units(order.Quantity) - Units(order.Executed) - Units(order.Prevented);
            long need = order.Side == "SELL" ? rest : Money.QuoteCeiling(Units(order.Price), rest);
            Assert.True(rest > 0 && Units(order.Locked) == need, $"turn {turn}, seed {seed}: order {order.OrderId} has {order.Locked} locked and needs {need}");
        }
        foreach (LedgerOrder order in truth.Orders.Where(static o => o.Status is not ("NEW" or "PARTIALLY_FILLED"))) Assert.Equal(0, Units(order.Locked));
    }
}
