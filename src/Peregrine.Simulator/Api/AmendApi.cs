using Peregrine.Common;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Orders that are made smaller and keep their place in the queue.</summary>
internal sealed class AmendApi(TradingContext context)
{
    private const int Weight = 4;

    /// <summary>What it serves: the method's name on the WebSocket API, and its routes on REST.</summary>
    public IEnumerable<Operation> Operations =>
    [
        new Operation("order.amend.keepPriority", true, Weight, Amend) { Routes = [("PUT", "/api/v3/order/amend/keepPriority")] },
        new Operation("order.amendments", true, 4, Amendments) { Routes = [("GET", "/api/v3/order/amendments")] },
    ];

    private void Amend(RequestParameters parameters, WireWriter writer)
    {
        context.Market.CatchUp();
        VenueOrder? order = context.FindOrder(parameters, "orderId", "origClientOrderId", -2038, "Unknown order sent.");
        long quantity = parameters.Decimal("newQty") ?? throw ApiException.Missing("newQty");
        string? newId = OrderReader.ClientId(parameters, "newClientOrderId");
        Amendment done = TradingContext.Desk(parameters).Amend(order, quantity, newId);
        if (!order!.IsOpen) TradingContext.Usage(parameters).AddWeight(-Weight); // One that leaves nothing of the order costs nothing.
        Write(writer, order, done);
    }

    private void Amendments(RequestParameters parameters, WireWriter writer)
    {
        parameters.Required("orderId");
        VenueOrder order = context.FindOrder(parameters, "orderId", "origClientOrderId", -2013, "Order does not exist.") ?? throw new ApiException(-2013, "Order does not exist.");
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long from = parameters.Integer("fromExecutionId") ?? 0;
        writer.Raw("["u8);
        foreach (Amendment done in order.Amendments.Where(a => a.ExecutionId >= from).Take(limit))
        {
            writer.Comma().Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"executionId\":"u8).Number(done.ExecutionId)
                .Raw(",\"origClientOrderId\":"u8).Text(done.OriginalClientId).Raw(",\"newClientOrderId\":"u8).Text(done.NewClientId)
                .Raw(",\"origQty\":"u8).Decimal(done.OriginalQuantity).Raw(",\"newQty\":"u8).Decimal(done.NewQuantity).Raw(",\"time\":"u8).Time(done.TimeMicros).Raw("}"u8);
        }
        writer.Raw("]"u8);
    }

    private static void Write(WireWriter writer, VenueOrder order, in Amendment done)
    {
        writer.Raw("{\"transactTime\":"u8).Time(done.TimeMicros).Raw(",\"executionId\":"u8).Number(done.ExecutionId)
            .Raw(",\"amendedOrder\":{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1)
            .Raw(",\"origClientOrderId\":"u8).Text(done.OriginalClientId).Raw(",\"clientOrderId\":"u8).Text(order.ClientId)
            .Raw(",\"price\":"u8).Decimal(order.Price).Raw(",\"qty\":"u8).Decimal(order.Quantity).Raw(",\"executedQty\":"u8).Decimal(order.Executed)
            .Raw(",\"preventedQty\":"u8).Decimal(order.Prevented).Raw(",\"quoteOrderQty\":"u8).Decimal(order.QuoteQuantity).Raw(",\"cumulativeQuoteQty\":"u8).Decimal(order.ExecutedQuote)
            .Raw(",\"status\":"u8).Text(order.StatusText()).Raw(",\"timeInForce\":"u8).Text(order.TimeInForce.Text()).Raw(",\"type\":"u8).Text(order.Type.Text())
            .Raw(",\"side\":"u8).Text(order.Side.Text());
        if (order.WorkingMicros >= 0) writer.Raw(",\"workingTime\":"u8).Time(order.WorkingMicros);
        writer.Raw(",\"selfTradePreventionMode\":"u8).Text(order.Prevention.Text()).Raw("}"u8);
        if (order.List is { } list)
        {
            writer.Raw(",\"listStatus\":{\"orderListId\":"u8).Number(list.Id).Raw(",\"contingencyType\":"u8).Text(list.Contingency).Raw(",\"listOrderStatus\":"u8).Text(list.OrderStatus)
                .Raw(",\"listClientOrderId\":"u8).Text(list.ClientId).Raw(",\"symbol\":"u8).Text(list.Instrument.Symbol).Raw(",\"orders\":["u8);
            OrderListWire.Orders(writer, list);
            writer.Raw("]}"u8);
        }
        writer.Raw("}"u8);
    }
}
