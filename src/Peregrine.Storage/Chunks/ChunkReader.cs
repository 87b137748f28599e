using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Storage.Chunks;

/// <summary>Reads what <see cref="ChunkWriter"/> wrote and trusts none of it.</summary>
internal ref struct ChunkReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    /// <exception cref="StorageException">The checksum does not fit the bytes.</exception>
    internal ChunkReader(ReadOnlySpan<byte> blob)
    {
        if (blob.Length <= ChunkFormat.ChecksumBytes) throw Damaged("is too short");
        _bytes = blob[..^ChunkFormat.ChecksumBytes];
        if (BinaryPrimitives.ReadUInt32LittleEndian(blob[_bytes.Length..]) != ChunkFormat.Checksum(_bytes)) throw Damaged("has a wrong checksum");
    }

    internal readonly int Remaining => _bytes.Length - _at;

    internal static StorageException Damaged(string what) => new($"A chunk {what}: it is damaged, or not a chunk.");

    internal ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_at >= _bytes.Length) throw Damaged("ends too early");
            byte next = _bytes[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return shift == 63 && next > 1 ? throw Damaged("has a number beyond 64 bits") : value;
        }
        throw Damaged("has a number beyond 64 bits");
    }

    /// <summary>Zigzagged numbers, as many as fit.</summary>
    internal void Signed(Span<long> values)
    {
        Unsigned(values);
        foreach (ref long value in values) value = UnZigZag((ulong)value);
    }

    /// <summary>Numbers as they are, as many as fit.</summary>
    internal void Unsigned(Span<long> values)
    {
        ref byte start = ref MemoryMarshal.GetReference(_bytes);
        int at = _at;
        int lastWord = _bytes.Length - sizeof(ulong);
        for (int i = 0; i < values.Length; i++)
        {
            // Eight bytes at once, without a branch on the length, which nobody can foresee: the first byte without a top bit ends the number.
            ulong word = at <= lastWord ? Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)) : ulong.MaxValue;
            ulong ends = ~word & 0x8080_8080_8080_8080;
            if (ends == 0 || !BitConverter.IsLittleEndian)
            {
                _at = at; // Near the end, or more than eight bytes.
                values[i] = (long)Unsigned();
                at = _at;
                continue;
            }
            at += (BitOperations.TrailingZeroCount(ends) + 1) >> 3;
            ulong sevens = word & (ends ^ (ends - 1)) & 0x7F7F_7F7F_7F7F_7F7F;
            ulong pairs = (sevens & 0x007F_007F_007F_007F) | ((sevens & 0x7F00_7F00_7F00_7F00) >> 1);
            ulong fours = (pairs & 0x0000_3FFF_0000_3FFF) | ((pairs & 0x3FFF_0000_3FFF_0000) >> 2);
            values[i] = (long)((fours & 0x0FFF_FFFF) | ((fours & 0x0FFF_FFFF_0000_0000) >> 4));
        }
        _at = at;
    }

    internal void Column(Span<long> values)
    {
        byte mode = Mode();
        if (mode == ChunkFormat.FirstThenConstant) throw Damaged("has a column in an order it cannot have");
        if (mode == ChunkFormat.Constant)
        {
            Signed(values[..1]);
            values.Fill(values[0]);
            return;
        }
        Signed(values);
        if (mode == ChunkFormat.Plain) return;
        long value = 0;
        foreach (ref long next in values) next = value += next;
    }

    /// <summary>A column of differences to another; true where the values came as they are instead.</summary>
    internal bool RelativeColumn(Span<long> values)
    {
        byte mode = Mode();
        if (mode == ChunkFormat.Delta || (mode == ChunkFormat.FirstThenConstant && values.Length < 2)) throw Damaged("has a column in an order it cannot have");
        int written = mode switch { ChunkFormat.Constant => 1, ChunkFormat.FirstThenConstant => 2, _ => values.Length };
        Signed(values[..written]);
        values[written..].Fill(values[written - 1]);
        return mode == ChunkFormat.Constant;
    }

    private byte Mode()
    {
        if (_at >= _bytes.Length) throw Damaged("ends too early");
        byte mode = _bytes[_at++];
        return mode <= ChunkFormat.FirstThenConstant ? mode : throw Damaged("has a column of an unknown mode");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
