using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Portfolio;

/// <summary>
/// What our own fills made of one symbol: quantity, what it cost, what was realised. Average cost; a fee taken in the base asset shrinks the position
/// and leaves its cost, a fee in the quote asset is realised at once, any other asset is only counted.
/// </summary>
public sealed class Position
{
    /// <summary>Base asset held, negative when short.</summary>
    public Quantity Quantity { get; private set; }

    /// <summary>What the open quantity cost (long) or brought (short); has the sign of the quantity.</summary>
    public Notional Cost { get; private set; }

    /// <summary>Result of what was closed, fees in the quote asset taken off.</summary>
    public Notional Realised { get; private set; }

    /// <summary>Fees paid in the quote asset.</summary>
    public Notional QuoteFees { get; private set; }

    /// <summary>Fees paid in the base asset.</summary>
    public Quantity BaseFees { get; private set; }

    /// <summary>Fees paid in any other asset (BNB), 1e-8 units.</summary>
    public long OtherFeeUnits { get; private set; }

    public long Fills { get; private set; }

    /// <summary>Average price of the open quantity, cut to 1e-8; zero when flat.</summary>
    public Price AveragePrice => Quantity.IsZero ? Price.Zero : new Price(checked((long)(Cost.Raw / Quantity.Raw)));

    /// <summary>What closing at the given price would bring, beyond what was realised.</summary>
    public Notional Unrealised(Price mark) => Quantity.IsZero ? Notional.Zero : (mark * Quantity) - Cost;

    /// <summary>Books a fill: its exact value in quote may differ from price times quantity when several fills are booked as one.</summary>
    public void Fill(Side side, Quantity quantity, Notional value)
    {
        if (quantity.Raw <= 0 || value.IsNegative) throw new InvalidOperationException($"A fill of {quantity} worth {value} cannot be.");
        Fills++;
        int sign = side.Sign();
        Quantity signed = new(quantity.Raw * sign);
        if (Quantity.IsZero || Quantity.IsNegative == signed.IsNegative)
        {
            Quantity += signed;
            Cost += sign > 0 ? value : -value;
            return;
        }

        Quantity closed = Quantity.Min(quantity, Quantity.Abs(Quantity));
        Notional closedValue = closed == quantity ? value : new Notional(value.Raw * closed.Raw / quantity.Raw);
        Notional closedCost = closed == Quantity.Abs(Quantity) ? Cost : new Notional(Cost.Raw * closed.Raw / Math.Abs(Quantity.Raw));
        // Selling a long: proceeds minus cost. Buying back a short: what it brought (negative cost) minus what it takes.
        Realised += sign < 0 ? closedValue - closedCost : -closedValue - closedCost;
        Cost -= closedCost;
        Quantity += new Quantity(closed.Raw * sign);
        Quantity rest = quantity - closed;
        if (rest.IsZero) return;
        Quantity = new Quantity(rest.Raw * sign);
        Cost = sign > 0 ? value - closedValue : closedValue - value;
    }

    public void FeeInQuote(Notional fee)
    {
        QuoteFees += fee;
        Realised -= fee;
    }

    public void FeeInBase(Quantity fee)
    {
        BaseFees += fee;
        Quantity -= fee;
        // The last crumbs of a closed position: no cost may be left without a quantity.
        if (Quantity.IsZero)
        {
            Realised -= Cost;
            Cost = Notional.Zero;
        }
    }

    public void FeeInOther(long units) => OtherFeeUnits += units;

    /// <summary>The whole position by value, for the next process.</summary>
    public PositionRecord ToRecord() => new()
    {
        Quantity = Quantity,
        CostHigh = High(Cost),
        CostLow = Low(Cost),
        RealisedHigh = High(Realised),
        RealisedLow = Low(Realised),
        QuoteFeesHigh = High(QuoteFees),
        QuoteFeesLow = Low(QuoteFees),
        BaseFees = BaseFees,
        OtherFeeUnits = OtherFeeUnits,
        Fills = Fills,
    };

    /// <summary>Takes over what an earlier process held; whatever was here is replaced.</summary>
    public void Restore(in PositionRecord record)
    {
        Quantity = record.Quantity;
        Cost = Whole(record.CostHigh, record.CostLow);
        Realised = Whole(record.RealisedHigh, record.RealisedLow);
        QuoteFees = Whole(record.QuoteFeesHigh, record.QuoteFeesLow);
        BaseFees = record.BaseFees;
        OtherFeeUnits = record.OtherFeeUnits;
        Fills = record.Fills;
    }

    private static ulong High(Notional amount) => (ulong)(amount.Raw >> 64);
    private static ulong Low(Notional amount) => (ulong)(amount.Raw & ulong.MaxValue);
    private static Notional Whole(ulong high, ulong low) => new(new Int128(high, low));
}
