using System.Runtime.CompilerServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Mark prices and forced orders of the USD-M market.</summary>
internal static unsafe class DerivativeScan<TScan> where TScan : struct, IFieldScan
{
    /// <summary>Event time, mark, index and settlement price (settlement first in the layout's variant), funding rate, sometimes an average price, next funding.</summary>
    public static bool TryMarkPrice(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        DecimalFormat* point = layout->Decimals;
        byte* end = message + length;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        byte* at = message + layout->PrefixBytes;
        slot->ExchangeTimeMicros = scan.Number(ref at, number);
        slot->ReceiveTimeNanos = receiveNanos;
        scan.Text(ref at, text);
        slot->Mark.Mark = new Price(scan.Price(ref at, point));
        scan.Text(ref at, text + 1);
        long second = scan.Price(ref at, point + 1);
        scan.Text(ref at, text + 2);
        long third = scan.Price(ref at, point + 2);
        scan.Text(ref at, text + 3);
        if (at >= end) return false; // More decimals could lead beyond the slack.
        slot->Mark.Index = new Price(layout->Variant ? third : second);
        slot->Mark.EstimatedSettle = new Price(layout->Variant ? second : third);
        slot->Mark.FundingRateUnits = FieldScan.Signed(ref scan, ref at, point + 3);
        scan.Text(ref at, text + 4);
        if (at >= end) return false;
        text += 5;
        if (layout->DecimalCount > 4)
        {
            scan.Decimal(ref at, point + 4);
            scan.Text(ref at, text++);
            if (at >= end) return false;
        }
        slot->Mark.NextFundingTimeMicros = scan.Number(ref at, number + 1);
        scan.Text(ref at, text);
        *(ulong*)slot = FieldScan.Header(ref scan, layout, 0, 0);
        return at == end && scan.Accepts();
    }

    /// <summary>Event time, side, quantity, price, average price, last and filled quantity, the order's time.</summary>
    public static bool TryForcedOrder(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        DecimalFormat* point = layout->Decimals;
        byte* end = message + length;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        byte* at = message + layout->PrefixBytes;
        long eventTime = scan.Number(ref at, number);
        scan.Text(ref at, text);
        ulong sells = FieldScan.Side(ref scan, ref at);
        scan.Text(ref at, text + 1);
        slot->ExchangeTimeMicros = eventTime;
        slot->ReceiveTimeNanos = receiveNanos;
        slot->Liquidation.Quantity = new Quantity(scan.Decimal(ref at, point));
        scan.Text(ref at, text + 2);
        slot->Liquidation.Price = new Price(scan.Price(ref at, point + 1));
        scan.Text(ref at, text + 3);
        slot->Liquidation.AveragePrice = new Price(scan.Price(ref at, point + 2));
        scan.Text(ref at, text + 4);
        if (at >= end) return false; // More decimals could lead beyond the slack.
        slot->Liquidation.LastQuantity = new Quantity(scan.Decimal(ref at, point + 3));
        scan.Text(ref at, text + 5);
        slot->Liquidation.FilledQuantity = new Quantity(scan.Decimal(ref at, point + 4));
        scan.Text(ref at, text + 6);
        if (at >= end) return false;
        long orderTime = scan.Number(ref at, number + 1);
        scan.Text(ref at, text + 7);
        *(ulong*)slot = FieldScan.Header(ref scan, layout, sells * (ulong)EventFlags.Sell, eventTime - orderTime);
        return at == end && scan.Accepts();
    }
}
