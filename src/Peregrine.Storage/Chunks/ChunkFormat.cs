using System.Numerics;
using System.Runtime.InteropServices;

using Peregrine.Common.Events;

namespace Peregrine.Storage.Chunks;

/// <summary>
/// The blob of a chunk: events of one symbol and one kind, column by column, version 2.
/// </summary>
/// <remarks>
/// <para>Numbers are LEB128 varints; signed ones are zigzagged first; differences wrap around, so that every 64-bit value comes back exactly.</para>
/// <para>A <b>column</b> is a mode byte and its values: 0 one value that all events share, 1 differences to the value before (the first to zero),
/// 2 the values themselves, 3 the first value and one that all others share.</para>
/// <para>Order: number of events; columns sequence, flags; time divisor; columns lag, exchange time (divided), receive time; then by kind:</para>
/// <para><b>bookTicker</b>: price divisor, quantity divisor; columns update id, bid price, ask minus bid price, bid quantity, ask quantity (prices
/// and quantities divided).</para>
/// <para><b>depth20, depthDiff, depthSnapshot</b>: columns bid levels, ask levels, first update id minus the final id of the event before, final minus
/// first update id, previous final id minus the final id of the event before (each of the three instead as it is, mode 0, where it never changes);
/// price divisor, quantity divisor; then all prices (bids, then asks, event by event: a side's first price as signed difference to that side's first price
/// of the event before, every further one as unsigned distance from its neighbour, downwards for bids and upwards for asks); then all quantities (depth20:
/// as signed difference to the same place of the event before; otherwise unsigned, as they are).</para>
/// <para>The last four bytes are the CRC-32C of all before, little-endian.</para>
/// </remarks>
internal static class ChunkFormat
{
    internal const int Version = 2;

    /// <summary>Events a chunk can have; what claims more is not one.</summary>
    internal const int EventsMax = 4_096;

    /// <summary>Payload words a chunk's events can have together.</summary>
    internal const int WordsMax = 1 << 20;

    internal const byte Constant = 0;
    internal const byte Delta = 1;
    internal const byte Plain = 2;
    internal const byte FirstThenConstant = 3;

    internal const int ChecksumBytes = 4;
    internal const int VarintBytesMax = 10;

    /// <summary>Whether events of the kind live in chunks.</summary>
    internal static bool Keeps(EventKind kind) => kind is EventKind.BookTicker or EventKind.Depth20 or EventKind.DepthDiff or EventKind.DepthSnapshot;

    /// <summary>Kinds whose levels keep their places, so that a quantity mostly equals the one before.</summary>
    internal static bool HasSteadyPlaces(EventKind kind) => kind == EventKind.Depth20;

    internal static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint checksum = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words) checksum = BitOperations.Crc32C(checksum, word);
        foreach (byte rest in data[(words.Length * sizeof(ulong))..]) checksum = BitOperations.Crc32C(checksum, rest);
        return ~checksum;
    }
}
