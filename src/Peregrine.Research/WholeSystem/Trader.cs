using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution;
using Peregrine.Execution.Journal;
using Peregrine.Execution.Portfolio;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.MarketData;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>What outlives a trader's process: the journal, what was recorded of the account, and the latches.</summary>
internal sealed class TraderHome
{
    public MemoryJournal Journal { get; } = new();

    /// <summary>Account events in their order, with their time, as the recording would give them back.</summary>
    public List<(long Sequence, MarketEvent Entry, long[] Payload)> Recorded { get; } = [];

    public (KillLevel Level, HaltReason Reason) Latched { get; set; }
    public Common.Orders.RiskMemory? Risk { get; set; }
    public long NextSequence { get; set; } = 1;
}

/// <summary>One process of the trader: ring, core, shell, order session and feed as in life, over virtual links.</summary>
internal sealed class Trader : IEventHandler, IDisposable
{
    private const long TimerMicros = 1_000_000;
    private const int RingSlots = 4_096;
    private const int RingWords = 262_144;

    private readonly VirtualExchange _exchange;
    private readonly TraderHome _home;
    private readonly LocalClock _time;
    private readonly TraceHash _hash;
    private readonly Action<string>? _log;
    private readonly EventRing _ring;
    private readonly CoreShell _shell;
    private readonly VirtualFeed _feed;
    private readonly OrderSession _session;
    private readonly ClockProbe _probe;
    private long _nextTimer;

    public Trader(VirtualExchange exchange, TraderHome home, TraderWorld world, CoreSetup setup, InstrumentTable instruments, ulong bootNonce, Func<IEventWriter, TradingCore>? makeCore = null)
    {
        (_exchange, _home, _time, _hash, _log) = (exchange, home, world.Time, world.Hash, world.Log);
        PositionHistory history = new(instruments);
        foreach ((long sequence, MarketEvent entry, long[] payload) in home.Recorded) history.OnEvent(sequence, in entry, payload);
        _ring = new EventRing(RingSlots, RingWords, home.NextSequence, this);
        int features = new Strategy.Features.FeatureSet(instruments.All[0], setup.Features()).Specs.Count;
        Core = makeCore?.Invoke(_ring)
            ?? setup.CreateCore(instruments, new ChancyModel(features, new Strategy.Features.FeatureSet(instruments.All[0], setup.Features()).SchemaHash, world.Chance, _time), _ring);
        _shell = new CoreShell(
            new CoreShellParts
            {
                Instruments = instruments, Time = _time, Journal = home.Journal, History = history, Latched = home.Latched, RiskMemory = home.Risk,
                OnAlert = (in CoreRequest alert) => world.Log?.Invoke($"  core: {alert.Alert} {alert.Reason} {alert.ClientId}"),
            },
            Core, _ring);
        _feed = new VirtualFeed(world.MarketLink, exchange, _ring, instruments, world.Streams, _time);
        ServerClock clock = new(_time);
        Gateway = new CheckedGateway(
            _session = new OrderSession(
                new VirtualOrderLine(world.OrderLink, exchange, _hash), world.Key, instruments, _ring, clock, new RateLimits(), new ExchangeDeadlines(_time), _time, line => world.Log?.Invoke($"  {line}")),
            this, world.Violate);
        _probe = new ClockProbe(exchange, clock, _time, world.OrderLink);
        byte[] text = Encoding.UTF8.GetBytes(setup.ToJson());
        long[] words = new long[(text.Length + 7) / 8];
        text.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        _shell.Begin(_feed, Gateway, new SessionStart(bootNonce, 1, words, text.Length));
        _shell.Serve();
    }

    public TradingCore Core { get; }
    public CheckedGateway Gateway { get; }

    /// <summary>The order session behind the gateway that checks.</summary>
    public OrderSession Session => _session;

    public CoreShell Shell => _shell;
    public long Events { get; private set; }
    public GatewayStatus Status => _session.Status;

    public void Step()
    {
        _probe.Poll();
        _feed.Poll();
        _shell.PollGateway();
        if (_exchange.NowMicros >= _nextTimer)
        {
            _nextTimer = _exchange.NowMicros + TimerMicros;
            _shell.Tick(_exchange.NowMicros * 1_000);
            _home.Risk = Core.Losses.ToMemory();
            if (Core.States.Reason != HaltReason.Stopping) _home.Latched = (Core.States.Level, Core.States.Reason);
        }
        _shell.Serve();
    }

    public void Command(CoreOrder order, HaltReason reason = HaltReason.Operator)
    {
        _shell.Command(new CoreCommand(order, reason));
        _shell.Serve();
    }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        Events++;
        _home.NextSequence = sequence + 1;
        _hash.Add(sequence, in entry, payload);
        if (_log is not null) Tell(in entry, payload);
        if (PositionHistory.Kinds.Contains(entry.Kind)) _home.Recorded.Add((sequence, entry, payload.ToArray()));
        Core.OnEvent(sequence, in entry, payload);
        _shell.Serve();
    }

    private void Tell(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        switch (entry.Kind)
        {
            case EventKind.OrderReport:
                ref readonly Common.Orders.OrderReport report = ref Payload.Read<Common.Orders.OrderReport>(payload);
                _log!($"    {report.Source} {report.Report} {report.Status} {report.ClientId} #{report.ExchangeOrderId} {report.Side} {report.Quantity} at {report.Price}, filled {report.CumulativeQuantity}, trade {report.TradeId} {report.LastQuantity}, fee {report.CommissionUnits} {report.CommissionAsset}, error {report.ErrorCode}");
                break;
            case EventKind.OrderIntent:
                ref readonly Common.Orders.OrderIntent intent = ref Payload.Read<Common.Orders.OrderIntent>(payload);
                _log!($"    intent {intent.ClientId} {intent.Side} {intent.Quantity} at {intent.Price}");
                break;
            case EventKind.Balance or EventKind.Holding when payload.Length > 0:
                ref readonly Common.Orders.AssetCode asset = ref Payload.Read<BalanceUpdate>(payload).Asset;
                _log!($"    {entry.Kind} {asset} {Payload.Read<BalanceUpdate>(payload).FreeUnits} free {Payload.Read<BalanceUpdate>(payload).LockedUnits} locked, source {entry.Plain.A}, delta {entry.Plain.B}; expected {Core?.Ledger[asset]}");
                break;
            case EventKind.Reconcile or EventKind.Line or EventKind.Command or EventKind.Session or EventKind.CancelIntent or EventKind.Holding:
                _log!($"    {entry.Kind} {entry.Plain.A} {entry.Plain.B} {entry.Plain.C}");
                break;
        }
    }

    public void Dispose()
    {
        _feed.Dispose();
        _session.Dispose();
    }
}
