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
