using Peregrine.Common;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Tests.Reference;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class MatchingBookTests
{
    private sealed class Recorder : IMatchObserver
    {
        public List<(long Taker, long Maker, long Price, long Quantity)> Fills { get; } = [];
        public Dictionary<(Side, long), long> Levels { get; } = [];

        public void OnMatch(in IncomingOrder taker, long makerId, long price, long quantity, long makerRemaining) => Fills.Add((taker.Id, makerId, price, quantity));

        public void OnLevel(Side side, long price, long quantity)
        {
            if (quantity == 0) Levels.Remove((side, price));
            else Levels[(side, price)] = quantity;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Fills_what_the_plain_reading_of_price_time_priority_fills(int seed)
    {
        Random random = new(seed);
        Recorder seen = new();
        MatchingBook book = new(1, seen);
        ReferenceBook reference = new();
        long submitted = 0;
        long expired = 0;
        long canceled = 0;
        for (int i = 1; i <= 8_000; i++)
        {
            if (random.Next(4) == 0 && reference.Orders.Count > 0)
            {
                (long id, _, _, long remaining) = reference.Orders[random.Next(reference.Orders.Count)];
                canceled += remaining;
                Assert.True(book.Cancel(id));
                Assert.True(reference.Cancel(id));
                Assert.False(book.Cancel(id));
            }
            else
            {
                Remainder remainder = (Remainder)random.Next(4);
                bool isMarket = remainder == Remainder.Expires && random.Next(2) == 0;
                IncomingOrder order = new(i, random.Next(2) == 0 ? Side.Buy : Side.Sell, isMarket ? 0 : 1_000 + random.Next(-12, 13), random.Next(1, 50), remainder);
                MatchOutcome outcome = book.Submit(order);
                (long filled, bool rested, bool wouldTake) = reference.Submit(order);
                Assert.Equal((filled, rested, wouldTake), (outcome.Filled, outcome.Rested, outcome.WouldTake));
                submitted += order.Quantity;
                if (!outcome.Rested) expired += order.Quantity - outcome.Filled;
            }
            long bid = book.BestPrice(Side.Buy);
            long ask = book.BestPrice(Side.Sell);
            Assert.True(bid == 0 || ask == 0 || bid < ask, $"crossed at step {i} with seed {seed}");
        }
        Assert.Equal(reference.Fills, seen.Fills);
        Assert.NotEmpty(seen.Fills);
        // Conservation: each submitted unit traded (once as taker or maker), rests, expired or was cancelled.
        Assert.Equal(submitted, (2 * seen.Fills.Sum(f => f.Quantity)) + reference.Orders.Sum(o => o.Remaining) + expired + canceled);
        var levels = reference.Orders.GroupBy(o => (o.Side, o.Price)).ToDictionary(g => g.Key, g => g.Sum(o => o.Remaining));
        Assert.Equal(levels.OrderBy(l => l.Key), seen.Levels.OrderBy(l => l.Key).Select(l => KeyValuePair.Create(l.Key, l.Value)));
        foreach (((Side side, long price), long quantity) in levels) Assert.Equal(quantity, book.QuantityAt(side, price));
        Assert.Equal(reference.Orders.Count, book.OrderCount);
    }

    [Fact]
    public void A_money_order_spends_no_more_than_its_money_and_stays_on_the_step()
    {
        Recorder seen = new();
        MatchingBook book = new(step: 1_000, seen);
        book.Submit(new IncomingOrder(1, Side.Sell, 300 * FixedPoint.One, 50_000_000, Remainder.Rests));
        book.Submit(new IncomingOrder(2, Side.Sell, 301 * FixedPoint.One, 50_000_000, Remainder.Rests));
        book.Submit(new IncomingOrder(3, Side.Buy, 0, 0, Remainder.Expires, QuoteBudget: 200 * FixedPoint.One));
        long spent = seen.Fills.Sum(f => Money.Quote(f.Price, f.Quantity));
        Assert.InRange(spent, (200 * FixedPoint.One) - Money.Quote(301 * FixedPoint.One, 1_000), 200 * FixedPoint.One);
        Assert.All(seen.Fills, f => Assert.Equal(0, f.Quantity % 1_000));
    }
}
