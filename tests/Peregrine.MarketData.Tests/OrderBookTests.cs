using Peregrine.Common;
using Peregrine.Common.Events;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.MarketData.Tests;

/// <summary>What every book must do: run on the real one and on the obvious one.</summary>
public abstract class OrderBookSuite
{
    private protected abstract IBook NewBook();

    [Fact]
    public void An_empty_book_has_no_best_prices()
    {
        IBook book = NewBook();
        Assert.Equal(default, book.Best(Side.Buy));
        Assert.Equal(default, book.Best(Side.Sell));
        Assert.Equal(0, book.Top(Side.Buy, new Level[3]));
    }

    [Fact]
    public void The_best_bid_is_the_highest_and_the_best_ask_the_lowest()
    {
        IBook book = NewBook();
        foreach (long price in (long[])[100, 102, 101]) book.Apply(Side.Buy, new Price(price), new Quantity(price));
        foreach (long price in (long[])[110, 108, 109]) book.Apply(Side.Sell, new Price(price), new Quantity(price));
        Assert.Equal(new Level(new Price(102), new Quantity(102)), book.Best(Side.Buy));
        Assert.Equal(new Level(new Price(108), new Quantity(108)), book.Best(Side.Sell));
        var top = new Level[2];
        Assert.Equal(2, book.Top(Side.Sell, top));
        Assert.Equal([108, 109], top.Select(level => level.Price.Raw));
    }

    [Fact]
    public void A_quantity_replaces_the_one_before_and_zero_removes()
    {
        IBook book = NewBook();
        book.Apply(Side.Buy, new Price(100), new Quantity(1));
        book.Apply(Side.Buy, new Price(100), new Quantity(5));
        Assert.Equal(5, book.Best(Side.Buy).Quantity.Raw);
        book.Apply(Side.Buy, new Price(100), Quantity.Zero);
        book.Apply(Side.Buy, new Price(99), Quantity.Zero); // Was never there: normal.
        Assert.Equal(default, book.Best(Side.Buy));
    }

    [Fact]
    public void Loading_replaces_everything()
    {
        IBook book = NewBook();
        book.Apply(Side.Buy, new Price(100), new Quantity(1));
        book.Load([new Level(new Price(50), new Quantity(2)), new Level(new Price(49), new Quantity(3))], [new Level(new Price(51), new Quantity(4))]);
        var top = new Level[5];
        Assert.Equal(2, book.Top(Side.Buy, top));
        Assert.Equal([50, 49], top[..2].Select(level => level.Price.Raw));
        Assert.Equal(51, book.Best(Side.Sell).Price.Raw);
    }
}

public sealed class OrderBookTests : OrderBookSuite
{
    private protected override IBook NewBook() => new RealBook(capacity: 2, new Price(1));

