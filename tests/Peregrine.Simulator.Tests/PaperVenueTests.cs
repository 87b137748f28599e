using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Trading;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class PaperVenueTests
{
    private static readonly Instrument Instrument = new()
    {
        Id = new SymbolId(1), Symbol = "BTCUSDT", Market = Market.Spot, BaseAsset = "BTC", QuoteAsset = "USDT", IsTrading = true,
        Rules = new TradingRules { TickSize = Price.Parse("0.01"), StepSize = Quantity.Parse("0.00001"), MinNotional = Notional.Parse("5") },
    };

    private readonly List<OrderReport> _reports = [];
    private readonly PaperVenue _venue;

    public PaperVenueTests()
    {
        _venue = new PaperVenue(new PaperVenueOptions(), (Instrument _, in OrderReport report) => _reports.Add(report), null, TimeProvider.System);
    }

    private void Place(string id, Side side, OrderType type, string quantity, string price = "0")
    {
        OrderIntent intent = new()
        {
            ClientId = ClientOrderId.Create(id), Side = side, Type = type, TimeInForce = type == OrderType.Limit ? TimeInForce.GoodTillCancel : TimeInForce.None,
            Quantity = Quantity.Parse(quantity), Price = Price.Parse(price),
        };
        _venue.Place(intent, Instrument);
    }

    private OrderIntent Leg(string id, Side side, OrderType type, string quantity, string price) => new()
    {
        ClientId = ClientOrderId.Create(id), Side = side, Type = type, TimeInForce = type == OrderType.LimitMaker ? TimeInForce.None : TimeInForce.GoodTillCancel,
        Quantity = Quantity.Parse(quantity), Price = Price.Parse(price),
    };

    /// <summary>0.1 BTC, bought at 60,001 with 0.0001 for the fee, and an OCO of 0.0999 around it.</summary>
    private void BuyAndProtect()
    {
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60000"), Quantity.Parse("1"), Price.Parse("60001"), Quantity.Parse("1"));
        Place("in", Side.Buy, OrderType.Market, "0.1");
        _venue.OnTrade(Instrument.Id, Price.Parse("60000.5"), Quantity.Parse("0.01"), buyerIsMaker: true);
        _reports.Clear();
        _venue.PlaceList(
            new OrderListIntent
            {
                ListId = ClientOrderId.Create("list"), Above = Leg("profit", Side.Sell, OrderType.LimitMaker, "0.0999", "60600"),
                Below = Leg("loss", Side.Sell, OrderType.StopLossLimit, "0.0999", "59600"), BelowStop = Price.Parse("59700"),
            },
            Instrument);
    }

    private IEnumerable<(string, ReportType, OrderStatus)> Told => _reports.Select(r => (r.ClientId.ToString(), r.Report, r.Status));

    private long Free(string asset) => _venue.Balances.Single(b => b.Asset == asset).Free;

    [Fact]
    public void A_round_trip_costs_the_spread_and_two_fees_to_the_last_unit()
    {
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60000"), Quantity.Parse("1"), Price.Parse("60001"), Quantity.Parse("1"));
        Place("in", Side.Buy, OrderType.Market, "0.1");
        Assert.Equal([ReportType.New, ReportType.Trade], _reports.Select(r => r.Report));
        OrderReport bought = _reports[^1];
        Assert.Equal((OrderStatus.Filled, Price.Parse("60001"), Quantity.Parse("0.0001").Raw), (bought.Status, bought.LastPrice, bought.CommissionUnits));
        Assert.Equal("BTC", bought.CommissionAsset.ToString());
        Assert.Equal(Quantity.Parse("0.0999").Raw, Free("BTC"));
        Place("out", Side.Sell, OrderType.Market, "0.0999");
        // 100,000 - 6,000.1 + 0.0999 * 60,000 * 0.999
        Assert.Equal(Quantity.Parse("99987.906").Raw, Free("USDT"));
        Assert.Equal(0, Free("BTC"));
    }

    [Fact]
    public void Refusals_come_as_reports_with_the_exchanges_code()
    {
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60000"), Quantity.Parse("1"), Price.Parse("60001"), Quantity.Parse("1"));
        Place("poor", Side.Sell, OrderType.Market, "1");
        Assert.Equal((ReportType.Rejected, OrderStatus.Rejected, -2010), (_reports[0].Report, _reports[0].Status, _reports[0].ErrorCode));
        Place("grid", Side.Buy, OrderType.Limit, "0.1", "60000.001");
        Assert.Equal(-1013, _reports[1].ErrorCode);
        _venue.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("nobody") }, Instrument);
        Assert.Equal((ReportType.CancelRejected, -2011), (_reports[2].Report, _reports[2].ErrorCode));
        _venue.Query(ClientOrderId.Create("nobody"), Instrument);
        Assert.Equal(OrderStatus.Absent, _reports[3].Status);
    }

    [Fact]
    public void A_limit_order_locks_rests_fills_in_parts_and_gives_back_on_cancel()
    {
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60000"), Quantity.Parse("1"), Price.Parse("60001"), Quantity.Parse("1"));
        Place("rest", Side.Buy, OrderType.Limit, "0.5", "60000.5");
        Assert.Equal(1, _venue.OpenOrders);
        Assert.Equal(Quantity.Parse("30000.25").Raw, _venue.Balances.Single(b => b.Asset == "USDT").Locked);
        _venue.OnTrade(Instrument.Id, Price.Parse("60000.5"), Quantity.Parse("0.2"), buyerIsMaker: true);
        Assert.Equal((ReportType.Trade, OrderStatus.PartiallyFilled, (byte)1), (_reports[^1].Report, _reports[^1].Status, _reports[^1].IsMaker));
        _venue.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("rest") }, Instrument);
        Assert.Equal(ReportType.Canceled, _reports[^1].Report);
        AssetBalance usdt = _venue.Balances.Single(b => b.Asset == "USDT");
        Assert.Equal((Quantity.Parse("87999.9").Raw, 0L), (usdt.Free, usdt.Locked));
        Assert.Equal(Quantity.Parse("0.1998").Raw, Free("BTC"));
        Assert.Equal(0, _venue.OpenOrders);
    }

    [Fact]
    public void The_leg_of_an_OCO_that_takes_the_profit_ends_the_other()
    {
        BuyAndProtect();
        Assert.Equal([("profit", ReportType.New, OrderStatus.New), ("loss", ReportType.New, OrderStatus.New)], Told);
        Assert.Equal((2, Quantity.Parse("0.0999").Raw), (_venue.OpenOrders, _venue.Balances.Single(b => b.Asset == "BTC").Locked)); // Once, not for each leg.
        _venue.OnTrade(Instrument.Id, Price.Parse("59700.01"), Quantity.Parse("5"), buyerIsMaker: true); // Not yet.
        Assert.Equal(2, _venue.OpenOrders);
        _reports.Clear();
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60600"), Quantity.Parse("5"), Price.Parse("60601"), Quantity.Parse("5"));
        Assert.Equal([("loss", ReportType.Expired, OrderStatus.Expired), ("profit", ReportType.Trade, OrderStatus.Filled)], Told);
        Assert.Equal(0, _venue.OpenOrders);
        // 100,000 - 6,000.1 + 0.0999 * 60,600 * 0.999
        Assert.Equal((Quantity.Parse("100047.78606").Raw, 0L), (Free("USDT"), Free("BTC")));
    }

    [Fact]
    public void The_leg_of_an_OCO_that_stops_the_loss_begins_with_a_trade_at_its_stop_and_ends_the_other()
    {
        BuyAndProtect();
        _reports.Clear();
        _venue.OnBestPrices(Instrument.Id, Price.Parse("59690"), Quantity.Parse("5"), Price.Parse("59691"), Quantity.Parse("5"));
        Assert.Equal(2, _venue.OpenOrders); // Prices alone trigger nothing.
        _venue.OnTrade(Instrument.Id, Price.Parse("59700"), Quantity.Parse("0.01"), buyerIsMaker: true);
        Assert.Equal([("profit", ReportType.Expired, OrderStatus.Expired), ("loss", ReportType.New, OrderStatus.New), ("loss", ReportType.Trade, OrderStatus.Filled)], Told);
        // 100,000 - 6,000.1 + 0.0999 * 59,690 * 0.999
        Assert.Equal((Quantity.Parse("99956.967969").Raw, 0L, 0), (Free("USDT"), Free("BTC"), _venue.OpenOrders));
    }

    [Fact]
    public void Cancelling_a_leg_of_an_OCO_ends_both_and_frees_what_was_locked()
    {
        BuyAndProtect();
        _venue.Cancel(new CancelIntent { ClientId = ClientOrderId.Create("loss") }, Instrument);
        Assert.Equal((0, Quantity.Parse("0.0999").Raw), (_venue.OpenOrders, Free("BTC")));
        Assert.Equal(["loss", "profit"], _reports.Where(r => r.Report == ReportType.Canceled).Select(r => r.ClientId.ToString()).Order());
    }

    [Fact]
    public void A_list_that_is_refused_tells_it_of_every_order()
    {
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60000"), Quantity.Parse("1"), Price.Parse("60001"), Quantity.Parse("1"));
        _venue.OnTrade(Instrument.Id, Price.Parse("60000.5"), Quantity.Parse("0.01"), buyerIsMaker: true);
        _venue.PlaceList(
            new OrderListIntent
            {
                ListId = ClientOrderId.Create("list"), Above = Leg("profit", Side.Sell, OrderType.LimitMaker, "0.1", "60600"),
                Below = Leg("loss", Side.Sell, OrderType.StopLossLimit, "0.1", "59600"), BelowStop = Price.Parse("59700"),
            },
            Instrument);
        Assert.Equal([("profit", ReportType.Rejected, OrderStatus.Rejected), ("loss", ReportType.Rejected, OrderStatus.Rejected)], Told);
        Assert.All(_reports, report => Assert.Equal(-2010, report.ErrorCode)); // Nothing to sell.
        Assert.Equal(0, _venue.OpenOrders);
    }

    [Fact]
    public void The_legs_of_an_OTOCO_begin_when_its_working_order_was_filled()
    {
        _venue.OnBestPrices(Instrument.Id, Price.Parse("60000"), Quantity.Parse("1"), Price.Parse("60001"), Quantity.Parse("1"));
        _venue.OnTrade(Instrument.Id, Price.Parse("60000.5"), Quantity.Parse("0.01"), buyerIsMaker: true);
        _venue.PlaceList(
            new OrderListIntent
            {
                ListId = ClientOrderId.Create("list"), Working = Leg("in", Side.Buy, OrderType.Limit, "0.1", "59990"),
                Above = Leg("profit", Side.Sell, OrderType.LimitMaker, "0.0999", "60600"), Below = Leg("loss", Side.Sell, OrderType.StopLossLimit, "0.0999", "59600"), BelowStop = Price.Parse("59700"),
            },
            Instrument);
        _venue.OnBestPrices(Instrument.Id, Price.Parse("59980"), Quantity.Parse("1"), Price.Parse("59990"), Quantity.Parse("1"));
        Assert.Contains(("in", ReportType.Trade, OrderStatus.Filled), Told);
        Assert.Equal((2, Quantity.Parse("0.0999").Raw), (_venue.OpenOrders, _venue.Balances.Single(b => b.Asset == "BTC").Locked));
        _venue.OnTrade(Instrument.Id, Price.Parse("59650"), Quantity.Parse("1"), buyerIsMaker: true);
        Assert.Equal((ReportType.Trade, OrderStatus.Filled, "loss"), (_reports[^1].Report, _reports[^1].Status, _reports[^1].ClientId.ToString()));
    }

    [Fact]
    public void Prices_cost_no_memory_while_nothing_is_open()
    {
        _venue.OnBestPrices(Instrument.Id, new Price(1), new Quantity(1), new Price(2), new Quantity(1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            _venue.OnBestPrices(Instrument.Id, new Price(100 + i), new Quantity(1), new Price(200 + i), new Quantity(1));
            _venue.OnTrade(Instrument.Id, new Price(100 + i), new Quantity(1), true);
        }
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
