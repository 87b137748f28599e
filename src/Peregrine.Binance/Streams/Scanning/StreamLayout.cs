using System.Runtime.Intrinsics;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Text that must stand between two values, up to 64 bytes of it.</summary>
internal unsafe struct Literal
{
    public byte* Text;
    public byte* Mask;
    public long Bytes;
}

/// <summary>A whole number as the stream's last messages had it: positions behind it then need not wait for its digits.</summary>
internal struct NumberFormat
{
    public long Digits;

    /// <summary>The least value with that many digits; JSON knows no leading zeros.</summary>
    public long Floor;

    /// <summary>What the value is multiplied by: 1,000 for a time in milliseconds, else 1.</summary>
    public long Unit;
}

/// <summary>A decimal as the stream's last messages had it.</summary>
internal unsafe struct DecimalFormat
{
    /// <summary>Of <see cref="ScanTables.Row"/>.</summary>
    public byte* Row;

    /// <summary>Ones over the places.</summary>
    public ulong PlacesMask;

    /// <summary>From the end of the whole digits to the closing quote: the point and the places.</summary>
    public int After;

    /// <summary>Whole digits of a price, from 1 to 7.</summary>
    public int WholeDigits;
}

/// <summary>One shape of one stream's messages, with what was learnt about the lengths of its values.</summary>
internal unsafe struct StreamLayout
{
    public const int Unmeasured = int.MaxValue;

    public Literal* Literals;
    public NumberFormat* Numbers;
    public DecimalFormat* Decimals;
    public byte* Values;

    /// <summary>The whole message as the last one was; null where there is none for such messages.</summary>
    public Template* Template;

    /// <summary>The first eight bytes of the event: kind, flags and symbol, with room for the lag.</summary>
    public ulong Header;

    /// <summary>A message as short as its values can be now; <see cref="Unmeasured"/> where nothing is known, so that nothing is scanned.</summary>
    public int BytesMin;

    public int PrefixBytes;
    public byte NumberCount;
    public byte DecimalCount;
    public byte ValueCount;

    /// <summary>A choice of the program between two orders of the same values.</summary>
    public bool Variant;
}

/// <summary>Where a stream's name leads: the text up to the first value, the shapes that may follow, and the one that did last.</summary>
internal unsafe struct StreamSlot
{
    public Vector256<byte> Text0;
    public Vector256<byte> Text1;
    public Vector256<byte> Text2;

    /// <summary>Of the name, see <see cref="MessageScanner"/>; 0 where nothing is.</summary>
    public ulong Hash;
    public StreamLayout* Current;
    public StreamLayout* Layouts;
    public int PrefixBytes;
    public short LayoutCount;
    public ScanProgram Program;

    /// <summary>Messages that the careful scanner takes at once, because the fast one's limits were met lately.</summary>
    public byte Careful;
}
