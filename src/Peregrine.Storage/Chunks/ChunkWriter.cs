using System.Runtime.CompilerServices;

namespace Peregrine.Storage.Chunks;

/// <summary>Varints and columns into memory of its own that grows and does not move while it is bound.</summary>
internal sealed unsafe class ChunkWriter(int capacity = ChunkWriter.FirstBytes)
{
    private const int FirstBytes = 64 * 1024;

    /// <summary>What a full chunk can take at most.</summary>
    internal const int FullBytes = FirstBytes + (ChunkBuffer.WordsFull * ChunkFormat.VarintBytesMax);

    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
    private int _length;

    internal int Length => _length;

    internal ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Where the bytes lie; valid until more are written.</summary>
    internal byte* Start => (byte*)Unsafe.AsPointer(ref _bytes[0]);

    internal void Clear() => _length = 0;

    internal void Unsigned(ulong value)
    {
        Reserve(1);
        _length = (int)(Put(Start + _length, value) - Start);
    }

    /// <summary>A column whose neighbours are alike: shared value, or differences.</summary>
    internal void DeltaColumn(ReadOnlySpan<long> values)
    {
        if (TryConstant(values)) return;
        Byte(ChunkFormat.Delta);
        Reserve(values.Length);
        byte* at = Start + _length;
        long before = 0;
        foreach (long value in values)
        {
            at = Put(at, ZigZag(value - before));
            before = value;
        }
        _length = (int)(at - Start);
    }

    /// <summary>A column of small numbers: shared value, or each as it is.</summary>
    internal void PlainColumn(ReadOnlySpan<long> values)
    {
        if (TryConstant(values)) return;
        Byte(ChunkFormat.Plain);
        Signed(values);
    }

    /// <summary>A column that is the plain difference to another, unless it is one shared value as it is.</summary>
    /// <param name="values">The values.</param>
    /// <param name="relative">The values minus their references.</param>
    internal void RelativeColumn(ReadOnlySpan<long> values, ReadOnlySpan<long> relative)
    {
        if (TryConstant(values)) return;
        // Mostly each update begins where the one before ended; only the first has none before it.
        if (relative.Length > 2 && !relative[2..].ContainsAnyExcept(relative[1]))
        {
            Byte(ChunkFormat.FirstThenConstant);
            Signed(relative[..2]);
            return;
        }
        Byte(ChunkFormat.Plain);
        Signed(relative);
    }

    internal void Signed(ReadOnlySpan<long> values)
    {
        Reserve(values.Length);
        byte* at = Start + _length;
        foreach (long value in values) at = Put(at, ZigZag(value));
        _length = (int)(at - Start);
    }

    /// <summary>Numbers that are not negative, or hardly ever: such a one takes ten bytes.</summary>
    internal void Unsigned(ReadOnlySpan<long> values)
    {
        Reserve(values.Length);
        byte* at = Start + _length;
        foreach (long value in values) at = Put(at, (ulong)value);
        _length = (int)(at - Start);
    }

    internal void Checksum()
    {
        uint checksum = ChunkFormat.Checksum(Written);
        Reserve(1);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_length), checksum);
        _length += ChunkFormat.ChecksumBytes;
    }

    private bool TryConstant(ReadOnlySpan<long> values)
    {
        if (values[1..].ContainsAnyExcept(values[0])) return false;
        Byte(ChunkFormat.Constant);
        Signed(values[..1]);
        return true;
    }

    private void Byte(byte value)
    {
        Reserve(1);
        _bytes[_length++] = value;
    }

    private void Reserve(int varints)
    {
        int needed = _length + (varints * ChunkFormat.VarintBytesMax);
        if (needed <= _bytes.Length) return;
        byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(needed, _bytes.Length * 2), pinned: true);
        Written.CopyTo(larger);
        _bytes = larger;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Put(byte* at, ulong value)
    {
        while (value >= 0x80)
        {
            *at++ = (byte)(value | 0x80);
            value >>= 7;
        }
        *at++ = (byte)value;
        return at;
    }
}
