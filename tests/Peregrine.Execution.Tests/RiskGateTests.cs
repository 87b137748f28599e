using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Risk;

using Xunit;

namespace Peregrine.Execution.Tests;

public sealed class RiskGateTests(ITestOutputHelper output)
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
        MaxOpenOrdersPerSymbol = 2,
        MaxGrossExposure = Notional.Parse("3000"),
        MaxOrdersWithoutFill = 20,
        MaxModelAgeMillis = 5_000,
        MaxDailyLoss = Notional.Parse("30"),
        MaxDrawdown = Notional.Parse("40"),
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
        public string Last { get; init; } = "0";
        public string Steady { get; init; } = "0";
        public long AgeMillis { get; init; } = 10;
        public string Position { get; init; } = "0";
        public string OpenBuy { get; init; } = "0";
        public string OpenSell { get; init; } = "0";
        public int OpenOrders { get; init; }
        public int OpenOfSymbol { get; init; }
        public string OwnBuy { get; init; } = "0";
        public string OwnSell { get; init; } = "0";
        public long ModelAgeMillis { get; init; } = -1;
        public string Elsewhere { get; init; } = "0";
        public int WithoutFill { get; init; }
        public bool Repeated { get; init; }
        public string Today { get; init; } = "0";
        public string Drawdown { get; init; } = "0";
        public bool Reconciled { get; init; } = true;
        public long ClockMicros { get; init; }
        public long ClockDoubt { get; init; }
        public bool Protection { get; init; }
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
                LastPrice = Common.Price.Parse(Last),
                SteadyPrice = Common.Price.Parse(Steady),
                DataAgeNanos = AgeMillis * 1_000_000,
                Position = Common.Quantity.Parse(Position),
                ModelAgeNanos = ModelAgeMillis * 1_000_000,
                Open = new OpenOrders
                {
                    Count = OpenOfSymbol, Buys = Common.Quantity.Parse(OpenBuy), Sells = Common.Quantity.Parse(OpenSell),
                    HighestBuy = Common.Price.Parse(OwnBuy), LowestSell = Common.Price.Parse(OwnSell),
                },
                OpenOrders = OpenOrders,
                OtherExposure = Notional.Parse(Elsewhere),
                OrdersWithoutFill = WithoutFill,
                IsRepeated = Repeated,
                Today = Notional.Parse(Today),
                Drawdown = Notional.Parse(Drawdown),
                IsReconciled = Reconciled,
                Clock = new ClockReading(ClockMicros, ClockDoubt),
                IsProtection = Protection,
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
        { "clock ahead", RiskVerdict.ClockOffset }, { "clock behind", RiskVerdict.ClockOffset }, { "clock in doubt", RiskVerdict.ClockOffset },
        { "clock never measured", RiskVerdict.ClockOffset }, { "not reconciled", RiskVerdict.NotReconciled }, { "old model", RiskVerdict.ModelStale },
        { "own sell", RiskVerdict.SelfTrade }, { "own buy", RiskVerdict.SelfTrade }, { "again", RiskVerdict.Duplicate },
        { "other symbols", RiskVerdict.GrossExposure }, { "orders of the symbol", RiskVerdict.SymbolOrdersLimit }, { "no fills", RiskVerdict.OrdersWithoutFill },
        { "bad day", RiskVerdict.DailyLoss }, { "fell far", RiskVerdict.Drawdown }, { "stop without protecting", RiskVerdict.Filter },
        { "protection that opens", RiskVerdict.PositionLimit },
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
        "clock ahead" => new() { ClockMicros = 250_001 },
        "clock behind" => new() { ClockMicros = -250_001 },
        "clock in doubt" => new() { ClockMicros = 100_000, ClockDoubt = 150_001 },
        "clock never measured" => new() { ClockDoubt = -1 },
        "not reconciled" => new() { Reconciled = false },
        "old model" => new() { ModelAgeMillis = 5_001 },
        "own sell" => new() { OwnSell = "100.00" },
        "own buy" => new() { Side = Side.Sell, Position = "5", OwnBuy = "100.00" },
        "again" => new() { Repeated = true },
        "other symbols" => new() { Elsewhere = "2900.01" },
        "orders of the symbol" => new() { OpenOfSymbol = 2 },
        "no fills" => new() { WithoutFill = 20 },
        "bad day" => new() { Today = "-30.00000001" },
        "fell far" => new() { Drawdown = "40.00000001" },
        "stop without protecting" => new() { Side = Side.Sell, Position = "5", Type = OrderType.StopLossLimit },
        "protection that opens" => new() { Protection = true },
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

    [Fact] // Each new limit at its edge: what is allowed is allowed.
    public void Lets_orders_at_each_newer_limit_through()
    {
        Moment edge = new()
        {
            ClockMicros = -200_000, ClockDoubt = 50_000, ModelAgeMillis = 5_000, OwnSell = "100.01", OwnBuy = "100.00", Elsewhere = "2900", OpenOfSymbol = 1, WithoutFill = 19,
            Today = "-30", Drawdown = "40",
        };
        Assert.Equal(RiskVerdict.Approved, edge.Check());
    }

    [Fact] // A leg that guards a position may rest far from the market, and passes when new risk is closed.
    public void Lets_protection_rest_far_away()
    {
        Moment leg = new() { Side = Side.Sell, Type = OrderType.StopLossLimit, Price = "90.00", Position = "5", Quantity = "5", Protection = true, State = TradingState.ReduceOnly, Today = "-100", WithoutFill = 99 };
        Assert.Equal(RiskVerdict.Approved, leg.Check());
        Assert.Equal(RiskVerdict.PriceCollar, (leg with { Type = OrderType.Limit, Protection = false }).Check());
        Assert.Equal(RiskVerdict.ReduceOnly, (leg with { Quantity = "5.1" }).Check());
    }

    [Fact]
    public void Row_41_every_limit_is_right_below_at_and_above()
    {
        int trials = 0, wrong = 0;
        void Edge(RiskVerdict beyond, params (Moment Moment, bool Allowed)[] cases)
        {
            foreach ((Moment moment, bool allowed) in cases)
            {
                trials++;
                if (moment.Check() != (allowed ? RiskVerdict.Approved : beyond)) wrong++;
            }
        }

        Edge(RiskVerdict.NotionalLimit, (new() { Quantity = "9.9" }, true), (new() { Quantity = "10" }, true), (new() { Quantity = "10.1" }, false));
        Edge(RiskVerdict.PositionLimit, (new() { Position = "13.9" }, true), (new() { Position = "14" }, true), (new() { Position = "14.1" }, false));
        Edge(RiskVerdict.PositionLimit, (new() { OpenBuy = "13.9" }, true), (new() { OpenBuy = "14" }, true), (new() { OpenBuy = "14.1" }, false));
        Edge(RiskVerdict.OpenOrdersLimit, (new() { OpenOrders = 1 }, true), (new() { OpenOrders = 2 }, true), (new() { OpenOrders = 3 }, false));
        Edge(RiskVerdict.SymbolOrdersLimit, (new() { OpenOfSymbol = 0 }, true), (new() { OpenOfSymbol = 1 }, true), (new() { OpenOfSymbol = 2 }, false));
        Edge(RiskVerdict.RateLimit, (new() { Rate = 8 }, true), (new() { Rate = 9 }, true), (new() { Rate = 10 }, false));
        Edge(RiskVerdict.PriceCollar, (new() { Price = "100.49" }, true), (new() { Price = "100.50" }, true), (new() { Price = "100.51" }, false));
        Edge(RiskVerdict.PriceCollar, (new() { Price = "99.51" }, true), (new() { Price = "99.50" }, true), (new() { Price = "99.49" }, false));
        Edge(RiskVerdict.StaleData, (new() { AgeMillis = 999 }, true), (new() { AgeMillis = 1_000 }, true), (new() { AgeMillis = 1_001 }, false), (new() { AgeMillis = long.MaxValue / 1_000_000 }, false));
        Edge(RiskVerdict.ClockOffset, (new() { ClockMicros = 249_999 }, true), (new() { ClockMicros = 250_000 }, true), (new() { ClockMicros = 250_001 }, false), (new() { ClockDoubt = long.MinValue }, false));
        Edge(RiskVerdict.ModelStale, (new() { ModelAgeMillis = 4_999 }, true), (new() { ModelAgeMillis = 5_000 }, true), (new() { ModelAgeMillis = 5_001 }, false));
        Edge(RiskVerdict.GrossExposure, (new() { Elsewhere = "2899.99" }, true), (new() { Elsewhere = "2900" }, true), (new() { Elsewhere = "2900.01" }, false));
        Edge(RiskVerdict.OrdersWithoutFill, (new() { WithoutFill = 18 }, true), (new() { WithoutFill = 19 }, true), (new() { WithoutFill = 20 }, false));
        Edge(RiskVerdict.DailyLoss, (new() { Today = "-29.99" }, true), (new() { Today = "-30" }, true), (new() { Today = "-30.01" }, false));
        Edge(RiskVerdict.Drawdown, (new() { Drawdown = "39.99" }, true), (new() { Drawdown = "40" }, true), (new() { Drawdown = "40.01" }, false));
        Edge(RiskVerdict.DailyLoss, (new() { Result = "-49.99" }, true), (new() { Result = "-50" }, true), (new() { Result = "-50.01" }, false));
        Edge(RiskVerdict.Balance, (new() { Free = "100.01" }, true), (new() { Free = "100" }, true), (new() { Free = "99.99" }, false));
        Edge(RiskVerdict.SelfTrade, (new() { OwnSell = "100.02" }, true), (new() { OwnSell = "100.01" }, true), (new() { OwnSell = "100.00" }, false));
        Edge(RiskVerdict.Filter, (new() { Quantity = "0.2" }, true), (new() { Quantity = "0.1" }, true), (new() { Quantity = "0" }, false), (new() { Price = "0" }, false));
        Edge(RiskVerdict.PriceJump, (new() { Steady = "83.34" }, true), (new() { Steady = "83.33" }, false), (new() { Steady = "125" }, true), (new() { Steady = "125.01" }, false));
        Edge(RiskVerdict.PriceJump, (new() { Last = "83.34" }, true), (new() { Last = "83.33" }, false), (new() { Last = "125" }, true), (new() { Last = "125.01" }, false), (new() { Last = "0.01" }, false));
        Edge(RiskVerdict.NoReferencePrice, (new() { Bid = "0" }, false), (new() { Ask = "0" }, false), (new() { Bid = "-1" }, false), (new() { Bid = "100.02" }, false));

        Moment usual = new();
        const int Rounds = 200_000;
        for (int i = 0; i < 2_000; i++) _ = usual.Check();
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < Rounds; i++) _ = usual.Check();
        double micros = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalMicroseconds / Rounds;
        output.WriteLine($"row 41: {trials} limits below, at and above, {wrong} wrong; {micros:F2} us a check with its texts parsed");
        Assert.Equal(0, wrong);
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
