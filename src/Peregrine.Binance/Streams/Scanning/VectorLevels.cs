using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Levels in two passes: an index of the closing brackets, and then two levels a step, which need not wait for each other. A quantity is found from its end,
/// a price by its number of whole digits, which hardly ever changes from one level to the next.
/// </summary>
internal static unsafe class VectorLevels
{
    private const ulong Next = 0x225B_2C5D_22; // "],["
    private const ulong NextMask = 0xFF_FFFF_FFFF;
    private const ulong Last = 0x5D5D22; // "]]
    private const ulong LastMask = 0xFF_FFFF;
    private const uint Open = 0x225B5B; // [["
    private const uint Between = 0x222C22; // ","
    private const uint ThreeBytes = 0xFF_FFFF;

    /// <summary>Fills the cursor's index with the closing brackets up to the end; returns how many levels there can be, or -1 for too many.</summary>
    public static int Index(ref LevelCursor cursor, byte* end)
    {
        byte* from = cursor.At;
        int* next = cursor.Closing;
        int* room = cursor.ClosingEnd - 64;
        long left = end - from;
        Vector256<byte> bracket = Vector256.Create((byte)']');
        for (long offset = 0; offset < left; offset += 64)
        {
            if (next > room) return -1;
            ulong found = Vector256.Equals(Vector256.Load(from + offset), bracket).ExtractMostSignificantBits();
            found |= (ulong)Vector256.Equals(Vector256.Load(from + offset + 32), bracket).ExtractMostSignificantBits() << 32;
            if (left - offset < 64) found &= (1UL << (int)(left - offset)) - 1;
            int count = BitOperations.PopCount(found);
            int at = (int)offset;
            next[0] = at + BitOperations.TrailingZeroCount(found);
            found &= found - 1;
            next[1] = at + BitOperations.TrailingZeroCount(found);
            found &= found - 1;
            next[2] = at + BitOperations.TrailingZeroCount(found);
            for (int i = 3; i < count; i++)
            {
                found &= found - 1;
                next[i] = at + BitOperations.TrailingZeroCount(found);
            }
            next += count;
        }
        cursor.Origin = from;
        cursor.ClosingEnd = next;
        return (int)(next - cursor.Closing);
    }

