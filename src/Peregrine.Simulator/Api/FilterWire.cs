using Peregrine.Common;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Filters as exchangeInfo and myFilters show them. One that bounds nothing is not there.</summary>
internal static class FilterWire
{
    /// <summary>The filters of a symbol on spot, as a list in JSON without its brackets.</summary>
    public static void Symbol(WireWriter writer, TradingRules rules)
    {
        writer.Comma().Raw("{\"filterType\":\"PRICE_FILTER\",\"minPrice\":"u8).Decimal(rules.MinPrice.Raw).Raw(",\"maxPrice\":"u8).Decimal(rules.MaxPrice.Raw)
            .Raw(",\"tickSize\":"u8).Decimal(rules.TickSize.Raw).Raw("}"u8);
        Lot(writer, "LOT_SIZE", rules.MinQuantity, rules.MaxQuantity, rules.StepSize);
        Count(writer, "ICEBERG_PARTS", "limit", rules.IcebergPartsMax);
        if (!rules.MarketMinQuantity.IsZero || !rules.MarketMaxQuantity.IsZero || !rules.MarketStepSize.IsZero)
            Lot(writer, "MARKET_LOT_SIZE", rules.MarketMinQuantity, rules.MarketMaxQuantity, rules.MarketStepSize);
        if (rules.TrailingAboveMax > 0 || rules.TrailingBelowMax > 0)
        {
            writer.Comma().Raw("{\"filterType\":\"TRAILING_DELTA\",\"minTrailingAboveDelta\":"u8).Number(rules.TrailingAboveMin).Raw(",\"maxTrailingAboveDelta\":"u8).Number(rules.TrailingAboveMax)
                .Raw(",\"minTrailingBelowDelta\":"u8).Number(rules.TrailingBelowMin).Raw(",\"maxTrailingBelowDelta\":"u8).Number(rules.TrailingBelowMax).Raw("}"u8);
        }
        Percent(writer, rules);
        Value(writer, rules);
        Count(writer, "MAX_NUM_ORDERS", "maxNumOrders", rules.OpenOrdersMax);
        Count(writer, "MAX_NUM_ORDER_LISTS", "maxNumOrderLists", rules.OrderListsMax);
        Count(writer, "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", rules.AlgoOrdersMax);
        Count(writer, "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", rules.IcebergOrdersMax);
        Count(writer, "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends", rules.AmendsMax);
        if (rules.PositionMax.Raw > 0) writer.Comma().Raw("{\"filterType\":\"MAX_POSITION\",\"maxPosition\":"u8).Decimal(rules.PositionMax.Raw).Raw("}"u8);
    }

    /// <summary>The filters of the whole exchange, likewise.</summary>
    public static void Exchange(WireWriter writer, TradingRules rules)
    {
        Count(writer, "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders", rules.ExchangeOrdersMax);
        Count(writer, "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", rules.ExchangeAlgoOrdersMax);
        Count(writer, "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", rules.ExchangeIcebergOrdersMax);
        Count(writer, "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists", rules.ExchangeOrderListsMax);
    }

    /// <summary>What an account may have of the symbol's assets in one order, likewise.</summary>
    public static void Assets(WireWriter writer, Instrument instrument)
    {
        Asset(writer, instrument.BaseAsset, instrument.Rules.BaseAssetMax.Raw);
        Asset(writer, instrument.QuoteAsset, instrument.Rules.QuoteAssetMax.ToUnits());
    }

    private static void Asset(WireWriter writer, string asset, long units)
    {
        if (units > 0) writer.Comma().Raw("{\"filterType\":\"MAX_ASSET\",\"asset\":"u8).Text(asset).Raw(",\"limit\":"u8).Decimal(units).Raw("}"u8);
    }

    private static void Count(WireWriter writer, string name, string field, int max)
    {
        if (max > 0) writer.Comma().Raw("{\"filterType\":"u8).Text(name).Raw(","u8).Text(field).Raw(":"u8).Number(max).Raw("}"u8);
    }

    private static void Lot(WireWriter writer, string name, Quantity min, Quantity max, Quantity step) =>
        writer.Comma().Raw("{\"filterType\":"u8).Text(name).Raw(",\"minQty\":"u8).Decimal(min.Raw).Raw(",\"maxQty\":"u8).Decimal(max.Raw).Raw(",\"stepSize\":"u8).Decimal(step.Raw).Raw("}"u8);

    private static void Percent(WireWriter writer, TradingRules rules)
    {
        if (rules is { BidMultiplierUp: 0, BidMultiplierDown: 0, AskMultiplierUp: 0, AskMultiplierDown: 0 }) return;
        if (rules.HasPercentPriceBySide)
        {
            writer.Comma().Raw("{\"filterType\":\"PERCENT_PRICE_BY_SIDE\",\"bidMultiplierUp\":"u8).Decimal(rules.BidMultiplierUp, 0).Raw(",\"bidMultiplierDown\":"u8).Decimal(rules.BidMultiplierDown, 0)
                .Raw(",\"askMultiplierUp\":"u8).Decimal(rules.AskMultiplierUp, 0).Raw(",\"askMultiplierDown\":"u8).Decimal(rules.AskMultiplierDown, 0);
        }
        else writer.Comma().Raw("{\"filterType\":\"PERCENT_PRICE\",\"multiplierUp\":"u8).Decimal(rules.BidMultiplierUp, 4).Raw(",\"multiplierDown\":"u8).Decimal(rules.BidMultiplierDown, 4);
        writer.Raw(",\"avgPriceMins\":"u8).Number(rules.PercentPriceAverageMinutes).Raw("}"u8);
    }

    private static void Value(WireWriter writer, TradingRules rules)
    {
        if (rules.HasMinNotionalFilter)
        {
            writer.Comma().Raw("{\"filterType\":\"MIN_NOTIONAL\",\"minNotional\":"u8).Decimal(rules.MinNotional.ToUnits()).Raw(",\"applyToMarket\":"u8).Bool(rules.AppliesMinNotionalToMarket)
                .Raw(",\"avgPriceMins\":"u8).Number(rules.NotionalAverageMinutes).Raw("}"u8);
            return;
        }
        Notional max = rules.MaxNotional.IsZero ? Notional.FromUnits(long.MaxValue) : rules.MaxNotional; // A zero would read as a bound.
        writer.Comma().Raw("{\"filterType\":\"NOTIONAL\",\"minNotional\":"u8).Decimal(rules.MinNotional.ToUnits()).Raw(",\"applyMinToMarket\":"u8).Bool(rules.AppliesMinNotionalToMarket)
            .Raw(",\"maxNotional\":"u8).Decimal(max.ToUnits()).Raw(",\"applyMaxToMarket\":"u8).Bool(rules.AppliesMaxNotionalToMarket)
            .Raw(",\"avgPriceMins\":"u8).Number(rules.NotionalAverageMinutes).Raw("}"u8);
    }
}
