using Peregrine.Binance.Orders;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Rest;

/// <summary>An open order of the account.</summary>
/// <param name="Symbol">As the exchange names it.</param>
/// <param name="ClientId">Its client order id, whoever gave it.</param>
/// <param name="ExchangeOrderId">The exchange's number of it.</param>
public readonly record struct OpenOrder(string Symbol, string ClientId, long ExchangeOrderId);

/// <summary>Orders over REST: asking for, querying and cancelling them without a session. Cold code.</summary>
public sealed class RestOrders(SignedRest rest)
{
    /// <summary>Every open order of the account, of all symbols. Null with a reason where that could not be found out.</summary>
    public async Task<(IReadOnlyList<OpenOrder>? Orders, RestAnswer Answer)> OpenOrdersAsync(CancellationToken cancel)
    {
        RestAnswer answer = await rest.SendAsync(HttpMethod.Get, "/api/v3/openOrders", [], Lane.Cancel, Weights.AllOpenOrders, cancel).ConfigureAwait(false);
        if (answer.Verdict != Verdict.Accepted) return (null, answer);
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(answer.Body);
            var orders = new List<OpenOrder>();
            foreach (System.Text.Json.JsonElement order in document.RootElement.EnumerateArray())
                orders.Add(new OpenOrder(order.GetProperty("symbol").GetString() ?? "", order.GetProperty("clientOrderId").GetString() ?? "", order.GetProperty("orderId").GetInt64()));
            return (orders, answer);
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return (null, answer with { Verdict = Verdict.Unknown, Problem = "the list of open orders could not be read" });
        }
    }

    /// <summary>Cancels one order by the exchange's number of it.</summary>
    public Task<RestAnswer> CancelAsync(OpenOrder order, CancellationToken cancel) => rest.SendAsync(
        HttpMethod.Delete, "/api/v3/order",
        [new("symbol", order.Symbol), new("orderId", order.ExchangeOrderId.ToString(System.Globalization.CultureInfo.InvariantCulture))], Lane.Cancel, Weights.Cancel, cancel);

    /// <summary>Cancels one order of ours by its client id; the report says what the exchange said, as that of a session would.</summary>
    public async Task<OrderReport> CancelAsync(ClientOrderId clientId, Instrument instrument, CancellationToken cancel)
    {
        RestAnswer answer = await rest.SendAsync(HttpMethod.Delete, "/api/v3/order", About(clientId, instrument), Lane.Cancel, Weights.Cancel, cancel).ConfigureAwait(false);
        if (Read(answer, instrument) is not { } report)
        {
            bool refused = answer.Verdict.IsRefusal();
            return Say(clientId, refused ? ReportType.CancelRejected : ReportType.Unknown, refused ? OrderStatus.None : OrderStatus.Unknown, ReportSource.Reply, answer.Code);
        }
        report.ClientId = clientId;
        report.Source = ReportSource.Reply;
        report.Report = OrderText.Report(report.Status);
        return report;
    }

    /// <summary>Asks for an order's state; Unknown where the exchange says nothing certain ("no such order" is evidence, never proof).</summary>
    public async Task<OrderReport> QueryAsync(ClientOrderId clientId, Instrument instrument, CancellationToken cancel)
    {
        RestAnswer answer = await rest.SendAsync(HttpMethod.Get, "/api/v3/order", About(clientId, instrument), Lane.Close, Weights.Query, cancel).ConfigureAwait(false);
        if (Read(answer, instrument) is not { } report) return Say(clientId, ReportType.Unknown, OrderStatus.Unknown, ReportSource.Query, answer.Code);
        report.ClientId = clientId;
        report.Source = ReportSource.Query;
        report.Report = report.Status == OrderStatus.Unknown ? ReportType.Unknown : ReportType.Status;
        return report;
    }

    private static KeyValuePair<string, string>[] About(ClientOrderId clientId, Instrument instrument) =>
        [new("symbol", instrument.Symbol), new("origClientOrderId", clientId.ToString())];

    private static OrderReport? Read(RestAnswer answer, Instrument instrument)
    {
        if (answer.Verdict != Verdict.Accepted) return null;
        var table = new InstrumentTable();
        table.Add(instrument);
        return new RowReader(new StreamTable(table, [])).TryReadOrder(answer.Body, out OrderRow row) && row.HasOrder && !row.IsBroken ? row.Order : null;
    }

    private static OrderReport Say(ClientOrderId clientId, ReportType type, OrderStatus status, ReportSource source, int code) =>
        new() { ClientId = clientId, TradeId = -1, Report = type, Status = status, Source = source, ErrorCode = code };
}
