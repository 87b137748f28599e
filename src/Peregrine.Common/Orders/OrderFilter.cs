namespace Peregrine.Common.Orders;

/// <summary>The exchange's filters. <see cref="OrderFilterNames.Text"/> has their names on the wire.</summary>
public enum OrderFilter : byte
{
    /// <summary>None fails.</summary>
    None = 0,
    Price = 1,
    PercentPrice = 2,
    PercentPriceBySide = 3,
    LotSize = 4,
    MarketLotSize = 5,
    MinNotional = 6,
    Notional = 7,
    IcebergParts = 8,
    TrailingDelta = 9,
    MaxOrders = 10,
    MaxAlgoOrders = 11,
    MaxIcebergOrders = 12,
    MaxOrderLists = 13,
    MaxOrderAmends = 14,
    MaxPosition = 15,
    ExchangeMaxOrders = 16,
    ExchangeMaxAlgoOrders = 17,
    ExchangeMaxIcebergOrders = 18,
    ExchangeMaxOrderLists = 19,
    MaxAsset = 20,
}

/// <summary>The exchange's names of its filters.</summary>
public static class OrderFilterNames
{
    /// <summary>The name as it stands in "Filter failure: NAME" and in exchangeInfo; empty for none.</summary>
    public static string Text(this OrderFilter filter) => filter switch
    {
        OrderFilter.Price => "PRICE_FILTER",
        OrderFilter.PercentPrice => "PERCENT_PRICE",
        OrderFilter.PercentPriceBySide => "PERCENT_PRICE_BY_SIDE",
        OrderFilter.LotSize => "LOT_SIZE",
        OrderFilter.MarketLotSize => "MARKET_LOT_SIZE",
        OrderFilter.MinNotional => "MIN_NOTIONAL",
        OrderFilter.Notional => "NOTIONAL",
        OrderFilter.IcebergParts => "ICEBERG_PARTS",
        OrderFilter.TrailingDelta => "TRAILING_DELTA",
        OrderFilter.MaxOrders => "MAX_NUM_ORDERS",
        OrderFilter.MaxAlgoOrders => "MAX_NUM_ALGO_ORDERS",
        OrderFilter.MaxIcebergOrders => "MAX_NUM_ICEBERG_ORDERS",
        OrderFilter.MaxOrderLists => "MAX_NUM_ORDER_LISTS",
        OrderFilter.MaxOrderAmends => "MAX_NUM_ORDER_AMENDS",
        OrderFilter.MaxPosition => "MAX_POSITION",
        OrderFilter.ExchangeMaxOrders => "EXCHANGE_MAX_NUM_ORDERS",
        OrderFilter.ExchangeMaxAlgoOrders => "EXCHANGE_MAX_NUM_ALGO_ORDERS",
        OrderFilter.ExchangeMaxIcebergOrders => "EXCHANGE_MAX_NUM_ICEBERG_ORDERS",
        OrderFilter.ExchangeMaxOrderLists => "EXCHANGE_MAX_NUM_ORDER_LISTS",
        OrderFilter.MaxAsset => "MAX_ASSET",
        _ => "",
    };
}
