using System.Numerics;

using Xunit;

namespace Peregrine.Common.Tests;

public sealed class MoneyTests
{
    [Fact]
    public void A_price_times_a_quantity_is_exact()
    {
        Notional notional = Price.Parse("64123.12345678") * Quantity.Parse("0.00000003");
        Assert.Equal("0.0019236937037034", notional.ToString());
    }

    [Fact]
    public void The_largest_price_times_the_largest_quantity_fits()
    {
        var notional = Notional.Of(new Price(long.MaxValue), new Quantity(long.MaxValue));
        Assert.Equal((BigInteger)long.MaxValue * long.MaxValue, (BigInteger)notional.Raw);
        Assert.Throws<OverflowException>(() => notional.ToUnits());
    }

    [Fact]
    public void Sums_that_do_not_fit_throw_rather_than_wrap()
    {
        Assert.Throws<OverflowException>(() => new Price(long.MaxValue) + new Price(1));
        Assert.Throws<OverflowException>(() => new Price(long.MinValue) - new Price(1));
        Assert.Throws<OverflowException>(() => new Quantity(long.MaxValue) + new Quantity(1));
        Assert.Throws<OverflowException>(() => new Quantity(long.MinValue) - new Quantity(1));
        Assert.Throws<OverflowException>(() => -new Quantity(long.MinValue));
        Assert.Throws<OverflowException>(() => new Notional(Int128.MaxValue) + new Notional(1));
        Assert.Throws<OverflowException>(() => new Notional(Int128.MinValue) - new Notional(1));
        Assert.Throws<OverflowException>(() => -new Notional(Int128.MinValue));
    }

    [Theory]
    [InlineData("0", "0.00")]
    [InlineData("25", "25.00")]
    [InlineData("-1234.5", "-1234.50")]
    [InlineData("0.00012345", "0.00012345")]
    public void An_amount_reads_and_writes(string text, string shown)
    {
        Assert.Equal(shown, Notional.Parse(text).ToString());
    }

    [Fact]
    public void Cuts_an_amount_to_units_towards_zero()
    {
        Notional tiny = Price.Parse("0.00000003") * Quantity.Parse("0.5");
        Assert.Equal(1, tiny.ToUnits());
        Assert.Equal(-1, (-tiny).ToUnits());
    }

    [Theory]
    [InlineData("1e5")]
    [InlineData("")]
    [InlineData("0.123456789")]
    public void What_is_not_exact_is_refused_by_name(string text)
    {
        Assert.Contains($"'{text}'", Assert.Throws<FormatException>(() => Price.Parse(text)).Message, StringComparison.Ordinal);
        Assert.Contains($"'{text}'", Assert.Throws<FormatException>(() => Quantity.Parse(text)).Message, StringComparison.Ordinal);
        Assert.Contains($"'{text}'", Assert.Throws<FormatException>(() => Notional.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("64123.17", "64123.1", "64123.2")]
    [InlineData("64123.10", "64123.1", "64123.1")]
    [InlineData("0.05", "0", "0.1")]
    public void Prices_go_to_the_tick_grid(string price, string floor, string ceiling)
    {
        var rules = new TradingRules { TickSize = Price.Parse("0.1") };
        Assert.Equal(Price.Parse(floor), rules.FloorToTick(Price.Parse(price)));
        Assert.Equal(Price.Parse(ceiling), rules.CeilingToTick(Price.Parse(price)));
    }

    [Fact]
    public void Quantities_go_to_the_step_grid_towards_zero()
    {
        var rules = new TradingRules { StepSize = Quantity.Parse("0.001") };
        Assert.Equal(Quantity.Parse("1.234"), rules.FloorToStep(Quantity.Parse("1.2349")));
        Assert.Equal(Quantity.Parse("-1.234"), rules.FloorToStep(Quantity.Parse("-1.2349")));
    }

    [Fact]
    public void Order_follows_the_numbers()
    {
        var random = new Random(3);
        for (int i = 0; i < 1_000; i++)
        {
            long left = random.NextInt64(-5, 6);
            long right = random.NextInt64(-5, 6);
            Assert.Equal(left < right, new Price(left) < new Price(right));
            Assert.Equal(left >= right, new Quantity(left) >= new Quantity(right));
            Assert.Equal(left <= right, new Notional(left) <= new Notional(right));
            Assert.Equal(left.CompareTo(right), new Price(left).CompareTo(new Price(right)));
            Assert.Equal(left == right, new Quantity(left) == new Quantity(right));
        }
    }

    [Theory]
    [InlineData(Side.Buy, 1, Side.Sell, "BUY")]
    [InlineData(Side.Sell, -1, Side.Buy, "SELL")]
    [InlineData(Side.None, 0, Side.None, "NONE")]
    public void A_side_has_a_sign_an_opposite_and_a_text(Side side, int sign, Side opposite, string text)
    {
        Assert.Equal(sign, side.Sign());
        Assert.Equal(opposite, side.Opposite());
        Assert.Equal(text, side.Text());
    }

    [Fact]
    public void A_market_is_one_of_two_texts()
    {
        Assert.True(MarketText.TryParse("spot", out Market spot) && spot == Market.Spot);
        Assert.True(MarketText.TryParse("usdm", out Market usdm) && usdm == Market.UsdMargined);
        Assert.False(MarketText.TryParse("coinm", out Market none) || none != Market.None);
    }
}
