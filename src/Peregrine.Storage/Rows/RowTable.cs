using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

/// <summary>How the events of a kind stand in a plain table, one row each. Sequence, symbol, flags, lag and times come first, for all alike.</summary>
internal abstract class RowTable
{
    /// <summary>Columns that every table binds and reads alike.</summary>
    protected const int CommonColumns = 6;

    /// <summary>The first parameter that belongs to the kind.</summary>
    protected const int FirstParameter = CommonColumns + 1;

    internal static readonly RowTable Input = new InputTable();

    /// <summary>All tables, the general one last.</summary>
    internal static readonly RowTable[] All =
    [
        new TradeTable(EventKind.AggTrade, "agg_trade"), new TradeTable(EventKind.Trade, "trade"), new KlineTable(), new OrderIntentTable(),
        new CancelIntentTable(), new ExecutionReportTable(), new DecisionTable(), new GapTable(), Input,
    ];

    /// <summary>The kind that has this table; None for the general one.</summary>
    internal abstract EventKind Kind { get; }

    internal abstract string Name { get; }

    /// <summary>Names of the kind's own columns, separated by commas.</summary>
    internal abstract string Columns { get; }

    /// <summary>Payload words that one row can give back.</summary>
    internal virtual int PayloadWords => 0;

    /// <summary>Whether the columns hold this event exactly; if not, it goes to <see cref="Input"/>.</summary>
    internal abstract bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload);

    /// <summary>Binds the kind's own columns; the common ones are bound already.</summary>
    internal abstract void Bind(Statement insert, in MarketEvent entry, ReadOnlySpan<long> payload, SymbolUnits units);

    /// <summary>Reads the kind's own columns and returns the payload; the common ones are read already.</summary>
    internal abstract ReadOnlySpan<long> Read(Statement select, ref MarketEvent entry, ref long[] words, SymbolUnits units);

    /// <summary>What gives the receive time, nanoseconds since 1970.</summary>
    internal virtual string ReceiveTimeSql => "receive_time";

    /// <summary>The column that has the receive time, or what gives it.</summary>
    protected virtual string ReceiveColumn => "receive_time";

    /// <summary>Names of all columns, in the order in which they are bound and read.</summary>
    internal string AllColumns => $"seq, symbol, flags, lag, exchange_time, {ReceiveColumn}, {Columns}";

    internal string InsertSql
    {
        get
        {
            int parameters = CommonColumns + Columns.Count(static character => character == ',') + 1;
            return $"INSERT INTO {Name}({AllColumns}) VALUES ({string.Join(", ", Enumerable.Repeat("?", parameters))})";
        }
    }

    internal string SelectSql => $"SELECT {AllColumns} FROM {Name}";

    internal static void BindCommon(Statement insert, long sequence, long symbol, in MarketEvent entry)
    {
        insert.Bind(1, sequence);
        insert.Bind(2, symbol);
        insert.Bind(3, (long)entry.Flags);
        insert.Bind(4, entry.TransactionLagMicros);
        insert.Bind(5, entry.ExchangeTimeMicros);
        insert.Bind(6, entry.ReceiveTimeNanos);
    }

    internal static void ReadCommon(Statement select, ref MarketEvent entry)
    {
        entry.Flags = (EventFlags)select.Int64(2);
        entry.TransactionLagMicros = (int)select.Int64(3);
        entry.ExchangeTimeMicros = select.Int64(4);
        entry.ReceiveTimeNanos = select.Int64(5);
    }
}
