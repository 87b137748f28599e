using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Reads messages that look as the stream's last one did but for quantities and side. Nothing waits for a digit: where the values lie follows from the message's
/// length. Whatever does not fit is read by the scanners that look for each value.
/// </summary>
/// <remarks>Each kind is compiled by itself and at once: inlined together, the kind that the compiler saw first would be quick at the cost of the others.</remarks>
internal static unsafe class TemplateScan
{
    /// <summary>False: nothing is known about the message, and the slot means nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRun(ScanProgram program, StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos) => program switch
    {
        ScanProgram.AggTrade => TryAggregate(layout, message, length, ring, receiveNanos),
        ScanProgram.Trade => TryTrade(layout, message, length, ring, receiveNanos),
        _ => TryTicker(layout, message, length, ring, receiveNanos),
    };

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static bool TryAggregate(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos) =>
        TryTrade(layout, message, length, ring, receiveNanos, aggregate: true);

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static bool TryTrade(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos) =>
        TryTrade(layout, message, length, ring, receiveNanos, aggregate: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryTrade(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos, bool aggregate)
    {
        Template* template = layout->Template;
        byte* last = message + length - template->End.Bytes;
        ulong buyerIsMaker = last[-4] == (byte)'t' ? 1UL : 0UL; // Else it is false, or nothing that is accepted.
        byte* side = last - 5 + buyerIsMaker;
        byte* tail = side - template->Tail.Bytes;
        byte* quantity = message + template->Head.Bytes;
        uint whole = (uint)(tail - quantity);
        if (whole - 1 >= ScanTables.WholeDigitsMax) return false;

        Vector256<byte> wrong = Compare(Compare(Compare(default, message, &template->Head), tail, &template->Tail), last, &template->End);
        ulong bad = FieldScan.SideDiffers(side, buyerIsMaker);
        long sign = 0;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        TemplateNumber* number = template->Numbers;
        long eventTime = Number(message, number, ref sign), id = Number(message, number + 1, ref sign);
        TemplateDecimal* point = template->Decimals;
        long price = Price(message, point);
        slot->ExchangeTimeMicros = eventTime;
        slot->ReceiveTimeNanos = receiveNanos;
        slot->Trade.Id = id;
        slot->Trade.Price = new Price(price);
        slot->Trade.Quantity = new Quantity(Quantity(tail, point + 1, whole, out Vector128<byte> digits));
        slot->Trade.FirstTradeId = aggregate ? Number(tail, number + 2, ref sign) : id;
        slot->Trade.LastTradeId = aggregate ? Number(tail, number + 3, ref sign) : id;
        long lag = eventTime - Number(tail, number + (aggregate ? 4 : 2), ref sign);
        ulong flags = (buyerIsMaker * (ulong)EventFlags.BuyerIsMaker) | (price == 0 ? (ulong)EventFlags.OffMarket : 0);
        *(ulong*)slot = layout->Header | (flags << 8) | ((ulong)lag << 32);
        bad |= (((ulong)lag + 0x8000_0000) >> 32) | ((ulong)sign >> 63);
        return bad == 0 && Accepts(wrong, digits);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static bool TryTicker(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        Template* template = layout->Template;
        TemplateDecimal* point = template->Decimals;
        byte* bidQuantity = message + template->Head.Bytes;
        uint stops = Vector128.Equals(Vector128.Load(bidQuantity), Vector128.Load(point[1].Row + ScanTables.RowStop)).ExtractMostSignificantBits();
        uint bidWhole = (uint)BitOperations.TrailingZeroCount(stops | 0x100);
        byte* middle = bidQuantity + bidWhole;
        byte* tail = message + length - template->Tail.Bytes;
        uint askWhole = (uint)(tail - middle - template->Middle.Bytes);
        if (bidWhole - 1 >= ScanTables.WholeDigitsMax || askWhole - 1 >= ScanTables.WholeDigitsMax) return false;

        Vector256<byte> wrong = Compare(Compare(Compare(default, message, &template->Head), middle, &template->Middle), tail, &template->Tail);
        long sign = 0;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        slot->Ticker.UpdateId = Number(message, template->Numbers, ref sign);
        slot->Ticker.BidPrice = new Price(Price(message, point));
        slot->Ticker.BidQuantity = new Quantity(Quantity(middle, point + 1, bidWhole, out Vector128<byte> bidDigits));
        slot->Ticker.AskPrice = new Price(Price(middle, point + 2));
        slot->Ticker.AskQuantity = new Quantity(Quantity(tail, point + 3, askWhole, out Vector128<byte> askDigits));
        slot->ExchangeTimeMicros = 0;
        slot->ReceiveTimeNanos = receiveNanos;
        *(ulong*)slot = layout->Header;
        return sign >= 0 && Accepts(wrong, Vector128.Max(bidDigits, askDigits));
    }

    /// <summary>What of the bytes is not as it must be, added to what was not before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Compare(Vector256<byte> wrong, byte* at, Segment* segment)
    {
        byte* part = segment->Parts;
        for (int left = segment->Chunks; left > 0; left--)
        {
            wrong |= Avx2.SubtractSaturate(Vector256.Load(at) ^ Vector256.Load(part), Vector256.Load(part + 64));
            wrong |= Avx2.SubtractSaturate(Vector256.Load(at + 32) ^ Vector256.Load(part + 32), Vector256.Load(part + 96));
            at += Template.ChunkBytes;
            part += 2 * Template.ChunkBytes;
        }
        return wrong;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Number(byte* segment, TemplateNumber* number, ref long sign)
    {
        Vector128<byte> digits = (Vector128.Load(segment + number->End - 16) - Vector128.Create((byte)'0')) & Vector128.Load(number->Mask);
        long value = VectorScan.Whole(digits);
        sign |= value - number->Floor;
        return value * number->Unit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Price(byte* segment, TemplateDecimal* price) =>
        VectorScan.Units((Vector128.Load(segment + price->Point - ScanTables.WholeDigitsMax) - Vector128.Load(price->Row)) & Vector128.Load(price->Mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Quantity(byte* point, TemplateDecimal* format, uint whole, out Vector128<byte> digits)
    {
        byte* row = format->Row;
        digits = (Vector128.Load(point - ScanTables.WholeDigitsMax) - Vector128.Load(row)) & Vector128.Load(row + ScanTables.RowMasks + (whole * 16));
        return VectorScan.Units(digits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Accepts(Vector256<byte> wrong, Vector128<byte> digits)
    {
        Vector128<byte> limit = VectorScan.DecimalLimit;
        return ((Vector128.Max(digits, limit) ^ limit) | wrong.GetLower() | wrong.GetUpper()) == Vector128<byte>.Zero;
    }
}
