using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;

namespace Peregrine.Simulator.Api;

/// <summary>All calls that the exchange answers: one definition for REST and the WebSocket API. Run under the exchange's gate.</summary>
internal sealed class ExchangeApi
{
    private readonly IMarketSource _market;
    private readonly Dictionary<string, Operation> _operations = new(StringComparer.Ordinal);

    public ExchangeApi(IMarketSource market, TimeProvider time, bool isSpot, UsageCounter usage, TradingFaults faults)
    {
        _market = market;
        MarketContext markets = new(market, time, isSpot);
        TradingContext trading = new(market, time, faults);
        Add(new GeneralApi(markets, usage, name => Find(name) is not null).Operations);
        Add(new BookApi(markets).Operations);
        Add(new KlineApi(markets).Operations);
        Add(new TickerApi(markets).Operations);
        if (isSpot) Add(new WalletApi(markets).Operations);
        else Add(new DerivativesApi(markets).Operations);
        Operation[] all =
        [
            .. new OrderApi(trading).Operations, .. new CancelReplaceApi(trading).Operations, .. new AmendApi(trading).Operations,
            .. new OrderListApi(trading).Operations, .. new AccountApi(trading).Operations,
        ];
        foreach (Operation operation in all)
            Add([operation with { Run = (parameters, writer) => faults.Run(operation, parameters, writer) }]);
    }

    public bool PrepareSnapshot(string symbol) => _market.PrepareSnapshot(symbol);

    /// <summary>The operation behind each REST route.</summary>
    public IEnumerable<KeyValuePair<(string Method, string Path), string>> Routes =>
        from operation in _operations.Values from route in operation.Routes select KeyValuePair.Create(route, operation.Name);

    public Operation? Find(string name) => _operations.GetValueOrDefault(name);

    private void Add(IEnumerable<Operation> operations)
    {
        foreach (Operation operation in operations) _operations.Add(operation.Name, operation);
    }
}
