using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

/// <summary>Gaps: A is the <see cref="GapReason"/>, B how many were lost where that is known, C the reporter's own detail.</summary>
internal sealed class GapTable : RowTable
{
    internal override EventKind Kind => EventKind.Gap;
    internal override string Name => "gap";
    internal override string Columns => "reason, lost, detail";

    internal override bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload) => !entry.HasPayload && entry.Depth.BidCount == 0;

    internal override void Bind(Statement insert, in MarketEvent entry, ReadOnlySpan<long> payload, SymbolUnits units)
    {
        insert.Bind(FirstParameter, entry.Plain.A);
        insert.Bind(FirstParameter + 1, entry.Plain.B);
        insert.Bind(FirstParameter + 2, entry.Plain.C);
    }

    internal override ReadOnlySpan<long> Read(Statement select, ref MarketEvent entry, ref long[] words, SymbolUnits units)
    {
        entry.Kind = EventKind.Gap;
        entry.Plain.A = select.Int64(CommonColumns);
        entry.Plain.B = select.Int64(CommonColumns + 1);
        entry.Plain.C = select.Int64(CommonColumns + 2);
        return default;
    }
}
