using System.Numerics;
using Peregrine.Common.Orders;
using Xunit;

namespace Peregrine.Common.Tests;

public sealed class OrderFiltersTests
{
    private const int Seed = 20260;
    private static readonly BigInteger One = BigInteger.Pow(10, 8);

    [Fact]
    public void Says_what_an_obvious_reference_says_for_any_order_and_rules()
    {
        Random random = new(Seed);
        var hits = new int[(int)OrderFilter.MaxAsset + 1];
        const int trials = 200_000;
        int failures = 0;
        for (int i = 0; i < trials; i++)
        {
            TradingRules rules = Rules(random);
            OrderShape order = Order(random);
            FilterContext context = Context(random);
            OrderFilter said = OrderFilters.Check(rules, order, context);
            hits[(int)said]++;
            if (said != Expected(rules, order, context)) failures++;
        }
        Assert.Equal(0, failures);
        int[] never = [.. Enumerable.Range(0, hits.Length).Where(f => hits[f] == 0 && (OrderFilter)f is not (OrderFilter.MaxOrderLists or OrderFilter.MaxOrderAmends or OrderFilter.ExchangeMaxOrderLists))];
        Assert.True(never.Length == 0, "never failed: " + string.Join(", ", never.Select(f => (OrderFilter)f)));
        TestContext.Current.TestOutputHelper!.WriteLine($"filters: {trials} orders against the reference, {failures} differ (seed {Seed}); passed {hits[0]}");
    }

