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
        _ => "LIMIT",
    };

    public static string Text(this TimeInForce time) => time switch
    {
        TimeInForce.ImmediateOrCancel => "IOC",
        TimeInForce.FillOrKill => "FOK",
        _ => "GTC",
    };

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
