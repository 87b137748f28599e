using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

/// <summary>Trades and aggregate trades: the same columns, a table each.</summary>
internal sealed class TradeTable(EventKind kind, string name) : RowTable
{
    internal override EventKind Kind => kind;
    internal override string Name => name;
    internal override string Columns => "id, price, quantity, first_id, last_id";

    internal override bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload) => true;

    internal override void Bind(Statement insert, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        insert.Bind(FirstParameter, entry.Trade.Id);
        insert.Bind(FirstParameter + 1, entry.Trade.Price.Raw);
        insert.Bind(FirstParameter + 2, entry.Trade.Quantity.Raw);
        insert.Bind(FirstParameter + 3, entry.Trade.FirstTradeId);
        insert.Bind(FirstParameter + 4, entry.Trade.LastTradeId);
    }

    internal override ReadOnlySpan<long> Read(Statement select, ref MarketEvent entry, ref long[] words)
    {
        entry.Kind = kind;
        entry.Trade.Id = select.Int64(CommonColumns);
        entry.Trade.Price = new Price(select.Int64(CommonColumns + 1));
        entry.Trade.Quantity = new Quantity(select.Int64(CommonColumns + 2));
        entry.Trade.FirstTradeId = select.Int64(CommonColumns + 3);
        entry.Trade.LastTradeId = select.Int64(CommonColumns + 4);
        return default;
    }
}
