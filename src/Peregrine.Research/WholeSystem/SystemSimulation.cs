using System.Globalization;
using System.Text;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Simulator;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>
/// Feed, core, order session, network and exchange under one seed in virtual time, on one thread: the trader's own code over the exchange's own code, with a
/// network between them that loses, delays and cuts, processes that die, and an exchange that fails in every way it knows. What must never be is looked for at
/// each step; at the end the faults stop, everything has to settle, and our ledger has to be the exchange's to the last unit.
/// </summary>
#pragma warning disable CA1001 // Run disposes the last trader with the result; nobody else ever holds one of these.
public sealed class SystemSimulation
#pragma warning restore CA1001
{
    /// <summary>After the faults, so long until everything must be settled.</summary>
    private const double SettleSeconds = 300;

    /// <summary>So long nothing may change any more: reports may be late.</summary>
    private const long StillMicros = 8_000_000;

    /// <summary>How often the oracle is asked; each time it tells its whole ledger.</summary>
    private const long CheckEveryMicros = 5_000_000;

    private const int ViolationsMax = 20;

    private readonly SimulationOptions _options;
    private readonly VirtualExchange _exchange;
    private readonly Random _random;
    private readonly TraderWorld _world;
    private readonly TraderHome _home = new();
    private readonly InstrumentTable _instruments;
    private readonly CoreSetup _setup;
    private readonly FaultPlan _faults;
    private readonly List<string> _violations = [];
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);
    private readonly long _started;
    private Trader? _trader;
    private long _restartAt;
    private long _nextCheck;
    private long _events;
    private long _orders;
    private long _fills;
    private long _rounds;
    private long _reconnects;
    private int _restarts;

    private SystemSimulation(SimulationOptions options)
    {
        _options = options;
        _random = new Random(unchecked((int)(options.Seed ^ (options.Seed >> 32))));
        _exchange = new VirtualExchange(new ExchangeOptions
        {
            Symbols = ["BTCUSDT"],
            Source = new SyntheticSource(options.Seed, options.MarketRate),
            Balances = new Dictionary<string, Quantity> { ["USDT"] = Quantity.Parse("100000"), ["BTC"] = Quantity.Parse("0"), ["BNB"] = Quantity.Parse("5") },
        });
        _started = _exchange.NowMicros;
        _world = TraderWorld.Over(_exchange, _random, Violate, options.Log is null ? null : line => options.Log(Stamp(line)));
        _instruments = TraderWorld.InstrumentsOf(_exchange);
        _setup = SetupOf(_random);
        _faults = new FaultPlan(_exchange, _world, _random, options, Crash);
    }

    /// <summary>Runs one seed from beginning to end.</summary>
    public static SimulationResult Run(SimulationOptions options)
    {
        SystemSimulation system = new(options);
        try
        {
            system.Play();
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException or ArgumentException or IndexOutOfRangeException or NullReferenceException or KeyNotFoundException)
        {
            system.Violate($"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}");
        }
        return system.Result();
    }

    private static CoreSetup SetupOf(Random random)
    {
        bool brackets = random.Next(2) == 0;
        return new CoreSetup
        {
            Mode = "live",
            Trades = true,
            Reconciles = true,
            EnterProbability = 0.6,
            ExitProbability = 0.4,
            HoldingMillis = random.Next(2_000, 20_000),
            PositionValue = "500",
            OrderPauseMillis = 300,
            MaxOrderNotional = "1000",
            MaxPositionNotional = "1500",
            MaxOpenOrders = 6,
            MaxOpenOrdersPerSymbol = 4,
            MaxOrdersPerMinute = 120,
            DuplicateWindowMillis = 200,
            MaxDailyLoss = "5000",
            MaxDrawdown = "5000",
            MaxLoss = "5000",
            BracketProfitBasisPoints = brackets ? random.Next(3, 30) : 0,
            BracketLossBasisPoints = brackets ? random.Next(3, 30) : 0,
            BracketSeconds = brackets ? random.Next(5, 60) : 0,
        };
    }

    private void Play()
    {
        long stop = _started + (long)(_options.Minutes * 60e6);
        Start();
        while (_exchange.NowMicros < stop)
        {
            _faults.Step();
            Step();
        }
        _faults.End();
        _options.Log?.Invoke(Stamp("the faults are over; everything has to settle"));
        Settle();
        CheckEnd();
    }

    private void Step()
    {
        _exchange.AdvanceTo(_exchange.NowMicros + 5_000 + _random.NextInt64(20_000));
        if (_trader is null)
        {
            if (_exchange.NowMicros >= _restartAt) Start();
            return;
        }
        _trader.Step();
        if (_exchange.NowMicros < _nextCheck) return;
        _nextCheck = _exchange.NowMicros + CheckEveryMicros;
        CheckOracle();
    }

    private void Start()
    {
        _options.Log?.Invoke(Stamp("a trader starts"));
        _trader = new Trader(_exchange, _home, _world, _setup, _instruments, (ulong)_random.NextInt64());
    }

    /// <summary>The process dies at once: what it had in memory is gone, and the last quarter of a second was not recorded yet.</summary>
    private void Crash(double downSeconds)
    {
        if (_trader is null) return;
        Collect();
        _trader.Dispose();
        _trader = null;
        _restarts++;
        _restartAt = _exchange.NowMicros + (long)(downSeconds * 1e6);
        _world.OrderLink.Cut();
        _world.MarketLink.Cut();
        long lost = (_exchange.NowMicros + _world.Time.OffsetMicros - _random.Next(250_000)) * 1_000;
        while (_home.Recorded.Count > 0 && _home.Recorded[^1].Entry.ReceiveTimeNanos > lost && _home.Recorded[^1].Entry.Kind != EventKind.Session) _home.Recorded.RemoveAt(_home.Recorded.Count - 1);
    }

    private void Collect()
    {
        _events += _trader!.Events;
        _orders += _trader.Gateway.Placed;
        _fills += _trader.Core.Fills;
        _rounds += _trader.Core.Reconciler.Agreed;
        _reconnects += _trader.Status.Reconnects;
    }

    /// <summary>A person stops trading the hard way, and waits.</summary>
    private void Settle()
    {
        if (_trader is null) Start();
        long end = _exchange.NowMicros + (long)(SettleSeconds * 1e6);
        long settledSince = _exchange.NowMicros;
        bool told = false, accepted = false;
        while (_exchange.NowMicros < end)
        {
            Step();
            if (_trader is null) continue;
            if (!told)
            {
                _trader.Command(CoreOrder.Flatten);
                told = true;
            }
            if (!IsSettled()) settledSince = _exchange.NowMicros;
            else if (_exchange.NowMicros - settledSince > StillMicros) return;
            if (!accepted && _faults.Explains(_trader.Core.Reconciler.Difference))
            {
                // A deposit that came while nobody listened is told by nothing: a person looks, and takes it for right.
                _trader.Command(CoreOrder.AcceptBalances);
                accepted = true;
            }
        }
    }

    private bool IsSettled()
    {
        TradingCore core = _trader!.Core;
        return core.Orders.OpenCount == 0 && core.Reconciler.IsReconciled && IsDust(core);
    }

    private bool IsDust(TradingCore core)
    {
        SymbolTrading symbol = core.Symbols[0];
        Quantity held = Quantity.Abs(symbol.Position.Quantity);
        return held < symbol.Instrument.Rules.MinQuantity || symbol.Mark * held < symbol.Instrument.Rules.MinNotional;
    }

    private void CheckOracle() => _faults.Oracle.Check(_trader!.Core, _home, Violate);

    private void CheckEnd()
    {
        TradingCore core = _trader!.Core;
        if (core.Orders.OpenCount > 0) Violate($"{core.Orders.OpenCount} orders have no end: {string.Join(", ", core.Orders.Orders.ToArray().Where(static one => one.IsOpen).Select(static one => $"{one.ClientId} {one.Status}"))}");
        if (!core.Reconciler.IsReconciled) Violate($"the account does not agree: {core.Reconciler.Difference.Asset} {core.Reconciler.Difference.Units} ({core.States.Level} {core.States.Reason})");
        if (!IsDust(core)) Violate($"a position of {core.Symbols[0].Position.Quantity} is left");
        _faults.Oracle.CheckEnd(core, _home, Violate);
    }

    private void Violate(string what)
    {
        if (_violations.Count < ViolationsMax && _seen.TryAdd(what, 1)) _violations.Add(Stamp(what));
        _options.Log?.Invoke(Stamp("VIOLATION " + what));
    }

    private string Stamp(string line) => string.Create(CultureInfo.InvariantCulture, $"{(_exchange.NowMicros - _started) / 1e6,9:F3} {line}");

    private SimulationResult Result()
    {
        if (_trader is not null) Collect();
        SimulationResult result = new()
        {
            Seed = _options.Seed,
            Minutes = _options.Minutes,
            Hash = _world.Hash.Text,
            VirtualSeconds = (_exchange.NowMicros - _started) / 1e6,
            Events = _events,
            Orders = _orders,
            Fills = _fills,
            Rounds = _rounds,
            Restarts = _restarts,
            Reconnects = (int)_reconnects,
            Faults = _faults.Counts,
            Violations = _violations,
        };
        _trader?.Dispose();
        return result;
    }
}
