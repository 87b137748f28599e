using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>The session over a line in memory, in virtual time.</summary>
public sealed class OrderSessionTests
{
    /// <summary>RFC 8410's own example key: nobody's.</summary>
    private const string Ed25519Pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    private sealed class Desk : IDisposable
    {
        public TwoClocks Time { get; } = new();
        public MemoryLine Line { get; } = new();
        public Seen Seen { get; } = new();
        public List<string> Log { get; } = [];
        public InstrumentTable Instruments { get; }
        public OrderSession Session { get; }
        public ExchangeDeadlines Deadlines { get; }
        public Instrument Btc => Instruments.All[0];

        public Desk(ApiKey? key = null, int symbols = 1, RateLimits? limits = null, bool connect = true)
        {
            Instruments = Some.Instruments(Market.Spot, [.. Enumerable.Range(0, symbols).Select(i => i == 0 ? "BTCUSDT" : i == 1 ? "ETHUSDT" : $"S{i}USDT")]);
            var clock = new ServerClock(Time);
            clock.Set(0, 1_000);
            Deadlines = new ExchangeDeadlines(Time);
            Session = new OrderSession(
                Line, key ?? new ApiKey("canaryKey", "canarySecret"), Instruments, Some.Ring(Seen), clock, limits ?? new RateLimits(), Deadlines, Time, Log.Add);
            Line.Answer = request => Door(request) ?? More?.Invoke(request);
            if (!connect) return;
            Line.Connect();
            Settle();
            Assert.True(Session.IsReady);
        }

        public Func<JsonElement, string[]?>? More { get; set; }

        public IEnumerable<OrderReport> Reports => Seen.All.Where(entry => entry.Entry.Kind == EventKind.OrderReport).Select(entry => Payload.Read<OrderReport>(entry.Payload));

        public string[] Told => [.. Reports.Select(report => $"{report.ClientId} {report.Report} {report.Status} {report.Source} {report.ErrorCode}")];

        public IEnumerable<ReconcilePhase> Phases => Seen.All.Where(entry => entry.Entry.Kind == EventKind.Reconcile).Select(entry => (ReconcilePhase)entry.Entry.Plain.B);

        public void Settle()
        {
            for (int i = 0; i < 20; i++) Session.Poll();
        }

        public void Pass(TimeSpan time)
        {
            Time.Pass(time);
            Settle();
        }

        public void Dispose() => Session.Dispose();

        private static string[]? Door(JsonElement request) => request.GetProperty("method").GetString() switch
        {
            "session.logon" => [Ok(request, """{"apiKey":"canaryKey"}""")],
            "userDataStream.subscribe" or "userDataStream.subscribe.signature" => [Ok(request, """{"subscriptionId":0}""")],
            _ => null,
        };
    }

    private static string Ok(JsonElement request, string result) => $$"""{"id":{{request.GetProperty("id")}},"status":200,"result":{{result}} }""";

    private static string Error(JsonElement request, int status, int code, string more = "") =>
        $$"""{"id":{{request.GetProperty("id")}},"status":{{status}},"error":{"code":{{code}},"msg":"no"{{more}}} }""";

    private static string Row(string id, string status, string symbol = "BTCUSDT", string more = "") =>
        $$"""{"symbol":"{{symbol}}","orderId":12,"orderListId":-1,"clientOrderId":"{{id}}",{{more}}"transactTime":1660801715639,"price":"64123.10","origQty":"0.015","executedQty":"0","cummulativeQuoteQty":"0","status":"{{status}}","timeInForce":"GTC","type":"LIMIT","side":"BUY"}""";

    private static OrderIntent Order(string id, OrderType type = OrderType.Limit, Side side = Side.Buy) => new()
    {
        ClientId = ClientOrderId.Create(id), Price = Price.Parse("64123.10"), Quantity = Quantity.Parse("0.015"), Side = side, Type = type, TimeInForce = TimeInForce.GoodTillCancel,
    };

