using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Order books and trades.</summary>
internal sealed class BookApi(MarketContext context)
{
    public IEnumerable<Operation> Operations
    {
        get
        {
            yield return new Operation("depth", false, 5, Depth) { Routes = context.Get("depth"), WeightOf = p => RequestWeights.Depth(p, context.IsSpot) };
            if (!context.IsSpot) yield break;
            yield return new Operation("trades.recent", false, 25, Recent) { Routes = context.Get("trades") };
            yield return new Operation("trades.historical", false, 25, Historical) { Routes = context.Get("historicalTrades") };
            yield return new Operation("trades.aggregate", false, 4, Aggregates) { Routes = context.Get("aggTrades") };
        }
    }

    private void Depth(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = MarketContext.Limit(parameters, context.IsSpot ? 100 : 500, context.IsSpot ? 5_000 : 1_000);
        if (!context.IsSpot && limit is not (5 or 10 or 20 or 50 or 100 or 500 or 1_000)) throw new ApiException(-4021, $"{limit} is not valid depth limit.");
        if (!context.Market.TryWriteDepth(symbol, limit, writer))
            throw new ApiException(-1000, "No snapshot of this symbol has been recorded up to here. Please try again.", 503);
    }

    private void Recent(RequestParameters parameters, WireWriter writer) =>
        Write(writer, context.Symbol(parameters).Trades.Last(MarketContext.Limit(parameters, 500, 1_000)));

    private void Historical(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = MarketContext.Limit(parameters, 500, 1_000);
        Write(writer, parameters.Integer("fromId") is { } from ? symbol.Trades.Last(int.MaxValue).Where(t => t.Id >= from).Take(limit) : symbol.Trades.Last(limit));
    }

    private static void Write(WireWriter writer, IEnumerable<TapeTrade> trades)
    {
        writer.Raw("["u8);
        foreach (TapeTrade trade in trades)
        {
            writer.Comma().Raw("{\"id\":"u8).Number(trade.Id).Raw(",\"price\":"u8).Decimal(trade.Price).Raw(",\"qty\":"u8).Decimal(trade.Quantity)
                .Raw(",\"quoteQty\":"u8).Decimal(Money.Quote(trade.Price, trade.Quantity)).Raw(",\"time\":"u8).Time(trade.TimeMicros)
                .Raw(",\"isBuyerMaker\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"isBestMatch\":true}"u8);
        }
        writer.Raw("]"u8);
    }

    private void Aggregates(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        int limit = MarketContext.Limit(parameters, 500, 1_000);
        long? fromId = parameters.Integer("fromId");
        if (fromId is not null && (parameters.Has("startTime") || parameters.Has("endTime"))) throw new ApiException(-1128, "Combination of optional parameters invalid.");
        IEnumerable<TapeAggregate> wanted = symbol.Aggregates.Last(int.MaxValue).Where(t => (fromId is null || t.Id >= fromId) && TradingContext.InTime(parameters, t.TimeMicros));
        writer.Raw("["u8);
        foreach (TapeAggregate trade in fromId is not null || parameters.Has("startTime") ? wanted.Take(limit) : wanted.TakeLast(limit))
        {
            writer.Comma().Raw("{\"a\":"u8).Number(trade.Id).Raw(",\"p\":"u8).Decimal(trade.Price).Raw(",\"q\":"u8).Decimal(trade.Quantity)
                .Raw(",\"f\":"u8).Number(trade.FirstId).Raw(",\"l\":"u8).Number(trade.LastId).Raw(",\"T\":"u8).Time(trade.TimeMicros)
                .Raw(",\"m\":"u8).Bool(trade.BuyerIsMaker).Raw(",\"M\":true}"u8);
        }
        writer.Raw("]"u8);
    }
}
