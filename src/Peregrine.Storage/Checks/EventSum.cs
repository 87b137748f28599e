using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Common.Events;

namespace Peregrine.Storage.Checks;

/// <summary>
/// A 64-bit checksum of an event as a recording gives it back. SQLite notices damage to its own structure, not to a number within a row; this does.
/// </summary>
/// <remarks>
/// Words are folded in one after another: (state xor word) times an odd constant, 128 bits, both halves xored. An event: its sequence, the checksum of
/// its symbol's name, its 64 bytes without what only the ring knows (the symbol's number, the place of the payload), its payload. A chunk: its columns,
/// with the last four bytes of its data (a CRC-32C of all the others) for the data. The checksums of a transaction are added up, so their order is free.
/// </remarks>
internal static class EventSum
{
    private const ulong Seed = 0x9E3779B97F4A7C15;
    private const ulong Factor = 0xD6E8FEB86659FD93;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong state, ulong word)
    {
        ulong high = Math.BigMul(state ^ word, Factor, out ulong low);
        return high ^ low ^ word; // The word once more: a product of zero would forget it.
    }

    internal static ulong OfName(string name)
    {
        ulong state = Seed;
        foreach (byte each in Encoding.UTF8.GetBytes(name)) state = Fold(state, each + 1UL);
        return state;
    }

    /// <summary>A row of an event's table.</summary>
    internal static ulong OfRow(long sequence, ulong symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        MarketEvent copy = entry;
        copy.Symbol = default;
        if (entry.Kind is EventKind.Trade or EventKind.AggTrade)
        {
            payload = default; // Their tables keep none.
        }
        else if (entry.HasPayload)
        {
            copy.PayloadPosition = 0;
            copy.PayloadWords = payload.Length;
        }
        else if (!entry.Kind.IsFlat())
        {
            copy.PayloadPosition = 0;
            copy.PayloadWords = 0;
        }
        ulong state = Fold(Fold(Seed, (ulong)sequence), symbol);
        foreach (ulong word in MemoryMarshal.Cast<MarketEvent, ulong>(MemoryMarshal.CreateReadOnlySpan(in copy, 1))) state = Fold(state, word);
        foreach (long word in payload) state = Fold(state, (ulong)word);
        return state;
    }

    /// <summary>A row of <c>chunk</c>.</summary>
    internal static ulong OfChunk(long first, long last, ulong symbol, long kind, long firstTime, long lastTime, long events, long version, ReadOnlySpan<byte> data)
    {
        ulong state = Fold(Fold(Fold(Seed, (ulong)first), (ulong)last), symbol);
        state = Fold(Fold(Fold(state, (ulong)kind), (ulong)firstTime), (ulong)lastTime);
        state = Fold(Fold(Fold(state, (ulong)events), (ulong)version), (ulong)data.Length);
        return Fold(state, data.Length < sizeof(uint) ? 0 : MemoryMarshal.Read<uint>(data[^sizeof(uint)..]));
    }

    /// <summary>A row of <c>symbol</c>: its texts and numbers, in the order of the columns.</summary>
    internal static ulong OfSymbol(ReadOnlySpan<string> texts, ReadOnlySpan<long> numbers)
    {
        ulong state = Seed;
        foreach (string text in texts) state = Fold(state, OfName(text));
        foreach (long number in numbers) state = Fold(state, (ulong)number);
        return state;
    }
}
