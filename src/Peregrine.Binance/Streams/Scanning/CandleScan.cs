using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>One-minute candles: the record is written into the ring's payload words as it is read.</summary>
internal static unsafe class CandleScan<TScan> where TScan : struct, IFieldScan
{
    public static bool TryCandle(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        DecimalFormat* point = layout->Decimals;
        byte* end = message + length;
        int words = Payload.Words<Kline>();
        Kline* kline = (Kline*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(ring.ClaimWords(words))); // The ring's words are pinned.
        byte* at = message + layout->PrefixBytes;
        long eventTime = scan.Number(ref at, number);
        scan.Text(ref at, text);
        kline->OpenTimeMicros = scan.Number(ref at, number + 1);
        scan.Text(ref at, text + 1);
        kline->CloseTimeMicros = scan.Number(ref at, number + 2);
        scan.Text(ref at, text + 2);
        kline->FirstTradeId = scan.Number(ref at, number + 3);
        scan.Text(ref at, text + 3);
        kline->LastTradeId = scan.Number(ref at, number + 4);
        scan.Text(ref at, text + 4);
        kline->Open = new Price(scan.Price(ref at, point));
        scan.Text(ref at, text + 5);
        kline->Close = new Price(scan.Price(ref at, point + 1));
        scan.Text(ref at, text + 6);
        if (at >= end) return false; // More than three decimals could lead beyond the slack.
        kline->High = new Price(scan.Price(ref at, point + 2));
        scan.Text(ref at, text + 7);
        kline->Low = new Price(scan.Price(ref at, point + 3));
        scan.Text(ref at, text + 8);
        if (at >= end) return false;
        kline->Volume = new Quantity(scan.Decimal(ref at, point + 4));
        scan.Text(ref at, text + 9);
        if (at >= end) return false;
        kline->TradeCount = scan.Number(ref at, number + 5);
        scan.Text(ref at, text + 10);
        ulong closed = FieldScan.Flag(ref scan, ref at);
        scan.Text(ref at, text + 11);
        kline->QuoteVolumeUnits = scan.Decimal(ref at, point + 5);
        scan.Text(ref at, text + 12);
        if (at >= end) return false;
        kline->TakerBuyVolume = new Quantity(scan.Decimal(ref at, point + 6));
        scan.Text(ref at, text + 13);
        if (at >= end) return false;
        kline->TakerBuyQuoteUnits = scan.Decimal(ref at, point + 7);
        scan.Text(ref at, text + 14);
        if (at >= end) return false;
        scan.Decimal(ref at, point + 8); // To be ignored, says the documentation.
        scan.Text(ref at, text + 15);
        ulong header = FieldScan.Header(ref scan, layout, closed * (ulong)EventFlags.Closed, 0);
        if (at != end || !scan.Accepts()) return false;
        ref MarketEvent slot = ref ring.Claim();
        *(ulong*)FieldScan.Address(ref slot) = header;
        slot.ExchangeTimeMicros = eventTime;
        slot.ReceiveTimeNanos = receiveNanos;
        ring.SetPayload(ref slot, words);
        return true;
    }
}
