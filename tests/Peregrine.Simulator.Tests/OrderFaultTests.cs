using System.Globalization;
using System.Text;
using System.Text.Json;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class OrderFaultTests
{
    private readonly ExchangeOptions _options = new() { Symbols = ["BTCUSDT"], Source = new SyntheticSource(11, 0.1) };
    private readonly VirtualExchange _exchange;
    private readonly VirtualConnection _user;

    public OrderFaultTests()
    {
        _exchange = new VirtualExchange(_options);
        _exchange.AdvanceTo(_exchange.NowMicros + 1_000_000);
        _user = _exchange.OpenApi();
        _user.Send(Encoding.UTF8.GetBytes(Signed("userDataStream.subscribe.signature", [])));
        Assert.True(_user.TryReceive(out _));
    }

    [Theory]
    [InlineData("order.executeThenDropReply", true)]
    [InlineData("order.rejectThenDropReply", false)]
    public void A_dropped_reply_hides_whether_the_order_lives(string fault, bool lives)
    {
        _exchange.Faults.Apply(fault, "{\"count\":1}");
        Assert.Equal(0, Place("a", "60000").Status);
        Assert.Equal(lives ? 200 : 400, Call("GET", "order", ("origClientOrderId", "a")).Status);
        Assert.Equal(lives, _exchange.Oracle.Orders.Any(o => o.ClientOrderId == "a"));
        Assert.Equal(200, Place("b", "60000").Status);
        Assert.Contains(_exchange.OrderCalls, c => c.ClientId == "a" && c.Done.EndsWith("reply dropped", StringComparison.Ordinal));
    }

    [Fact]
    public void An_order_may_take_effect_long_after_its_request()
    {
        _exchange.Faults.Apply("order.executeLate", "{\"delaySeconds\":5,\"count\":1}");
        Assert.Equal(0, Place("a", "60000").Status);
        Advance(4.9);
        Assert.Equal(-2013, Code(Call("GET", "order", ("origClientOrderId", "a"))));
        Advance(0.2);
        Assert.Equal(200, Call("GET", "order", ("origClientOrderId", "a")).Status);
    }

    [Fact]
    public void An_order_may_be_unknown_to_queries_for_a_while()
    {
        _exchange.Faults.Apply("order.hideFromQuery", "{\"delaySeconds\":2}");
        Assert.Equal(200, Place("a", "60000").Status);
        Assert.Equal(-2013, Code(Call("GET", "order", ("origClientOrderId", "a"))));
        Assert.Equal("[]", Encoding.UTF8.GetString(Call("GET", "openOrders").Body));
        Advance(2.1);
        Assert.Equal(200, Call("GET", "order", ("origClientOrderId", "a")).Status);
    }

    [Fact]
    public void An_expired_ioc_may_be_forgotten()
    {
        _exchange.Faults.Apply("order.pruneIoc", "{}");
        Assert.Equal(200, Place("a", "60000", time: "IOC").Status);
        Assert.Equal(-2013, Code(Call("GET", "order", ("origClientOrderId", "a"))));
    }

    [Fact]
    public void An_order_may_be_filled_while_its_cancel_is_under_way()
    {
        Assert.Equal(200, Place("a", "60000").Status);
        _exchange.Faults.Apply("order.fillDuringCancel", "{}");
        Assert.Equal(-2011, Code(Call("DELETE", "order", ("origClientOrderId", "a"))));
        Assert.Equal("FILLED", Assert.Single(_exchange.Oracle.Orders).Status);
        Assert.Contains(Events(), e => e.Contains("\"x\":\"TRADE\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cancel_may_deny_an_order_that_is_filled_later()
    {
        Assert.Equal(200, Place("a", "60000").Status);
        _exchange.Faults.Apply("order.hideThenFill", "{\"delaySeconds\":3}");
        Assert.Equal(-2011, Code(Call("DELETE", "order", ("origClientOrderId", "a"))));
        Assert.Equal(-2013, Code(Call("GET", "order", ("origClientOrderId", "a"))));
        Advance(3.1);
        Assert.Contains("FILLED", Encoding.UTF8.GetString(Call("GET", "order", ("origClientOrderId", "a")).Body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"code\":-1007,\"status\":504,\"body\":\"Timeout waiting for response from backend server. Send status unknown; execution status unknown.\"}", 504, -1007, true)]
    [InlineData("{\"code\":-1008,\"status\":503,\"body\":\"Server is currently overloaded with other requests. Please try again in a few minutes.\",\"executes\":false}", 503, -1008, false)]
    [InlineData("{\"status\":200,\"body\":\"<html>maintenance</html>\"}", 200, 0, true)]
    [InlineData("{\"status\":200,\"cutAt\":40}", 200, 0, true)]
    public void Any_answer_may_come_whether_or_not_the_order_lives(string fault, int status, int code, bool lives)
    {
        _exchange.Faults.Apply("order.answer", fault);
        (int Status, byte[] Body) answer = Place("a", "60000");
        Assert.Equal(status, answer.Status);
        if (code != 0) Assert.Equal(code, Code(answer));
        else Assert.ThrowsAny<JsonException>(() => Code(answer));
        Assert.Equal(lives, _exchange.Oracle.Orders.Count == 1);
    }

    [Fact]
    public void Reports_come_twice_late_out_of_order_or_not_at_all()
    {
        _exchange.Faults.Apply("order.duplicateReport", "{\"count\":1}");
        Place("a", "60000");
        Assert.Equal(2, Events().Count(e => e.Contains("\"x\":\"NEW\"", StringComparison.Ordinal)));
        _exchange.Faults.Apply("order.shuffleReports", "{\"count\":1}");
        Place("b", "60000");
        Assert.Equal(["outboundAccountPosition", "executionReport"], Events().Select(Name));
        _exchange.Faults.Apply("order.lateReport", "{\"delaySeconds\":2,\"count\":1}");
        Place("c", "60000");
        Assert.Equal(["outboundAccountPosition"], Events().Select(Name));
        Advance(2.1);
        Assert.Equal(["executionReport"], Events().Select(Name));
        using (_exchange.Faults.Apply("user.mute", "{}"))
        {
            Place("d", "60000");
            Assert.Empty(Events());
        }
        _exchange.Faults.Apply("user.terminate", "{}");
        Assert.Equal(["eventStreamTerminated"], Events().Select(Name));
    }

    [Fact]
    public void A_report_may_come_before_the_reply()
    {
        _exchange.Faults.Apply("order.earlyReport", "{\"count\":1}");
        Dictionary<string, string> order = new() { ["symbol"] = "BTCUSDT", ["side"] = "BUY", ["type"] = "LIMIT", ["timeInForce"] = "GTC", ["price"] = "60000", ["quantity"] = "0.001" };
        _user.Send(Encoding.UTF8.GetBytes(Signed("order.place", new(order))));
        Assert.Equal([true, true, false], Frames().Select(f => f.Contains("subscriptionId", StringComparison.Ordinal)));
        _user.Send(Encoding.UTF8.GetBytes(Signed("order.place", order)));
        Assert.Equal([false, true, true], Frames().Select(f => f.Contains("subscriptionId", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_account_moves_by_itself()
    {
        _exchange.Faults.Apply("account.deposit", "{\"asset\":\"BNB\",\"amount\":\"2.5\"}");
        _exchange.Faults.Apply("account.lock", "{\"asset\":\"BNB\",\"amount\":\"1\"}");
        Assert.Equal(["balanceUpdate", "outboundAccountPosition", "externalLockUpdate", "outboundAccountPosition"], Events().Select(Name));
        Assert.Contains(new LedgerBalance("BNB", "1.50000000", "1.00000000"), _exchange.Oracle.Balances);
        _exchange.Faults.Apply("account.lock", "{\"asset\":\"BNB\",\"amount\":\"-1\"}");
        _exchange.Faults.Apply("account.feeAsset", "{\"asset\":\"BNB\",\"price\":\"600\",\"percent\":75}");
        Place("a", "70000", time: "IOC");
        LedgerTrade trade = _exchange.Oracle.Trades[0];
        Assert.Equal("BNB", trade.CommissionAsset);
        decimal due = Math.Floor(Math.Floor(decimal.Parse(trade.Quote, CultureInfo.InvariantCulture) * 0.001m * 1e8m) * 0.75m / 600m) / 1e8m;
        Assert.Equal(due, decimal.Parse(trade.Commission, CultureInfo.InvariantCulture));
        _exchange.Faults.Apply("account.setBalance", "{\"asset\":\"USDT\",\"amount\":\"0\"}");
        Assert.Equal(-2010, Code(Place("b", "60000")));
    }

    [Fact]
    public void Symbols_limits_and_keys_change_under_way()
    {
        using (_exchange.Faults.Apply("symbol.status", "{\"symbol\":\"BTCUSDT\",\"status\":\"HALT\"}")) Assert.NotEqual(200, Place("a", "60000").Status);
        using (_exchange.Faults.Apply("symbol.filters", "{\"symbol\":\"BTCUSDT\",\"tickSize\":\"10\"}")) Assert.Equal(-1013, Code(Place("a", "60001")));
        using (_exchange.Faults.Apply("limits.orders", "{\"perTenSeconds\":1}"))
        {
            Advance(10 - (_exchange.NowMicros / 1e6 % 10));
            Assert.Equal(200, Place("a", "60001").Status);
            Assert.Equal(-1015, Code(Place("b", "60001")));
        }
        using (_exchange.Faults.Apply("key.permissions", "{}"))
        {
            Assert.Equal(-2015, Code(Place("b", "60001")));
            Assert.Equal(200, Call("GET", "account").Status);
        }
        using (_exchange.Faults.Apply("key.revoke", "{}")) Assert.Equal(-2015, Code(Call("GET", "account")));
        Assert.Equal(200, Place("b", "60001").Status);
    }

    [Fact]
    public void A_probability_is_drawn_from_the_seed()
    {
        _exchange.Faults.Apply("order.rejectThenDropReply", "{\"probability\":0.3}");
        int dropped = 0;
        for (int i = 0; i < 100; i++)
        {
            Advance(1);
            if (Place($"p{i}", "60000", quantity: "0.0001").Status == 0) dropped++;
        }
        Assert.InRange(dropped, 15, 45);
    }

    [Theory]
    [InlineData("order.executeLate", "{\"delaySeconds\":0}")]
    [InlineData("order.answer", "{\"probability\":2}")]
    [InlineData("account.deposit", "{\"asset\":\"BTC\",\"amount\":\"-1000\"}")]
    [InlineData("account.lock", "{\"asset\":\"BTC\",\"amount\":\"-1\"}")]
    [InlineData("symbol.status", "{\"symbol\":\"NOPE\"}")]
    public void What_cannot_be_is_refused(string name, string body)
    {
        Assert.Throws<FaultException>(() => _exchange.Faults.Apply(name, body));
        Assert.Empty(_exchange.Faults.Active);
    }

    private void Advance(double seconds) => _exchange.AdvanceTo(_exchange.NowMicros + (long)(seconds * 1e6));

    private (int Status, byte[] Body) Place(string id, string price, string time = "GTC", string quantity = "0.001") => Call(
        "POST", "order", ("side", "BUY"), ("type", "LIMIT"), ("timeInForce", time), ("quantity", quantity), ("price", price), ("newClientOrderId", id));

    private (int Status, byte[] Body) Call(string method, string path, params (string Name, string Value)[] values)
    {
        string query = string.Join('&', values.Append(("timestamp", $"{_exchange.NowMicros / 1_000}")).Prepend(("symbol", "BTCUSDT")).Where(v => path != "account" || v.Item1 != "symbol").Select(v => $"{v.Item1}={v.Item2}"));
        query += "&signature=" + TestExchange.Hmac(query, _options.Secret);
        return _exchange.Request(method, $"/api/v3/{path}?{query}", "", new Dictionary<string, string> { ["X-MBX-APIKEY"] = _options.ApiKey });
    }

    private static int Code((int Status, byte[] Body) answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer.Body);
        return document.RootElement.GetProperty("code").GetInt32();
    }

    private static string Name(string frame)
    {
        using JsonDocument document = JsonDocument.Parse(frame);
        return document.RootElement.GetProperty("event").GetProperty("e").GetString()!;
    }

    private List<string> Frames()
    {
        List<string> frames = [];
        while (_user.TryReceive(out ReadOnlyMemory<byte> frame)) frames.Add(Encoding.UTF8.GetString(frame.Span));
        return frames;
    }

    private List<string> Events() => Frames().FindAll(f => f.Contains("subscriptionId", StringComparison.Ordinal));

    private string Signed(string method, Dictionary<string, string> values)
    {
        values["apiKey"] = _options.ApiKey;
        values["timestamp"] = $"{_exchange.NowMicros / 1_000}";
        values["signature"] = TestExchange.Hmac(RequestSignature.SortedPayload(values), _options.Secret);
        return $"{{\"id\":1,\"method\":\"{method}\",\"params\":{{{string.Join(',', values.Select(v => $"\"{v.Key}\":\"{v.Value}\""))}}}}}";
    }
}
