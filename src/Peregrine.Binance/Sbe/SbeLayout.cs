using System.Buffers.Binary;

namespace Peregrine.Binance.Sbe;

/// <summary>Numbers of the schema <c>stream_1_0</c>: Spot data streams, id 1, version 0. All integers are little-endian.</summary>
internal static class SbeLayout
{
    public const int SchemaId = 1;

    public const int Trades = 10_000;
    public const int BestBidAsk = 10_001;
    public const int DepthSnapshot = 10_002;
    public const int DepthDiff = 10_003;

    /// <summary>blockLength, templateId, schemaId and version, 16 bits each.</summary>
    public const int HeaderBytes = 8;

    public const int TradesBlock = 18;
    public const int BestBidAskBlock = 50;
    public const int DepthSnapshotBlock = 18;
    public const int DepthDiffBlock = 26;

    /// <summary>One trade: id, price, quantity, isBuyerMaker. isBestMatch is a constant of the schema and not sent.</summary>
    public const int TradeEntry = 25;

    /// <summary>Groups that a newer schema may have put between those we know and the symbol, and that are stepped over.</summary>
    private const int AppendedGroupsMax = 4;

    /// <summary>A group's dimensions: blockLength (16 bits) and a count of 16 or 32.</summary>
    public static bool TryGroup(ReadOnlySpan<byte> message, int countBytes, int entryBytesMin, ref int at, out SbeGroup group)
    {
        group = default;
        int start = at + sizeof(ushort) + countBytes;
        if (start > message.Length) return false;
        int entryBytes = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
        ReadOnlySpan<byte> number = message[(at + sizeof(ushort))..];
        long count = countBytes == sizeof(ushort) ? BinaryPrimitives.ReadUInt16LittleEndian(number) : BinaryPrimitives.ReadUInt32LittleEndian(number);
        long end = start + (entryBytes * count);
        if (end > message.Length || (count > 0 && entryBytes < entryBytesMin)) return false;
        group = new SbeGroup(start, entryBytes, (int)count);
        at = (int)end;
        return true;
    }

    /// <summary>The text behind the groups. A message of version 0 ends with it; a newer one may go on.</summary>
    public static bool TryText(ReadOnlySpan<byte> message, int at, bool isNewer, out int start, out int length)
    {
        start = at + 1;
        length = 0;
        if (at >= message.Length) return false;
        length = message[at];
        return isNewer ? start + length <= message.Length : start + length == message.Length;
    }

    /// <summary>
    /// Where the text would begin if a newer schema had appended so many groups with counts of that size; false when the bytes cannot mean that.
    /// </summary>
    public static bool TryPastGroups(ReadOnlySpan<byte> message, int groups, int countBytes, ref int at)
    {
        for (int i = 0; i < groups; i++)
        {
            if (!TryGroup(message, countBytes, 0, ref at, out _)) return false;
        }
        return true;
    }

    /// <summary>The guesses at appended groups, the likeliest first: how many, and the bytes of their counts.</summary>
    public static (int Groups, int CountBytes) Guess(int number) => ((number / 2) + 1, number % 2 == 0 ? sizeof(ushort) : sizeof(uint));

    public const int Guesses = AppendedGroupsMax * 2;
}

/// <summary>Where a repeating group's entries lie in the message; all of them are inside it.</summary>
internal readonly record struct SbeGroup(int Start, int EntryBytes, int Count)
{
    public int Bytes => EntryBytes * Count;
}
