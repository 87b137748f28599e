using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>The documentation's own examples of orders, account, lists and user data, each by its name.</summary>
public sealed class AccountPayloadTests
{
    private sealed class Rows : IRowSink
    {
        public List<string> All { get; } = [];

        public void OnOrder(ref OrderRow row) => All.Add($"{row.Order.ClientId} {row.Order.ExchangeOrderId} {row.Order.Status} {row.Order.Type} {row.Order.Side} {row.Order.CumulativeQuantity}");

        public void OnTrade(ref OrderRow row) => All.Add($"{row.Order.TradeId} {row.Order.ExchangeOrderId} {row.Order.Side} {row.Order.LastQuantity} {row.Order.LastPrice} {row.Order.CommissionAsset}");

        public void OnBalance(in BalanceUpdate balance) => All.Add($"{balance.Asset} {balance.FreeUnits} {balance.LockedUnits}");
    }

    private static readonly StreamTable Symbols = new(Some.Instruments(Market.Spot, "BTCUSDT", "ETHBTC", "LTCBNB", "LTCBTC"), []);
    private static readonly RowReader Reader = new(Symbols);

    private static byte[] Example(string name)
    {
        string? path = Repository.Shared($"reference/payloads/spot/{name}.json");
        Assert.SkipWhen(path is null, "the payload examples are not here");
        return File.ReadAllBytes(path);
    }

    /// <summary>The result of a reply of the WebSocket API, or the body of a REST answer.</summary>
    private static (Answer Answer, byte[] Body) Open(string name)
    {
        byte[] message = Example(name);
        if (!name.StartsWith("wsapi/", StringComparison.Ordinal) && !name.StartsWith("userdata/", StringComparison.Ordinal)) return (default, message);
        Assert.True(AnswerReader.TryRead(message, out Answer answer));
        Assert.False(answer.IsBroken);
        return (answer, answer.Body(message).ToArray());
    }

    [Theory]
    [InlineData("wsapi/order.place.response.ack", "4d96324ff9d44481926157ec08158a40 12569099453 None None None 0")]
    [InlineData("wsapi/order.place.response.result", "4d96324ff9d44481926157ec08158a40 12569099453 New Limit Sell 0")]
    [InlineData("wsapi/order.place.response.full", "4d96324ff9d44481926157ec08158a40 12569099453 Filled Limit Sell 0.00847")]
    [InlineData("wsapi/order.cancel.response.single", "4d96324ff9d44481926157 12569099453 Canceled Limit Sell 0.00001")]
    [InlineData("wsapi/order.status.response", "4d96324ff9d44481926157 12569099453 Filled Limit Sell 0.00847")]
    [InlineData("rest/post.order.ack", null)]
    [InlineData("rest/post.sor.order", null)]
    [InlineData("rest/post.order.result", null)]
    [InlineData("rest/post.order.full", null)]
    [InlineData("rest/delete.order", null)]
    [InlineData("rest/get.order", null)]
    public void One_order_parses(string name, string? expected)
    {
        (_, byte[] body) = Open(name);
        Assert.True(Reader.TryReadOrder(body, out OrderRow row));
        Assert.True(row is { HasOrder: true, IsBroken: false });
        var rows = new Rows();
        rows.OnOrder(ref row);
        if (expected is not null) Assert.Equal(expected, rows.All.Single());
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement root = document.RootElement;
        Assert.Equal(root.GetProperty("orderId").GetInt64(), row.Order.ExchangeOrderId);
        string id = root.TryGetProperty("origClientOrderId", out JsonElement original) ? original.GetString()! : root.GetProperty("clientOrderId").GetString()!;
        Assert.Equal(id, row.Order.ClientId.ToString());
        if (root.TryGetProperty("origQty", out JsonElement quantity)) Assert.Equal(Quantity.Parse(quantity.GetString()!), row.Order.Quantity);
        if (root.TryGetProperty("status", out JsonElement status)) Assert.Equal(OrderText.ReadStatus(Encoding.UTF8.GetBytes(status.GetString()!)), row.Order.Status);
    }

