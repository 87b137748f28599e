using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Api;

/// <summary>Reads new orders, alone or as part of a list, from a request's parameters.</summary>
internal static class OrderReader
{
    /// <summary>Strategy types below belong to the exchange.</summary>
    private const long StrategyTypeMin = 1_000_000;

    /// <exception cref="ApiException">A parameter is missing, malformed or one too many.</exception>
    public static OrderRequest Read(TradingContext context, RequestParameters parameters) => Read(context, parameters, "", parameters.Required("side"), "quantity");

    /// <param name="prefix">What the names of the part's parameters begin with; empty for an order that stands alone.</param>
    /// <param name="quantityName">The parameter with its quantity, which the parts of a list may share; null where it is not known yet.</param>
    /// <exception cref="ApiException">A parameter is missing, malformed or one too many.</exception>
    public static OrderRequest Read(TradingContext context, RequestParameters parameters, string prefix, string sideText, string? quantityName)
    {
        string Named(string name) => prefix.Length == 0 ? name : $"{prefix}{char.ToUpperInvariant(name[0])}{name[1..]}";
        Instrument instrument = context.Symbol(parameters).Instrument;
        Side side = sideText switch { "BUY" => Side.Buy, "SELL" => Side.Sell, _ => throw new ApiException(-1117, "Invalid side.") };
        OrderType type = parameters.Required(Named("type")) switch
        {
            "LIMIT" => OrderType.Limit,
            "LIMIT_MAKER" => OrderType.LimitMaker,
            "MARKET" => OrderType.Market,
            "STOP_LOSS" => OrderType.StopLoss,
            "STOP_LOSS_LIMIT" => OrderType.StopLossLimit,
            "TAKE_PROFIT" => OrderType.TakeProfit,
            "TAKE_PROFIT_LIMIT" => OrderType.TakeProfitLimit,
            _ => throw new ApiException(-1116, "Invalid orderType."),
        };
        foreach (string unserved in (string[])["pegPriceType", "pegOffsetType", "pegOffsetValue"])
            if (parameters.Has(Named(unserved))) throw ApiException.NotRequired(Named(unserved));

        TimeInForce time = TimeInForce.None;
        if (type is OrderType.Limit or OrderType.StopLossLimit or OrderType.TakeProfitLimit)
        {
            time = parameters.Required(Named("timeInForce")) switch
            {
                "GTC" => TimeInForce.GoodTillCancel,
                "IOC" => TimeInForce.ImmediateOrCancel,
                "FOK" => TimeInForce.FillOrKill,
                _ => throw new ApiException(-1115, "Invalid timeInForce."),
            };
        }
        else if (parameters.Has(Named("timeInForce"))) throw ApiException.NotRequired(Named("timeInForce"));

        bool isPriced = type is not (OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit);
        if (!isPriced && parameters.Has(Named("price"))) throw ApiException.NotRequired(Named("price"));
        long price = isPriced ? parameters.Decimal(Named("price")) ?? throw ApiException.Missing(Named("price")) : 0;
        bool isStop = type is OrderType.StopLoss or OrderType.StopLossLimit or OrderType.TakeProfit or OrderType.TakeProfitLimit;
        if (!isStop && parameters.Has(Named("stopPrice"))) throw ApiException.NotRequired(Named("stopPrice"));
        if (!isStop && parameters.Has(Named("trailingDelta"))) throw ApiException.NotRequired(Named("trailingDelta"));
        bool trails = parameters.Has(Named("trailingDelta"));
        int trailingDelta = (int)Math.Min(int.MaxValue, parameters.Integer(Named("trailingDelta")) ?? 0);
        if (isStop && !trails && !parameters.Has(Named("stopPrice")))
            throw new ApiException(-1102, $"Param '{Named("stopPrice")}' or '{Named("trailingDelta")}' must be sent, but both were empty/null!");
        long stopPrice = parameters.Decimal(Named("stopPrice")) ?? 0;
        if (parameters.Has(Named("stopPrice")) && stopPrice == 0) throw new ApiException(-1013, "Invalid stopPrice.");
        if (trails && trailingDelta == 0) throw ApiException.Filter("TRAILING_DELTA");

        long quantity = quantityName is null ? 0 : parameters.Decimal(quantityName) ?? 0;
        long quoteQuantity = prefix.Length == 0 ? parameters.Decimal("quoteOrderQty") ?? 0 : 0;
        if (quoteQuantity > 0 && (type != OrderType.Market || quantity > 0)) throw ApiException.NotRequired("quoteOrderQty");
        if (quantityName is not null && quantity == 0 && quoteQuantity == 0)
        {
            throw type == OrderType.Market && !parameters.Has(quantityName)
                ? new ApiException(-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")
                : parameters.Has(quantityName) ? new ApiException(-1013, "Invalid quantity.") : ApiException.Missing(quantityName);
        }
        if (isPriced && price == 0) throw new ApiException(-1013, "Invalid price.");
        string idName = prefix.Length == 0 ? "newClientOrderId" : prefix + "ClientOrderId";
        return new OrderRequest(instrument, side, type, time, price, quantity, quoteQuantity, ClientId(parameters, idName), stopPrice)
        {
            IcebergQuantity = Iceberg(parameters, Named("icebergQty"), type, time), TrailingDelta = trailingDelta, Prevention = Prevention(parameters), IsUnknownQuantity = quantityName is null,
            StrategyId = parameters.Integer(Named("strategyId")), StrategyType = StrategyType(parameters, Named("strategyType")),
        };
    }

    /// <summary>How much the book is to show at a time; 0 for all.</summary>
    private static long Iceberg(RequestParameters parameters, string name, OrderType type, TimeInForce time)
    {
        if (type is OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit && parameters.Has(name)) throw ApiException.NotRequired(name);
        long quantity = parameters.Decimal(name) ?? 0;
        return quantity == 0 || time is TimeInForce.None or TimeInForce.GoodTillCancel ? quantity : throw ApiException.Rejected("Unsupported order combination");
    }

    private static SelfTradePrevention Prevention(RequestParameters parameters)
    {
        if (parameters.Optional("selfTradePreventionMode") is not { } word) return SelfTradePrevention.None;
        return SelfTradePreventionText.TryRead(word, out SelfTradePrevention mode) ? mode : throw ApiException.Invalid("selfTradePreventionMode");
    }

    private static long? StrategyType(RequestParameters parameters, string name) =>
        parameters.Integer(name) is { } type ? type >= StrategyTypeMin ? type : throw ApiException.Invalid(name) : null;

    /// <exception cref="ApiException">It has characters that ids do not have, or too many.</exception>
    public static string? ClientId(RequestParameters parameters, string name)
    {
        if (parameters.Optional(name) is not { } id) return null;
        bool isLegal = id.Length <= ClientOrderId.LengthMax;
        foreach (char character in id) isLegal &= char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or ':' or '/';
        return isLegal ? id : throw new ApiException(-1100, $"Illegal characters found in parameter '{name}'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{{1,36}}$'.");
    }
}