    /// <summary>Reads a side. False where anything is not exactly as it has to be.</summary>
    public static bool TryRead(ref LevelCursor cursor, DecimalFormat* formats)
    {
        byte* origin = cursor.Origin;
        int* closing = cursor.Closing;
        int* closingEnd = cursor.ClosingEnd;
        byte* at = cursor.At;
        cursor.Count = 0;
        if (closing == closingEnd || *at != (byte)'[') return false;
        if (at[1] == (byte)']')
        {
            cursor.Closing = closing + 1;
            cursor.At = at + 2;
            return origin + *closing == at + 1;
        }
        if ((Unsafe.ReadUnaligned<uint>(at) & ThreeBytes) != Open) return false;

        long* words = cursor.Words;
        byte* priceRow = formats[0].Row, quantityRow = formats[1].Row;
        long priceAfter = formats[0].After, quantityAfter = formats[1].After;
        byte stop = priceRow[ScanTables.RowStop];
        long whole = formats[0].WholeDigits;
        Vector128<byte> priceLess = Vector128.Load(priceRow), quantityLess = Vector128.Load(quantityRow);
        Vector256<byte> priceLess2 = Vector256.Create(priceLess, priceLess), quantityLess2 = Vector256.Create(quantityLess, quantityLess);
        Vector128<byte> priceMask = Vector128.Load(priceRow + ScanTables.RowMasks + (whole * 16));
        Vector256<byte> worst = Vector256<byte>.Zero;
        ulong between = 0, next = 0, range = 0;
        byte* start = at + 3;
        while (true)
        {
            if (closing + 2 > closingEnd) return false;
            byte* close0 = origin + closing[0];
            byte* close1 = origin + closing[1];
            byte* price0 = start + whole;
            bool last = close1 == close0 + 1;
            byte* price1 = close0 + 4 + whole;
            if (last || *price0 != stop || *price1 != stop || closing + 3 > closingEnd)
            {
                // The last one of an odd number, or a price with more or fewer digits than the one before.
                uint stops = Vector128.Equals(Vector128.Load(start), Vector128.Load(priceRow + ScanTables.RowStop)).ExtractMostSignificantBits();
                whole = BitOperations.TrailingZeroCount(stops | 0x100);
                range |= (ulong)whole | (ulong)(whole - 1);
                priceMask = Vector128.Load(priceRow + ScanTables.RowMasks + (whole * 16));
                price0 = start + whole;
                byte* ends = price0 + priceAfter;
                byte* point = close0 - 1 - quantityAfter;
                long digits = point - (ends + 3);
                range |= (ulong)(digits | (digits - 1));
                between |= Unsafe.ReadUnaligned<uint>(ends) ^ Between;
                Vector128<byte> price = (Vector128.Load(price0 - ScanTables.WholeDigitsMax) - priceLess) & priceMask;
                Vector128<byte> quantity = (Vector128.Load(point - ScanTables.WholeDigitsMax) - quantityLess) & Vector128.Load(quantityRow + ScanTables.RowMasks + ((digits & 15) * 16));
                worst = Vector256.Max(worst, Vector256.Create(price, quantity));
                words[0] = VectorScan.Units(price);
                words[1] = VectorScan.Units(quantity);
                words += 2;
                closing++;
                start = close0 + 4;
                ulong text = Unsafe.ReadUnaligned<ulong>(close0 - 1);
                if (!last)
                {
                    next |= text ^ Next;
                    continue;
                }
                if ((text & LastMask) != Last) return false;
                closing++;
                at = close0 + 2;
                break;
            }

            byte* ends0 = price0 + priceAfter;
            byte* ends1 = price1 + priceAfter;
            byte* point0 = close0 - 1 - quantityAfter;
            byte* point1 = close1 - 1 - quantityAfter;
            long digits0 = point0 - (ends0 + 3);
            long digits1 = point1 - (ends1 + 3);
            range |= (ulong)(digits0 | (digits0 - 1) | digits1 | (digits1 - 1));
            between |= (Unsafe.ReadUnaligned<uint>(ends0) ^ Between) | (Unsafe.ReadUnaligned<uint>(ends1) ^ Between);
            next |= Unsafe.ReadUnaligned<ulong>(close0 - 1) ^ Next;
            Vector256<byte> prices = (Two(price0 - ScanTables.WholeDigitsMax, price1 - ScanTables.WholeDigitsMax) - priceLess2) & Vector256.Create(priceMask, priceMask);
            byte* masks = quantityRow + ScanTables.RowMasks;
            Vector256<byte> quantities = (Two(point0 - ScanTables.WholeDigitsMax, point1 - ScanTables.WholeDigitsMax) - quantityLess2) & Two(masks + ((digits0 & 15) * 16), masks + ((digits1 & 15) * 16));
            worst = Vector256.Max(worst, Vector256.Max(prices, quantities));
            Units(prices, quantities).Store(words);
            words += 4;
            closing += 2;
            start = close1 + 4;
            ulong behind = Unsafe.ReadUnaligned<ulong>(close1 - 1);
            if (*closing != (int)(close1 - origin) + 1)
            {
                next |= behind ^ Next;
                continue;
            }
            if ((behind & LastMask) != Last) return false;
            closing++;
            at = close1 + 2;
            break;
        }
        formats[0].WholeDigits = (int)Math.Min(whole, ScanTables.WholeDigitsMax);
        cursor.Count = (int)(words - cursor.Words) / 2;
        cursor.Words = words;
        cursor.At = at;
        cursor.Closing = closing;
        Vector128<byte> limit = VectorScan.DecimalLimit;
        Vector256<byte> limits = Vector256.Create(limit, limit);
        return (((between & ThreeBytes) | (next & NextMask) | (range & ~7UL)) == 0) && Vector256.Max(worst, limits) == limits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Two(byte* first, byte* second) => Vector256.Create(Vector128.Load(first), Vector128.Load(second));

    /// <summary>Two prices and two quantities as four numbers: price and quantity of the first level, then of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Units(Vector256<byte> prices, Vector256<byte> quantities)
    {
        Vector256<sbyte> tens = Vector256.Create(10, 1, 10, 1, 10, 1, 1, 0, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 1, 0, 10, 1, 10, 1, 10, 1, 10, 1);
        Vector256<short> hundreds = Vector256.Create((short)100, 1, 10, 1, 100, 1, 100, 1, 100, 1, 10, 1, 100, 1, 100, 1);
        Vector256<short> thousands = Vector256.Create((short)1_000, 1, 10_000, 1, 1_000, 1, 10_000, 1, 1_000, 1, 10_000, 1, 1_000, 1, 10_000, 1);
        Vector256<int> first = Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(prices, tens), hundreds);
        Vector256<int> second = Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(quantities, tens), hundreds);
        Vector256<ulong> halves = Avx2.MultiplyAddAdjacent(Avx2.PackUnsignedSaturate(first, second).AsInt16(), thousands).AsUInt64();
        return (Avx2.Multiply(halves.AsUInt32(), Vector256.Create(100_000_000UL).AsUInt32()) + (halves >>> 32)).AsInt64();
    }
}