    [Theory]
    [InlineData("wsapi/openOrders.status.response", 1)]
    [InlineData("wsapi/allOrders.response", -1)]
    [InlineData("wsapi/openOrders.cancelAll.response", -1)]
    [InlineData("wsapi/sor.order.place.response", 1)]
    [InlineData("rest/get.openOrders", -1)]
    [InlineData("rest/get.allOrders", -1)]
    [InlineData("rest/delete.openOrders", -1)]
    public void Lists_of_rows_parse(string name, int expected)
    {
        (_, byte[] body) = Open(name);
        var rows = new Rows();
        Assert.True(Reader.TryReadOrders(body, rows, out int count));
        using JsonDocument document = JsonDocument.Parse(body);
        int wanted = document.RootElement.EnumerateArray().Sum(row => row.TryGetProperty("orderReports", out JsonElement legs) ? legs.GetArrayLength() : 1);
        Assert.Equal((wanted, wanted), (count, rows.All.Count));
        if (expected >= 0) Assert.Equal(expected, count);
    }

    [Theory]
    [InlineData("wsapi/orderList.place.oco.response")]
    [InlineData("wsapi/orderList.place.oto.response")]
    [InlineData("wsapi/orderList.place.otoco.response")]
    [InlineData("wsapi/orderList.place.response")]
    [InlineData("wsapi/orderList.cancel.response")]
    [InlineData("wsapi/order.cancel.response.orderlist")]
    [InlineData("wsapi/orderList.place.opo.response")]
    [InlineData("wsapi/orderList.place.opoco.response")]
    [InlineData("rest/post.orderList.opo")]
    [InlineData("rest/post.orderList.opoco")]
    [InlineData("rest/post.order.oco")]
    [InlineData("rest/post.orderList.oco")]
    [InlineData("rest/post.orderList.oto")]
    [InlineData("rest/post.orderList.otoco")]
    [InlineData("rest/delete.orderList")]
    public void Order_lists_parse_into_their_orders(string name)
    {
        (_, byte[] body) = Open(name);
        var rows = new Rows();
        Assert.True(Reader.TryReadOrderOrList(body, rows, out int count));
        using JsonDocument document = JsonDocument.Parse(body);
        string[] wanted = [.. document.RootElement.GetProperty("orderReports").EnumerateArray().Select(leg =>
            leg.TryGetProperty("origClientOrderId", out JsonElement original) ? original.GetString()! : leg.GetProperty("clientOrderId").GetString()!)];
        Assert.Equal(wanted, rows.All.Select(row => row.Split(' ')[0]));
        Assert.InRange(count, 2, 3);
    }

    [Theory]
    [InlineData("wsapi/orderList.status.response")]
    [InlineData("wsapi/openOrderLists.status.response")]
    [InlineData("wsapi/allOrderLists.response")]
    [InlineData("rest/get.orderList")]
    [InlineData("rest/get.openOrderList")]
    [InlineData("rest/get.allOrderList")]
    public void Queries_of_lists_name_their_orders(string name)
    {
        (_, byte[] body) = Open(name);
        var rows = new Rows();
        using JsonDocument document = JsonDocument.Parse(body);
        bool isArray = document.RootElement.ValueKind == JsonValueKind.Array;
        Assert.True(isArray ? Reader.TryReadOrders(body, rows, out int count) : Reader.TryReadOrderOrList(body, rows, out count));
        JsonElement[] lists = isArray ? [.. document.RootElement.EnumerateArray()] : [document.RootElement];
        string[] wanted = [.. lists.SelectMany(static list => list.GetProperty("orders").EnumerateArray()).Select(static order => $"{order.GetProperty("clientOrderId").GetString()} {order.GetProperty("orderId").GetInt64()}")];
        Assert.Equal(wanted, rows.All.Select(static row => string.Join(' ', row.Split(' ')[..2])));
        Assert.Equal(wanted.Length, count);
    }

