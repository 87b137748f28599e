namespace Peregrine.Binance.Streams.Scanning;

/// <summary>The constant bytes that the scanners load: masks by length, and how a decimal with so many places is laid out. Pinned for ever.</summary>
internal static unsafe class ScanTables
{
    /// <summary>Most digits of a whole number that a scanner reads.</summary>
    public const int DigitsMax = 16;

    /// <summary>Most digits before the point that a vector holds beside the point and eight places.</summary>
    public const int WholeDigitsMax = 7;

    /// <summary>The longest fixed text between two values.</summary>
    public const int LiteralBytesMax = 64;

    // A row: 16 bytes to subtract, 16 times the byte that ends the whole digits, and 16 masks of 16 bytes by the number of whole digits.
    private const int RowBytes = 32 + (16 * 16);
    public const int RowStop = 16;
    public const int RowMasks = 32;

    private static readonly byte[] Memory = Build();
    private static readonly byte* Base = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(Memory));

    /// <summary>From here, minus a length, lie that many bytes of ones with zeros behind them, 64 bytes in all.</summary>
    public static readonly byte* Leading = Base + 64;

    /// <summary>From here, plus a length, lie 16 bytes of which the last so many are ones.</summary>
    public static readonly byte* Trailing = Base + 128;

    private static readonly byte* Rows = Base + 192;

    /// <summary>The layout of a decimal with that many places; none has no point, and its whole digits end at the closing quote.</summary>
    public static byte* Row(int places) => Rows + (places * RowBytes);

    private static byte[] Build()
    {
        byte[] memory = GC.AllocateArray<byte>(192 + (9 * RowBytes), pinned: true);
        memory.AsSpan(0, 64).Fill(0xFF);
        memory.AsSpan(144, 16).Fill(0xFF);
        for (int places = 0; places <= 8; places++)
        {
            Span<byte> row = memory.AsSpan(192 + (places * RowBytes), RowBytes);
            byte stop = places == 0 ? (byte)'"' : (byte)'.';
            row[..16].Fill((byte)'0');
            row[WholeDigitsMax] = stop;
            row.Slice(RowStop, 16).Fill(stop);
            for (int digits = 0; digits < 16; digits++)
            {
                Span<byte> mask = row.Slice(RowMasks + (16 * digits), 16);
                for (int lane = 0; lane < 16; lane++)
                    mask[lane] = (byte)(lane >= WholeDigitsMax - digits && lane <= WholeDigitsMax + places ? 0xFF : 0);
            }
        }
        return memory;
    }
}
