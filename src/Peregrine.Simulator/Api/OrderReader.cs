using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Api;

/// <summary>Reads new orders, alone or as part of a list, from a request's parameters.</summary>
internal static class OrderReader
{
    /// <exception cref="ApiException">A parameter is missing, malformed or one too many.</exception>
    public static OrderRequest Read(TradingContext context, RequestParameters parameters) => Read(context, parameters, "", parameters.Required("side"), "quantity");

    /// <param name="prefix">What the names of the part's parameters begin with; empty for an order that stands alone.</param>
    /// <param name="quantityName">The parameter with its quantity, which the parts of a list may share.</param>
    /// <exception cref="ApiException">A parameter is missing, malformed or one too many.</exception>
    public static OrderRequest Read(TradingContext context, RequestParameters parameters, string prefix, string sideText, string quantityName)
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
        foreach (string unserved in (string[])["icebergQty", "trailingDelta", "pegPriceType"])
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
        long stopPrice = isStop ? parameters.Decimal(Named("stopPrice")) ?? throw ApiException.Missing(Named("stopPrice")) : 0;
        if (isStop && stopPrice == 0) throw new ApiException(-1013, "Invalid stopPrice.");

        long quantity = parameters.Decimal(quantityName) ?? 0;
        long quoteQuantity = prefix.Length == 0 ? parameters.Decimal("quoteOrderQty") ?? 0 : 0;
        if (quoteQuantity > 0 && (type != OrderType.Market || quantity > 0)) throw ApiException.NotRequired("quoteOrderQty");
        if (quantity == 0 && quoteQuantity == 0)
        {
            throw type == OrderType.Market && !parameters.Has(quantityName)
                ? new ApiException(-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")
                : parameters.Has(quantityName) ? new ApiException(-1013, "Invalid quantity.") : ApiException.Missing(quantityName);
        }
        if (isPriced && price == 0) throw new ApiException(-1013, "Invalid price.");
        string idName = prefix.Length == 0 ? "newClientOrderId" : prefix + "ClientOrderId";
        return new OrderRequest(instrument, side, type, time, price, quantity, quoteQuantity, ClientId(parameters, idName), stopPrice);
    }

    /// <exception cref="ApiException">It has characters that ids do not have, or too many.</exception>
    public static string? ClientId(RequestParameters parameters, string name)
    {
        if (parameters.Optional(name) is not { } id) return null;
        bool isLegal = id.Length <= ClientOrderId.LengthMax;
        foreach (char character in id) isLegal &= char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or ':' or '/';
        return isLegal ? id : throw new ApiException(-1100, $"Illegal characters found in parameter '{name}'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{{1,36}}$'.");
    }
}