    [Theory]
    [InlineData("wsapi/order.cancelReplace.response.success", true, true, 0, 0)]
    [InlineData("wsapi/order.cancelReplace.error.409.cancel-failed-new-ok", false, true, -2011, 0)]
    [InlineData("wsapi/order.cancelReplace.error.409.cancel-ok-new-failed", true, false, 0, -2010)]
    [InlineData("wsapi/order.cancelReplace.error.400.both-failed", false, false, -2011, -2010)]
    [InlineData("wsapi/order.cancelReplace.error.400.stop-on-failure", false, false, -2011, 0)]
    public void Both_halves_of_a_cancel_and_replace_parse(string name, bool cancelled, bool placed, int cancelCode, int placeCode)
    {
        (_, byte[] body) = Open(name);
        Assert.True(Reader.TryReadReplace(body, out ReplaceOutcome outcome));
        Assert.True(outcome.IsWhole);
        Assert.Equal((cancelled, placed, cancelCode, placeCode), (outcome.Cancelled.HasOrder, outcome.Placed.HasOrder, outcome.CancelCode, outcome.PlaceCode));
    }

    [Theory]
    [InlineData("wsapi/order.amend.keepPriority.response.single")]
    [InlineData("wsapi/order.amend.keepPriority.response.orderlist")]
    [InlineData("rest/put.order.amend.keepPriority.single")]
    [InlineData("rest/put.order.amend.keepPriority.orderlist")]
    public void Amendments_parse_into_the_order_as_it_is_now(string name)
    {
        (_, byte[] body) = Open(name);
        Assert.True(Reader.TryReadOrder(body, out OrderRow row));
        Assert.True(row is { HasOrder: true, IsBroken: false });
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement amended = document.RootElement.GetProperty("amendedOrder");
        Assert.Equal((Quantity.Parse(amended.GetProperty("qty").GetString()!), amended.GetProperty("orderId").GetInt64()), (row.Order.Quantity, row.Order.ExchangeOrderId));
        Assert.Equal(document.RootElement.GetProperty("transactTime").GetInt64() * 1_000, row.Order.TransactionTimeMicros);
    }

    [Theory]
    [InlineData("wsapi/account.status.response")]
    [InlineData("rest/get.account")]
    public void An_account_parses_into_all_its_balances(string name)
    {
        (_, byte[] body) = Open(name);
        var rows = new Rows();
        Assert.True(Reader.TryReadAccount(body, rows, out int count));
        using JsonDocument document = JsonDocument.Parse(body);
        Assert.Equal(
            document.RootElement.GetProperty("balances").EnumerateArray().Select(row =>
                $"{row.GetProperty("asset").GetString()} {Quantity.Parse(row.GetProperty("free").GetString()!).Raw} {Quantity.Parse(row.GetProperty("locked").GetString()!).Raw}"), rows.All);
        Assert.True(count > 0);
    }

    [Theory]
    [InlineData("wsapi/myTrades.response")]
    [InlineData("rest/get.myTrades")]
    public void Trades_parse_with_their_side_and_fee(string name)
    {
        (_, byte[] body) = Open(name);
        var rows = new Rows();
        Assert.True(Reader.TryReadTrades(body, rows, out _, out long last));
        using JsonDocument document = JsonDocument.Parse(body);
        Assert.Equal(
            document.RootElement.EnumerateArray().Select(row =>
                $"{row.GetProperty("id")} {row.GetProperty("orderId")} {(row.GetProperty("isBuyer").GetBoolean() ? "Buy" : "Sell")} {Quantity.Parse(row.GetProperty("qty").GetString()!)} {Price.Parse(row.GetProperty("price").GetString()!)} {row.GetProperty("commissionAsset").GetString()}"),
            rows.All);
        Assert.Equal(document.RootElement.EnumerateArray().Max(row => row.GetProperty("id").GetInt64()), last);
    }

