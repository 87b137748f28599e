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
        new Operation("order.place", true, 0, PlaceOrder) { OrderCount = 1, Routes = [("POST", "/api/v3/order")] },
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
        string responseType = ResponseType(parameters, request);
        context.Market.CatchUp();
        VenueOrder order = TradingContext.Usage(parameters).Placing(1, () => TradingContext.Desk(parameters).Place(request));
        context.Faults.OnPlaced(order);
        OrderWire.Placed(writer, order, responseType);
    }

    private void TestOrder(RequestParameters parameters, WireWriter writer)
    {
        TradingContext.Desk(parameters).CheckFilters(OrderReader.Read(context, parameters));
        writer.Raw("{}"u8);
    }

    /// <summary>How much the answer to a placement tells.</summary>
    /// <exception cref="ApiException">It is a word of none of them.</exception>
    public static string ResponseType(RequestParameters parameters, OrderRequest request) =>
        parameters.Word("newOrderRespType", "ACK", "RESULT", "FULL") ?? (request.Type is OrderType.Limit or OrderType.Market ? "FULL" : "ACK");

    private void CancelOrder(RequestParameters parameters, WireWriter writer)
    {
        context.Market.CatchUp();
        VenueOrder? order = context.FindOrder(parameters, "orderId", "origClientOrderId", -2011, "Unknown order sent.");
        context.CheckRestriction(parameters, order);
        string cancelId = TradingContext.Desk(parameters).Cancel(order, OrderReader.ClientId(parameters, "newClientOrderId"));
        OrderWire.Canceled(writer, order!, cancelId);
    }

    private void OrderStatusOf(RequestParameters parameters, WireWriter writer) =>
        OrderWire.Status(writer, context.FindOrder(parameters, "orderId", "origClientOrderId", -2039, "Client order ID is not correct for this order ID.") is { } order && !context.Faults.IsHidden(order) ? order : throw new ApiException(-2013, "Order does not exist."));

    private void OpenOrders(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol? symbol = parameters.Has("symbol") ? context.Symbol(parameters) : null;
        writer.Raw("["u8);
        foreach (VenueOrder order in TradingContext.Desk(parameters).Open)
            if ((symbol is null || order.Instrument.Symbol == symbol.Name) && !context.Faults.IsHidden(order)) OrderWire.Status(writer.Comma(), order);
        writer.Raw("]"u8);
    }

    private void CancelAll(RequestParameters parameters, WireWriter writer)
    {
        context.Market.CatchUp();
        MarketSymbol symbol = context.Symbol(parameters);
        VenueOrder[] open = [.. TradingContext.Desk(parameters).Open.Where(o => o.Instrument.Symbol == symbol.Name)];
        if (open.Length == 0) throw new ApiException(-2011, "Unknown order sent.");
        writer.Raw("["u8);
        foreach (VenueOrder order in open) OrderWire.Canceled(writer.Comma(), order, TradingContext.Desk(parameters).Cancel(order, null));
        writer.Raw("]"u8);
    }

    private void AllOrders(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long? fromId = parameters.Integer("orderId");
        IEnumerable<VenueOrder> wanted = TradingContext.Desk(parameters).All.Where(o => !context.Faults.IsHidden(o) && o.Instrument.Symbol == symbol.Name && TradingContext.InTime(parameters, o.TimeMicros));
        writer.Raw("["u8);
        foreach (VenueOrder order in fromId is { } id ? wanted.Where(o => o.Id >= id).Take(limit) : wanted.TakeLast(limit)) OrderWire.Status(writer.Comma(), order);
        writer.Raw("]"u8);
    }
}