    /// <summary>Where the tick size is zero all levels lie in the sorted array; with 1 the best 256 ticks have a ladder; prices that no 7 divides are no reason to lose anything.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 7)]
    public void Is_always_what_the_obvious_book_is(int seed, long tick)
    {
        var random = new Random(seed);
        var book = new RealBook(capacity: 4, new Price(tick));
        var obvious = new ObviousBook();
        Level[] top = new Level[64];
        Level[] expected = new Level[64];
        for (int step = 0; step < 60_000; step++)
        {
            Side side = random.Next(2) == 0 ? Side.Buy : Side.Sell;
            if (random.Next(5_000) == 0)
            {
                Level[] bids = RandomLevels(random);
                Level[] asks = RandomLevels(random);
                if (random.Next(2) == 0) (bids, asks) = ([.. bids.DistinctBy(level => level.Price).OrderByDescending(level => level.Price.Raw)], [.. asks.DistinctBy(level => level.Price).OrderBy(level => level.Price.Raw)]);
                book.Load(bids, asks);
                obvious.Load(bids, asks);
            }
            // Mostly near the best price, as on the exchange, but sometimes anywhere.
            long spread = random.Next(10) == 0 ? 2_000 : 12;
            long centre = obvious.Best(side).Price.Raw == 0 ? 10_000 : obvious.Best(side).Price.Raw;
            var price = new Price(Math.Clamp(centre + random.NextInt64(-spread, spread + 1), 1, 20_000));
            Quantity quantity = random.Next(3) == 0 ? Quantity.Zero : new Quantity(random.NextInt64(1, 1_000));
            book.Apply(side, price, quantity);
            obvious.Apply(side, price, quantity);

            int levels = step % 64 == 0 ? top.Length : 3;
            int count = book.Top(side, top.AsSpan(0, levels));
            Assert.True(count == obvious.Top(side, expected.AsSpan(0, levels)) && top.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)), $"seed {seed}, step {step}");
            Assert.True(book.Best(side) == obvious.Best(side), $"seed {seed}, step {step}");
        }
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(4, 1)]
    [InlineData(5, 1)]
    [InlineData(5, 3)]
    public void Is_what_the_obvious_book_is_after_every_diff_whatever_its_order(int seed, long tick)
    {
        var random = new Random(seed);
        var book = new RealBook(capacity: 4, new Price(tick));
        var obvious = new ObviousBook();
        Level[] top = new Level[4_000];
        Level[] expected = new Level[4_000];
        for (int step = 0; step < 4_000; step++)
        {
            Level[] bids = RandomDiff(random, obvious, Side.Buy);
            Level[] asks = RandomDiff(random, obvious, Side.Sell);
            book.Apply(bids, asks);
            obvious.Apply(bids, asks);
            foreach (Side side in (Side[])[Side.Buy, Side.Sell])
            {
                int count = book.Top(side, top);
                Assert.True(count == obvious.Top(side, expected) && top.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)), $"seed {seed}, step {step}, {side}");
            }
        }
    }

    /// <summary>The window of the ladder is 256 ticks here: it moves thousands of times, up and down, by a step and by far, and is left by single levels that come back.</summary>
    [Theory]
    [InlineData(6, 1, 10)]
    [InlineData(7, 10, 10)]
    [InlineData(8, 100, 300)]
    [InlineData(9, 1, 2_000)]
    public void Is_what_the_obvious_book_is_wherever_the_price_goes(int seed, long tick, int stride)
    {
        var random = new Random(seed);
        var book = new RealBook(capacity: 4, new Price(tick));
        var obvious = new ObviousBook();
        Level[] top = new Level[2_000];
        Level[] expected = new Level[2_000];
        long centre = 50_000;
        for (int step = 0; step < 6_000; step++)
        {
            centre = Math.Clamp(centre + random.Next(-stride, stride + 1), 3_000, 97_000);
            if (random.Next(500) == 0) centre = random.Next(3_000, 97_000);
            foreach (Side side in (Side[])[Side.Buy, Side.Sell])
            {
                // The side follows the price: what it left behind goes, and around it comes and goes what does on an exchange.
                Level[] known = expected[..obvious.Top(side, expected)];
                List<Level> levels = [.. known.Where(level => (level.Price.Raw - (centre * tick)) * side.Sign() > 0).Select(static level => new Level(level.Price, Quantity.Zero))];
                for (int i = random.Next(12); i > 0; i--)
                {
                    long distance = random.Next(20) == 0 ? random.Next(2_500) : random.Next(60);
                    levels.Add(new Level(new Price((centre - (distance * side.Sign())) * tick), new Quantity(random.Next(3) == 0 ? 0 : random.NextInt64(1, 100))));
                }
                if (random.Next(300) == 0) levels.Add(new Level(new Price(side == Side.Buy ? long.MaxValue - (long.MaxValue % tick) : tick), new Quantity(random.Next(2))));
                foreach (Level level in known.Take(1)) levels.Add(level with { Quantity = new Quantity(random.Next(2)) });
                Level[] diff = [.. levels];
                book.Apply(side == Side.Buy ? diff : [], side == Side.Buy ? [] : diff);
                obvious.Apply(side == Side.Buy ? diff : [], side == Side.Buy ? [] : diff);
                int count = book.Top(side, top);
                Assert.True(count == obvious.Top(side, expected) && top.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)), $"seed {seed}, step {step}, {side}");
                Assert.True(book.Best(side) == obvious.Best(side) && (count == top.Length || book.Count(side) == count), $"seed {seed}, step {step}, {side}");
            }
            if (random.Next(200) != 0) continue;
            Level[] bids = top[..book.Top(Side.Buy, top)];
            Level[] asks = expected[..book.Top(Side.Sell, expected)];
            book.Load(bids, asks);
            obvious.Load(bids, asks);
        }
    }

    /// <summary>Levels that are there and levels that are not, to be set and to go: best first as a rule, sometimes in any order, sometimes with one twice.</summary>
    private static Level[] RandomDiff(Random random, ObviousBook book, Side side)
    {
        Level[] known = new Level[300];
        int count = book.Top(side, known);
        List<Level> levels = [];
        for (int i = random.Next(random.Next(20) == 0 ? 200 : 30); i > 0; i--)
        {
            long price = count > 0 && random.Next(2) == 0 ? known[random.Next(count)].Price.Raw : random.NextInt64(1, 600);
            if (random.Next(2_000) == 0) price = long.MaxValue;
            levels.Add(new Level(new Price(price), new Quantity(random.Next(2) == 0 ? 0 : random.NextInt64(1, 100))));
        }
        if (random.Next(10) == 0) return [.. levels];
        IEnumerable<Level> once = levels.DistinctBy(level => level.Price);
        return [.. side == Side.Buy ? once.OrderByDescending(level => level.Price.Raw) : once.OrderBy(level => level.Price.Raw)];
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Lets_the_farthest_levels_go_when_it_is_full(long tick)
    {
        var book = new OrderBook(tickSize: new Price(tick));
        for (long price = 1; price <= 70_000; price++) book.Apply(Side.Buy, new Price(price), new Quantity(1));
        Assert.InRange(book.Count(Side.Buy), 57_344, 65_536 + 256);
        Assert.Equal(70_000, book.BestBid.Price.Raw);
        book.Apply(Side.Buy, new Price(1), new Quantity(9));
        var top = new Level[65_536 + 256];
        int count = book.Top(Side.Buy, top);
        for (int i = 1; i < count; i++) Assert.True(top[i].Price < top[i - 1].Price);
    }

    [Fact]
    public void Knows_when_it_is_crossed()
    {
        var book = new OrderBook();
        book.Apply(Side.Buy, new Price(100), new Quantity(1));
        Assert.False(book.IsCrossed);
        Assert.False(book.HasBothSides);
        book.Apply(Side.Sell, new Price(101), new Quantity(1));
        Assert.False(book.IsCrossed);
        Assert.True(book.HasBothSides);
        book.Apply(Side.Sell, new Price(100), new Quantity(1));
        Assert.True(book.IsCrossed);
    }

    [Fact]
    public void Allocates_nothing_once_it_has_grown()
    {
        var book = new OrderBook(capacity: 64, new Price(1));
        var top = new Level[20];
        Churn(book, top, steps: 2_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Churn(book, top, steps: 20_000);
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Churn(OrderBook book, Level[] top, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            book.Apply(Side.Buy, new Price(1_000 - (i % 50)), new Quantity(i % 3));
            book.Apply(Side.Sell, new Price(1_001 + (i % 50)), new Quantity(i % 4));
            book.Top(Side.Buy, top);
        }
    }

    private static Level[] RandomLevels(Random random) =>
        [.. Enumerable.Range(0, random.Next(200)).Select(_ => new Level(new Price(random.NextInt64(9_000, 11_000)), new Quantity(random.NextInt64(0, 50))))];
}

public sealed class ObviousBookTests : OrderBookSuite
{
    private protected override IBook NewBook() => new ObviousBook();
}

internal interface IBook
{
    void Apply(Side side, Price price, Quantity quantity);
    void Load(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks);
    void Apply(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks);
    Level Best(Side side);
    int Top(Side side, Span<Level> destination);
}

internal sealed class RealBook(int capacity, Price tickSize) : IBook
{
    private readonly OrderBook _book = new(capacity, tickSize);

    public int Count(Side side) => _book.Count(side);

    public void Apply(Side side, Price price, Quantity quantity) => _book.Apply(side, price, quantity);
    public void Load(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks) => _book.Load(bids, asks);
    public void Apply(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks) => _book.Apply(bids, asks);
    public Level Best(Side side) => _book.Best(side);
    public int Top(Side side, Span<Level> destination) => _book.Top(side, destination);
}

/// <summary>The book as one would write it without a thought for speed.</summary>
internal sealed class ObviousBook : IBook
{
    private readonly SortedDictionary<long, long> _bids = new(Comparer<long>.Create((left, right) => right.CompareTo(left)));
    private readonly SortedDictionary<long, long> _asks = [];

    public void Apply(Side side, Price price, Quantity quantity)
    {
        if (quantity.IsZero) Of(side).Remove(price.Raw);
        else Of(side)[price.Raw] = quantity.Raw;
    }

    public void Load(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks)
    {
        _bids.Clear();
        _asks.Clear();
        Apply(bids, asks);
    }

    public void Apply(ReadOnlySpan<Level> bids, ReadOnlySpan<Level> asks)
    {
        foreach (Level level in bids) Apply(Side.Buy, level.Price, level.Quantity);
        foreach (Level level in asks) Apply(Side.Sell, level.Price, level.Quantity);
    }

    public Level Best(Side side) => Of(side).Select(pair => new Level(new Price(pair.Key), new Quantity(pair.Value))).FirstOrDefault();

    public int Top(Side side, Span<Level> destination)
    {
        int count = 0;
        foreach ((long price, long quantity) in Of(side))
        {
            if (count == destination.Length) break;
            destination[count++] = new Level(new Price(price), new Quantity(quantity));
        }
        return count;
    }

    private SortedDictionary<long, long> Of(Side side) => side == Side.Buy ? _bids : _asks;
}