    [Theory]
    [InlineData("userdata/executionReport", (int)AnswerKind.ExecutionReport)]
    [InlineData("userdata/outboundAccountPosition", (int)AnswerKind.Balances)]
    [InlineData("userdata/balanceUpdate", (int)AnswerKind.BalanceChange)]
    [InlineData("userdata/listStatus", (int)AnswerKind.ListStatus)]
    [InlineData("userdata/externalLockUpdate", (int)AnswerKind.ExternalLock)]
    [InlineData("userdata/eventStreamTerminated", (int)AnswerKind.StreamTerminated)]
    [InlineData("wsapi/frame.event.serverShutdown", (int)AnswerKind.ServerShutdown)]
    [InlineData("wsapi/frame.event", -1)]
    [InlineData("wsapi/session.logon.response", (int)AnswerKind.Reply)]
    [InlineData("wsapi/session.status.response", (int)AnswerKind.Reply)]
    [InlineData("wsapi/userDataStream.subscribe.response", (int)AnswerKind.Reply)]
    [InlineData("wsapi/userDataStream.subscribe.signature.response", (int)AnswerKind.Reply)]
    [InlineData("wsapi/account.commission.response", (int)AnswerKind.Reply)]
    [InlineData("wsapi/order.test.response", (int)AnswerKind.Reply)]
    [InlineData("wsapi/order.test.response.commission", (int)AnswerKind.Reply)]
    public void Messages_are_known_for_what_they_are(string name, int kind)
    {
        (Answer answer, byte[] body) = Open(name);
        if (kind >= 0) Assert.Equal((AnswerKind)kind, answer.Kind);
        var events = new AccountEventReader(Symbols);
        switch (answer.Kind)
        {
            case AnswerKind.ExecutionReport:
                Assert.True(events.TryReadExecution(body, out OrderRow row, out long time) && time > 0 && !row.IsBroken && row.Order.Report != ReportType.Unknown);
                break;
            case AnswerKind.Balances:
                Assert.True(events.TryReadBalances(body, out ReadOnlySpan<BalanceUpdate> balances, out _));
                Assert.Equal(
                    name == "wsapi/frame.event" ? ("BTC", 1_181_800_000_000, 18_200_000_000, 2) : ("ETH", 1_000_000_000_000, 0, 1),
                    (balances[0].Asset.ToString(), balances[0].FreeUnits, balances[0].LockedUnits, balances.Length));
                break;
            case AnswerKind.BalanceChange:
                Assert.True(AccountEventReader.TryReadDelta(body, out AssetCode asset, out long delta, out _));
                Assert.Equal(("BTC", 10_000_000_000), (asset.ToString(), delta));
                break;
            case AnswerKind.ListStatus:
                Assert.False(AccountEventReader.IsListRefused(body));
                break;
            case AnswerKind.Reply:
                Assert.Equal(200, answer.Status);
                break;
            default:
                break;
        }
    }

    [Theory]
    [InlineData("wsapi/error.418.ip-banned", 418, -1003, Verdict.Throttled)]
    [InlineData("wsapi/error.401.key-revoked", 401, -2015, Verdict.WrongKey)]
    [InlineData("wsapi/order.cancelReplace.error.409.cancel-only", 409, -2021, Verdict.Unknown)]
    [InlineData("wsapi/order.cancelReplace.error.429.do-nothing", 429, -1015, Verdict.Throttled)]
    public void Errors_parse_and_are_judged(string name, int status, int code, Verdict verdict)
    {
        (Answer answer, _) = Open(name);
        Assert.Equal((status, code, verdict), (answer.Status, answer.Code, Verdicts.Judge(answer.Status, answer.Code, default)));
        if (status == 418) Assert.True(answer.RetryAtMillis > 1_600_000_000_000);
        if (name.Contains("429", StringComparison.Ordinal)) Assert.Equal((50, 50), (answer.OrdersUsed10Seconds, answer.OrdersUsed10Seconds));
    }

