using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Trading;

/// <summary>Fees of a fill, in basis points of what is received.</summary>
internal readonly record struct FeeSchedule(int MakerBasisPoints, int TakerBasisPoints);

/// <summary>Fees paid in an asset of one's choice, at a fixed price in quote money, of which so many hundredths are left.</summary>
internal sealed record FeePayment(string Asset, long Price, int Percent);

/// <summary>Books orders against an account: what they lock, what their fills move, what their end gives back. Exact: nothing appears and nothing is lost but fees.</summary>
internal static class Ledger
{
    /// <summary>Sets aside what the order may cost; false when not enough is free.</summary>
    /// <param name="marketCost">For a market buy by quantity: what it would cost now.</param>
    public static bool TryReserve(Account account, VenueOrder order, long marketCost)
    {
        long needed = order.Side == Side.Sell
            ? (order.QuoteQuantity > 0 ? 0 : order.Quantity)
            : order.QuoteQuantity > 0 ? order.QuoteQuantity : order.Type == OrderType.Market ? marketCost : order.Need;
        if (!account.TryLock(order.LockedAsset, needed)) return false;
        order.Locked = needed;
        return true;
    }

    public static Fill Book(Account account, VenueOrder order, FeeSchedule fees, FeePayment? payment, long price, long quantity, bool isMaker, long tradeId, long timeMicros)
    {
        long quote = Money.Quote(price, quantity);
        long received = order.Side == Side.Buy ? quantity : quote;
        long fee = Money.Fee(received, isMaker ? fees.MakerBasisPoints : fees.TakerBasisPoints);
        string feeAsset = order.ReceivedAsset;
        if (payment is not null)
        {
            long due = checked((long)((Int128)Money.Fee(quote, isMaker ? fees.MakerBasisPoints : fees.TakerBasisPoints) * payment.Percent * FixedPoint.One / 100 / payment.Price));
            if (account[payment.Asset].Free >= due) (fee, feeAsset) = (due, payment.Asset);
        }
        long paid = order.Side == Side.Buy ? quote : quantity;
        order.Executed += quantity;
        order.ExecutedQuote += quote;
        order.UpdatedMicros = timeMicros;
        order.Status = order.QuoteQuantity == 0 && order.Remaining == 0 ? OrderStatus.Filled : OrderStatus.PartiallyFilled;

        long keep = order.IsMarket
            ? Math.Max(0, order.Locked - paid)
            : order.Side == Side.Buy ? Money.QuoteCeiling(order.Price, order.Remaining) : order.Remaining;
        account.PayLocked(order.LockedAsset, order.Locked - keep, paid);
        order.Locked = keep;
        account.Receive(order.ReceivedAsset, received);
        account.Receive(feeAsset, -fee);

        Fill fill = new(tradeId, price, quantity, quote, fee, feeAsset, isMaker, timeMicros);
        order.Fills.Add(fill);
        return fill;
    }

    /// <summary>Ends an order and gives back what is still set aside.</summary>
    public static void Close(Account account, VenueOrder order, OrderStatus status, long timeMicros)
    {
        order.Status = status;
        order.UpdatedMicros = timeMicros;
        account.Unlock(order.LockedAsset, order.Locked);
        order.Locked = 0;
    }
}
