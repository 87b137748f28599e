using System.Runtime.CompilerServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Trades and aggregates of them. Values go straight into the claimed slot: it only becomes an event when everything was accepted.</summary>
internal static unsafe class TradeScan<TScan> where TScan : struct, IFieldScan
{
    /// <summary>Event time, id, price, quantity, sometimes a second quantity, first and last trade, trade time, side.</summary>
    public static bool TryAggregate(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        DecimalFormat* point = layout->Decimals;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        byte* at = message + layout->PrefixBytes;
        long eventTime = scan.Number(ref at, number);
        scan.Text(ref at, text);
        slot->ExchangeTimeMicros = eventTime;
        slot->ReceiveTimeNanos = receiveNanos;
        slot->Trade.Id = scan.Number(ref at, number + 1);
        scan.Text(ref at, text + 1);
        long price = scan.Price(ref at, point);
        scan.Text(ref at, text + 2);
        slot->Trade.Price = new Price(price);
        slot->Trade.Quantity = new Quantity(scan.Decimal(ref at, point + 1));
        scan.Text(ref at, text + 3);
        text += 4;
        if (layout->DecimalCount > 2) // The quantity without hidden retail orders: not ours to keep.
        {
            scan.Decimal(ref at, point + 2);
            scan.Text(ref at, text++);
        }
        slot->Trade.FirstTradeId = scan.Number(ref at, number + 2);
        scan.Text(ref at, text);
        slot->Trade.LastTradeId = scan.Number(ref at, number + 3);
        scan.Text(ref at, text + 1);
        long tradeTime = scan.Number(ref at, number + 4);
        scan.Text(ref at, text + 2);
        ulong flags = FieldScan.Flag(ref scan, ref at) * (ulong)EventFlags.BuyerIsMaker;
        scan.Text(ref at, text + 3);
        return Finish(ref scan, slot, layout, eventTime - tradeTime, price, flags, at - message, length);
    }

    /// <summary>Event time, id, price, quantity, long ago both orders' ids, trade time, side.</summary>
    public static bool TryTrade(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        byte* at = message + layout->PrefixBytes;
        long eventTime = scan.Number(ref at, number);
        scan.Text(ref at, text);
        long price = Common(ref scan, slot, layout, number + 1, text + 1, ref at, eventTime, receiveNanos);
        text += 4;
        number += 2;
        if (layout->NumberCount > 3)
        {
            scan.Number(ref at, number);
            scan.Text(ref at, text);
            scan.Number(ref at, number + 1);
            scan.Text(ref at, text + 1);
            number += 2;
            text += 2;
        }
        long tradeTime = scan.Number(ref at, number);
        scan.Text(ref at, text);
        ulong flags = FieldScan.Flag(ref scan, ref at) * (ulong)EventFlags.BuyerIsMaker;
        scan.Text(ref at, text + 1);
        return Finish(ref scan, slot, layout, eventTime - tradeTime, price, flags, at - message, length);
    }

    /// <summary>Event time, trade time, id, price, quantity, side.</summary>
    public static bool TryFuturesTrade(StreamLayout* layout, byte* message, int length, EventRing ring, long receiveNanos)
    {
        TScan scan = default;
        Literal* text = layout->Literals;
        NumberFormat* number = layout->Numbers;
        MarketEvent* slot = FieldScan.Address(ref ring.Claim());
        byte* at = message + layout->PrefixBytes;
        long eventTime = scan.Number(ref at, number);
        scan.Text(ref at, text);
        long tradeTime = scan.Number(ref at, number + 1);
        scan.Text(ref at, text + 1);
        long price = Common(ref scan, slot, layout, number + 2, text + 2, ref at, eventTime, receiveNanos);
        ulong flags = FieldScan.Flag(ref scan, ref at) * (ulong)EventFlags.BuyerIsMaker;
        scan.Text(ref at, text + 5);
        return Finish(ref scan, slot, layout, eventTime - tradeTime, price, flags, at - message, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Common(
        ref TScan scan, MarketEvent* slot, StreamLayout* layout, NumberFormat* number, Literal* text, ref byte* at, long eventTime, long receiveNanos)
    {
        DecimalFormat* point = layout->Decimals;
        slot->ExchangeTimeMicros = eventTime;
        slot->ReceiveTimeNanos = receiveNanos;
        long id = scan.Number(ref at, number);
        scan.Text(ref at, text);
        slot->Trade.Id = id;
        slot->Trade.FirstTradeId = id;
        slot->Trade.LastTradeId = id;
        long price = scan.Price(ref at, point);
        scan.Text(ref at, text + 1);
        slot->Trade.Price = new Price(price);
        slot->Trade.Quantity = new Quantity(scan.Decimal(ref at, point + 1));
        scan.Text(ref at, text + 2);
        return price;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Finish(ref TScan scan, MarketEvent* slot, StreamLayout* layout, long lag, long price, ulong flags, long bytes, int length)
    {
        flags |= price == 0 ? (ulong)EventFlags.OffMarket : 0;
        *(ulong*)slot = FieldScan.Header(ref scan, layout, flags, lag);
        scan.Require((ulong)(bytes - length));
        return scan.Accepts();
    }
}
