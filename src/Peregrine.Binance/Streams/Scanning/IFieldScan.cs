namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Reads the values and fixed texts of a message one behind the other, and says at the end whether all of them were what they had to be: a value that was
/// read means nothing before. Reads up to 16 bytes before and 64 behind the message.
/// </summary>
internal unsafe interface IFieldScan
{
    /// <summary>Text that must stand at <paramref name="at"/>, which is moved behind it.</summary>
    void Text(ref byte* at, Literal* literal);

    /// <summary>A whole number with as many digits as its format says.</summary>
    long Number(ref byte* at, NumberFormat* format);

    /// <summary>A decimal without sign, in 1e-8 units; <paramref name="at"/> is left on its closing quote.</summary>
    long Decimal(ref byte* at, DecimalFormat* format);

    /// <summary>As <see cref="Decimal"/>, for one that has as many whole digits as the last time, or nearly always.</summary>
    long Price(ref byte* at, DecimalFormat* format);

    /// <summary>Whatever else must not have any bit set.</summary>
    void Require(ulong noBits);

    /// <summary>The levels of a side, as two words each.</summary>
    bool Levels(ref LevelCursor cursor, DecimalFormat* formats);

    /// <summary>What <see cref="Levels"/> needs to know about the message: returns the levels it can have at most, or -1 where it is not to be scanned.</summary>
    int Index(ref LevelCursor cursor, byte* end);

    /// <summary>Whether everything was as it had to be.</summary>
    bool Accepts();
}

/// <summary>Where the reading of levels stands.</summary>
internal unsafe struct LevelCursor
{
    /// <summary>On the bracket that opens a side; behind the one that closes it afterwards.</summary>
    public byte* At;

    /// <summary>Behind the message.</summary>
    public byte* End;

    /// <summary>The next word to be written.</summary>
    public long* Words;

    /// <summary>Offsets of the closing brackets from <see cref="Origin"/>: those not used yet, and the end of them.</summary>
    public int* Closing;
    public int* ClosingEnd;
    public byte* Origin;

    /// <summary>Levels of the side that was read last.</summary>
    public int Count;
}
