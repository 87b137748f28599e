using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>exchangeInfo of both markets.</summary>
internal static class InfoWire
{
    /// <param name="serves">Whether a call is served here: it decides what symbols allow.</param>
    /// <param name="showPermissionSets">Whether the permission sets of symbols are told.</param>
    public static void Write(
        WireWriter writer, IReadOnlyList<MarketSymbol> symbols, bool isSpot, UsageCounter usage, long serverMicros, Func<string, bool> serves, bool showPermissionSets)
    {
        writer.Raw("{\"timezone\":\"UTC\",\"serverTime\":"u8).Time(serverMicros).Raw(",\"rateLimits\":["u8);
        RateLimit(writer, "REQUEST_WEIGHT", "MINUTE", 1, usage.WeightLimit, null);
        RateLimit(writer, "ORDERS", "SECOND", 10, usage.OrdersMax, null);
        if (isSpot) RateLimit(writer, "ORDERS", "DAY", 1, usage.DayOrdersMax, null);
        if (isSpot) RateLimit(writer, "RAW_REQUESTS", "MINUTE", 5, 300_000, null);
        writer.Raw("],\"exchangeFilters\":["u8);
        if (isSpot && symbols.Count > 0) FilterWire.Exchange(writer, symbols[0].Instrument.Rules);
        writer.Raw("],"u8);
        if (!isSpot) writer.Raw("\"assets\":[],"u8);
        writer.Raw("\"symbols\":["u8);
        foreach (MarketSymbol symbol in symbols)
        {
            writer.Comma();
            if (isSpot) Spot(writer, symbol, serves, showPermissionSets);
            else Futures(writer, symbol);
        }
        writer.Raw("]}"u8);
    }

    /// <summary>One rate limit, with how much of it is used when that is asked for.</summary>
    public static void RateLimit(WireWriter writer, string type, string interval, int intervals, int limit, int? count)
    {
        writer.Comma().Raw("{\"rateLimitType\":"u8).Text(type).Raw(",\"interval\":"u8).Text(interval).Raw(",\"intervalNum\":"u8).Number(intervals)
            .Raw(",\"limit\":"u8).Number(limit);
        if (count is { } used) writer.Raw(",\"count\":"u8).Number(used);
        writer.Raw("}"u8);
    }

    private static void Spot(WireWriter writer, MarketSymbol symbol, Func<string, bool> serves, bool showPermissionSets)
    {
        Instrument instrument = symbol.Instrument;
        TradingRules rules = instrument.Rules;
        bool hasLists = serves("orderList.place.oco"); // Stop orders came with them.
        writer.Raw("{\"symbol\":"u8).Text(instrument.Symbol).Raw(",\"status\":"u8).Text(symbol.Status)
            .Raw(",\"baseAsset\":"u8).Text(instrument.BaseAsset).Raw(",\"baseAssetPrecision\":8,\"quoteAsset\":"u8).Text(instrument.QuoteAsset)
            .Raw(",\"quotePrecision\":8,\"quoteAssetPrecision\":8,\"baseCommissionPrecision\":8,\"quoteCommissionPrecision\":8,\"orderTypes\":[\"LIMIT\",\"LIMIT_MAKER\",\"MARKET\""u8)
            .Raw(hasLists ? ",\"STOP_LOSS\",\"STOP_LOSS_LIMIT\",\"TAKE_PROFIT\",\"TAKE_PROFIT_LIMIT\"]"u8 : "]"u8)
            .Raw(",\"icebergAllowed\":"u8).Bool(hasLists).Raw(",\"ocoAllowed\":"u8).Bool(hasLists).Raw(",\"otoAllowed\":"u8).Bool(serves("orderList.place.oto"))
            .Raw(",\"opoAllowed\":"u8).Bool(serves("orderList.place.opo")).Raw(",\"quoteOrderQtyMarketAllowed\":true,\"allowTrailingStop\":"u8).Bool(hasLists)
            .Raw(",\"cancelReplaceAllowed\":"u8).Bool(serves("order.cancelReplace")).Raw(",\"amendAllowed\":"u8).Bool(serves("order.amend.keepPriority"))
            .Raw(",\"pegInstructionsAllowed\":false,\"isSpotTradingAllowed\":true,\"isMarginTradingAllowed\":false,\"filters\":["u8);
        FilterWire.Symbol(writer, symbol.Instrument.Rules);
        writer.Raw("],\"permissions\":[]"u8).Raw(showPermissionSets ? ",\"permissionSets\":[[\"SPOT\"]]"u8 : ""u8).Raw(",\"defaultSelfTradePreventionMode\":\"NONE\",\"allowedSelfTradePreventionModes\":["u8);
        foreach (string mode in SelfTradePreventionText.All) writer.Comma().Text(mode);
        writer.Raw("]}"u8);
    }

