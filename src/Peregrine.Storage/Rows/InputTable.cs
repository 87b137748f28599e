using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

/// <summary>Every kind without a table of its own, and events whose own table cannot hold them: free numbers and the payload as it is. A flat kind's blob is its five words.</summary>
internal sealed class InputTable : RowTable
{
    internal override EventKind Kind => EventKind.None;
    internal override string Name => "input";
    internal override string Columns => "kind, a, b, c, d, payload";

    internal override bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload) => true;

    internal override void Bind(Statement insert, in MarketEvent entry, ReadOnlySpan<long> payload, SymbolUnits units)
    {
        insert.Bind(FirstParameter, (long)entry.Kind);
        insert.Bind(FirstParameter + 1, entry.Plain.A);
        insert.Bind(FirstParameter + 2, entry.Plain.B);
        insert.Bind(FirstParameter + 3, entry.Plain.C);
        insert.Bind(FirstParameter + 4, entry.Depth.BidCount);
        if (entry.HasPayload) insert.BindBlob(FirstParameter + 5, MemoryMarshal.AsBytes(payload));
        else if (entry.Kind.IsFlat()) insert.BindBlob(FirstParameter + 5, MemoryMarshal.AsBytes(new ReadOnlySpan<TradeFields>(in entry.Trade)));
        else insert.BindNull(FirstParameter + 5);
    }

    internal override ReadOnlySpan<long> Read(Statement select, ref MarketEvent entry, ref long[] words, SymbolUnits units)
    {
        entry.Kind = (EventKind)select.Int64(CommonColumns);
        entry.Plain.A = select.Int64(CommonColumns + 1);
        entry.Plain.B = select.Int64(CommonColumns + 2);
        entry.Plain.C = select.Int64(CommonColumns + 3);
        entry.Depth.BidCount = (int)select.Int64(CommonColumns + 4);
        ReadOnlySpan<byte> blob = select.Blob(CommonColumns + 5);
        if (!entry.HasPayload)
        {
            if (entry.Kind.IsFlat() && blob.Length == Unsafe.SizeOf<TradeFields>()) entry.Trade = MemoryMarshal.Read<TradeFields>(blob);
            return default;
        }
        int count = blob.Length / sizeof(long);
        if (words.Length < count) words = new long[count];
        blob[..(count * sizeof(long))].CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        entry.PayloadWords = count;
        return words.AsSpan(0, count);
    }
}
