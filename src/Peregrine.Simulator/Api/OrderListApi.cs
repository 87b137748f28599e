using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Order lists: placing, cancelling, asking.</summary>
internal sealed class OrderListApi(TradingContext context)
{
    /// <summary>What it serves: the method's name on the WebSocket API, and its routes on REST.</summary>
    public IEnumerable<Operation> Operations =>
    [
        new Operation("orderList.place.oco", true, 0, PlaceOco) { OrderCount = 2, Routes = [("POST", "/api/v3/orderList/oco")] },
        new Operation("orderList.place.oto", true, 0, (p, w) => PlaceOto(p, w, "pending")) { OrderCount = 2, Routes = [("POST", "/api/v3/orderList/oto")] },
        new Operation("orderList.place.otoco", true, 0, (p, w) => PlaceOto(p, w, "pendingAbove", "pendingBelow")) { OrderCount = 3, Routes = [("POST", "/api/v3/orderList/otoco")] },
        new Operation("orderList.place.opo", true, 0, (p, w) => PlaceOpo(p, w, "pending")) { OrderCount = 2, Routes = [("POST", "/api/v3/orderList/opo")] },
        new Operation("orderList.place.opoco", true, 0, (p, w) => PlaceOpo(p, w, "pendingAbove", "pendingBelow")) { OrderCount = 3, Routes = [("POST", "/api/v3/orderList/opoco")] },
        new Operation("orderList.cancel", true, 0, Cancel) { Routes = [("DELETE", "/api/v3/orderList")] },
        new Operation("orderList.status", true, 4, Status) { Routes = [("GET", "/api/v3/orderList")] },
        new Operation("openOrderLists.status", true, 6, (p, w) => WriteAll(w, TradingContext.Desk(p).Lists.Where(l => l.IsOpen))) { Routes = [("GET", "/api/v3/openOrderList")] },
        new Operation("allOrderLists", true, 20, All) { Routes = [("GET", "/api/v3/allOrderList")] },
    ];

    private void PlaceOco(RequestParameters parameters, WireWriter writer)
    {
        string side = parameters.Required("side");
        OrderRequest above = OrderReader.Read(context, parameters, "above", side, "quantity");
        OrderRequest below = OrderReader.Read(context, parameters, "below", side, "quantity");
        CheckPair(above, below);
        Place(parameters, writer, null, [above, below]);
    }

    private void PlaceOto(RequestParameters parameters, WireWriter writer, params string[] pending)
    {
        OrderRequest working = OrderReader.Read(context, parameters, "working", parameters.Required("workingSide"), "workingQuantity");
        if (working.Type is not (OrderType.Limit or OrderType.LimitMaker)) throw ApiException.Rejected("Unsupported order combination");
        string side = parameters.Required("pendingSide");
        OrderRequest[] legs = [.. pending.Select(prefix => OrderReader.Read(context, parameters, prefix, side, "pendingQuantity"))];
        if (legs.Length == 2) CheckPair(legs[0], legs[1]);
        Place(parameters, writer, working, legs);
    }

    /// <summary>What a buy brought is sold again: how much that will be is not known before.</summary>
    private void PlaceOpo(RequestParameters parameters, WireWriter writer, params string[] pending)
    {
        if (parameters.Has("pendingQuantity")) throw ApiException.NotRequired("pendingQuantity");
        OrderRequest working = OrderReader.Read(context, parameters, "working", parameters.Required("workingSide"), "workingQuantity");
        string side = parameters.Required("pendingSide");
        if (working.Type is not (OrderType.Limit or OrderType.LimitMaker) || working.Side != Side.Buy || side != "SELL") throw ApiException.Rejected("Unsupported order combination");
        OrderRequest[] legs = [.. pending.Select(prefix => OrderReader.Read(context, parameters, prefix, side, null))];
        if (legs.Length == 2) CheckPair(legs[0], legs[1]);
        Place(parameters, writer, working, legs);
    }

    /// <summary>One leg takes profit, the other stops a loss; above and below are where they say.</summary>
    private static void CheckPair(OrderRequest above, OrderRequest below)
    {
        static bool IsStopLoss(OrderRequest r) => r.Type is OrderType.StopLoss or OrderType.StopLossLimit;
        static bool IsProfit(OrderRequest r) => r.Type is OrderType.LimitMaker or OrderType.TakeProfit or OrderType.TakeProfitLimit;
        bool isPair = above.Side == Side.Sell ? IsProfit(above) && IsStopLoss(below) : IsStopLoss(above) && IsProfit(below);
        if (!isPair) throw ApiException.Rejected("Unsupported order combination");
        static long At(OrderRequest r) => r.StopPrice > 0 ? r.StopPrice : r.Price;
        if (At(above) <= At(below)) throw ApiException.Rejected("The relationship of the prices for the orders is not correct.");
    }

    private void Place(RequestParameters parameters, WireWriter writer, OrderRequest? working, OrderRequest[] legs)
    {
        string responseType = parameters.Optional("newOrderRespType") ?? "RESULT";
        if (responseType is not ("ACK" or "RESULT" or "FULL")) throw new ApiException(-1130, "Data sent for parameter 'newOrderRespType' is not valid.");
        context.Market.CatchUp();
        string? listId = OrderReader.ClientId(parameters, "listClientOrderId");
        OrderList list = TradingContext.Usage(parameters).Placing(legs.Length + (working is null ? 0 : 1), () => TradingContext.Desk(parameters).PlaceList(working, legs, listId));
        OrderListWire.Placed(writer, list, responseType);
    }

    private void Cancel(RequestParameters parameters, WireWriter writer)
    {
        context.Market.CatchUp();
        string symbol = context.Symbol(parameters).Name;
        OrderList? list = Find(parameters, "listClientOrderId");
        string cancelId = TradingContext.Desk(parameters).CancelList(list?.Instrument.Symbol == symbol ? list : null, OrderReader.ClientId(parameters, "newClientOrderId"));
        OrderListWire.Canceled(writer, list!, cancelId);
    }

    private void Status(RequestParameters parameters, WireWriter writer) =>
        OrderListWire.Status(writer, Find(parameters, "origClientOrderId") ?? throw new ApiException(-2018, "Order list does not exist."));

    private void All(RequestParameters parameters, WireWriter writer)
    {
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long? from = parameters.Integer("fromId");
        IEnumerable<OrderList> wanted = TradingContext.Desk(parameters).Lists.Where(l => (from is null || l.Id >= from) && TradingContext.InTime(parameters, l.TimeMicros));
        WriteAll(writer, from is null ? wanted.TakeLast(limit) : wanted.Take(limit));
    }

    private OrderList? Find(RequestParameters parameters, string clientName)
    {
        long? id = parameters.Integer("orderListId");
        string? clientId = parameters.Optional(clientName);
        if (id is null && clientId is null) throw new ApiException(-1102, $"Param '{clientName}' or 'orderListId' must be sent, but both were empty/null!");
        return TradingContext.Desk(parameters).Lists.LastOrDefault(l => (id is null || l.Id == id) && (clientId is null || l.ClientId == clientId));
    }

    private static void WriteAll(WireWriter writer, IEnumerable<OrderList> lists)
    {
        writer.Raw("["u8);
        foreach (OrderList list in lists) OrderListWire.Status(writer.Comma(), list);
        writer.Raw("]"u8);
    }
}
