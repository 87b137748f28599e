using System.Numerics;

namespace Peregrine.Common;

/// <summary>An exchange price: a whole number of 1e-8 quote units.</summary>
public readonly record struct Price(long Raw) : IComparable<Price>, IComparisonOperators<Price, Price, bool>, IUtf8SpanParsable<Price>
{
    public static Price Zero => default;
    public bool IsZero => Raw == 0;

    public static Price operator +(Price left, Price right) => new(checked(left.Raw + right.Raw));
    public static Price operator -(Price left, Price right) => new(checked(left.Raw - right.Raw));
    public static Notional operator *(Price price, Quantity quantity) => Notional.Of(price, quantity);
    public static bool operator <(Price left, Price right) => left.Raw < right.Raw;
    public static bool operator >(Price left, Price right) => left.Raw > right.Raw;
    public static bool operator <=(Price left, Price right) => left.Raw <= right.Raw;
    public static bool operator >=(Price left, Price right) => left.Raw >= right.Raw;

    public int CompareTo(Price other) => Raw.CompareTo(other.Raw);

    /// <summary>The nearest binary number, for features and screens; never for money.</summary>
    public double ToDouble() => Raw * 1e-8;

    /// <summary>Reads 64123.10. A ninth significant decimal is refused, never rounded.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out Price result)
    {
        bool parsed = FixedPoint.TryParse(utf8Text, out long raw);
        result = new Price(raw);
        return parsed;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is not an exact decimal within 8 places.</exception>
    public static Price Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider = null) =>
        TryParse(utf8Text, provider, out Price result) ? result : throw new FormatException("A price is a decimal with at most 8 places.");

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, IFormatProvider?)"/>
    public static Price Parse(string text) => FixedPoint.TryParse(text.AsSpan(), out long raw)
        ? new Price(raw)
        : throw new FormatException($"A price is a decimal with at most 8 places, not '{text}'.");

    public static Price Min(Price left, Price right) => left.Raw <= right.Raw ? left : right;
    public static Price Max(Price left, Price right) => left.Raw >= right.Raw ? left : right;
    public override string ToString() => FixedPoint.Text(Raw);
}
