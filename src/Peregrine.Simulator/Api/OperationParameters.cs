namespace Peregrine.Simulator.Api;

/// <summary>Which parameters a call takes. One that is too many is refused before anything is done.</summary>
internal static class OperationParameters
{
    private const string Signing = "timestamp recvWindow signature apiKey returnRateLimits";

    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["ping"] = "", ["time"] = "", ["exchangeInfo"] = "symbol symbols permissions showPermissionSets symbolStatus",
        ["executionRules"] = "symbol symbols symbolStatus", ["referencePrice"] = "symbol", ["referencePrice.calculation"] = "symbol symbolStatus",
        ["depth"] = "symbol limit symbolStatus", ["trades.recent"] = "symbol limit", ["trades.historical"] = "symbol limit fromId",
        ["trades.aggregate"] = "symbol limit fromId startTime endTime",
        ["klines"] = "symbol interval startTime endTime timeZone limit", ["uiKlines"] = "symbol interval startTime endTime timeZone limit", ["avgPrice"] = "symbol",
        ["ticker.24hr"] = "symbol symbols type symbolStatus", ["ticker.tradingDay"] = "symbol symbols timeZone type symbolStatus",
        ["ticker"] = "symbol symbols windowSize type symbolStatus", ["ticker.price"] = "symbol symbols symbolStatus", ["ticker.book"] = "symbol symbols symbolStatus",
        ["account.status"] = "omitZeroBalances", ["account.commission"] = "symbol", ["account.rateLimits.orders"] = "",
        ["openOrders.status"] = "symbol", ["openOrders.cancelAll"] = "symbol", ["allOrders"] = "symbol orderId startTime endTime limit",
        ["order.status"] = "symbol orderId origClientOrderId", ["order.cancel"] = "symbol orderId origClientOrderId newClientOrderId cancelRestrictions",
        ["myTrades"] = "symbol orderId startTime endTime fromId limit",
        ["order.amend.keepPriority"] = "symbol orderId origClientOrderId newClientOrderId newQty", ["order.amendments"] = "symbol orderId fromExecutionId limit",
        ["myPreventedMatches"] = "symbol preventedMatchId orderId fromPreventedMatchId limit", ["myFilters"] = "symbol",
    };

    private static readonly Dictionary<string, HashSet<string>> Sets =
        Known.ToDictionary(k => k.Key, k => new HashSet<string>($"{k.Value} {Signing}".Split(' ', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal), StringComparer.Ordinal);

    /// <exception cref="ApiException">One was sent that the call does not take.</exception>
    public static void Check(Operation operation, RequestParameters parameters)
    {
        if (!Sets.TryGetValue(operation.Name, out HashSet<string>? known)) return;
        int sent = parameters.Values.Count;
        int read = parameters.Values.Keys.Count(known.Contains);
        if (read == sent) return;
        throw operation.IsSigned
            ? new ApiException(-1104, $"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")
            : new ApiException(-1101, $"Too many parameters; expected '{read}' and received '{sent}'.");
    }
}
