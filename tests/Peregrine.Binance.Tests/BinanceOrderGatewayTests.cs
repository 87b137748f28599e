using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

using Microsoft.AspNetCore.Http;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.MarketData;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class BinanceOrderGatewayTests
{
    private const string Secret = "canarySecretThatNobodyMaySee";
    private const string Key = "canaryKey";

    /// <summary>An exchange that answers each method as the test says; what it answers is sent in order, one message each.</summary>
    private sealed class Script
    {
        public ConcurrentQueue<JsonElement> Requests { get; } = new();
        public Func<JsonElement, string[]> Answer { get; set; } = _ => [];
        public int Subscriptions;

        public async Task Handle(HttpContext context)
        {
            if (context.Request.Path == "/api/v3/time")
            {
                await context.Response.WriteAsync($$"""{"serverTime":{{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}}}""");
                return;
            }
            Assert.Equal("/ws-api/v3", context.Request.Path);
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            byte[] buffer = new byte[4096];
            while (true)
            {
                WebSocketReceiveResult result = await socket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None);
                if (result.MessageType == WebSocketMessageType.Close) return;
                JsonElement request = JsonDocument.Parse(buffer.AsMemory(0, result.Count)).RootElement.Clone();
                Requests.Enqueue(request);
                bool subscription = request.GetProperty("method").GetString() == "userDataStream.subscribe.signature";
                string[] answers = subscription ? [Ok(request, """{"subscriptionId":0}""")] : Answer(request);
                if (subscription) Interlocked.Increment(ref Subscriptions);
                foreach (string answer in answers)
                {
                    if (answer == "cut")
                    {
                        context.Abort();
                        return;
                    }
                    await socket.SendAsync(new ArraySegment<byte>(Encoding.UTF8.GetBytes(answer)), WebSocketMessageType.Text, true, CancellationToken.None);
                }
            }
        }

        public static string Ok(JsonElement request, string result) => $$"""{"id":{{request.GetProperty("id")}},"status":200,"result":{{result}} }""";

        public static string Error(JsonElement request, int status, int code, string message) =>
            $$"""{"id":{{request.GetProperty("id")}},"status":{{status}},"error":{"code":{{code}},"msg":"{{message}}"} }""";
    }

    private sealed class Desk : IAsyncDisposable
    {
        public required LocalServer Server { get; init; }
        public required BinanceOrderGateway Gateway { get; init; }
        public required Script Script { get; init; }
        public required Seen Seen { get; init; }
        public required List<string> Log { get; init; }
        public InstrumentTable Instruments { get; } = Some.Instruments(Market.Spot, "BTCUSDT");
        public LinePoller Poller { get; } = new();
        public Instrument Btc => Instruments.All[0];

        public IEnumerable<OrderReport> Reports => Seen.All.Where(entry => entry.Entry.Kind == EventKind.OrderReport).Select(entry => Payload.Read<OrderReport>(entry.Payload));

        public void Until(Func<bool> reached)
        {
            long began = TimeProvider.System.GetTimestamp();
            while (!reached())
            {
                if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(15)) throw new TimeoutException($"Not reached: {Gateway.Status}");
                if (!Gateway.Poll()) Poller.Wait(TimeSpan.FromMilliseconds(20));
            }
        }

        public async ValueTask DisposeAsync()
        {
            Gateway.Dispose();
            Poller.Dispose();
            await Server.DisposeAsync();
        }
    }

    private static async Task<Desk> Open(Func<JsonElement, string[]> answer, int perTenSeconds = 50)
    {
        var script = new Script { Answer = answer };
        LocalServer server = await LocalServer.Start(script.Handle);
        var seen = new Seen();
        var log = new List<string>();
        InstrumentTable instruments = Some.Instruments(Market.Spot, "BTCUSDT");
        var gateway = new BinanceOrderGateway(
            BinanceEndpoints.FromBase($"http://127.0.0.1:{server.Port}"), new ApiKey(Key, Secret), instruments, Some.Ring(seen), TimeProvider.System, new Random(5),
            line => { lock (log) log.Add(line); }, perTenSeconds, new WireOptions { BackoffFirst = TimeSpan.FromMilliseconds(10), BackoffCap = TimeSpan.FromMilliseconds(50) });
        var desk = new Desk { Server = server, Gateway = gateway, Script = script, Seen = seen, Log = log };
        desk.Poller.Add(gateway.Line);
        Assert.False(gateway.IsReady);
        desk.Until(() => gateway.IsReady);
        return desk;
    }

    private static OrderIntent Limit(string id) => new()
    {
        ClientId = ClientOrderId.Create(id), Price = Price.Parse("64123.10"), Quantity = Quantity.Parse("0.015"), Side = Side.Buy, Type = OrderType.Limit, TimeInForce = TimeInForce.GoodTillCancel,
    };

    private static string Order(string id, string status, string executed = "0") =>
        $$"""{"symbol":"BTCUSDT","orderId":12,"orderListId":-1,"clientOrderId":"{{id}}","transactTime":1660801715639,"price":"64123.10","origQty":"0.015","executedQty":"{{executed}}","cummulativeQuoteQty":"0","status":"{{status}}","timeInForce":"GTC","type":"LIMIT","side":"BUY"}""";

    private static string Execution(string id, string original, string type, string status, string last, string sum, int trade) =>
        $$"""{"subscriptionId":0,"event":{"e":"executionReport","E":1660801715640,"s":"BTCUSDT","c":"{{id}}","S":"BUY","o":"LIMIT","f":"GTC","q":"0.015","p":"64123.10","C":"{{original}}","x":"{{type}}","X":"{{status}}","i":12,"l":"{{last}}","z":"{{sum}}","L":"64123.1","n":"0","N":null,"T":1660801715639,"t":{{trade}},"m":false,"Z":"0"} }""";

    [Fact]
    public async Task Places_an_order_and_hears_of_its_fills_and_balances()
    {
        await using Desk desk = await Open(request =>
        [
            Execution("mine-1", "", "NEW", "NEW", "0", "0", -1), // The stream may be quicker than the reply.
            Script.Ok(request, Order("mine-1", "NEW")),
            Execution("mine-1", "", "TRADE", "PARTIALLY_FILLED", "0.005", "0.005", 901),
            Execution("mine-1", "", "TRADE", "FILLED", "0.010", "0.015", 902),
            """{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1564034571105,"u":1,"B":[{"a":"BTC","f":"0.015","l":"0"},{"a":"USDT","f":"38.5","l":"1"}]} }""",
        ]);
        Assert.Equal(SendResult.Sent, desk.Gateway.Place(Limit("mine-1"), desk.Btc));
        desk.Until(() => desk.Seen.All.Count == 6);
        Assert.Equal(
            ["New Stream -1 0", "New Reply -1 0", "Trade Stream 901 0.005", "Trade Stream 902 0.015"],
            desk.Reports.Select(report => $"{report.Report} {report.Source} {report.TradeId} {report.CumulativeQuantity}"));
        Assert.All(desk.Reports, report => Assert.Equal("mine-1", report.ClientId.ToString()));
        BalanceUpdate usdt = Payload.Read<BalanceUpdate>(desk.Seen.Last.Payload);
        Assert.Equal(("USDT", 3_850_000_000, 100_000_000), (usdt.Asset.ToString(), usdt.FreeUnits, usdt.LockedUnits));

        Assert.True(desk.Script.Requests.TryDequeue(out _)); // The subscription.
        Assert.True(desk.Script.Requests.TryDequeue(out JsonElement sent));
        JsonElement parameters = sent.GetProperty("params");
        Assert.Equal("order.place", sent.GetProperty("method").GetString());
        Assert.Equal(
            "apiKey newClientOrderId newOrderRespType price quantity recvWindow selfTradePreventionMode side symbol timeInForce timestamp type signature",
            string.Join(' ', parameters.EnumerateObject().Select(parameter => parameter.Name)));
        Assert.Equal(("64123.1", "0.015", 1000, "RESULT"), (parameters.GetProperty("price").GetString(), parameters.GetProperty("quantity").GetString(),
            parameters.GetProperty("recvWindow").GetInt32(), parameters.GetProperty("newOrderRespType").GetString()));
        string payload = RequestSigner.SocketPayload(parameters.EnumerateObject().Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value.ToString())));
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(payload))), parameters.GetProperty("signature").GetString());
        Assert.InRange(parameters.GetProperty("timestamp").GetInt64(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 5_000, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1_000);
    }

    [Theory]
    [InlineData(400, -2010, "Account has insufficient balance for requested action.", ReportType.Rejected)]
    [InlineData(400, -2010, "Duplicate order sent.", ReportType.Unknown)]
    [InlineData(400, -1013, "Filter failure: LOT_SIZE", ReportType.Rejected)]
    [InlineData(400, -1021, "Timestamp for this request is outside of the recvWindow.", ReportType.Rejected)]
    [InlineData(429, -1015, "Too many new orders.", ReportType.Rejected)]
    [InlineData(500, -1000, "An unknown error occurred while processing the request.", ReportType.Unknown)]
    [InlineData(400, -1007, "Timeout waiting for response from backend server.", ReportType.Unknown)]
    public async Task An_error_is_a_refusal_only_where_it_certainly_is(int status, int code, string message, ReportType expected)
    {
        await using Desk desk = await Open(request => [Script.Error(request, status, code, message)]);
        Assert.Equal(SendResult.Sent, desk.Gateway.Place(Limit("mine-1"), desk.Btc));
        desk.Until(() => desk.Reports.Any());
        OrderReport report = desk.Reports.Single();
        Assert.Equal((expected, code, "mine-1", expected == ReportType.Unknown ? OrderStatus.Unknown : OrderStatus.Rejected), (report.Report, report.ErrorCode, report.ClientId.ToString(), report.Status));
        if (code == -1015) Assert.Equal(SendResult.NotSent, desk.Gateway.Place(Limit("mine-2"), desk.Btc));
    }

    [Fact]
    public async Task A_line_that_is_lost_leaves_its_orders_unknown_and_sends_nothing_again()
    {
        await using Desk desk = await Open(_ => ["cut"]);
        Assert.Equal(SendResult.Sent, desk.Gateway.Place(Limit("mine-1"), desk.Btc));
        desk.Until(() => desk.Reports.Any());
        OrderReport report = desk.Reports.Single();
        Assert.Equal((ReportType.Unknown, OrderStatus.Unknown, ReportSource.Local, "mine-1"), (report.Report, report.Status, report.Source, report.ClientId.ToString()));
        Assert.False(desk.Gateway.IsReady);
        Assert.Equal(SendResult.NotSent, desk.Gateway.Place(Limit("mine-2"), desk.Btc));
        desk.Gateway.Query(ClientOrderId.Create("mine-1"), desk.Btc);
        Assert.Single(desk.Reports); // Not from within the call: whoever asks upon a report would be called in a circle.
        desk.Until(() => desk.Reports.Count() == 2);
        Assert.Equal((ReportType.Unknown, ReportSource.Local), (desk.Reports.Last().Report, desk.Reports.Last().Source));
        desk.Until(() => desk.Gateway.IsReady);
        Assert.Equal(2, desk.Script.Subscriptions);
        Assert.Single(desk.Script.Requests, request => request.GetProperty("method").GetString() == "order.place");
        Assert.Equal(1, desk.Gateway.Status.Reconnects);
    }

    [Fact]
    public async Task A_reply_that_does_not_come_is_unknown_and_still_heard_when_it_is_late()
    {
        JsonElement first = default;
        await using Desk desk = await Open(request =>
        {
            if (request.GetProperty("method").GetString() == "order.place")
            {
                first = request;
                return [];
            }
            return [Script.Ok(first, Order("mine-1", "NEW")), Script.Ok(request, Order("mine-1", "PARTIALLY_FILLED", "0.005"))];
        });
        Assert.Equal(SendResult.Sent, desk.Gateway.Place(Limit("mine-1"), desk.Btc));
        desk.Until(() => desk.Reports.Any());
        Assert.Equal((ReportType.Unknown, ReportSource.Local), (desk.Reports.Single().Report, desk.Reports.Single().Source));
        desk.Gateway.Query(ClientOrderId.Create("mine-1"), desk.Btc);
        desk.Until(() => desk.Reports.Count() == 3);
        Assert.Equal(["New Reply New", "Status Query PartiallyFilled"], desk.Reports.Skip(1).Select(report => $"{report.Report} {report.Source} {report.Status}"));
    }

    [Fact]
    public async Task Cancels_are_told_by_the_original_id_and_refused_ones_say_nothing_of_the_order()
    {
        await using Desk desk = await Open(request => request.GetProperty("params").GetProperty("origClientOrderId").GetString() == "gone"
            ? [Script.Error(request, 400, -2011, "Unknown order sent.")]
            :
            [
                Execution("x7", "mine-1", "CANCELED", "CANCELED", "0", "0.005", -1),
                Script.Ok(request, Order("x7", "CANCELED", "0.005").Replace("\"orderId\"", "\"origClientOrderId\":\"mine-1\",\"orderId\"", StringComparison.Ordinal)),
            ]);
        Assert.Equal(SendResult.Sent, desk.Gateway.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("mine-1") }, desk.Btc));
        desk.Until(() => desk.Reports.Count() == 2);
        Assert.All(desk.Reports, report => Assert.Equal(("mine-1", ReportType.Canceled, "0.005"), (report.ClientId.ToString(), report.Report, report.CumulativeQuantity.ToString())));
        Assert.Equal(SendResult.Sent, desk.Gateway.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("gone") }, desk.Btc));
        desk.Until(() => desk.Reports.Count() == 3);
        OrderReport refused = desk.Reports.Last();
        Assert.Equal((ReportType.CancelRejected, OrderStatus.None, -2011, "gone"), (refused.Report, refused.Status, refused.ErrorCode, refused.ClientId.ToString()));
    }

    [Fact]
    public async Task An_absent_order_is_evidence_and_an_ended_stream_is_subscribed_to_again()
    {
        await using Desk desk = await Open(request =>
        [
            Script.Error(request, 400, -2013, "Order does not exist."), "not json", """{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334} }""",
        ]);
        desk.Gateway.Query(ClientOrderId.Create("mine-1"), desk.Btc);
        desk.Until(() => desk.Reports.Any());
        OrderReport report = desk.Reports.Single();
        Assert.Equal((ReportType.Unknown, ReportSource.Query, -2013), (report.Report, report.Source, report.ErrorCode));
        desk.Until(() => Volatile.Read(ref desk.Script.Subscriptions) == 2 && desk.Gateway.IsReady);
        Assert.Equal(1, desk.Gateway.Status.Refused);
    }

    [Fact]
    public async Task Placements_beyond_the_limit_do_not_leave_but_cancels_do()
    {
        await using Desk desk = await Open(_ => [], perTenSeconds: 2);
        int sent = 0;
        for (int i = 0; i < 5; i++) sent += desk.Gateway.Place(Limit($"mine-{i}"), desk.Btc) == SendResult.Sent ? 1 : 0;
        Assert.InRange(sent, 2, 4); // Four where ten seconds of the exchange's clock ended in between.
        Assert.Equal(SendResult.Sent, desk.Gateway.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("mine-0") }, desk.Btc));
        Assert.Equal(SendResult.NotSent, desk.Gateway.Place(Limit("mine\"9"), desk.Btc));
    }

    [Fact] // The state of an order says what was filled, but only its trades say what was paid for that.
    public async Task Asks_for_the_fills_of_an_order_that_a_query_showed_filled()
    {
        await using Desk desk = await Open(request => request.GetProperty("method").GetString() switch
        {
            "order.status" => [Script.Ok(request, """
                {"symbol":"BTCUSDT","orderId":77,"orderListId":-1,"clientOrderId":"mine-5","price":"64000.00","origQty":"0.02","executedQty":"0.02",
                 "cummulativeQuoteQty":"1280.00","status":"FILLED","timeInForce":"IOC","type":"LIMIT","side":"BUY","time":1,"updateTime":1700000000000}
                """)],
            "myTrades" => [Script.Ok(request, """
                [{"symbol":"BTCUSDT","id":901,"orderId":77,"orderListId":-1,"price":"64000.00","qty":"0.015","quoteQty":"960.00","commission":"0.000015","commissionAsset":"BTC",
                  "time":1700000000000,"isBuyer":true,"isMaker":false,"isBestMatch":true},
                 {"symbol":"BTCUSDT","id":902,"orderId":77,"orderListId":-1,"price":"64000.00","qty":"0.005","quoteQty":"320.00","commission":"0.000005","commissionAsset":"BTC",
                  "time":1700000000001,"isBuyer":true,"isMaker":false,"isBestMatch":true}]
                """)],
            _ => [],
        });
        desk.Gateway.Query(ClientOrderId.Create("mine-5"), desk.Btc);
        desk.Until(() => desk.Reports.Count() >= 3);
        OrderReport[] reports = [.. desk.Reports];
        Assert.Equal((ReportType.Status, OrderStatus.Filled, Quantity.Parse("0.02")), (reports[0].Report, reports[0].Status, reports[0].CumulativeQuantity));
        Assert.Equal([901, 902], reports[1..].Select(report => report.TradeId));
        Assert.All(reports[1..], report =>
        {
            Assert.Equal((ReportType.Trade, ReportSource.Query), (report.Report, report.Source));
            Assert.Equal(ClientOrderId.Create("mine-5"), report.ClientId);
            Assert.True(report.CumulativeQuantity.IsZero, "the quantity was booked with the state already");
        });
        Assert.Equal([1_500, 500], reports[1..].Select(report => report.CommissionUnits));
        Assert.Equal("BTC", reports[1].CommissionAsset.ToString());
    }

    [Fact]
    public async Task Secrets_never_show_and_the_path_of_an_order_allocates_nothing()
    {
        await using Desk desk = await Open(request => [Script.Error(request, 400, -2010, "Market is closed.")], perTenSeconds: 100_000);
        OrderIntent intent = Limit("mine-1");
        long allocated = 0;
        for (int i = 0; i < 60; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            SendResult result = desk.Gateway.Place(in intent, desk.Btc);
            if (i >= 30) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(SendResult.Sent, result);
            int expected = i + 1;
            desk.Until(() => desk.Reports.Count() >= expected);
        }
        Allocation.AssertNone(allocated);
        lock (desk.Log)
        {
            string everything = string.Join('\n', desk.Log) + desk.Gateway.Status;
            Assert.DoesNotContain("canary", everything, StringComparison.OrdinalIgnoreCase);
        }
    }
}
