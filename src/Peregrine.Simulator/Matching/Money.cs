using Peregrine.Common;

namespace Peregrine.Simulator.Matching;

/// <summary>
/// Money in whole 1e-8 units, as accounts hold it. What a trade moves is price times quantity with anything finer cut off, the same amount
/// for both sides; on the usual grids (tick times step of at least 1e-8) nothing is ever finer.
/// </summary>
internal static class Money
{
    /// <summary>The quote money of a quantity at a price.</summary>
    /// <exception cref="OverflowException">It does not fit 64 bits.</exception>
    public static long Quote(long price, long quantity) => checked((long)((Int128)price * quantity / FixedPoint.One));

    /// <summary>The same, rounded up: what must be set aside for it.</summary>
    public static long QuoteCeiling(long price, long quantity) => checked((long)((((Int128)price * quantity) + FixedPoint.One - 1) / FixedPoint.One));

    /// <summary>The largest quantity on the step grid that the quote money pays for.</summary>
    public static long Affordable(long quoteUnits, long price, long step)
    {
        Int128 quantity = (Int128)quoteUnits * FixedPoint.One / price;
        if (quantity > long.MaxValue) quantity = long.MaxValue;
        return (long)(quantity - (quantity % step));
    }

    /// <summary>Commission on what is received, cut to whole units.</summary>
    public static long Fee(long receivedUnits, int basisPoints) => (long)((Int128)receivedUnits * basisPoints / 10_000);
}
