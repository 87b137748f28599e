using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;

using Xunit;

namespace Peregrine.Execution.Tests;

public sealed class OrderManagerTests
{
    private static readonly SymbolId Symbol = new(1);
    private static readonly Price Limit = Price.Parse("100");
    private const long Second = 1_000_000_000;

    private static OrderManager Begun()
    {
        OrderManager orders = new();
        orders.Begin(0x0123456789abcdef);
        return orders;
    }

    private static int Add(OrderManager orders, string quantity = "10", long now = 0) =>
        orders.Add(new NewOrder(Symbol, Side.Buy, OrderType.Limit, TimeInForce.GoodTillCancel, Limit, Quantity.Parse(quantity), 1), now);

    private static OrderReport Report(ClientOrderId id, ReportType type, OrderStatus status, long cumulative, ReportSource source = ReportSource.Stream, int error = 0) => new()
    {
        ClientId = id,
        Report = type,
        Status = status,
        Source = source,
        Quantity = Quantity.Parse("10"),
        CumulativeQuantity = new Quantity(cumulative * FixedPoint.One),
        CumulativeQuoteUnits = cumulative * 100 * FixedPoint.One,
        ErrorCode = error,
    };

    [Fact]
    public void Makes_ids_that_the_exchange_accepts_and_that_find_their_order_again()
    {
        ClientOrderIds ids = new(ulong.MaxValue);
        Assert.Matches("^[a-zA-Z0-9-_]{1,36}$", ids.Create(123_456_789).ToString());
        Assert.True(ids.TryGetSequence(ids.Create(42), out long sequence));
        Assert.Equal(42, sequence);
        Assert.False(new ClientOrderIds(1).TryGetSequence(ids.Create(42), out _));
        Assert.False(ids.TryGetSequence(ClientOrderId.Create("web_1234"), out _));
    }

    [Fact]
    public void Follows_an_order_to_its_fill()
    {
        OrderManager orders = Begun();
        int slot = Add(orders);
        ClientOrderId id = orders[slot].ClientId;
        Assert.Equal(Quantity.Parse("10"), orders.OpenOf(Symbol).Buys);
        Assert.False(orders.Apply(Symbol, Report(id, ReportType.New, OrderStatus.New, 0), false, 1).Ended);
        ReportEffect part = orders.Apply(Symbol, Report(id, ReportType.Trade, OrderStatus.PartiallyFilled, 4), false, 2);
        Assert.Equal(Quantity.Parse("4"), part.FilledNow);
        Assert.Equal(400 * FixedPoint.One, part.QuoteUnitsNow);
        Assert.Equal(Quantity.Parse("6"), orders.OpenOf(Symbol).Buys);
        ReportEffect rest = orders.Apply(Symbol, Report(id, ReportType.Trade, OrderStatus.Filled, 10), false, 3);
        Assert.True(rest.Ended);
        Assert.Equal(OrderStatus.Filled, orders[slot].Status);
        Assert.Equal(0, orders.OpenCount);
    }

