using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Api;

/// <summary>What the order and account calls share.</summary>
internal sealed class TradingContext(IMarketSource market, OrderDesk desk, TimeProvider time, TradingFaults faults)
{
    private readonly Dictionary<string, MarketSymbol> _symbols = market.Symbols.ToDictionary(s => s.Name, StringComparer.Ordinal);

    public IMarketSource Market => market;
    public OrderDesk Desk => desk;
    public TradingFaults Faults => faults;
    public long Millis => time.GetUnixMicros() / 1_000;

    /// <exception cref="ApiException">No such symbol, or none was named.</exception>
    public MarketSymbol Symbol(RequestParameters parameters) =>
        _symbols.TryGetValue(parameters.Required("symbol"), out MarketSymbol? symbol) ? symbol : throw ApiException.BadSymbol();

    /// <exception cref="ApiException">It is 0.</exception>
    public static int Limit(RequestParameters parameters, int normal, int max) =>
        parameters.Integer("limit") is not { } limit ? normal : limit is > 0 ? (int)Math.Min(limit, max) : throw new ApiException(-1130, "Data sent for parameter 'limit' is not valid.");

    public static bool InTime(RequestParameters parameters, long micros) =>
        (parameters.Integer("startTime") is not { } from || micros / 1_000 >= from) && (parameters.Integer("endTime") is not { } to || micros / 1_000 <= to);
}
