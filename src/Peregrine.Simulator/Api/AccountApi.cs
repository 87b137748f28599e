using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>The account: balances and trades.</summary>
internal sealed class AccountApi(TradingContext context)
{
    /// <summary>What it serves: the method's name on the WebSocket API, and its routes on REST.</summary>
    public IEnumerable<Operation> Operations =>
    [
        new Operation("account.status", true, 20, AccountStatus) { Routes = [("GET", "/api/v3/account")] },
        new Operation("myTrades", true, 20, MyTrades) { Routes = [("GET", "/api/v3/myTrades")], WeightOf = static p => p.Has("orderId") ? 5 : 20 },
    ];

    private void AccountStatus(RequestParameters parameters, WireWriter writer) =>
        OrderWire.Account(writer, context.Desk.Account, context.Desk.Fees, parameters.Optional("omitZeroBalances") == "true", context.Millis);

    private void MyTrades(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long? orderId = parameters.Integer("orderId");
        long? fromId = parameters.Integer("fromId");
        var wanted = context.Desk.Trades.Where(t => t.Order.Instrument.Symbol == symbol.Name && (orderId is null || t.Order.Id == orderId)
            && (fromId is null || t.Fill.TradeId >= fromId) && TradingContext.InTime(parameters, t.Fill.TimeMicros));
        writer.Raw("["u8);
        foreach ((VenueOrder order, Fill fill) in fromId is not null ? wanted.Take(limit) : wanted.TakeLast(limit)) OrderWire.Trade(writer.Comma(), order, fill);
        writer.Raw("]"u8);
    }
}
