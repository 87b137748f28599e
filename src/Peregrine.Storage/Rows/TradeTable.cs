using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

/// <summary>
/// Trades and aggregate trades, a table each. They are the most rows by far, so each column is as narrow as it can be: prices in ticks, quantities in lots,
/// the receive time as what it is later than the exchange's. The views show them in full.
/// </summary>
internal sealed class TradeTable(EventKind kind, string name) : RowTable
{
    /// <summary>Beside the event's flags, which are eight bits: price and quantity are in 1e-8 units, because the symbol's do not divide them.</summary>
    internal const long InPlainUnits = 256;

    private const int Flags = 2;
    private const int Latency = 5;

    private bool IsAggregate => kind == EventKind.AggTrade;

    internal override EventKind Kind => kind;
    internal override string Name => name;
    internal override string Columns => IsAggregate ? "id, price, quantity, first_id, more" : "id, price, quantity";
    internal override string ReceiveTimeSql => "exchange_time * 1000 + latency";
    protected override string ReceiveColumn => "latency";

    internal override bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload) =>
        IsAggregate || (entry.Trade.FirstTradeId == entry.Trade.Id && entry.Trade.LastTradeId == entry.Trade.Id);

    // Differences wrap around, so that every 64-bit value comes back exactly.
    internal override void Bind(Statement insert, in MarketEvent entry, ReadOnlySpan<long> payload, SymbolUnits units)
    {
        long price = entry.Trade.Price.Raw;
        long quantity = entry.Trade.Quantity.Raw;
        if (units.Divide(price, quantity))
        {
            price /= units.Price;
            quantity /= units.Quantity;
        }
        else
        {
            insert.Bind(Flags + 1, (long)entry.Flags | InPlainUnits);
        }
        insert.Bind(Latency + 1, entry.ReceiveTimeNanos - (entry.ExchangeTimeMicros * 1_000));
        insert.Bind(FirstParameter, entry.Trade.Id);
        insert.Bind(FirstParameter + 1, price);
        insert.Bind(FirstParameter + 2, quantity);
        if (!IsAggregate) return;
        insert.Bind(FirstParameter + 3, entry.Trade.FirstTradeId);
        insert.Bind(FirstParameter + 4, entry.Trade.LastTradeId - entry.Trade.FirstTradeId);
    }

    internal override ReadOnlySpan<long> Read(Statement select, ref MarketEvent entry, ref long[] words, SymbolUnits units)
    {
        if ((select.Int64(Flags) & InPlainUnits) != 0) units = SymbolUnits.Plain;
        entry.Kind = kind;
        entry.ReceiveTimeNanos = select.Int64(Latency) + (entry.ExchangeTimeMicros * 1_000);
        entry.Trade.Id = select.Int64(CommonColumns);
        entry.Trade.Price = new Price(select.Int64(CommonColumns + 1) * units.Price);
        entry.Trade.Quantity = new Quantity(select.Int64(CommonColumns + 2) * units.Quantity);
        entry.Trade.FirstTradeId = IsAggregate ? select.Int64(CommonColumns + 3) : entry.Trade.Id;
        entry.Trade.LastTradeId = IsAggregate ? entry.Trade.FirstTradeId + select.Int64(CommonColumns + 4) : entry.Trade.Id;
        return default;
    }
}
