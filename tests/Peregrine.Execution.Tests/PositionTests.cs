using Peregrine.Common;
using Peregrine.Execution.Portfolio;

using Xunit;

namespace Peregrine.Execution.Tests;

public sealed class PositionTests
{
    private static void Fill(Position position, Side side, string quantity, string price) =>
        position.Fill(side, Quantity.Parse(quantity), Price.Parse(price) * Quantity.Parse(quantity));

    [Fact]
    public void Averages_buys_and_realises_sells()
    {
        Position position = new();
        Fill(position, Side.Buy, "1", "100");
        Fill(position, Side.Buy, "3", "104");
        Assert.Equal(Price.Parse("103"), position.AveragePrice);
        Fill(position, Side.Sell, "2", "110");
        Assert.Equal(Notional.Parse("14"), position.Realised);
        Assert.Equal(Notional.Parse("-6"), position.Unrealised(Price.Parse("100")));
        Fill(position, Side.Sell, "2", "100");
        Assert.Equal(Notional.Parse("8"), position.Realised);
        Assert.True(position.Quantity.IsZero && position.Cost.IsZero);
    }

    [Fact]
    public void Turns_from_long_to_short_in_one_fill()
    {
        Position position = new();
        Fill(position, Side.Buy, "1", "100");
        Fill(position, Side.Sell, "3", "110");
        Assert.Equal(Notional.Parse("10"), position.Realised);
        Assert.Equal(Quantity.Parse("-2"), position.Quantity);
        Assert.Equal(Price.Parse("110"), position.AveragePrice);
        Fill(position, Side.Buy, "2", "105");
        Assert.Equal(Notional.Parse("20"), position.Realised);
    }

    [Fact]
    public void Takes_a_fee_in_the_bought_asset_off_the_position_and_keeps_its_cost()
    {
        Position position = new();
        Fill(position, Side.Buy, "1", "100");
        position.FeeInBase(Quantity.Parse("0.001"));
        Assert.Equal(Quantity.Parse("0.999"), position.Quantity);
        Fill(position, Side.Sell, "0.999", "100");
        position.FeeInQuote(Notional.Parse("0.0999"));
        Assert.Equal(Notional.Parse("-0.1999"), position.Realised);
    }

    [Theory] // Whatever the fills, result = money that came in - money that went out + what is held: nothing appears or vanishes.
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20261122)]
    public void Conserves_money_over_any_fills(int seed)
    {
        Random random = new(seed);
        Position position = new();
        Notional cash = Notional.Zero;
        long held = 0;
        for (int i = 0; i < 20_000; i++)
        {
            Side side = random.Next(2) == 0 ? Side.Buy : Side.Sell;
            Quantity quantity = new(random.NextInt64(1, 5_000_000_000));
            Notional value = new Price(random.NextInt64(1, 7_000_000_000_000)) * quantity;
            position.Fill(side, quantity, value);
            cash += side == Side.Buy ? -value : value;
            held += quantity.Raw * side.Sign();
            Price mark = new(random.NextInt64(1, 7_000_000_000_000));
            Assert.Equal(held, position.Quantity.Raw);
            Assert.True(cash + (mark * position.Quantity) == position.Realised + position.Unrealised(mark), $"seed {seed}, fill {i}");
        }
    }

    [Fact]
    public void Refuses_a_fill_that_cannot_be() =>
        Assert.Throws<InvalidOperationException>(() => new Position().Fill(Side.Buy, Quantity.Zero, Notional.Parse("1")));
}
