using System.Globalization;
using System.Numerics;

namespace Peregrine.Common;

/// <summary>Money in the quote asset, exact: a whole number of 1e-16 units, which is what a price times a quantity has.</summary>
public readonly record struct Notional(Int128 Raw) : IComparable<Notional>, IComparisonOperators<Notional, Notional, bool>
{
    private static readonly Int128 One = (Int128)FixedPoint.One * FixedPoint.One;

    public static Notional Zero => default;
    public bool IsZero => Raw == 0;
    public bool IsNegative => Raw < 0;

    public static Notional Of(Price price, Quantity quantity) => new(Math.BigMul(price.Raw, quantity.Raw));

    /// <summary>From a whole number of 1e-8 quote units, as the wire has it.</summary>
    public static Notional FromUnits(long units) => new(Math.BigMul(units, FixedPoint.One));

    public static Notional operator +(Notional left, Notional right) => new(checked(left.Raw + right.Raw));
    public static Notional operator -(Notional left, Notional right) => new(checked(left.Raw - right.Raw));
    public static Notional operator -(Notional value) => new(checked(-value.Raw));
    public static bool operator <(Notional left, Notional right) => left.Raw < right.Raw;
    public static bool operator >(Notional left, Notional right) => left.Raw > right.Raw;
    public static bool operator <=(Notional left, Notional right) => left.Raw <= right.Raw;
    public static bool operator >=(Notional left, Notional right) => left.Raw >= right.Raw;

    public static Notional Abs(Notional value) => value.IsNegative ? -value : value;
    public int CompareTo(Notional other) => Raw.CompareTo(other.Raw);

    /// <summary>The nearest binary number, for screens; never for money.</summary>
    public double ToDouble() => (double)Raw * 1e-16;

    /// <summary>Whole 1e-8 units, what is finer cut towards zero: for columns and snapshots that hold 64 bits.</summary>
    /// <exception cref="OverflowException">The value does not fit 64 bits.</exception>
    public long ToUnits() => checked((long)(Raw / FixedPoint.One));

    /// <exception cref="FormatException">The text is not an exact decimal within 8 places.</exception>
    public static Notional Parse(string text) => FixedPoint.TryParse(text.AsSpan(), out long units)
        ? FromUnits(units)
        : throw new FormatException($"An amount is a decimal with at most 8 places, not '{text}'.");

    /// <summary>The exact decimal with at least two places (1234.50, -0.00012345).</summary>
    public override string ToString()
    {
        Int128 magnitude = Int128.Abs(Raw);
        string fraction = (magnitude % One).ToString("D16", CultureInfo.InvariantCulture).TrimEnd('0').PadRight(2, '0');
        return $"{(IsNegative ? "-" : "")}{(magnitude / One).ToString(CultureInfo.InvariantCulture)}.{fraction}";
    }
}
