using System.Globalization;

using Peregrine.Binance.Orders;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Trading;
using Peregrine.Research.WholeSystem;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Virtual;

using Xunit;

namespace Peregrine.Research.Tests;

/// <summary>The trader's own core, shell and order session over the virtual exchange, and orders that a test places by hand through the core's order manager and journal.</summary>
internal sealed class OrderRig : IDisposable
{
    private const long StepMicros = 5_000;

    public OrderRig(ulong seed, CoreSetup? setup = null, double marketRate = 0.05, Func<InstrumentTable, IEventWriter, TradingCore>? core = null)
    {
        Random = new Random((int)seed);
        Exchange = new VirtualExchange(new ExchangeOptions
        {
            Symbols = [TraderWorld.Symbol],
            Source = new SyntheticSource(seed, marketRate),
            Balances = new Dictionary<string, Quantity> { ["USDT"] = Quantity.Parse("1000000"), ["BTC"] = Quantity.Parse("10"), ["BNB"] = Quantity.Parse("50") },
        });
        World = TraderWorld.Over(Exchange, Random, Violations.Add, Log is null ? null : line => Log(line));
        World.OrderLink.LatencyMicros = World.MarketLink.LatencyMicros = 10_000;
        InstrumentTable instruments = TraderWorld.InstrumentsOf(Exchange);
        Trader = new Trader(Exchange, Home, World, setup ?? Quiet, instruments, 77, core is null ? null : events => core(instruments, events));
        Assert.True(Until(() => Trader.Core.Reconciler.IsReconciled && Symbol.State.IsTradable && Trader.Core.Clock.UncertaintyMicros >= 0, 60), "it does not come up");
    }

    /// <summary>A core that reconciles and follows orders, and wants nothing by itself.</summary>
    public static CoreSetup Quiet => new() { Mode = "live", Trades = true, Reconciles = true, EnterProbability = 1, ExitProbability = 0 };

    public static Action<string>? Log { get; set; }

    public Random Random { get; }
    public VirtualExchange Exchange { get; }
    public TraderWorld World { get; }
    public TraderHome Home { get; } = new();
    public Trader Trader { get; }
    public List<string> Violations { get; } = [];
    public TradingCore Core => Trader.Core;
    public SymbolTrading Symbol => Core.Symbols[0];

    /// <summary>Looked at after each step.</summary>
    public Action? Watch { get; set; }

    public double Seconds => Exchange.NowMicros / 1e6;

    public void Step()
    {
        Exchange.AdvanceTo(Exchange.NowMicros + StepMicros);
        Trader.Step();
        Watch?.Invoke();
    }

    public void Wait(double seconds)
    {
        long end = Exchange.NowMicros + (long)(seconds * 1e6);
        while (Exchange.NowMicros < end) Step();
    }

    /// <param name="everySeconds">How often it is looked at: what asks the exchange's ledger is dear.</param>
    public bool Until(Func<bool> condition, double seconds, double everySeconds = 0)
    {
        long end = Exchange.NowMicros + (long)(seconds * 1e6);
        while (!condition())
        {
            if (Exchange.NowMicros >= end) return false;
            Step();
            if (everySeconds > 0) Wait(everySeconds);
        }
        return true;
    }

    /// <summary>A price that much away from the mid, on the tick: positive is above.</summary>
    public Price PriceAt(double percent)
    {
        TradingRules rules = Symbol.Instrument.Rules;
        return rules.FloorToTick(Price.Parse((Symbol.State.Book.Mid.ToDouble() * (1 + (percent / 100))).ToString("F2", CultureInfo.InvariantCulture)));
    }

    /// <summary>Writes an order down as the core would, and sends it by the session.</summary>
    public int Place(Side side, OrderType type, TimeInForce timeInForce, Price price, string quantity)
    {
        int slot = Write(side, type, timeInForce, price, quantity);
        OrderIntent intent = IntentOf(slot);
        Sent = Trader.Session.Place(in intent, Symbol.Instrument);
        return slot;
    }

    /// <summary>Writes an order down, and sends nothing.</summary>
    public int Write(Side side, OrderType type, TimeInForce timeInForce, Price price, string quantity)
    {
        NewOrder order = new(Symbol.Instrument.Id, side, type, timeInForce, price, Quantity.Parse(quantity), 1);
        int slot = Core.Orders.Add(in order, World.Time.GetUnixNanos());
        OrderIntent intent = IntentOf(slot);
        Home.Journal.Append("BTCUSDT"u8, in intent, World.Time.GetUnixNanos());
        return slot;
    }

    /// <summary>Cancels one order and places another that was written down, with one request.</summary>
    public void Replace(int old, int next, ReplaceMode mode)
    {
        CancelIntent cancel = new() { ClientId = Core.Orders[old].ClientId, ExchangeOrderId = Core.Orders[old].ExchangeOrderId };
        OrderIntent intent = IntentOf(next);
        Sent = Trader.Session.CancelReplace(in cancel, mode, in intent, default, Symbol.Instrument);
    }

    private OrderIntent IntentOf(int slot)
    {
        ref readonly TrackedOrder order = ref Core.Orders[slot];
        return new OrderIntent
        {
            ClientId = order.ClientId, Price = order.Price, Quantity = order.Quantity, StrategyId = 1, Side = order.Side, Type = order.Type, TimeInForce = order.TimeInForce,
        };
    }

    /// <summary>What became of the bytes of the order placed last.</summary>
    public Execution.SendResult Sent { get; private set; }

    public void Cancel(int slot)
    {
        CancelIntent cancel = new() { ClientId = Core.Orders[slot].ClientId, ExchangeOrderId = Core.Orders[slot].ExchangeOrderId };
        Trader.Session.Cancel(in cancel, Symbol.Instrument);
    }

    public LedgerOrder? AtExchange(ClientOrderId id) => Exchange.Oracle.Orders.SingleOrDefault(order => order.ClientOrderId == id.ToString());

    /// <summary>Whether our picture of an order is the exchange's.</summary>
    public bool Agrees(int slot)
    {
        TrackedOrder ours = Core.Orders[slot];
        return AtExchange(ours.ClientId) is { } theirs
            ? Quantity.Parse(theirs.Executed) == ours.Booked && StatusOf(theirs.Status) == ours.Status
            : ours.Status is OrderStatus.Rejected or OrderStatus.Absent;
    }

    /// <summary>The ledger of every asset and the position are the exchange's, to the last unit.</summary>
    public void AssertLedger()
    {
        List<string> wrong = [];
        new Oracle(Exchange).CheckLedger(Core, wrong.Add);
        Assert.Empty(wrong);
    }

    public ActiveFault Fault(ExchangeFault fault) => Exchange.Faults.Apply(fault);

    public void Dispose() => Trader.Dispose();

    private static OrderStatus StatusOf(string text) => text switch
    {
        "NEW" => OrderStatus.New,
        "PARTIALLY_FILLED" => OrderStatus.PartiallyFilled,
        "FILLED" => OrderStatus.Filled,
        "CANCELED" => OrderStatus.Canceled,
        "EXPIRED" or "EXPIRED_IN_MATCH" => OrderStatus.Expired,
        "REJECTED" => OrderStatus.Rejected,
        _ => OrderStatus.None,
    };
}