    [Fact]
    public void A_session_with_an_ed25519_key_logs_on_and_then_signs_nothing()
    {
        using Desk desk = new(new ApiKey("canaryKey", Ed25519Pem));
        Assert.Equal(["session.logon", "userDataStream.subscribe"], desk.Line.Methods);
        Assert.Equal(88, desk.Line.Last("session.logon").GetProperty("params").GetProperty("signature").GetString()!.Length);
        Assert.Equal(SendResult.Sent, desk.Session.Place(Order("pg-1"), desk.Btc));
        JsonElement sent = desk.Line.Last("order.place").GetProperty("params");
        Assert.False(sent.TryGetProperty("signature", out _) || sent.TryGetProperty("apiKey", out _));
        Assert.True(sent.TryGetProperty("timestamp", out _));

        desk.Line.Abort("cut"); // A new connection is a new session.
        desk.Settle();
        Assert.False(desk.Session.IsReady);
        Assert.Equal(SendResult.NotSent, desk.Session.Place(Order("pg-2"), desk.Btc));
        desk.Line.Connect();
        desk.Pass(TimeSpan.FromMilliseconds(10));
        Assert.True(desk.Session.IsReady);
        Assert.Equal(2, desk.Line.Methods.Count(method => method == "session.logon"));
        Assert.Equal(1, desk.Line.Methods.Count(method => method == "order.place")); // Nothing is kept to be sent later.
        Assert.Equal(["pg-1 Unknown Unknown Local 0"], desk.Told);
    }

