namespace Peregrine.Binance.Streams.Scanning;

/// <summary>A whole number whose place and length are known beforehand.</summary>
internal unsafe struct TemplateNumber
{
    /// <summary>From where its segment begins to behind its last digit.</summary>
    public long End;

    /// <summary>16 bytes, ones over the digits.</summary>
    public byte* Mask;

    /// <inheritdoc cref="NumberFormat.Floor"/>
    public long Floor;

    /// <inheritdoc cref="NumberFormat.Unit"/>
    public long Unit;
}

/// <summary>A price whose place and length are known beforehand, or a quantity of which only the places are.</summary>
internal unsafe struct TemplateDecimal
{
    /// <summary>From where its segment begins to its point.</summary>
    public long Point;

    /// <summary>Of <see cref="ScanTables.Row"/>.</summary>
    public byte* Row;

    /// <summary>Of a price: 16 bytes, ones over the digits and the point.</summary>
    public byte* Mask;
}

/// <summary>
/// A whole message as the stream's last one had it, but for the whole digits of quantities and the side, which change from message to message. Between those every
/// byte has its place: a segment is compared with what must stand there all at once, whatever it holds, and its values are where they were the last time.
/// </summary>
internal unsafe struct Template
{
    /// <summary>Bytes that are compared at a time.</summary>
    public const int ChunkBytes = 64;

    /// <summary>Of the first segment, which begins with the message.</summary>
    public Segment Head;

    /// <summary>Behind the first of two quantities, from its point on.</summary>
    public Segment Middle;

    /// <summary>Behind the last quantity, from its point on; it ends with the message, or where the side does begin.</summary>
    public Segment Tail;

    /// <summary>Behind the side; none where there is no side.</summary>
    public Segment End;

    public TemplateNumber* Numbers;
    public TemplateDecimal* Decimals;

    /// <summary>Messages that must pass before it is made again, so that a stream whose shape changes all the time is not measured all the time.</summary>
    public int Wait;

    /// <summary>Whether it holds what was measured; else nothing in it may be used.</summary>
    public bool IsReady;
}

/// <summary>So many bytes, each of which must be its text, or above it by no more than its limit when both are compared bit by bit.</summary>
internal unsafe struct Segment
{
    public int Bytes;
    public int Chunks;

    /// <summary>By chunk: 64 bytes of text, 64 of limits.</summary>
    public byte* Parts;
}
