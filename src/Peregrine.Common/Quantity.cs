using System.Numerics;

namespace Peregrine.Common;

/// <summary>An amount of the base asset: a whole number of 1e-8 units. A position may be negative, an order quantity never.</summary>
public readonly record struct Quantity(long Raw) : IComparable<Quantity>, IComparisonOperators<Quantity, Quantity, bool>, IUtf8SpanParsable<Quantity>
{
    public static Quantity Zero => default;
    public bool IsZero => Raw == 0;
    public bool IsNegative => Raw < 0;

    public static Quantity operator +(Quantity left, Quantity right) => new(checked(left.Raw + right.Raw));
    public static Quantity operator -(Quantity left, Quantity right) => new(checked(left.Raw - right.Raw));
    public static Quantity operator -(Quantity value) => new(checked(-value.Raw));
    public static bool operator <(Quantity left, Quantity right) => left.Raw < right.Raw;
    public static bool operator >(Quantity left, Quantity right) => left.Raw > right.Raw;
    public static bool operator <=(Quantity left, Quantity right) => left.Raw <= right.Raw;
    public static bool operator >=(Quantity left, Quantity right) => left.Raw >= right.Raw;

    public static Quantity Abs(Quantity value) => value.IsNegative ? -value : value;
    public static Quantity Min(Quantity left, Quantity right) => left.Raw <= right.Raw ? left : right;

    public int CompareTo(Quantity other) => Raw.CompareTo(other.Raw);

    /// <summary>The nearest binary number, for features and screens; never for money.</summary>
    public double ToDouble() => Raw * 1e-8;

    /// <summary>Reads 0.01500000. A ninth significant decimal is refused, never rounded.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out Quantity result)
    {
        bool parsed = FixedPoint.TryParse(utf8Text, out long raw);
        result = new Quantity(raw);
        return parsed;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is not an exact decimal within 8 places.</exception>
    public static Quantity Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider = null) =>
        TryParse(utf8Text, provider, out Quantity result) ? result : throw new FormatException("A quantity is a decimal with at most 8 places.");

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, IFormatProvider?)"/>
    public static Quantity Parse(string text) => FixedPoint.TryParse(text.AsSpan(), out long raw)
        ? new Quantity(raw)
        : throw new FormatException($"A quantity is a decimal with at most 8 places, not '{text}'.");

    public override string ToString() => FixedPoint.Text(Raw);
}