    [Fact]
    public void Nothing_leaves_before_the_subscription_is_acknowledged()
    {
        using Desk desk = new(connect: false);
        desk.Line.Answer = _ => null;
        desk.Line.Connect();
        desk.Settle();
        Assert.Equal(["userDataStream.subscribe.signature"], desk.Line.Methods);
        Assert.Equal(SendResult.NotSent, desk.Session.Place(Order("pg-1"), desk.Btc));
        Assert.Equal(SendResult.NotSent, desk.Session.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("pg-1") }, desk.Btc));
        Assert.False(desk.Session.Reconcile(1, [-1]));
        Assert.Single(desk.Line.Sent);
    }

    [Fact]
    public void A_revoked_key_stops_everything_and_is_tried_again_after_minutes()
    {
        using Desk desk = new();
        desk.Line.Push("""{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}""");
        desk.Settle();
        Assert.False(desk.Session.IsReady);
        Assert.True(desk.Session.IsKeyRefused);
        Assert.Contains(desk.Log, line => line.Contains("-2015", StringComparison.Ordinal));
        int sent = desk.Line.Sent.Count;
        for (int i = 0; i < 100; i++) desk.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(sent, desk.Line.Sent.Count);
        desk.Pass(TimeSpan.FromMinutes(2));
        Assert.True(desk.Session.IsReady);
        Assert.DoesNotContain(desk.Log, line => line.Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_type_of_order_says_what_it_must_and_always_what_happens_to_a_self_trade()
    {
        using Desk desk = new();
        foreach ((OrderType type, string expected) in ((OrderType, string)[])
        [
            (OrderType.Limit, "LIMIT price timeInForce"), (OrderType.LimitMaker, "LIMIT_MAKER price"), (OrderType.Market, "MARKET"), (OrderType.StopLoss, "STOP_LOSS stopPrice"),
            (OrderType.StopLossLimit, "STOP_LOSS_LIMIT price stopPrice timeInForce"), (OrderType.TakeProfit, "TAKE_PROFIT stopPrice"),
            (OrderType.TakeProfitLimit, "TAKE_PROFIT_LIMIT price stopPrice timeInForce"),
        ])
        {
            OrderTerms terms = new(StopPrice: type >= OrderType.StopLoss ? Price.Parse("60000") : default);
            Assert.Equal(SendResult.Sent, desk.Session.Place(Order("pg-1", type), terms, desk.Btc));
            JsonElement sent = desk.Line.Last("order.place").GetProperty("params");
            string said = sent.GetProperty("type").GetString()!;
            foreach (string name in (string[])["price", "stopPrice", "timeInForce"]) if (sent.TryGetProperty(name, out _)) said += $" {name}";
            Assert.Equal(expected, said);
            Assert.Equal("EXPIRE_TAKER", sent.GetProperty("selfTradePreventionMode").GetString());
            Assert.Equal(sent.EnumerateObject().SkipLast(1).Select(field => field.Name).Order(StringComparer.Ordinal), sent.EnumerateObject().SkipLast(1).Select(field => field.Name));
        }
        Assert.Equal(SendResult.Sent, desk.Session.Place(
            Order("pg-2", OrderType.StopLoss), new OrderTerms(TrailingDelta: 150, IcebergQuantity: Quantity.Parse("0.001"), SelfTrade: SelfTradePrevention.Decrement), desk.Btc));
        JsonElement special = desk.Line.Last("order.place").GetProperty("params");
        Assert.Equal((150, "0.001", "DECREMENT"), (special.GetProperty("trailingDelta").GetInt32(), special.GetProperty("icebergQty").GetString(), special.GetProperty("selfTradePreventionMode").GetString()));
    }

    [Fact]
    public void A_list_is_one_request_and_each_of_its_orders_has_reports_of_its_own()
    {
        using Desk desk = new();
        desk.More = request => [Ok(request, $$"""
            {"orderListId":2,"contingencyType":"OCO","listStatusType":"EXEC_STARTED","listOrderStatus":"EXECUTING","listClientOrderId":"pg-list","transactionTime":1,"symbol":"BTCUSDT",
             "orders":[{"symbol":"BTCUSDT","orderId":12,"clientOrderId":"pg-up"}],"orderReports":[{{Row("pg-up", "NEW")}},{{Row("pg-down", "NEW")}}]}
            """)];
        OrderListIntent oco = new() { ListId = ClientOrderId.Create("pg-list"), Above = Order("pg-up", OrderType.LimitMaker, Side.Sell), Below = Order("pg-down", OrderType.StopLoss, Side.Sell), BelowStop = Price.Parse("60000") };
        Assert.Equal(SendResult.Sent, desk.Session.PlaceList(oco, desk.Btc));
        desk.Settle();
        Assert.Equal(["pg-up New New Reply 0", "pg-down New New Reply 0"], desk.Told);
        JsonElement sent = desk.Line.Last("orderList.place.oco").GetProperty("params");
        Assert.Equal(
            "aboveClientOrderId abovePrice aboveType apiKey belowClientOrderId belowStopPrice belowType listClientOrderId newOrderRespType quantity recvWindow selfTradePreventionMode side symbol timestamp signature",
            string.Join(' ', sent.EnumerateObject().Select(field => field.Name)));

        desk.More = request => [Error(request, 400, -2010)];
        OrderListIntent otoco = oco with { Working = Order("pg-in") };
        Assert.Equal(SendResult.Sent, desk.Session.PlaceList(otoco, desk.Btc));
        desk.Settle();
        Assert.Equal(["pg-in Rejected Rejected Reply -2010", "pg-up Rejected Rejected Reply -2010", "pg-down Rejected Rejected Reply -2010"], desk.Told[2..]);
        sent = desk.Line.Last("orderList.place.otoco").GetProperty("params");
        string[] names = [.. sent.EnumerateObject().SkipLast(1).Select(field => field.Name)];
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Contains("pendingBelowStopPrice", names);

        desk.More = _ => null; // No answer at all: every order of it is unknown.
        OrderListIntent oto = new() { ListId = oco.ListId, Working = Order("pg-a"), Above = Order("pg-b", OrderType.Market, Side.Sell) };
        Assert.Equal(SendResult.Sent, desk.Session.PlaceList(oto, desk.Btc));
        desk.Pass(TimeSpan.FromSeconds(4));
        Assert.Equal(["pg-a Unknown Unknown Local 0", "pg-b Unknown Unknown Local 0"], desk.Told[5..]);
        names = [.. desk.Line.Last("orderList.place.oto").GetProperty("params").EnumerateObject().SkipLast(1).Select(field => field.Name)];
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Theory]
    [InlineData("order.cancelReplace.response.success", "new New 0", "old Canceled 0")]
    [InlineData("order.cancelReplace.error.409.cancel-failed-new-ok", "new New 0", "old CancelRejected -2011")]
    [InlineData("order.cancelReplace.error.409.cancel-ok-new-failed", "new Rejected -2010", "old Canceled 0")]
    [InlineData("order.cancelReplace.error.409.cancel-only", "new Rejected -1015", "old Canceled 0")]
    [InlineData("order.cancelReplace.error.400.both-failed", "new Rejected -2010", "old CancelRejected -2011")]
    [InlineData("order.cancelReplace.error.400.stop-on-failure", "new Rejected -2022", "old CancelRejected -2011")]
    [InlineData("order.cancelReplace.error.429.do-nothing", "new Rejected -1015", "old CancelRejected -1015")]
    public void A_cancel_and_replace_has_two_results(string example, string placed, string cancelled)
    {
        string? path = Repository.Shared($"reference/payloads/spot/wsapi/{example}.json");
        Assert.SkipWhen(path is null, "the payload examples are not here");
        using Desk desk = new();
        desk.More = request =>
        {
            using JsonDocument answer = JsonDocument.Parse(File.ReadAllBytes(path!));
            return [.. new[] { "{\"id\":" + request.GetProperty("id") + "," + string.Join(',', answer.RootElement.EnumerateObject().Where(field => field.Name != "id").Select(field => $"\"{field.Name}\":{field.Value.GetRawText()}")) + "}" }];
        };
        Assert.Equal(SendResult.Sent, desk.Session.CancelReplace(new CancelIntent { ClientId = ClientOrderId.Create("old") }, ReplaceMode.StopOnFailure, Order("new"), default, desk.Btc));
        desk.Settle();
        string[] told = [.. desk.Reports.Select(report => $"{report.ClientId} {report.Report} {report.ErrorCode}")];
        Assert.Equal(2, told.Length);
        Assert.Contains(placed, told);
        Assert.Contains(cancelled, told);
    }

    [Fact]
    public void A_round_asks_orders_then_balances_then_trades_page_by_page_and_ends()
    {
        using Desk desk = new(symbols: 2);
        int pages = 0;
        desk.More = request =>
        {
            JsonElement asked = request.GetProperty("params");
            switch (request.GetProperty("method").GetString())
            {
                case "openOrders.status":
                    return [Ok(request, asked.GetProperty("symbol").GetString() == "BTCUSDT" ? $"[{Row("pg-9", "PARTIALLY_FILLED")}]" : "[]")];
                case "account.status":
                    return [Ok(request, """{"canTrade":true,"balances":[{"asset":"BTC","free":"1.5","locked":"0.5"},{"asset":"USDT","free":"0","locked":"0"}]}""")];
                default:
                    if (asked.GetProperty("symbol").GetString() == "ETHUSDT") return [Ok(request, asked.TryGetProperty("fromId", out _) ? "false" : "[]")];
                    long from = asked.GetProperty("fromId").GetInt64();
                    Assert.Equal(pages == 0 ? 100 : 1_100, from);
                    int rows = pages++ == 0 ? 1_000 : 3;
                    return [Ok(request, $"[{string.Join(',', Enumerable.Range(0, rows).Select(i => $$"""{"symbol":"BTCUSDT","id":{{from + i}},"orderId":7,"price":"10","qty":"0.1","quoteQty":"1","commission":"0.0001","commissionAsset":"BTC","time":1660801715793,"isBuyer":false,"isMaker":true,"isBestMatch":true}"""))}]")];
            }
        };
        Assert.True(desk.Session.Reconcile(42, [100, -1]));
        Assert.False(desk.Session.Reconcile(43, [100, -1])); // One at a time.
        desk.Settle();
        Assert.Equal([ReconcilePhase.Begun, ReconcilePhase.Done], desk.Phases);
        MarketEvent end = desk.Seen.Last.Entry;
        Assert.Equal((EventKind.Reconcile, 42, 1), (end.Kind, end.Plain.A, end.Plain.C));
        OrderReport[] trades = [.. desk.Reports.Where(report => report.Report == ReportType.Trade)];
        Assert.Equal(1_003, trades.Length);
        Assert.Equal(Enumerable.Range(100, 1_003).Select(id => (long)id), trades.Select(trade => trade.TradeId));
        Assert.All(trades, trade => Assert.True(
            trade is { Source: ReportSource.Query, ExchangeOrderId: 7, Side: Side.Sell, IsMaker: 1, CommissionUnits: 10_000 } && trade.ClientId.IsEmpty && trade.LastQuantity == Quantity.Parse("0.1")));
        Assert.Single(desk.Reports, report => report is { Report: ReportType.Status, Source: ReportSource.Query, Status: OrderStatus.PartiallyFilled });
        (MarketEvent Entry, long[] Payload)[] balances = [.. desk.Seen.All.Where(entry => entry.Entry.Kind == EventKind.Balance)];
        Assert.Equal(["BTC", "USDT"], balances.Select(entry => Payload.Read<BalanceUpdate>(entry.Payload).Asset.ToString()));
        Assert.All(balances, entry => Assert.Equal((long)ReportSource.Query, entry.Entry.Plain.A));
        Assert.Equal(
            ["openOrders.status", "openOrders.status", "account.status", "myTrades", "myTrades", "myTrades"], desk.Line.Methods.Where(method => !method.StartsWith("user", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("silent")]
    [InlineData("cut")]
    [InlineData("broken")]
    public void A_round_with_an_answer_missing_fails_and_another_may_begin(string fault)
    {
        using Desk desk = new();
        desk.More = request => request.GetProperty("method").GetString() switch
        {
            "openOrders.status" => [Ok(request, "[]")],
            _ => fault switch
            {
                "refused" => [Error(request, 500, -1000)],
                "broken" => [Ok(request, """{"balances":[{"asset":"BTC","free":"lots","locked":"0"}]}""")],
                _ => null,
            },
        };
        Assert.True(desk.Session.Reconcile(1, [-1]));
        desk.Settle();
        if (fault == "silent") desk.Pass(TimeSpan.FromSeconds(4));
        if (fault == "cut")
        {
            desk.Line.Abort("cut");
            desk.Settle();
            desk.Line.Connect();
            desk.Settle();
        }
        Assert.Equal([ReconcilePhase.Begun, ReconcilePhase.Failed], desk.Phases);
        Assert.True(desk.Session.Reconcile(2, [-1]));
    }

    [Fact]
    public void Many_symbols_are_asked_for_at_once_where_that_is_cheaper()
    {
        using Desk desk = new(symbols: 14);
        desk.More = request => request.GetProperty("method").GetString() switch
        {
            "openOrders.status" => [Ok(request, $"[{Row("other", "NEW", "DOGEUSDT")},{Row("pg-1", "NEW")}]")],
            "account.status" => [Ok(request, """{"balances":[]}""")],
            _ => [Ok(request, "[]")],
        };
        Assert.True(desk.Session.Reconcile(1, []));
        for (int i = 0; i < 3; i++) desk.Settle();
        Assert.Equal([ReconcilePhase.Begun, ReconcilePhase.Done], desk.Phases);
        Assert.Equal(1, desk.Line.Methods.Count(method => method == "openOrders.status"));
        Assert.Equal(14, desk.Line.Methods.Count(method => method == "myTrades"));
        Assert.Single(desk.Reports); // DOGEUSDT is no symbol of this run.
        Assert.Equal(2, desk.Seen.Last.Entry.Plain.C);
    }

    [Fact]
    public void A_deposit_is_told_as_a_change_and_an_ended_stream_is_subscribed_to_again()
    {
        using Desk desk = new();
        desk.Line.Push("""{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"-100.00000000","T":1573200697068}}""");
        desk.Line.Push("""{"subscriptionId":0,"event":{"e":"externalLockUpdate","E":1581557507324,"a":"NEO","d":"10.00000000","T":1581557507268}}""");
        desk.Line.Push("""{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334}}""");
        desk.Settle();
        (MarketEvent entry, long[] payload) = desk.Seen.All.Single(entry => entry.Entry.Kind == EventKind.Balance);
        Assert.Equal(((long)ReportSource.Stream, -10_000_000_000, "BTC"), (entry.Plain.A, entry.Plain.B, Payload.Read<BalanceUpdate>(payload).Asset.ToString()));
        Assert.Equal(2, desk.Line.Methods.Count(method => method == "userDataStream.subscribe.signature"));
        Assert.True(desk.Session.IsReady);
    }

    [Theory] // Whatever comes instead of an answer, the order's fate is unknown and the session lives.
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    [InlineData("""{"id":ID,"status":200,"result":{"symbol":"BTCUSDT","orderId":12,"clientOrd""")]
    [InlineData("""{"id":ID,"status":200,"result":{"symbol":"BTCUSDT","orderId":12,"clientOrderId":"pg-1","status":"TELEPORTED"}}""")]
    [InlineData("""{"id":ID,"status":200,"result":[]}""")]
    [InlineData("""{"id":ID,"status":200,"result":{"symbol":"BTCUSDT","orderId":"twelve","clientOrderId":"pg-1","status":"NEW"}}""")]
    [InlineData("""{"id":ID,"status":504,"error":{"code":-1007,"msg":"Timeout"}}""")]
    [InlineData("""{"id":ID,"status":"fine","result":{}}""")]
    [InlineData("""{"id":ID}""")]
    public void What_is_no_certain_answer_leaves_the_order_unknown(string message)
    {
        using Desk desk = new();
        desk.More = request => [message.Replace("ID", request.GetProperty("id").ToString(), StringComparison.Ordinal)];
        Assert.Equal(SendResult.Sent, desk.Session.Place(Order("pg-1"), desk.Btc));
        desk.Settle();
        desk.Pass(TimeSpan.FromSeconds(4));
        OrderReport report = desk.Reports.Last();
        Assert.Equal((ReportType.Unknown, OrderStatus.Unknown, "pg-1"), (report.Report, report.Status, report.ClientId.ToString()));
        Assert.True(desk.Session.IsReady);
    }

    [Fact]
    public void Placing_and_polling_allocate_nothing()
    {
        foreach (ApiKey key in (ApiKey[])[new ApiKey("canaryKey", "canarySecret"), new ApiKey("canaryKey", Ed25519Pem)])
        {
            using Desk desk = new(key, limits: new RateLimits(int.MaxValue, int.MaxValue, int.MaxValue));
            desk.Line.IsSilent = true;
            OrderIntent intent = Order("pg-1");
            CancelIntent cancel = new() { ClientId = intent.ClientId };
            long before = 0;
            for (int i = 0; i < 120; i++)
            {
                if (i == 60) before = GC.GetAllocatedBytesForCurrentThread();
                Assert.True(desk.Session.Place(in intent, desk.Btc) == SendResult.Sent);
                Assert.True(desk.Session.Cancel(in cancel, desk.Btc) == SendResult.Sent);
                desk.Session.Poll();
            }
            Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void A_cancel_still_leaves_when_orders_and_polls_may_not()
    {
        using Desk desk = new(limits: new RateLimits(WeightPerMinute: 40, OrdersPer10Seconds: 100_000, OrdersPerDay: 1_000_000));
        Assert.False(desk.Session.Reconcile(1, [-1]) && desk.Session.Reconcile(2, [-1]));
        int placed = 0;
        while (desk.Session.Place(Order($"pg-{placed}"), desk.Btc) == SendResult.Sent) placed++;
        Assert.InRange(placed, 10, 39);
        Assert.Equal(SendResult.Sent, desk.Session.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("pg-0") }, desk.Btc));
        desk.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(SendResult.Sent, desk.Session.Place(Order("pg-next"), desk.Btc));
    }
}
