using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Diffs of both markets, the partial book of USD-M, which looks like one, and the partial book of the spot market.</summary>
/// <param name="closing">Room for the index of closing brackets; pinned.</param>
internal sealed unsafe class DepthScan<TScan>(int* closing, int room) where TScan : struct, IFieldScan
{
    /// <summary>Event time, on USD-M the book's time, first and final id, on USD-M the final id before, bids, asks.</summary>
    public bool TryDiff(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        bool futures = layout->NumberCount > 3;
        byte* at = message + layout->PrefixBytes;
        long eventTime = scan.Number(ref at, number++);
        scan.Text(ref at, text++);
        long bookTime = eventTime;
        if (futures)
        {
            bookTime = scan.Number(ref at, number++);
            scan.Text(ref at, text++);
        }
        long first = scan.Number(ref at, number++);
        scan.Text(ref at, text++);
        long final = scan.Number(ref at, number++);
        scan.Text(ref at, text++);
        long previous = 0;
        if (futures)
        {
            previous = scan.Number(ref at, number);
            scan.Text(ref at, text++);
        }
        ulong header = FieldScan.Header(ref scan, layout, 0, eventTime - bookTime);
        if (!TrySides(ref scan, layout, text, at, message, length, ring, out int bids, out int words)) return false;
        ref MarketEvent slot = ref Slot(ring, header, eventTime, receiveNanos, words, bids, final);
        if (layout->Variant) return true; // A partial book has no predecessor.
        slot.Depth.FirstUpdateId = first;
        slot.Depth.PreviousFinalUpdateId = previous;
        return true;
    }

    /// <summary>The last id, bids, asks.</summary>
    public bool TryPartialBook(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        byte* at = message + layout->PrefixBytes;
        long id = scan.Number(ref at, layout->Numbers);
        scan.Text(ref at, layout->Literals);
        if (!TrySides(ref scan, layout, layout->Literals + 1, at, message, length, ring, out int bids, out int words)) return false;
        Slot(ring, layout->Header, 0, receiveNanos, words, bids, id);
        return true;
    }

    private bool TrySides(
        ref TScan scan, StreamLayout* layout, Literal* text, byte* at, byte* message, int length, EventRing ring, out int bids, out int words)
    {
        byte* end = message + length;
        LevelCursor cursor = new() { At = at, End = end, Closing = closing, ClosingEnd = closing + room };
        bids = words = 0;
        int levels = scan.Index(ref cursor, end);
        if (levels < 0 || levels * Level.Words > ring.PayloadWordsMax) return false;
        Span<long> claimed = ring.ClaimWords(levels * Level.Words);
        long* start = (long*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(claimed)); // The ring's words are pinned.
        cursor.Words = start;
        if (!scan.Levels(ref cursor, layout->Decimals)) return false;
        bids = cursor.Count;
        scan.Text(ref cursor.At, text);
        if (cursor.At >= end || !scan.Levels(ref cursor, layout->Decimals)) return false;
        scan.Text(ref cursor.At, text + 1);
        words = (int)(cursor.Words - start);
        return cursor.At == end && scan.Accepts();
    }

    private static ref MarketEvent Slot(EventRing ring, ulong header, long eventTime, long receiveNanos, int words, int bids, long final)
    {
        ref MarketEvent slot = ref ring.Claim();
        *(ulong*)FieldScan.Address(ref slot) = header;
        slot.ExchangeTimeMicros = eventTime;
        slot.ReceiveTimeNanos = receiveNanos;
        ring.SetPayload(ref slot, words);
        slot.Depth.BidCount = bids;
        slot.Depth.FinalUpdateId = final;
        return ref slot;
    }
}
