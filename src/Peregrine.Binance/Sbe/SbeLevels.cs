using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using Peregrine.Common.Events;

namespace Peregrine.Binance.Sbe;

/// <summary>Turns a group of book levels (price mantissa, quantity mantissa, whatever a newer schema put behind them) into payload words.</summary>
internal static class SbeLevels
{
    /// <summary>A price and a quantity, 64 bits each.</summary>
    public const int EntryBytesMin = 16;

    /// <summary>False where a mantissa has no exact value in 1e-8 units; the words mean nothing then.</summary>
    /// <param name="entries">The whole group, without its header.</param>
    /// <param name="entryBytes">From one entry to the next, at least <see cref="EntryBytesMin"/>.</param>
    /// <param name="words">Two for each entry.</param>
    public static bool TryRead(ReadOnlySpan<byte> entries, int entryBytes, in SbeScale price, in SbeScale quantity, Span<long> words)
    {
        int done = 0;
        if (entryBytes == EntryBytesMin && (price.Divisor | quantity.Divisor) == 1 && BitConverter.IsLittleEndian)
        {
            // A negative value, or one beyond its limit, leaves a sign bit in value | limit - value.
            if (Vector512.IsHardwareAccelerated) done = By512(entries, price, quantity, words);
            else if (Vector256.IsHardwareAccelerated) done = By256(entries, price, quantity, words);
            if (done < 0) return false;
        }
        ReadOnlySpan<byte> rest = entries[(done / Level.Words * entryBytes)..];
        for (int i = done; i < words.Length; i += Level.Words)
        {
            if (!price.TryUnits(BinaryPrimitives.ReadInt64LittleEndian(rest), out words[i])) return false;
            if (!quantity.TryUnits(BinaryPrimitives.ReadInt64LittleEndian(rest[sizeof(long)..]), out words[i + 1])) return false;
            rest = rest[entryBytes..];
        }
        return true;
    }

    /// <summary>How many words were done, all but the last few; -1 where one of them has no value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int By512(ReadOnlySpan<byte> entries, in SbeScale price, in SbeScale quantity, Span<long> words)
    {
        Vector512<long> factor = Vector512.Create(Vector128.Create(price.Multiplier, quantity.Multiplier));
        Vector512<long> limit = Vector512.Create(Vector128.Create(price.MantissaMax, quantity.MantissaMax));
        Vector512<long> wrong = default;
        ref byte from = ref MemoryMarshal.GetReference(entries);
        ref long to = ref MemoryMarshal.GetReference(words);
        int whole = Math.Min(words.Length, entries.Length / sizeof(long)) & -Vector512<long>.Count;
        for (int i = 0; i < whole; i += Vector512<long>.Count)
        {
            Vector512<long> mantissas = Vector512.LoadUnsafe(ref from, (nuint)(i * sizeof(long))).AsInt64();
            wrong |= mantissas | (limit - mantissas);
            (mantissas * factor).StoreUnsafe(ref to, (nuint)i);
        }
        return wrong.ExtractMostSignificantBits() == 0 ? whole : -1;
    }

    /// <inheritdoc cref="By512"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int By256(ReadOnlySpan<byte> entries, in SbeScale price, in SbeScale quantity, Span<long> words)
    {
        Vector256<long> factor = Vector256.Create(Vector128.Create(price.Multiplier, quantity.Multiplier));
        Vector256<long> limit = Vector256.Create(Vector128.Create(price.MantissaMax, quantity.MantissaMax));
        Vector256<long> wrong = default;
        ref byte from = ref MemoryMarshal.GetReference(entries);
        ref long to = ref MemoryMarshal.GetReference(words);
        int whole = Math.Min(words.Length, entries.Length / sizeof(long)) & -Vector256<long>.Count;
        for (int i = 0; i < whole; i += Vector256<long>.Count)
        {
            Vector256<long> mantissas = Vector256.LoadUnsafe(ref from, (nuint)(i * sizeof(long))).AsInt64();
            wrong |= mantissas | (limit - mantissas);
            (mantissas * factor).StoreUnsafe(ref to, (nuint)i);
        }
        return wrong.ExtractMostSignificantBits() == 0 ? whole : -1;
    }
}
