using System.Globalization;
using System.Numerics;
using System.Text;

using Xunit;

namespace Peregrine.Common.Tests;

public sealed class FixedPointTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("64123.10", 6_412_310_000_000)]
    [InlineData("64123.10000000", 6_412_310_000_000)]
    [InlineData("0.00000001", 1)]
    [InlineData("-0.00000001", -1)]
    [InlineData("007", 700_000_000)]
    [InlineData("1.230000000000000000", 123_000_000)]
    [InlineData("92233720368.54775807", long.MaxValue)]
    [InlineData("-92233720368.54775807", -long.MaxValue)]
    [InlineData("-92233720368.54775808", long.MinValue)]
    public void Reads_exact_decimals(string text, long units)
    {
        Assert.True(FixedPoint.TryParse(Encoding.ASCII.GetBytes(text), out long fromBytes));
        Assert.True(FixedPoint.TryParse(text.AsSpan(), out long fromText));
        Assert.Equal(units, fromBytes);
        Assert.Equal(units, fromText);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("-.")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("+1")]
    [InlineData("--1")]
    [InlineData("1e5")]
    [InlineData("1E-05")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1,5")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.2.3")]
    [InlineData("1.2-")]
    [InlineData("0x10")]
    [InlineData("0.123456789")]
    [InlineData("0.000000001")]
    [InlineData("92233720368.54775808")]
    [InlineData("-92233720368.54775809")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("١")]
    public void Refuses_what_is_not_an_exact_decimal(string text)
    {
        Assert.False(FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), out long fromBytes));
        Assert.False(FixedPoint.TryParse(text.AsSpan(), out long fromText));
        Assert.Equal(0, fromBytes);
        Assert.Equal(0, fromText);
    }

    [Theory]
    [InlineData(6_412_310_000_000, "64123.1")]
    [InlineData(100_000_000, "1")]
    [InlineData(0, "0")]
    [InlineData(-1_000, "-0.00001")]
    [InlineData(long.MaxValue, "92233720368.54775807")]
    [InlineData(long.MinValue, "-92233720368.54775808")]
    public void Writes_the_shortest_exact_decimal(long units, string text)
    {
        Assert.Equal(text, FixedPoint.Text(units));
    }

    [Theory]
    [InlineData(6_412_310_000_000, 8, "64123.10000000")]
    [InlineData(6_412_310_000_000, 2, "64123.10")]
    [InlineData(1, 2, "0.00000001")]
    [InlineData(0, 8, "0.00000000")]
    [InlineData(0, 99, "0.00000000")]
    public void Writes_as_many_places_as_asked_for(long units, int placesMin, string text)
    {
        Assert.Equal(text, FixedPoint.Text(units, placesMin));
    }

    [Fact]
    public void Names_a_destination_that_is_too_short()
    {
        Assert.Throws<ArgumentException>(() => FixedPoint.Format(123_456_789, new byte[5]));
    }

    [Fact]
    public void Reads_back_whatever_it_writes()
    {
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        foreach (long units in Longs(seed: 20260615, count: 200_000))
        {
            foreach (int places in (ReadOnlySpan<int>)[0, 3, 8])
            {
                int length = FixedPoint.Format(units, text, places);
                Assert.True(FixedPoint.TryParse(text[..length], out long read), $"{units} in {places} places");
                Assert.Equal(units, read);
            }
        }
    }

    [Fact]
    public void Writes_what_arithmetic_of_any_size_would()
    {
        foreach (long units in Longs(seed: 7, count: 20_000))
        {
            BigInteger magnitude = BigInteger.Abs(units);
            string fraction = (magnitude % FixedPoint.One).ToString("D8", CultureInfo.InvariantCulture);
            string expected = $"{(units < 0 ? "-" : "")}{magnitude / FixedPoint.One}.{fraction}";
            Assert.Equal(expected, FixedPoint.Text(units, placesMin: 8));
        }
    }

    [Fact]
    public void Survives_any_bytes()
    {
        var random = new Random(11);
        ReadOnlySpan<byte> alphabet = "0123456789.-+eE "u8;
        byte[] text = new byte[24];
        for (int i = 0; i < 200_000; i++)
        {
            int length = random.Next(text.Length);
            for (int j = 0; j < length; j++) text[j] = alphabet[random.Next(alphabet.Length)];
            bool read = FixedPoint.TryParse(text.AsSpan(0, length), out long units);
            string shown = Encoding.ASCII.GetString(text, 0, length);
            bool expected = Reference(shown, out BigInteger exact);
            Assert.True(read == expected, $"'{shown}' (seed 11): read {read}, expected {expected}");
            if (expected) Assert.Equal(exact, units);
        }
    }

    // The grammar and the arithmetic in their most obvious form.
    private static bool Reference(string text, out BigInteger units)
    {
        units = 0;
        var match = System.Text.RegularExpressions.Regex.Match(text, @"^(-?)([0-9]+)(?:\.([0-9]+))?\z");
        if (!match.Success) return false;
        string fraction = match.Groups[3].Value.TrimEnd('0');
        if (fraction.Length > 8) return false;
        units = BigInteger.Parse(match.Groups[2].Value + fraction.PadRight(8, '0'), CultureInfo.InvariantCulture);
        if (match.Groups[1].Length > 0) units = -units;
        return units >= long.MinValue && units <= long.MaxValue;
    }

    // Every size of number is as likely as any other, and the extremes are always there.
    private static IEnumerable<long> Longs(int seed, int count)
    {
        foreach (long extreme in (long[])[0, 1, -1, FixedPoint.One, -FixedPoint.One, long.MaxValue, -long.MaxValue, long.MinValue]) yield return extreme;
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            long value = random.NextInt64() >> random.Next(63);
            yield return random.Next(2) == 0 ? value : -value;
        }
    }
}
