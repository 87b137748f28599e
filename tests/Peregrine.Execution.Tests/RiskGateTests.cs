using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Risk;

using Xunit;

namespace Peregrine.Execution.Tests;

public sealed class RiskGateTests
{
    private static readonly RiskLimits Limits = new()
    {
        MaxOrderNotional = Notional.Parse("1000"),
        MaxPositionNotional = Notional.Parse("1500"),
        MaxOrderQuantity = Quantity.Parse("15"),
        MaxOpenOrders = 3,
        PriceCollarBasisPoints = 50,
        MaxDataAgeMillis = 1_000,
        MaxOrdersPerMinute = 10,
        MaxLoss = Notional.Parse("50"),
    };

    /// <summary>A moment in which everything is well; each case below spoils one thing.</summary>
    private sealed record Moment
    {
        public TradingState State { get; init; } = TradingState.Active;
        public Side Side { get; init; } = Side.Buy;
        public OrderType Type { get; init; } = OrderType.Limit;
        public string Price { get; init; } = "100.00";
        public string Quantity { get; init; } = "1.0";
        public bool Tradable { get; init; } = true;
        public string Bid { get; init; } = "99.99";
        public string Ask { get; init; } = "100.01";
        public long AgeMillis { get; init; } = 10;
        public string Position { get; init; } = "0";
        public string OpenBuy { get; init; } = "0";
        public string OpenSell { get; init; } = "0";
        public int OpenOrders { get; init; }
        public bool Unknown { get; init; }
        public int Rate { get; init; }
        public string Result { get; init; } = "0";
        public bool Ready { get; init; } = true;
        public string? Free { get; init; }
        public bool Trading { get; init; } = true;

        public RiskVerdict Check() => RiskGate.Check(
            new RiskInput
            {
                Instrument = Some.Instrument with { IsTrading = Trading },
                State = State,
                Side = Side,
                Type = Type,
                Price = Common.Price.Parse(Price),
                Quantity = Common.Quantity.Parse(Quantity),
                BookIsTradable = Tradable,
                BestBid = Common.Price.Parse(Bid),
                BestAsk = Common.Price.Parse(Ask),
                DataAgeNanos = AgeMillis * 1_000_000,
                Position = Common.Quantity.Parse(Position),
                OpenBuyQuantity = Common.Quantity.Parse(OpenBuy),
                OpenSellQuantity = Common.Quantity.Parse(OpenSell),
                OpenOrders = OpenOrders,
                HasUnknownOrder = Unknown,
                OrdersLastMinute = Rate,
                Result = Notional.Parse(Result),
                GatewayIsReady = Ready,
                FreeQuote = Free is null ? null : Notional.Parse(Free),
            },
            Limits);
    }

    [Fact]
    public void Lets_an_ordinary_order_through() => Assert.Equal(RiskVerdict.Approved, new Moment().Check());

    public static TheoryData<string, RiskVerdict> Cases => new()
    {
        { "halted", RiskVerdict.Halted }, { "reduce-only buy", RiskVerdict.ReduceOnly }, { "gateway down", RiskVerdict.GatewayNotReady },
        { "symbol halted", RiskVerdict.NotTrading }, { "bad book", RiskVerdict.BookNotTradable }, { "no bid", RiskVerdict.NoReferencePrice },
        { "crossed", RiskVerdict.NoReferencePrice }, { "stale", RiskVerdict.StaleData }, { "future data", RiskVerdict.StaleData },
        { "unknown order", RiskVerdict.UnknownOrder }, { "off tick", RiskVerdict.Filter }, { "off step", RiskVerdict.Filter },
        { "too little", RiskVerdict.Filter }, { "zero price", RiskVerdict.Filter }, { "market order", RiskVerdict.Filter }, { "no side", RiskVerdict.Filter },
        { "above collar", RiskVerdict.PriceCollar }, { "below collar", RiskVerdict.PriceCollar }, { "quantity", RiskVerdict.QuantityLimit },
        { "notional", RiskVerdict.NotionalLimit }, { "position", RiskVerdict.PositionLimit }, { "open buys", RiskVerdict.PositionLimit },
        { "open orders", RiskVerdict.OpenOrdersLimit }, { "rate", RiskVerdict.RateLimit }, { "loss", RiskVerdict.DailyLoss },
        { "short on spot", RiskVerdict.Balance }, { "no money", RiskVerdict.Balance },
    };

    private static Moment MomentOf(string name) => name switch
    {
        "halted" => new() { State = TradingState.Halted },
        "reduce-only buy" => new() { State = TradingState.ReduceOnly },
        "gateway down" => new() { Ready = false },
        "symbol halted" => new() { Trading = false },
        "bad book" => new() { Tradable = false },
        "no bid" => new() { Bid = "0" },
        "crossed" => new() { Bid = "100.01", Ask = "100.01" },
        "stale" => new() { AgeMillis = 1_001 },
        "future data" => new() { AgeMillis = -1 },
        "unknown order" => new() { Unknown = true },
        "off tick" => new() { Price = "100.001" },
        "off step" => new() { Quantity = "1.05" },
        "too little" => new() { Quantity = "0.1", Price = "99.90" },
        "zero price" => new() { Price = "0" },
        "market order" => new() { Type = OrderType.Market },
        "no side" => new() { Side = Side.None },
        "above collar" => new() { Price = "100.51" },
        "below collar" => new() { Price = "99.49" },
        "quantity" => new() { Side = Side.Sell, Position = "20", Quantity = "15.1" },
        "notional" => new() { Quantity = "10.1" },
        "position" => new() { Position = "8", Quantity = "7.1" },
        "open buys" => new() { OpenBuy = "8", Quantity = "7.1" },
        "open orders" => new() { OpenOrders = 3 },
        "rate" => new() { Rate = 10 },
        "loss" => new() { Result = "-50.00000001" },
        "short on spot" => new() { Side = Side.Sell },
        "no money" => new() { Free = "99.99" },
        _ => throw new ArgumentException(name),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Refuses_with_the_reason(string what, RiskVerdict reason) => Assert.Equal(reason, MomentOf(what).Check());

    [Fact]
    public void Lets_orders_at_each_limit_through()
    {
        Assert.Equal(RiskVerdict.Approved, new Moment { Quantity = "10" }.Check());
        Assert.Equal(RiskVerdict.Approved, new Moment { Position = "5", Quantity = "10" }.Check());
        Assert.Equal(RiskVerdict.Approved, new Moment { Price = "100.50", Quantity = "1" }.Check());
        Assert.Equal(RiskVerdict.Approved, new Moment { AgeMillis = 1_000 }.Check());
        Assert.Equal(RiskVerdict.Approved, new Moment { OpenOrders = 2, Rate = 9, Result = "-50", Free = "100" }.Check());
    }

    [Fact]
    public void Lets_a_loser_out_when_new_risk_is_closed()
    {
        Moment exit = new() { Side = Side.Sell, Position = "12", Quantity = "12", Result = "-60", State = TradingState.ReduceOnly };
        Assert.Equal(RiskVerdict.Approved, exit.Check());
        Assert.Equal(RiskVerdict.ReduceOnly, (exit with { Quantity = "12.1" }).Check());
        Assert.Equal(RiskVerdict.ReduceOnly, (exit with { OpenSell = "0.1" }).Check());
        Assert.Equal(RiskVerdict.Halted, (exit with { State = TradingState.Halted }).Check());
    }

    [Fact]
    public void Is_halted_by_default() => Assert.Equal(RiskVerdict.Halted, (new Moment() with { State = default }).Check());
}
