using System.Buffers.Binary;

using Peregrine.Binance.Streams;
using Peregrine.Common;

namespace Peregrine.Binance.Sbe;

/// <summary>
/// The symbol at the end of a message, found in two loads and one compare: a small memory of the answers that the <see cref="StreamTable"/> gave before.
/// One thread.
/// </summary>
internal sealed class SbeSymbols(StreamTable streams)
{
    /// <summary>Of the memory, a power of two: twice the streams a connection may have.</summary>
    private const int Places = 2_048;

    /// <summary>A longer name is looked up in the table each time.</summary>
    private const int RememberedBytesMax = 16;

    private readonly Known[] _known = new Known[Places];

    private struct Known
    {
        public ulong First;
        public ulong Last;
        public int Length;
        public SymbolId Symbol;
    }

    /// <summary>The symbol named by the bytes, or none.</summary>
    /// <param name="message">Eight bytes or more before the name belong to it.</param>
    public SymbolId Find(ReadOnlySpan<byte> message, int start, int length)
    {
        if (length is 0 or > RememberedBytesMax) return streams.FindSymbol(message.Slice(start, length));
        int end = start + length;
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(message[(end - sizeof(ulong))..end]);
        ulong first = 0;
        if (length >= sizeof(ulong)) first = BinaryPrimitives.ReadUInt64LittleEndian(message[start..]);
        else last >>= 8 * (sizeof(ulong) - length); // What stands before the name is no part of it.
        ulong hash = (first ^ (last * 0x9E3779B97F4A7C15) ^ (ulong)length) * 0xD6E8FEB86659FD93;
        ref Known known = ref _known[hash >> (64 - 11)];
        if (known.First == first && known.Last == last && known.Length == length) return known.Symbol;
        known = new Known { First = first, Last = last, Length = length, Symbol = streams.FindSymbol(message.Slice(start, length)) };
        return known.Symbol;
    }
}
