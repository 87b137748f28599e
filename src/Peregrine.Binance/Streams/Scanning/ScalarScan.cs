using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Reads values eight bytes at a time in ordinary registers: for processors whose vectors are narrow or missing, and for the decimals that are too long for
/// <see cref="VectorScan"/>.
/// </summary>
internal unsafe struct ScalarScan : IFieldScan
{
    private const ulong Zeros = 0x3030_3030_3030_3030;
    private const ulong AboveNine = 0x7676_7676_7676_7676; // Added to a digit it leaves the highest bit clear, added to 10 and more not.
    private const ulong HighBits = 0x8080_8080_8080_8080;
    private const ulong LowBits = 0x0101_0101_0101_0101;
    private const int WholeDigitsMax = 11;
    private const long WholeMax = (long.MaxValue / 100_000_000) - 1;

    private ulong _bad;
    private ulong _digits; // Only the highest bit of each byte counts.
    private long _sign; // May not become negative.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Text(ref byte* at, Literal* literal)
    {
        byte* text = literal->Text;
        byte* mask = literal->Mask;
        long bytes = literal->Bytes;
        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<byte> wrong = Vector128<byte>.Zero;
            for (long i = 0; i < bytes; i += 16) wrong |= (Vector128.Load(at + i) ^ Vector128.Load(text + i)) & Vector128.Load(mask + i);
            _bad |= wrong.AsUInt64()[0] | wrong.AsUInt64()[1];
        }
        else
        {
            for (long i = 0; i < bytes; i += 8) _bad |= (FieldScan.Load(at + i) ^ FieldScan.Load(text + i)) & FieldScan.Load(mask + i);
        }
        at += bytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Number(ref byte* at, NumberFormat* format)
    {
        int digits = (int)format->Digits;
        at += digits;
        ulong high = 0;
        if (digits > 8)
        {
            high = Eight((FieldScan.Load(at - 16) ^ Zeros) & Highest(digits - 8));
            digits = 8;
        }
        long value = (long)((high * 100_000_000) + Eight((FieldScan.Load(at - 8) ^ Zeros) & Highest(digits)));
        _sign |= value - format->Floor;
        return value * format->Unit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Decimal(ref byte* at, DecimalFormat* format)
    {
        ulong stop = FieldScan.Load(format->Row + ScanTables.RowStop);
        ulong differs = FieldScan.Load(at) ^ stop;
        ulong same = (differs - LowBits) & ~differs & HighBits;
        ulong whole;
        byte* point;
        if (same != 0)
        {
            int digits = BitOperations.TrailingZeroCount(same) >> 3;
            point = at + digits;
            _sign |= (long)digits - 1;
            whole = digits == 0 ? 0 : Eight((FieldScan.Load(point - 8) ^ Zeros) & Highest(digits));
        }
        else
        {
            whole = Long(at, (byte)stop, out point);
        }
        at = point + format->After;
        ulong places = format->PlacesMask;
        return (long)((whole * 100_000_000) + (places == 0 ? 0 : Eight((FieldScan.Load(point + 1) ^ Zeros) & places)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Price(ref byte* at, DecimalFormat* format) => Decimal(ref at, format);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Require(ulong noBits) => _bad |= noBits;

    public int Index(ref LevelCursor cursor, byte* end) => (int)((end - cursor.At) / 9) + 1; // A level has at least nine bytes.

    public bool Levels(ref LevelCursor cursor, DecimalFormat* formats)
    {
        byte* at = cursor.At;
        cursor.Count = 0;
        if (*at != (byte)'[') return false;
        at++;
        if (*at == (byte)']')
        {
            cursor.At = at + 1;
            return true;
        }
        long* words = cursor.Words;
        while (true)
        {
            if (at >= cursor.End) return false;
            if (at[0] != (byte)'[' || at[1] != (byte)'"') return false;
            at += 2;
            words[0] = Decimal(ref at, formats);
            if (at[0] != (byte)'"' || at[1] != (byte)',' || at[2] != (byte)'"' || at >= cursor.End) return false;
            at += 3;
            words[1] = Decimal(ref at, formats + 1);
            if (at[0] != (byte)'"' || at[1] != (byte)']') return false;
            words += 2;
            at += 3;
            if (at[-1] == (byte)',') continue;
            if (at[-1] != (byte)']') return false;
            break;
        }
        cursor.At = at;
        cursor.Count = (int)(words - cursor.Words) / 2;
        cursor.Words = words;
        return Accepts();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Accepts() => (_bad | (_digits & HighBits) | ((ulong)_sign >> 63)) == 0;

    /// <summary>Nine to eleven digits before the point; more is nothing that 64 bits could hold.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong Long(byte* at, byte stop, out byte* point)
    {
        long whole = 0;
        int digits = 0;
        for (; digits <= WholeDigitsMax && at[digits] != stop; digits++)
        {
            uint digit = (uint)(at[digits] - '0');
            if (digit > 9) _bad = 1;
            whole = (whole * 10) + digit;
        }
        if (digits > WholeDigitsMax || whole > WholeMax) _bad = 1;
        point = at + digits;
        return (ulong)whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Highest(int bytes) => ulong.MaxValue << (64 - (8 * bytes));

    /// <summary>Eight digits, the first in the lowest byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Eight(ulong digits)
    {
        _digits |= (digits + AboveNine) | digits;
        digits = (digits * 10) + (digits >> 8);
        return (((digits & 0x0000_00FF_0000_00FF) * 0x000F_4240_0000_0064) + (((digits >> 16) & 0x0000_00FF_0000_00FF) * 0x0000_2710_0000_0001)) >> 32;
    }
}
