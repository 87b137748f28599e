using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Orders: placing, cancelling, asking.</summary>
internal sealed class OrderApi(TradingContext context)
{
    /// <summary>What it serves: the method's name on the WebSocket API, and its routes on REST.</summary>
    public IEnumerable<Operation> Operations =>
    [
        new Operation("order.place", true, 0, PlaceOrder) { IsPlacement = true, Routes = [("POST", "/api/v3/order")] },
        new Operation("order.test", true, 1, TestOrder) { Routes = [("POST", "/api/v3/order/test")] },
        new Operation("order.cancel", true, 0, CancelOrder) { Routes = [("DELETE", "/api/v3/order")] },
        new Operation("order.status", true, 4, OrderStatusOf) { Routes = [("GET", "/api/v3/order")] },
        new Operation("openOrders.status", true, 6, OpenOrders) { Routes = [("GET", "/api/v3/openOrders")], WeightOf = static p => p.Has("symbol") ? 6 : 80 },
        new Operation("openOrders.cancelAll", true, 0, CancelAll) { Routes = [("DELETE", "/api/v3/openOrders")] },
        new Operation("allOrders", true, 20, AllOrders) { Routes = [("GET", "/api/v3/allOrders")] },
    ];

    private void PlaceOrder(RequestParameters parameters, WireWriter writer)
    {
        OrderRequest request = OrderReader.Read(context, parameters);
        string responseType = parameters.Optional("newOrderRespType") ?? (request.Type == OrderType.LimitMaker ? "ACK" : "FULL");
        if (responseType is not ("ACK" or "RESULT" or "FULL")) throw new ApiException(-1130, "Data sent for parameter 'newOrderRespType' is not valid.");
        context.Market.CatchUp();
        VenueOrder order = context.Desk.Place(request);
        context.Faults.OnPlaced(order);
        OrderWire.Placed(writer, order, responseType);
    }

    private void TestOrder(RequestParameters parameters, WireWriter writer)
    {
        context.Desk.Check(OrderReader.Read(context, parameters));
        writer.Raw("{}"u8);
    }

    private VenueOrder? FindOrder(RequestParameters parameters, int mismatchCode, string mismatch)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        long? orderId = parameters.Integer("orderId");
        string? clientId = parameters.Optional("origClientOrderId");
        if (orderId is null && clientId is null) throw new ApiException(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
        VenueOrder? order = context.Desk.Find(symbol.Name, orderId, clientId);
        if (order is not null && clientId is not null && order.ClientId != clientId) throw new ApiException(mismatchCode, mismatch);
        return order;
    }

    private void CancelOrder(RequestParameters parameters, WireWriter writer)
    {
        context.Market.CatchUp();
        VenueOrder? order = FindOrder(parameters, -2011, "Unknown order sent.");
        string? restriction = parameters.Optional("cancelRestrictions");
        if (restriction is not (null or "ONLY_NEW" or "ONLY_PARTIALLY_FILLED"))
            throw new ApiException(-1145, "Invalid cancelRestrictions");
        if (order is { IsOpen: true } && restriction is not null && restriction == "ONLY_NEW" != (order.Status == OrderStatus.New))
            throw new ApiException(-2011, "Order was not canceled due to cancel restrictions.");
        if (order is { IsOpen: true }) context.Faults.BeforeCancel(order);
        string cancelId = context.Desk.Cancel(order, OrderReader.ClientId(parameters, "newClientOrderId"));
        OrderWire.Canceled(writer, order!, cancelId);
    }

    private void OrderStatusOf(RequestParameters parameters, WireWriter writer) =>
        OrderWire.Status(writer, FindOrder(parameters, -2039, "Client order ID is not correct for this order ID.") is { } order && !context.Faults.IsHidden(order) ? order : throw new ApiException(-2013, "Order does not exist."));

    private void OpenOrders(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol? symbol = parameters.Has("symbol") ? context.Symbol(parameters) : null;
        writer.Raw("["u8);
        foreach (VenueOrder order in context.Desk.Open)
            if ((symbol is null || order.Instrument.Symbol == symbol.Name) && !context.Faults.IsHidden(order)) OrderWire.Status(writer.Comma(), order);
        writer.Raw("]"u8);
    }

    private void CancelAll(RequestParameters parameters, WireWriter writer)
    {
        context.Market.CatchUp();
        MarketSymbol symbol = context.Symbol(parameters);
        VenueOrder[] open = [.. context.Desk.Open.Where(o => o.Instrument.Symbol == symbol.Name)];
        if (open.Length == 0) throw new ApiException(-2011, "Unknown order sent.");
        writer.Raw("["u8);
        foreach (VenueOrder order in open) OrderWire.Canceled(writer.Comma(), order, context.Desk.Cancel(order, null));
        writer.Raw("]"u8);
    }

    private void AllOrders(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long? fromId = parameters.Integer("orderId");
        IEnumerable<VenueOrder> wanted = context.Desk.All.Where(o => !context.Faults.IsHidden(o) && o.Instrument.Symbol == symbol.Name && TradingContext.InTime(parameters, o.TimeMicros));
        writer.Raw("["u8);
        foreach (VenueOrder order in fromId is { } id ? wanted.Where(o => o.Id >= id).Take(limit) : wanted.TakeLast(limit)) OrderWire.Status(writer.Comma(), order);
        writer.Raw("]"u8);
    }
}
