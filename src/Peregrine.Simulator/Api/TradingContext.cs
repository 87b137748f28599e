using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Api;

/// <summary>What the order and account calls share.</summary>
internal sealed class TradingContext(IMarketSource market, TimeProvider time, TradingFaults faults)
{
    private readonly Dictionary<string, MarketSymbol> _symbols = market.Symbols.ToDictionary(s => s.Name, StringComparer.Ordinal);

    public IMarketSource Market => market;
    public TradingFaults Faults => faults;
    public long NowMicros => time.GetUnixMicros();

    /// <summary>The orders of the account whose key signed the request.</summary>
    public static OrderDesk Desk(RequestParameters parameters) => parameters.Key!.Account.Desk;

    /// <summary>How many orders that account placed of late.</summary>
    public static UsageCounter Usage(RequestParameters parameters) => parameters.Key!.Account.Usage;

    /// <exception cref="ApiException">No such symbol, or none was named.</exception>
    public MarketSymbol Symbol(RequestParameters parameters) =>
        _symbols.TryGetValue(parameters.Required("symbol"), out MarketSymbol? symbol) ? symbol : throw ApiException.BadSymbol();

    /// <summary>The order that is named by its id, its client id or both; null when there is none.</summary>
    /// <exception cref="ApiException">No id was sent, or the two do not belong to one order.</exception>
    public VenueOrder? FindOrder(RequestParameters parameters, string idName, string clientIdName, int mismatchCode, string mismatch)
    {
        MarketSymbol symbol = Symbol(parameters);
        long? orderId = parameters.Integer(idName);
        string? clientId = parameters.Optional(clientIdName);
        if (orderId is null && clientId is null) throw new ApiException(-1102, $"Param '{clientIdName}' or '{idName}' must be sent, but both were empty/null!");
        VenueOrder? order = Desk(parameters).Find(symbol.Name, orderId, clientId);
        if (order is not null && clientId is not null && order.ClientId != clientId) throw new ApiException(mismatchCode, mismatch);
        return order;
    }

    /// <summary>Whether an order that is to be cancelled is one that may be.</summary>
    /// <exception cref="ApiException">It may not; or there is a fault that has it so.</exception>
    public void CheckRestriction(RequestParameters parameters, VenueOrder? order)
    {
        string? restriction = parameters.Optional("cancelRestrictions");
        if (restriction is not (null or "ONLY_NEW" or "ONLY_PARTIALLY_FILLED"))
            throw new ApiException(-1145, "Invalid cancelRestrictions");
        if (order is not { IsOpen: true }) return;
        if (restriction is not null && restriction == "ONLY_NEW" != (order.Status == OrderStatus.New))
            throw new ApiException(-2011, "Order was not canceled due to cancel restrictions.");
        faults.BeforeCancel(order);
    }

    /// <exception cref="ApiException">It is 0.</exception>
    public static int Limit(RequestParameters parameters, int normal, int max) =>
        parameters.Integer("limit") is not { } limit ? normal : limit is > 0 ? (int)Math.Min(limit, max) : throw new ApiException(-1130, "Data sent for parameter 'limit' is not valid.");

    public static bool InTime(RequestParameters parameters, long micros) =>
        (parameters.Integer("startTime") is not { } from || micros / 1_000 >= from) && (parameters.Integer("endTime") is not { } to || micros / 1_000 <= to);
}
