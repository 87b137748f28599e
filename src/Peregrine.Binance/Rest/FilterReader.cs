using System.Text.Json;

using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>Reads the list of filters of a symbol, or of the whole exchange.</summary>
internal static class FilterReader
{
    /// <summary>The given rules with what the list says; the reader stands on the list's name.</summary>
    public static TradingRules Read(ref Utf8JsonReader reader, TradingRules rules)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) rules = Filter.Read(ref reader).ApplyTo(rules);
        return rules;
    }

    /// <summary>One filter: its type may come behind its numbers, so all of them are read first. No two filters give a name another meaning.</summary>
    private struct Filter
    {
        private string _type;
        private long _minPrice, _maxPrice, _tick, _minQuantity, _maxQuantity, _step, _minNotional, _maxNotional, _position;
        private long _up, _down, _bidUp, _bidDown, _askUp, _askDown;
        private int _limit, _minutes, _aboveMin, _aboveMax, _belowMin, _belowMax;
        private bool _minToMarket, _maxToMarket, _toMarket;

        public static Filter Read(ref Utf8JsonReader reader)
        {
            Filter filter = new() { _type = "" };
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) filter.Take(ref reader);
            return filter;
        }

        private void Take(ref Utf8JsonReader reader)
        {
            switch (reader.GetString())
            {
                case "filterType": _type = InfoValue.Text(ref reader); break;
                case "minPrice": _minPrice = InfoValue.Bound(ref reader); break;
                case "maxPrice": _maxPrice = InfoValue.Bound(ref reader); break;
                case "tickSize": _tick = InfoValue.Bound(ref reader); break;
                case "minQty": _minQuantity = InfoValue.Bound(ref reader); break;
                case "maxQty": _maxQuantity = InfoValue.Bound(ref reader); break;
                case "stepSize": _step = InfoValue.Bound(ref reader); break;
                case "minNotional" or "notional": _minNotional = InfoValue.Bound(ref reader); break;
                case "maxNotional": _maxNotional = InfoValue.Bound(ref reader); break;
                case "maxPosition": _position = InfoValue.Bound(ref reader); break;
                case "multiplierUp": _up = InfoValue.Bound(ref reader); break;
                case "multiplierDown": _down = InfoValue.Bound(ref reader); break;
                case "bidMultiplierUp": _bidUp = InfoValue.Bound(ref reader); break;
                case "bidMultiplierDown": _bidDown = InfoValue.Bound(ref reader); break;
                case "askMultiplierUp": _askUp = InfoValue.Bound(ref reader); break;
                case "askMultiplierDown": _askDown = InfoValue.Bound(ref reader); break;
                case "avgPriceMins": _minutes = InfoValue.Number(ref reader); break;
                case "limit" or "maxNumOrders" or "maxNumAlgoOrders" or "maxNumIcebergOrders" or "maxNumOrderLists" or "maxNumOrderAmends": _limit = InfoValue.Number(ref reader); break;
                case "minTrailingAboveDelta": _aboveMin = InfoValue.Number(ref reader); break;
                case "maxTrailingAboveDelta": _aboveMax = InfoValue.Number(ref reader); break;
                case "minTrailingBelowDelta": _belowMin = InfoValue.Number(ref reader); break;
                case "maxTrailingBelowDelta": _belowMax = InfoValue.Number(ref reader); break;
                case "applyMinToMarket": _minToMarket = InfoValue.Flag(ref reader); break;
                case "applyMaxToMarket": _maxToMarket = InfoValue.Flag(ref reader); break;
                case "applyToMarket": _toMarket = InfoValue.Flag(ref reader); break;
                default: reader.Skip(); break;
            }
        }

        public readonly TradingRules ApplyTo(TradingRules rules) => _type switch
        {
            "PRICE_FILTER" => rules with { MinPrice = new Price(_minPrice), MaxPrice = new Price(_maxPrice), TickSize = new Price(Math.Max(1, _tick)) },
            "LOT_SIZE" => rules with { MinQuantity = new Quantity(_minQuantity), MaxQuantity = new Quantity(_maxQuantity), StepSize = new Quantity(Math.Max(1, _step)) },
            "MARKET_LOT_SIZE" => rules with { MarketMinQuantity = new Quantity(_minQuantity), MarketMaxQuantity = new Quantity(_maxQuantity), MarketStepSize = new Quantity(_step) },
            "NOTIONAL" => rules with
            {
                MinNotional = Notional.FromUnits(_minNotional), MaxNotional = _maxNotional == long.MaxValue ? Notional.Zero : Notional.FromUnits(_maxNotional),
                AppliesMinNotionalToMarket = _minToMarket, AppliesMaxNotionalToMarket = _maxToMarket, NotionalAverageMinutes = _minutes,
            },
            "MIN_NOTIONAL" => rules with { MinNotional = Notional.FromUnits(_minNotional), AppliesMinNotionalToMarket = _toMarket, NotionalAverageMinutes = _minutes, HasMinNotionalFilter = true },
            "PERCENT_PRICE" => rules with
            {
                BidMultiplierUp = _up, BidMultiplierDown = _down, AskMultiplierUp = _up, AskMultiplierDown = _down, PercentPriceAverageMinutes = _minutes,
            },
            "PERCENT_PRICE_BY_SIDE" => rules with
            {
                BidMultiplierUp = _bidUp, BidMultiplierDown = _bidDown, AskMultiplierUp = _askUp, AskMultiplierDown = _askDown, PercentPriceAverageMinutes = _minutes, HasPercentPriceBySide = true,
            },
            "ICEBERG_PARTS" => rules with { IcebergPartsMax = _limit },
            "TRAILING_DELTA" => rules with { TrailingAboveMin = _aboveMin, TrailingAboveMax = _aboveMax, TrailingBelowMin = _belowMin, TrailingBelowMax = _belowMax },
            "MAX_NUM_ORDERS" => rules with { OpenOrdersMax = _limit },
            "MAX_NUM_ALGO_ORDERS" => rules with { AlgoOrdersMax = _limit },
            "MAX_NUM_ICEBERG_ORDERS" => rules with { IcebergOrdersMax = _limit },
            "MAX_NUM_ORDER_LISTS" => rules with { OrderListsMax = _limit },
            "MAX_NUM_ORDER_AMENDS" => rules with { AmendsMax = _limit },
            "MAX_POSITION" => rules with { PositionMax = new Quantity(_position) },
            "EXCHANGE_MAX_NUM_ORDERS" => rules with { ExchangeOrdersMax = _limit },
            "EXCHANGE_MAX_NUM_ALGO_ORDERS" => rules with { ExchangeAlgoOrdersMax = _limit },
            "EXCHANGE_MAX_NUM_ICEBERG_ORDERS" => rules with { ExchangeIcebergOrdersMax = _limit },
            "EXCHANGE_MAX_NUM_ORDER_LISTS" => rules with { ExchangeOrderListsMax = _limit },
            _ => rules,
        };
    }
}
