using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Reads values with 16- and 32-byte vectors. Nothing branches on the data: whatever is wrong leaves a trace in one of the accumulators, which are looked
/// at once. A decimal is one load around its point, seven digits before it and eight behind; longer ones are left to <see cref="ScalarScan"/>.
/// </summary>
internal unsafe struct VectorScan : IFieldScan
{
    private Vector256<byte> _texts; // Differences of fixed texts.
    private Vector128<byte> _digits; // The largest of each lane: none may be above 9.
    private Vector128<byte> _decimals; // The same, and in the lane of the point none above 0.
    private ulong _bad;
    private ulong _range; // Whole digits of decimals, and one less: at most 7, so that neither may have a higher bit.
    private long _sign; // May not become negative.

    public static bool IsSupported => Avx2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Text(ref byte* at, Literal* literal)
    {
        byte* text = literal->Text;
        byte* mask = literal->Mask;
        _texts |= (Vector256.Load(at) ^ Vector256.Load(text)) & Vector256.Load(mask);
        if (literal->Bytes > Vector256<byte>.Count) _texts |= (Vector256.Load(at + 32) ^ Vector256.Load(text + 32)) & Vector256.Load(mask + 32);
        at += literal->Bytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Number(ref byte* at, NumberFormat* format)
    {
        at += format->Digits;
        Vector128<byte> digits = (Vector128.Load(at - 16) - Vector128.Create((byte)'0')) & Vector128.Load(ScanTables.Trailing + format->Digits);
        _digits = Vector128.Max(_digits, digits);
        long value = Whole(digits);
        _sign |= value - format->Floor;
        return value * format->Unit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Decimal(ref byte* at, DecimalFormat* format)
    {
        byte* row = format->Row;
        uint stops = Vector128.Equals(Vector128.Load(at), Vector128.Load(row + ScanTables.RowStop)).ExtractMostSignificantBits();
        uint whole = (uint)BitOperations.TrailingZeroCount(stops | 0x100);
        _range |= whole | (ulong)((long)whole - 1);
        byte* point = at + whole;
        at = point + format->After;
        return Value(point, row, whole);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Price(ref byte* at, DecimalFormat* format)
    {
        byte* row = format->Row;
        uint whole = (uint)format->WholeDigits;
        if (at[whole] != row[ScanTables.RowStop]) whole = Relearn(at, format);
        byte* point = at + whole;
        at = point + format->After;
        return Value(point, row, whole);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Require(ulong noBits) => _bad |= noBits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Levels(ref LevelCursor cursor, DecimalFormat* formats) => VectorLevels.TryRead(ref cursor, formats);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Index(ref LevelCursor cursor, byte* end) => VectorLevels.Index(ref cursor, end);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Accepts()
    {
        Vector128<byte> nines = Vector128.Create((byte)9);
        Vector128<byte> pointed = DecimalLimit;
        Vector128<byte> wrong = (Vector128.Max(_digits, nines) ^ nines) | (Vector128.Max(_decimals, pointed) ^ pointed) | _texts.GetLower() | _texts.GetUpper();
        return (_bad | (_range & ~7UL) | ((ulong)_sign >> 63)) == 0 && wrong == Vector128<byte>.Zero;
    }

    /// <summary>What no lane of a decimal may exceed: nine, and nothing where the point is.</summary>
    internal static Vector128<byte> DecimalLimit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)9, 9, 9, 9, 9, 9, 9, 0, 9, 9, 9, 9, 9, 9, 9, 9);
    }

    // Its own fields are not touched here: they live in registers. Seven, where it has not so few, is then found wrong by what is no point.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static uint Relearn(byte* at, DecimalFormat* format)
    {
        uint whole = 1;
        while (whole < ScanTables.WholeDigitsMax && at[whole] != format->Row[ScanTables.RowStop]) whole++;
        format->WholeDigits = (int)whole;
        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Value(byte* point, byte* row, uint whole)
    {
        Vector128<byte> digits = (Vector128.Load(point - ScanTables.WholeDigitsMax) - Vector128.Load(row)) & Vector128.Load(row + ScanTables.RowMasks + (whole * 16));
        _decimals = Vector128.Max(_decimals, digits);
        return Units(digits);
    }

    /// <summary>Sixteen digits as one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long Whole(Vector128<byte> digits)
    {
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((ushort)0x010A).AsSByte());
        Vector128<int> fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(0x0001_0064).AsInt16());
        Vector128<short> packed = Sse41.PackUnsignedSaturate(fours, fours).AsInt16();
        ulong halves = Sse2.MultiplyAddAdjacent(packed, Vector128.Create(0x0001_2710).AsInt16()).AsUInt64().ToScalar();
        return (long)(((uint)halves * 100_000_000UL) + (halves >> 32));
    }

    /// <summary>Seven digits, a zero and eight digits as one number of fifteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long Units(Vector128<byte> digits)
    {
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create(10, 1, 10, 1, 10, 1, 1, 0, 10, 1, 10, 1, 10, 1, 10, 1));
        Vector128<int> fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create((short)100, 1, 10, 1, 100, 1, 100, 1));
        Vector128<short> packed = Sse41.PackUnsignedSaturate(fours, fours).AsInt16();
        ulong halves = Sse2.MultiplyAddAdjacent(packed, Vector128.Create((short)1_000, 1, 10_000, 1, 1_000, 1, 10_000, 1)).AsUInt64().ToScalar();
        return (long)(((uint)halves * 100_000_000UL) + (halves >> 32));
    }
}
