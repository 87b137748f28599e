using Peregrine.Common;
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
        new Operation("account.commission", true, 20, Commission) { Routes = [("GET", "/api/v3/account/commission")] },
        new Operation("account.rateLimits.orders", true, 40, OrderLimits) { Routes = [("GET", "/api/v3/rateLimit/order")] },
        new Operation("myFilters", true, 40, MyFilters) { Routes = [("GET", "/api/v3/myFilters")] },
        new Operation("myPreventedMatches", true, 20, PreventedMatches) { Routes = [("GET", "/api/v3/myPreventedMatches")], WeightOf = static p => p.Has("preventedMatchId") ? 2 : 20 },
        new Operation("myTrades", true, 20, MyTrades) { Routes = [("GET", "/api/v3/myTrades")], WeightOf = static p => p.Has("orderId") ? 5 : 20 },
    ];

    private void AccountStatus(RequestParameters parameters, WireWriter writer) =>
        OrderWire.Account(writer, parameters.Key!.Account, parameters.Optional("omitZeroBalances") == "true", context.NowMicros);

    /// <summary>The rates that fills are charged at. The discount is what is left of a fee that is paid in another asset, for whom that is so.</summary>
    private void Commission(RequestParameters parameters, WireWriter writer)
    {
        OrderDesk desk = TradingContext.Desk(parameters);
        const long rate = FixedPoint.One / 10_000;
        FeePayment payment = desk.FeePayment ?? new FeePayment("BNB", 0, 75);
        writer.Raw("{\"symbol\":"u8).Text(context.Symbol(parameters).Name).Raw(",\"standardCommission\":{\"maker\":"u8).Decimal(desk.Fees.MakerBasisPoints * rate)
            .Raw(",\"taker\":"u8).Decimal(desk.Fees.TakerBasisPoints * rate).Raw(",\"buyer\":\"0.00000000\",\"seller\":\"0.00000000\"}"u8)
            .Raw(",\"specialCommission\":{\"maker\":\"0.00000000\",\"taker\":\"0.00000000\",\"buyer\":\"0.00000000\",\"seller\":\"0.00000000\"}"u8)
            .Raw(",\"taxCommission\":{\"maker\":\"0.00000000\",\"taker\":\"0.00000000\",\"buyer\":\"0.00000000\",\"seller\":\"0.00000000\"}"u8)
            .Raw(",\"discount\":{\"enabledForAccount\":"u8).Bool(desk.FeePayment is not null).Raw(",\"enabledForSymbol\":true,\"discountAsset\":"u8).Text(payment.Asset)
            .Raw(",\"discount\":"u8).Decimal(payment.Percent * (FixedPoint.One / 100)).Raw("}}"u8);
    }

    private void OrderLimits(RequestParameters parameters, WireWriter writer)
    {
        writer.Raw("["u8);
        TradingContext.Usage(parameters).WriteOrders(writer);
        writer.Raw("]"u8);
    }

    private void MyFilters(RequestParameters parameters, WireWriter writer)
    {
        Instrument instrument = context.Symbol(parameters).Instrument;
        writer.Raw("{\"exchangeFilters\":["u8);
        FilterWire.Exchange(writer, instrument.Rules);
        writer.Raw("],\"symbolFilters\":["u8);
        FilterWire.Symbol(writer, instrument.Rules);
        writer.Raw("],\"assetFilters\":["u8);
        FilterWire.Assets(writer, instrument);
        writer.Raw("]}"u8);
    }

    private void PreventedMatches(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long? id = parameters.Integer("preventedMatchId"), order = parameters.Integer("orderId"), from = parameters.Integer("fromPreventedMatchId");
        if (id is null && order is null) throw new ApiException(-1102, "Param 'preventedMatchId' or 'orderId' must be sent, but both were empty/null!");
        if ((id is not null && (order is not null || from is not null || parameters.Has("limit"))) || (from is not null && order is null)) throw new ApiException(-1128, "Combination of optional parameters invalid.");
        writer.Raw("["u8);
        foreach (PreventedMatch match in TradingContext.Desk(parameters).PreventedMatches.Where(m => m.Instrument.Symbol == symbol.Name && (id is null || m.Id == id)
            && (order is null || m.Taker.Id == order || m.Maker.Id == order) && (from is null || m.Id >= from)).Take(limit)) OrderWire.PreventedMatch(writer.Comma(), match);
        writer.Raw("]"u8);
    }

    private void MyTrades(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = TradingContext.Limit(parameters, 500, 1_000);
        long? orderId = parameters.Integer("orderId");
        long? fromId = parameters.Integer("fromId");
        var wanted = TradingContext.Desk(parameters).Trades.Where(t => t.Order.Instrument.Symbol == symbol.Name && (orderId is null || t.Order.Id == orderId)
            && (fromId is null || t.Fill.TradeId >= fromId) && TradingContext.InTime(parameters, t.Fill.TimeMicros));
        writer.Raw("["u8);
        foreach ((VenueOrder order, Fill fill) in fromId is not null ? wanted.Take(limit) : wanted.TakeLast(limit)) OrderWire.Trade(writer.Comma(), order, fill);
        writer.Raw("]"u8);
    }
}
