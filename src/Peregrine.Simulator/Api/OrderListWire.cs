using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Order lists as REST and the WebSocket API show them.</summary>
internal static class OrderListWire
{
    public static void Placed(WireWriter writer, OrderList list, string responseType)
    {
        Head(writer, list);
        writer.Raw(",\"orderReports\":["u8);
        foreach (VenueOrder order in list.Orders) OrderWire.Placed(writer.Comma(), order, responseType == "FULL" ? "RESULT" : responseType);
        writer.Raw("]}"u8);
    }

    public static void Canceled(WireWriter writer, OrderList list, string cancelId)
    {
        Head(writer, list);
        writer.Raw(",\"orderReports\":["u8);
        foreach (VenueOrder order in list.Orders) OrderWire.Canceled(writer.Comma(), order, cancelId);
        writer.Raw("]}"u8);
    }

    public static void Status(WireWriter writer, OrderList list)
    {
        Head(writer, list);
        writer.Raw("}"u8);
    }

    private static void Head(WireWriter writer, OrderList list)
    {
        writer.Raw("{\"orderListId\":"u8).Number(list.Id).Raw(",\"contingencyType\":"u8).Text(list.Contingency).Raw(",\"listStatusType\":"u8).Text(list.StatusType)
            .Raw(",\"listOrderStatus\":"u8).Text(list.OrderStatus).Raw(",\"listClientOrderId\":"u8).Text(list.ClientId)
            .Raw(",\"transactionTime\":"u8).Time(list.TimeMicros).Raw(",\"symbol\":"u8).Text(list.Instrument.Symbol).Raw(",\"orders\":["u8);
        Orders(writer, list);
        writer.Raw("]"u8);
    }

    /// <summary>Which orders there are, as a list in JSON without its brackets.</summary>
    public static void Orders(WireWriter writer, OrderList list)
    {
        foreach (VenueOrder order in list.Orders)
        {
            writer.Comma().Raw("{\"symbol\":"u8).Text(list.Instrument.Symbol).Raw(",\"orderId\":"u8).Number(order.Id)
                .Raw(",\"clientOrderId\":"u8).Text(order.ClientId).Raw("}"u8);
        }
    }
}