    [Theory] // Duplicated, shuffled and early reports of one life: the booked sum and the end are always the same.
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(20261122)]
    public void Books_the_same_whatever_the_order_of_reports(int seed)
    {
        Random random = new(seed);
        for (int trial = 0; trial < 10_000; trial++)
        {
            OrderManager orders = Begun();
            int slot = Add(orders);
            ClientOrderId id = orders[slot].ClientId;
            List<OrderReport> life = [Report(id, ReportType.New, OrderStatus.New, 0), Report(id, ReportType.New, OrderStatus.New, 0, ReportSource.Reply)];
            long filled = 0;
            while (filled < 10 && random.Next(4) != 0)
            {
                filled += random.NextInt64(1, 10 - filled + 1);
                life.Add(Report(id, ReportType.Trade, filled == 10 ? OrderStatus.Filled : OrderStatus.PartiallyFilled, filled));
            }
            if (filled < 10) life.Add(Report(id, ReportType.Canceled, OrderStatus.Canceled, filled));
            life.AddRange([.. life.Where(_ => random.Next(3) == 0)]);
            OrderReport[] shuffled = [.. life];
            random.Shuffle(shuffled);

            long booked = 0, quote = 0;
            int ends = 0;
            foreach (OrderReport report in shuffled)
            {
                ReportEffect effect = orders.Apply(Symbol, in report, false, 1);
                booked += effect.FilledNow.Raw;
                quote += effect.QuoteUnitsNow;
                ends += effect.Ended ? 1 : 0;
            }
            Assert.True(booked == filled * FixedPoint.One && quote == filled * 100 * FixedPoint.One, $"seed {seed}, trial {trial}: booked {booked} of {filled}");
            Assert.Equal(1, ends);
            Assert.Equal(filled == 10 ? OrderStatus.Filled : OrderStatus.Canceled, orders[slot].Status);
            Assert.Equal(0, orders.OpenCount);
        }
    }

    [Fact]
    public void Keeps_an_order_without_an_answer_as_full_exposure_and_asks_for_it()
    {
        OrderManager orders = Begun();
        int slot = Add(orders);
        Assert.Equal(-1, orders.NextToQuery(OrderManager.AnswerWithinNanos - 1));
        Assert.Equal(-1, orders.NextToQuery(OrderManager.AnswerWithinNanos));
        Assert.True(orders.HasUnknown(Symbol));
        Assert.Equal(Quantity.Parse("10"), orders.OpenOf(Symbol).Buys);
        Assert.Equal(slot, orders.NextToQuery(OrderManager.AnswerWithinNanos + (Second / 2)));
        orders.Apply(Symbol, Report(orders[slot].ClientId, ReportType.Status, OrderStatus.New, 0, ReportSource.Query), false, 4 * Second);
        Assert.Equal(OrderStatus.New, orders[slot].Status);
    }

    [Fact] // Denials are evidence: only a clean round of questions ends the order, and a fill that comes then is booked.
    public void Counts_denials_past_the_window_and_never_ends_an_order_by_them()
    {
        OrderManager orders = Begun();
        int slot = Add(orders);
        ClientOrderId id = orders[slot].ClientId;
        orders.Apply(Symbol, Report(id, ReportType.Unknown, OrderStatus.Unknown, 0, ReportSource.Local), false, Second);
        OrderReport absent = Report(id, ReportType.Unknown, OrderStatus.Unknown, 0, ReportSource.Query, ErrorCodes.NoSuchOrder);
        for (int i = 0; i < 5; i++) orders.Apply(Symbol, in absent, false, 5 * Second);
        Assert.Equal(0, orders[slot].Absences);
        for (int i = 0; i < 5; i++) orders.Apply(Symbol, in absent, false, 13 * Second);
        Assert.Equal((5, OrderStatus.Unknown, 1), (orders[slot].Absences, orders[slot].Status, orders.UnknownCount));

        orders.GiveUp(slot, 20 * Second);
        Assert.Equal((OrderStatus.Absent, 0, 0), (orders[slot].Status, orders.OpenCount, orders.UnknownCount));
        ReportEffect late = orders.Apply(Symbol, Report(id, ReportType.Trade, OrderStatus.Filled, 10), false, 3_600 * Second);
        Assert.Equal((Quantity.Parse("10"), true), (late.FilledNow, late.WasAbsent)); // It was alive after all: the fill counts.
        Assert.Equal((OrderStatus.Filled, 0), (orders[slot].Status, orders.OpenCount));
    }

    [Fact]
    public void Revives_an_order_that_was_given_up_and_rests()
    {
        OrderManager orders = Begun();
        int slot = Add(orders);
        orders.Doubt(slot, Second);
        orders.GiveUp(slot, 20 * Second);
        Assert.True(orders.Apply(Symbol, Report(orders[slot].ClientId, ReportType.New, OrderStatus.New, 0), false, 40 * Second).WasAbsent);
        Assert.Equal((OrderStatus.New, 1), (orders[slot].Status, orders.OpenCount));
    }

    [Fact] // Trades without sums (rows of a query) and sums without trades (answers) tell the same fills in two ways.
    public void Books_the_larger_of_sums_and_trades()
    {
        OrderManager orders = Begun();
        int slot = Add(orders);
        orders.Apply(Symbol, Report(orders[slot].ClientId, ReportType.New, OrderStatus.New, 0) with { ExchangeOrderId = 77 }, false, 1);
        OrderReport row = new() { ExchangeOrderId = 77, TradeId = 5, LastPrice = Price.Parse("99"), LastQuantity = Quantity.Parse("4"), Report = ReportType.Trade, Source = ReportSource.Query };
        ReportEffect first = orders.Apply(Symbol, in row, true, 2);
        Assert.Equal((Quantity.Parse("4"), 396 * FixedPoint.One), (first.FilledNow, first.QuoteUnitsNow));
        Assert.True(orders.Apply(Symbol, in row, false, 3).FilledNow.IsZero);
        OrderReport sum = Report(orders[slot].ClientId, ReportType.Status, OrderStatus.PartiallyFilled, 6, ReportSource.Query) with { CumulativeQuoteUnits = 596 * FixedPoint.One };
        ReportEffect second = orders.Apply(Symbol, in sum, false, 4);
        Assert.Equal((Quantity.Parse("2"), 200 * FixedPoint.One), (second.FilledNow, second.QuoteUnitsNow));
        OrderReport later = row with { TradeId = 6, LastPrice = Price.Parse("100"), LastQuantity = Quantity.Parse("2") };
        Assert.True(orders.Apply(Symbol, in later, true, 5).FilledNow.IsZero); // The sum had it already.
    }

    [Fact]
    public void Counts_one_leg_of_an_oco_and_the_whole_of_what_is_unknown()
    {
        OrderManager orders = Begun();
        long list = orders.NextListNumber();
        NewOrder above = new(Symbol, Side.Sell, OrderType.LimitMaker, TimeInForce.GoodTillCancel, Price.Parse("110"), Quantity.Parse("3"), 1) { ListNumber = list, ListRole = ListRole.Above };
        orders.Add(in above, 0);
        orders.Add(above with { Type = OrderType.StopLossLimit, Price = Price.Parse("90"), ListRole = ListRole.Below }, 0);
        OpenOrders open = orders.OpenOf(Symbol);
        Assert.Equal((2, 2, Quantity.Parse("3"), Price.Parse("90")), (open.Count, open.InLists, open.Sells, open.LowestSell));
    }

    [Fact]
    public void Takes_in_an_order_of_an_earlier_process_and_counts_foreign_ones()
    {
        OrderManager orders = Begun();
        ClientOrderId earlier = new ClientOrderIds(99).Create(5);
        orders.Apply(Symbol, Report(earlier, ReportType.Unknown, OrderStatus.Unknown, 0, ReportSource.Local), false, Second);
        Assert.True(orders.HasUnknown(Symbol));
        orders.Apply(Symbol, Report(earlier, ReportType.Status, OrderStatus.Canceled, 3, ReportSource.Query), false, 2 * Second);
        Assert.Equal(0, orders.OpenCount);
        orders.Apply(Symbol, Report(ClientOrderId.Create("web_1"), ReportType.New, OrderStatus.New, 0), false, 2 * Second);
        Assert.Equal(1, orders.Foreign);
    }

    [Fact] // What an earlier session booked of an order is in the position that was taken over; only the rest is new.
    public void Books_only_the_rest_of_an_order_that_an_earlier_session_had_part_of()
    {
        OrderManager orders = Begun();
        ClientOrderId earlier = new ClientOrderIds(99).Create(5);
        Assert.True(orders.Apply(Symbol, Report(earlier, ReportType.Unknown, OrderStatus.Unknown, 4, ReportSource.Local), false, Second).FilledNow.IsZero);
        ReportEffect rest = orders.Apply(Symbol, Report(earlier, ReportType.Status, OrderStatus.Filled, 10, ReportSource.Query), false, 2 * Second);
        Assert.Equal((Quantity.Parse("6"), 600 * FixedPoint.One, true), (rest.FilledNow, rest.QuoteUnitsNow, rest.Ended));
    }

    [Fact]
    public void Stops_the_program_when_more_is_filled_than_was_ordered()
    {
        OrderManager orders = Begun();
        ClientOrderId id = orders[Add(orders)].ClientId;
        Assert.Throws<InvalidOperationException>(() => orders.Apply(Symbol, Report(id, ReportType.Trade, OrderStatus.Filled, 11), false, 1));
    }
}
