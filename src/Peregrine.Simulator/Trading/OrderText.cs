using Peregrine.Common.Orders;

namespace Peregrine.Simulator.Trading;

/// <summary>The exchange's words for order enums.</summary>
internal static class OrderText
{
    public static string Text(this OrderType type) => type switch
    {
        OrderType.Limit => "LIMIT",
        OrderType.LimitMaker => "LIMIT_MAKER",
        OrderType.Market => "MARKET",
        OrderType.StopLoss => "STOP_LOSS",
        OrderType.StopLossLimit => "STOP_LOSS_LIMIT",
        OrderType.TakeProfit => "TAKE_PROFIT",
        OrderType.TakeProfitLimit => "TAKE_PROFIT_LIMIT",
        _ => "LIMIT",
    };

    public static string Text(this TimeInForce time) => time switch
    {
        TimeInForce.ImmediateOrCancel => "IOC",
        TimeInForce.FillOrKill => "FOK",
        _ => "GTC",
    };

    /// <summary>The status of an order, that of one which waits for another included.</summary>
    public static string StatusText(this VenueOrder order) => order.IsPending && order.IsOpen ? "PENDING_NEW" : order.IsExpiredInMatch ? "EXPIRED_IN_MATCH" : order.Status.Text();

    public static string Text(this OrderStatus status) => status switch
    {
        OrderStatus.PartiallyFilled => "PARTIALLY_FILLED",
        OrderStatus.Filled => "FILLED",
        OrderStatus.Canceled => "CANCELED",
        OrderStatus.Rejected => "REJECTED",
        OrderStatus.Expired => "EXPIRED",
        _ => "NEW",
    };
}