    [Fact]
    public void Allocates_nothing()
    {
        Random random = new(1);
        TradingRules rules = Rules(random);
        OrderShape order = Order(random);
        FilterContext context = Context(random);
        OrderFilters.Check(rules, order, context);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++) OrderFilters.Check(rules, order, context);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(OrderType.StopLoss, Side.Buy, true)]
    [InlineData(OrderType.TakeProfitLimit, Side.Sell, true)]
    [InlineData(OrderType.StopLossLimit, Side.Sell, false)]
    [InlineData(OrderType.TakeProfit, Side.Buy, false)]
    public void Knows_on_which_side_a_trigger_lies(OrderType type, Side side, bool isAbove) =>
        Assert.Equal(isAbove, new OrderShape { Type = type, Side = side }.TriggersAbove);

    [Fact]
    public void Sums_that_leave_64_bits_are_still_compared_exactly()
    {
        TradingRules rules = new() { PositionMax = new Quantity(long.MaxValue), MaxNotional = new Notional((Int128)long.MaxValue * long.MaxValue) };
        OrderShape order = new() { Side = Side.Buy, Type = OrderType.Limit, Price = new Price(long.MaxValue), Quantity = new Quantity(long.MaxValue) };
        Assert.Equal(OrderFilter.MaxPosition, OrderFilters.Check(rules, order, new FilterContext { BaseHeld = new Quantity(1) }));
        Assert.Equal(OrderFilter.None, OrderFilters.Check(rules, order, default));
    }

    [Fact]
    public void Lists_and_amendments_have_filters_of_their_own()
    {
        TradingRules rules = new() { OrderListsMax = 2, ExchangeOrderListsMax = 3, AmendsMax = 1 };
        Assert.Equal(OrderFilter.None, OrderFilters.CheckLists(rules, 1, 2));
        Assert.Equal(OrderFilter.MaxOrderLists, OrderFilters.CheckLists(rules, 2, 2));
        Assert.Equal(OrderFilter.ExchangeMaxOrderLists, OrderFilters.CheckLists(rules, 1, 3));
        Assert.Equal(OrderFilter.MaxOrderAmends, OrderFilters.CheckAmends(rules, 1));
        Assert.Equal(OrderFilter.None, OrderFilters.CheckAmends(rules, 0));
    }

    /// <summary>The table of the documentation, line by line, in numbers of any size.</summary>
    private static OrderFilter Expected(TradingRules r, OrderShape o, FilterContext c)
    {
        static bool Grid(BigInteger v, BigInteger min, BigInteger max, BigInteger step) => v > 0 && v >= min && (max == 0 || v <= max) && (step == 0 || v % step == 0);
        bool market = o.Type is OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit;
        bool algo = o.Type >= OrderType.StopLoss;
        bool iceberg = o.IcebergQuantity.Raw != 0;
        BigInteger price = o.Price.Raw, quantity = o.Quantity.Raw;
        foreach (long p in (long[])[o.Price.Raw, o.StopPrice.Raw])
            if (p != 0 && !Grid(p, r.MinPrice.Raw, r.MaxPrice.Raw, r.TickSize.Raw)) return OrderFilter.Price;
        BigInteger reference = Ref(r.PercentPriceAverageMinutes);
        if (price != 0 && reference != 0)
        {
            BigInteger up = o.Side == Side.Buy ? r.BidMultiplierUp : r.AskMultiplierUp, down = o.Side == Side.Buy ? r.BidMultiplierDown : r.AskMultiplierDown;
            if ((up != 0 && price * One > reference * up) || (down != 0 && price * One < reference * down))
                return r.HasPercentPriceBySide ? OrderFilter.PercentPriceBySide : OrderFilter.PercentPrice;
        }
        if (o.QuoteUnits == 0 && !Grid(quantity, r.MinQuantity.Raw, r.MaxQuantity.Raw, r.StepSize.Raw)) return OrderFilter.LotSize;
        if (iceberg && !Grid(o.IcebergQuantity.Raw, r.MinQuantity.Raw, r.MaxQuantity.Raw, r.StepSize.Raw)) return OrderFilter.LotSize;
        if (market && o.QuoteUnits == 0 && !Grid(quantity, r.MarketMinQuantity.Raw, r.MarketMaxQuantity.Raw, r.MarketStepSize.Raw)) return OrderFilter.MarketLotSize;
        BigInteger each = market ? Ref(r.NotionalAverageMinutes) : price;
        BigInteger? value = o.QuoteUnits > 0 ? o.QuoteUnits * One : each == 0 ? null : each * quantity;
        if (value is { } v2)
        {
            if (r.MinNotional.Raw != 0 && (!market || r.AppliesMinNotionalToMarket) && v2 < (BigInteger)r.MinNotional.Raw) return r.HasMinNotionalFilter ? OrderFilter.MinNotional : OrderFilter.Notional;
            if (r.MaxNotional.Raw != 0 && (!market || r.AppliesMaxNotionalToMarket) && v2 > (BigInteger)r.MaxNotional.Raw) return r.HasMinNotionalFilter ? OrderFilter.MinNotional : OrderFilter.Notional;
        }
        if (iceberg && r.IcebergPartsMax > 0 && quantity > (BigInteger)o.IcebergQuantity.Raw * r.IcebergPartsMax) return OrderFilter.IcebergParts;
        if (o.TrailingDelta != 0)
        {
            bool stop = o.Type is OrderType.StopLoss or OrderType.StopLossLimit;
            bool above = stop ? o.Side == Side.Buy : o.Side != Side.Buy;
            int min = above ? r.TrailingAboveMin : r.TrailingBelowMin, max = above ? r.TrailingAboveMax : r.TrailingBelowMax;
            if (o.TrailingDelta < min || (max != 0 && o.TrailingDelta > max)) return OrderFilter.TrailingDelta;
        }
        if (o.Side == Side.Buy && o.QuoteUnits == 0 && r.PositionMax.Raw > 0 && (BigInteger)c.BaseHeld.Raw + c.OpenBuyQuantity.Raw + quantity > r.PositionMax.Raw) return OrderFilter.MaxPosition;
        if (r.OpenOrdersMax > 0 && c.OpenOrders + 1 > r.OpenOrdersMax) return OrderFilter.MaxOrders;
        if (algo && r.AlgoOrdersMax > 0 && c.OpenAlgoOrders + 1 > r.AlgoOrdersMax) return OrderFilter.MaxAlgoOrders;
        if (iceberg && r.IcebergOrdersMax > 0 && c.OpenIcebergOrders + 1 > r.IcebergOrdersMax) return OrderFilter.MaxIcebergOrders;
        if (r.ExchangeOrdersMax > 0 && c.ExchangeOpenOrders + 1 > r.ExchangeOrdersMax) return OrderFilter.ExchangeMaxOrders;
        if (algo && r.ExchangeAlgoOrdersMax > 0 && c.ExchangeOpenAlgoOrders + 1 > r.ExchangeAlgoOrdersMax) return OrderFilter.ExchangeMaxAlgoOrders;
        if (iceberg && r.ExchangeIcebergOrdersMax > 0 && c.ExchangeOpenIcebergOrders + 1 > r.ExchangeIcebergOrdersMax) return OrderFilter.ExchangeMaxIcebergOrders;
        if (r.BaseAssetMax.Raw > 0 && quantity > r.BaseAssetMax.Raw) return OrderFilter.MaxAsset;
        if (r.QuoteAssetMax.Raw > 0 && value is { } v3 && v3 > (BigInteger)r.QuoteAssetMax.Raw) return OrderFilter.MaxAsset;
        return OrderFilter.None;

        BigInteger Ref(int minutes) => c.ReferencePrice.Raw != 0 ? c.ReferencePrice.Raw : minutes == 0 ? c.LastPrice.Raw : c.AveragePrice.Raw;
    }

    private static TradingRules Rules(Random random)
    {
        // Each filter is there only now and then, so that the later ones get their turn.
        bool Rarely() => random.Next(5) == 0;
        return new TradingRules
        {
            TickSize = new Price(Rarely() ? random.Next(0, 4) : 1), MinPrice = new Price(Rarely() ? random.Next(50) : 0), MaxPrice = new Price(Rarely() ? random.Next(50, 200) : 0),
            StepSize = new Quantity(Rarely() ? random.Next(0, 4) : 1), MinQuantity = new Quantity(Rarely() ? random.Next(50) : 0), MaxQuantity = new Quantity(Rarely() ? random.Next(50, 200) : 0),
            MarketStepSize = new Quantity(Rarely() ? random.Next(0, 4) : 0), MarketMinQuantity = new Quantity(Rarely() ? random.Next(50) : 0), MarketMaxQuantity = new Quantity(Rarely() ? random.Next(50, 200) : 0),
            MinNotional = new Notional(Rarely() ? random.Next(10_000) : 0), MaxNotional = new Notional(Rarely() ? random.Next(40_000) : 0),
            AppliesMinNotionalToMarket = random.Next(2) == 0, AppliesMaxNotionalToMarket = random.Next(2) == 0, HasMinNotionalFilter = random.Next(2) == 0, NotionalAverageMinutes = random.Next(2),
            BidMultiplierUp = Rarely() ? random.NextInt64(200_000_000) : 0, BidMultiplierDown = Rarely() ? random.NextInt64(200_000_000) : 0,
            AskMultiplierUp = Rarely() ? random.NextInt64(200_000_000) : 0, AskMultiplierDown = Rarely() ? random.NextInt64(200_000_000) : 0,
            HasPercentPriceBySide = random.Next(2) == 0, PercentPriceAverageMinutes = random.Next(2), IcebergPartsMax = Rarely() ? random.Next(1, 20) : 0,
            TrailingAboveMin = Rarely() ? random.Next(20) : 0, TrailingAboveMax = Rarely() ? random.Next(20) : 0, TrailingBelowMin = Rarely() ? random.Next(20) : 0, TrailingBelowMax = Rarely() ? random.Next(20) : 0,
            OpenOrdersMax = Rarely() ? random.Next(5) : 0, AlgoOrdersMax = Rarely() ? random.Next(5) : 0, IcebergOrdersMax = Rarely() ? random.Next(5) : 0,
            ExchangeOrdersMax = Rarely() ? random.Next(5) : 0, ExchangeAlgoOrdersMax = Rarely() ? random.Next(5) : 0, ExchangeIcebergOrdersMax = Rarely() ? random.Next(5) : 0,
            PositionMax = new Quantity(Rarely() ? random.Next(300) : 0), BaseAssetMax = new Quantity(Rarely() ? random.Next(200) : 0), QuoteAssetMax = new Notional(Rarely() ? random.Next(20_000) : 0),
        };
    }

    private static OrderShape Order(Random random)
    {
        var type = (OrderType)random.Next(1, 8);
        bool market = type is OrderType.Market or OrderType.StopLoss or OrderType.TakeProfit;
        bool byMoney = type == OrderType.Market && random.Next(3) == 0;
        return new OrderShape
        {
            Side = random.Next(2) == 0 ? Side.Buy : Side.Sell, Type = type, Price = new Price(market ? 0 : random.Next(1, 200)), StopPrice = new Price(type >= OrderType.StopLoss && random.Next(2) == 0 ? random.Next(1, 200) : 0),
            Quantity = new Quantity(byMoney ? 0 : random.Next(0, 200)), QuoteUnits = byMoney ? random.Next(1, 3) : 0, IcebergQuantity = new Quantity(!market && random.Next(3) == 0 ? random.Next(1, 50) : 0),
            TrailingDelta = type >= OrderType.StopLoss && random.Next(2) == 0 ? random.Next(1, 25) : 0,
        };
    }

    private static FilterContext Context(Random random) => new()
    {
        ReferencePrice = new Price(random.Next(4) == 0 ? random.Next(1, 200) : 0), LastPrice = new Price(random.Next(200)), AveragePrice = new Price(random.Next(200)),
        OpenOrders = random.Next(5), OpenAlgoOrders = random.Next(5), OpenIcebergOrders = random.Next(5), ExchangeOpenOrders = random.Next(5), ExchangeOpenAlgoOrders = random.Next(5),
        ExchangeOpenIcebergOrders = random.Next(5), BaseHeld = new Quantity(random.Next(100)), OpenBuyQuantity = new Quantity(random.Next(100)),
    };
}
