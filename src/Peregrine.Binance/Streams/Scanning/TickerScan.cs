using System.Runtime.CompilerServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Best prices: the update's id, four decimals, and on USD-M two times behind or (the layout's variant) before them.</summary>
internal static unsafe class TickerScan<TScan> where TScan : struct, IFieldScan
{
    public static bool TryTicker(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        DecimalFormat* point = layout->Decimals;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        byte* at = message + layout->PrefixBytes;
        long eventTime = 0, bookTime = 0;
        slot->Ticker.UpdateId = scan.Number(ref at, number);
        scan.Text(ref at, text++);
        if (layout->Variant)
        {
            eventTime = scan.Number(ref at, number + 1);
            scan.Text(ref at, text++);
            bookTime = scan.Number(ref at, number + 2);
            scan.Text(ref at, text++);
        }
        slot->Ticker.BidPrice = new Price(scan.Price(ref at, point));
        scan.Text(ref at, text);
        slot->Ticker.BidQuantity = new Quantity(scan.Decimal(ref at, point + 1));
        scan.Text(ref at, text + 1);
        slot->Ticker.AskPrice = new Price(scan.Price(ref at, point + 2));
        scan.Text(ref at, text + 2);
        slot->Ticker.AskQuantity = new Quantity(scan.Decimal(ref at, point + 3));
        scan.Text(ref at, text + 3);
        if (layout->NumberCount > 1 && !layout->Variant)
        {
            bookTime = scan.Number(ref at, number + 1);
            scan.Text(ref at, text + 4);
            eventTime = scan.Number(ref at, number + 2);
            scan.Text(ref at, text + 5);
        }
        slot->ExchangeTimeMicros = eventTime;
        slot->ReceiveTimeNanos = receiveNanos;
        *(ulong*)slot = FieldScan.Header(ref scan, layout, 0, eventTime - bookTime);
        scan.Require((ulong)(at - message - length));
        return scan.Accepts();
    }
}