    [Theory] // These are bodies as REST sends them.
    [InlineData("wsapi/order.cancel.error.cancelRestrictions-not-met", 400, -2011, Verdict.Refused)]
    [InlineData("wsapi/order.cancel.error.cancelRestrictions-invalid", 400, -1145, Verdict.Refused)]
    [InlineData("rest/delete.order.error.cancelRestrictions-invalid", 400, -1145, Verdict.Refused)]
    [InlineData("rest/delete.order.error.cancelRestrictions-not-met", 400, -2011, Verdict.Refused)]
    [InlineData("rest/error.sample", 400, -1121, Verdict.Refused)]
    [InlineData("rest/post.order.cancelReplace.error.both-failed", 400, -2022, Verdict.Unknown)]
    [InlineData("rest/post.order.cancelReplace.error.cancel-ok-new-failed", 409, -2021, Verdict.Unknown)]
    public void Rest_errors_parse_and_are_judged(string name, int status, int code, Verdict verdict)
    {
        Answer answer = AnswerReader.ReadError(Example(name));
        Assert.Equal((code, verdict), (answer.Code, Verdicts.Judge(status, answer.Code, default)));
    }

    [Fact]
    public void A_fill_carries_its_trade_and_commission_even_beside_every_conditional_field()
    {
        using JsonDocument extra = JsonDocument.Parse(Example("userdata/executionReport.conditional-fields"));
        var fields = new StringBuilder();
        foreach (JsonElement field in extra.RootElement.EnumerateArray()) fields.Append(field.GetProperty("example").GetRawText().Trim('{', '}', ' ', '\n')).Append(',');
        string message = $$"""
            {{{fields}}"e":"executionReport","E":1499405658658,"s":"BTCUSDT","c":"cancel-9","S":"SELL","o":"MARKET","f":"IOC","q":"2.0","p":"0","C":"mine-1","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE",
            "i":11,"l":"0.5","z":"1.5","L":"100.25","n":"-0.00000001","N":"BNB","T":1499405658657,"t":77,"w":false,"m":true,"Z":"150.3"}
            """;
        Assert.True(new AccountEventReader(Symbols).TryReadExecution(Some.Utf8(message), out OrderRow row, out _));
        OrderReport order = row.Order;
        Assert.False(row.IsBroken);
        Assert.Equal(("mine-1", ReportType.Trade, OrderStatus.PartiallyFilled, 77, 1), (order.ClientId.ToString(), order.Report, order.Status, order.TradeId, (int)order.IsMaker));
        Assert.Equal(("100.25", "0.5", "1.5", 15030000000, -1, "BNB"),
            (order.LastPrice.ToString(), order.LastQuantity.ToString(), order.CumulativeQuantity.ToString(), order.CumulativeQuoteUnits, order.CommissionUnits, order.CommissionAsset.ToString()));
    }

    [Theory]
    [InlineData("CANCELED", "CANCELED", ReportType.Canceled, OrderStatus.Canceled)]
    [InlineData("EXPIRED", "EXPIRED_IN_MATCH", ReportType.Expired, OrderStatus.Expired)]
    [InlineData("TRADE_PREVENTION", "NEW", ReportType.Prevented, OrderStatus.New)]
    [InlineData("REPLACED", "NEW", ReportType.Replaced, OrderStatus.New)]
    [InlineData("TELEPORTED", "NEW", ReportType.Unknown, OrderStatus.Unknown)] // A word of tomorrow: look the order up.
    [InlineData("TRADE", "HALF_FILLED", ReportType.Unknown, OrderStatus.Unknown)]
    public void Execution_types_become_reports(string execution, string status, ReportType report, OrderStatus state)
    {
        string message = $$"""{"e":"executionReport","E":1,"s":"BTCUSDT","c":"a","C":"","x":"{{execution}}","X":"{{status}}","i":1,"z":"0"}""";
        Assert.True(new AccountEventReader(Symbols).TryReadExecution(Some.Utf8(message), out OrderRow row, out _));
        Assert.Equal((report, state, "a"), (row.Order.Report, row.Order.Status, row.Order.ClientId.ToString()));
    }
}
