using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

/// <summary>A table whose rows are one payload record each, field by field, with the event's free numbers behind them.</summary>
internal abstract class RecordTable<T> : RowTable where T : unmanaged
{
    /// <summary>The record's fields as columns.</summary>
    protected abstract string Fields { get; }

    /// <summary>How many columns <see cref="Fields"/> names.</summary>
    protected abstract int FieldCount { get; }

    internal sealed override string Columns => Fields + ", a, b, c";

    internal sealed override int PayloadWords => Payload.Words<T>();

    /// <summary>The record as its columns would give it back.</summary>
    protected abstract T Copy(in T record);

    protected abstract void BindFields(Statement insert, in T record);

    protected abstract T ReadFields(Statement select);

    internal sealed override bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!entry.HasPayload || payload.Length != Payload.Words<T>() || entry.PayloadWords != payload.Length || entry.Depth.BidCount != 0) return false;
        T copy = Copy(in Payload.Read<T>(payload));
        return Payload.Of(in copy).SequenceEqual(payload);
    }

    internal sealed override void Bind(Statement insert, in MarketEvent entry, ReadOnlySpan<long> payload, SymbolUnits units)
    {
        BindFields(insert, in Payload.Read<T>(payload));
        insert.Bind(FirstParameter + FieldCount, entry.Plain.A);
        insert.Bind(FirstParameter + FieldCount + 1, entry.Plain.B);
        insert.Bind(FirstParameter + FieldCount + 2, entry.Plain.C);
    }

    internal sealed override ReadOnlySpan<long> Read(Statement select, ref MarketEvent entry, ref long[] words, SymbolUnits units)
    {
        T record = ReadFields(select);
        entry.Kind = Kind;
        entry.PayloadWords = Payload.Words<T>();
        entry.Plain.A = select.Int64(CommonColumns + FieldCount);
        entry.Plain.B = select.Int64(CommonColumns + FieldCount + 1);
        entry.Plain.C = select.Int64(CommonColumns + FieldCount + 2);
        Payload.Of(in record).CopyTo(words);
        return words.AsSpan(0, Payload.Words<T>());
    }

    /// <summary>The text as a column gives it back, or something else where a column cannot hold it.</summary>
    protected static ClientOrderId Copy(in ClientOrderId id) => IsText(id, out ReadOnlySpan<byte> text) && ClientOrderId.TryCreate(text, out ClientOrderId copy) ? copy : default;

    protected static AssetCode Copy(in AssetCode code)
    {
        ReadOnlySpan<byte> raw = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in code, 1));
        int length = raw[^1];
        return length < raw.Length && IsPlain(raw[..length]) ? AssetCode.Create(raw[..length]) : default;
    }

    protected static ClientOrderId ReadClientId(Statement select, int column) =>
        ClientOrderId.TryCreate(select.Utf8(column), out ClientOrderId id) ? id : throw new StorageException($"A client order id of {select.Utf8(column).Length} bytes.");

    private static bool IsText(in ClientOrderId id, out ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> raw = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in id, 1));
        uint length = Unsafe.ReadUnaligned<uint>(in raw[ClientOrderId.LengthMax]);
        text = length <= ClientOrderId.LengthMax ? raw[..(int)length] : default;
        return length <= ClientOrderId.LengthMax && IsPlain(text);
    }

    /// <summary>Text that every tool shows as it is; a zero byte would end it.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)' ', (byte)'~');
}