    private static void Futures(WireWriter writer, MarketSymbol symbol)
    {
        Instrument instrument = symbol.Instrument;
        writer.Raw("{\"symbol\":"u8).Text(instrument.Symbol).Raw(",\"pair\":"u8).Text(instrument.Symbol)
            .Raw(",\"contractType\":\"PERPETUAL\",\"deliveryDate\":4133404800000,\"onboardDate\":1567965300000,\"status\":\"TRADING\""u8)
            .Raw(",\"maintMarginPercent\":\"2.5000\",\"requiredMarginPercent\":\"5.0000\",\"baseAsset\":"u8).Text(instrument.BaseAsset)
            .Raw(",\"quoteAsset\":"u8).Text(instrument.QuoteAsset).Raw(",\"marginAsset\":"u8).Text(instrument.QuoteAsset)
            .Raw(",\"pricePrecision\":"u8).Number(symbol.PricePlaces).Raw(",\"quantityPrecision\":"u8).Number(symbol.QuantityPlaces)
            .Raw(",\"baseAssetPrecision\":8,\"quotePrecision\":8,\"underlyingType\":\"COIN\",\"underlyingSubType\":[],\"triggerProtect\":\"0.0500\""u8)
            .Raw(",\"liquidationFee\":\"0.012500\",\"marketTakeBound\":\"0.05\",\"filters\":["u8);
        PriceFilter(writer, symbol);
        LotSize(writer, symbol, "LOT_SIZE");
        LotSize(writer, symbol, "MARKET_LOT_SIZE");
        writer.Raw(",{\"filterType\":\"MIN_NOTIONAL\",\"notional\":"u8).Decimal(instrument.Rules.MinNotional.ToUnits(), 0)
            .Raw("}],\"orderTypes\":[\"LIMIT\",\"MARKET\"],\"timeInForce\":[\"GTC\",\"IOC\",\"FOK\",\"GTX\"]}"u8);
    }

    private static void PriceFilter(WireWriter writer, MarketSymbol symbol)
    {
        TradingRules rules = symbol.Instrument.Rules;
        writer.Raw("{\"filterType\":\"PRICE_FILTER\",\"minPrice\":"u8).Decimal(rules.MinPrice.Raw, symbol.PricePlaces)
            .Raw(",\"maxPrice\":"u8).Decimal(rules.MaxPrice.Raw, symbol.PricePlaces).Raw(",\"tickSize\":"u8).Decimal(rules.TickSize.Raw, symbol.PricePlaces).Raw("}"u8);
    }

    private static void LotSize(WireWriter writer, MarketSymbol symbol, string name)
    {
        TradingRules rules = symbol.Instrument.Rules;
        writer.Raw(",{\"filterType\":"u8).Text(name).Raw(",\"minQty\":"u8).Decimal(rules.MinQuantity.Raw, symbol.QuantityPlaces)
            .Raw(",\"maxQty\":"u8).Decimal(rules.MaxQuantity.Raw, symbol.QuantityPlaces)
            .Raw(",\"stepSize\":"u8).Decimal(rules.StepSize.Raw, symbol.QuantityPlaces).Raw("}"u8);
    }
}
