using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>What only futures have.</summary>
internal sealed class DerivativesApi(MarketContext context)
{
    public IEnumerable<Operation> Operations =>
    [
        new Operation("premiumIndex", false, 1, Premium) { Routes = context.Get("premiumIndex"), WeightOf = RequestWeights.PremiumIndex },
        new Operation("openInterest", false, 1, OpenInterest) { Routes = context.Get("openInterest") },
    ];

    private void Premium(RequestParameters parameters, WireWriter writer)
    {
        if (parameters.Has("symbol"))
        {
            if (!context.Market.TryWritePremium(context.Symbol(parameters), writer)) throw NotThere("premium index");
            return;
        }
        writer.Raw("["u8);
        foreach (MarketSymbol symbol in context.Market.Symbols)
        {
            int before = writer.Length;
            if (!context.Market.TryWritePremium(symbol, writer.Comma())) writer.Truncate(before);
        }
        writer.Raw("]"u8);
    }

    private void OpenInterest(RequestParameters parameters, WireWriter writer)
    {
        if (!context.Market.TryWriteOpenInterest(context.Symbol(parameters), writer)) throw NotThere("open interest");
    }

    private static ApiException NotThere(string what) => new(-1000, $"No {what} of this symbol is known here.", 503);
}
