using Peregrine.App.Configuration;
using Peregrine.App.Control;
using Peregrine.App.House;
using Peregrine.App.Safety;
using Peregrine.Binance.Rest;
using Peregrine.Binance;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Portfolio;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Kernel;
using Peregrine.MarketData;
using Peregrine.Storage;
using Peregrine.Storage.Disk;

namespace Peregrine.App.Appliance;

/// <summary>
/// The running system: everything is made here, once, and wired; the supervisor runs it. Reading <see cref="Groups"/> is reading what runs.
/// </summary>
internal sealed class Appliance : IDisposable
{
    private readonly ApplianceOptions _options;
    private readonly ApplianceLog _log;
    private readonly TimeProvider _time;
    private readonly RotatingPool _pool;
    private readonly Recorder _recorder;
    private readonly StateHome _home;
#pragma warning disable CA2213 // The supervisor disposes it on its own thread when its incarnation ends.
    private readonly Shard _shard;
#pragma warning restore CA2213
    private readonly Supervisor _supervisor;
    private readonly ShardStatus _status;
    private readonly SystemdNotifier _notifier = SystemdNotifier.FromEnvironment();
    private readonly Mailbox<CoreCommand> _commands;
    private readonly long _started;
    private readonly TradingCore _core;
    private readonly OperatorDesk _desk;
    private readonly IReadOnlyList<HouseDuty> _duties;

    /// <param name="home">The state folder, and what to run in it.</param>
    /// <param name="exchange">The symbols of the run and what the exchange says of them.</param>
    /// <param name="log">Where people read.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Chance: boot nonce, jitter.</param>
    /// <exception cref="StopException">The model does not fit.</exception>
    public Appliance(StateHome home, ExchangeInfo exchange, ApplianceLog log, TimeProvider time, Random random)
    {
        ApplianceOptions options = home.Options;
        _home = home;
        _pool = home.Pool;
        _options = options;
        _log = log;
        _time = time;
        _started = time.GetTimestamp();
        InstrumentTable instruments = new();
        foreach (Instrument instrument in exchange.Instruments) instruments.Add(instrument);
        bool trades = options.Mode != RunMode.Record;
        CoreSetup setup = CorePreparation.SetupOf(options);
        ModelWatch? model = trades && CorePreparation.LoadModel(setup, instruments, log.Write) is { } loaded ? new ModelWatch(loaded) : null;

        PositionHistory history = options.Mode == RunMode.Live ? PositionHistory.Read(options.StateDirectory) : PositionHistory.None;
        foreach ((string symbol, PositionRecord position) in history.Positions)
            log.Write(instruments.TryGet(symbol, out _)
                ? $"{symbol}: goes on with a position of {position.Quantity}"
                : $"{symbol}: an earlier session left a position of {position.Quantity}, and the symbol is not configured now");
        ulong bootNonce = (ulong)random.NextInt64() ^ ((ulong)time.GetUnixNanos() * 0x9E3779B97F4A7C15);
        ShardStatus status = new(instruments.Count);
        _status = status;
        _commands = new Mailbox<CoreCommand>(64, time);
        PaperGateway? paper = options.Mode == RunMode.Paper ? new PaperGateway(instruments, options.PaperBalance, time) : null;
        EventRing ring = null!;
        Safety = new KillSwitch(home.Kill, _commands, time, log.Write);
        _shard = new Shard(new ShardParts(bootNonce, setup.ToJson())
        {
            Status = status,
            Commands = _commands,
            Mark = _pool.Mark,
            Paper = paper,
            Shell = new CoreShellParts
            {
                Instruments = instruments,
                Time = time,
                Journal = home.Journal,
                History = history,
                Latched = trades ? home.Kill.Read() : default,
                RiskMemory = options.Mode == RunMode.Live ? home.Risk.Read(log.Write) : null,
                OnAlert = (in CoreRequest alert) => log.Write(AlertText.Of(in alert, instruments)),
            },
            Connect = () => TraderConnections.Open(options, ring, instruments, paper, new RateLimits(exchange.WeightPerMinute, exchange.OrdersPer10Seconds), home.Deadlines, time, random, log.Write),
        });
        ring = new EventRing(options.RingSlots, options.RingWords, _pool.LastSequence + 1, _shard);
        paper?.Attach(ring);
        _recorder = new Recorder(ring.Subscribe(), _pool, instruments, time);
        _core = setup.CreateCore(instruments, model, ring);
        _shard.Attach(ring, _core);

        IReadOnlyList<string> featureNames = instruments.Count > 0 ? _core.Symbols[0].State.Features.Names : [];
        BoardPath = Path.Combine(options.StateDirectory, BoardName);
        MonitorParts monitor = new(BoardPath, options, instruments, featureNames, _shard, status, _recorder, () => _supervisor!, log, time, _started, home, Safety, model);
        OneShotIds ids = new(bootNonce);
        _desk = new OperatorDesk(() => _supervisor!, ids, _pool, options.BackupTarget, options.Backup, time, log.Write, new TradingDesk(Safety, _commands, instruments, status, trades));
        LiveWatch watch = new(home, Safety, status, () => _shard.Lines?.Gateway?.IsReady ?? false, () => _supervisor!, ids, time, log.Write);
        HouseDuty news = new(TimeSpan.FromSeconds(5), new ModelNews(model, log.Write).Look);
        _duties = HouseDuties.Of(home, () => _supervisor!, ids, _notifier, StatusLine, [news, .. watch.Duties], time, log.Write);
        DeadLetterFile letters = new(Path.Combine(options.StateDirectory, "deadletters.jsonl"), log.Write);
        _supervisor = new Supervisor(Groups(monitor), time, random, new SupervisorOptions
        {
            Notifier = _notifier,
            OnNotice = OnNotice,
            OneShotFile = Path.Combine(options.StateDirectory, "oneshots.jsonl"),
            OnDeadLetter = letters.Append,
        });
        home.OnDiskChanged(OnDiskChanged);
    }

    /// <summary>An answer takes milliseconds, and a cancel is asked again each second; what has none by then will not get it by waiting.</summary>
    private static readonly TimeSpan SettleWithin = TimeSpan.FromSeconds(8);

    /// <summary>The file that the published snapshot lies in, within the state directory.</summary>
    public const string BoardName = "status.board";

    public string BoardPath { get; }

    /// <summary>Stops trading, from wherever.</summary>
    public KillSwitch Safety { get; }

    /// <summary>Set when something failed that no restart inside the process can mend.</summary>
    public Escalation? Escalation => _supervisor.Escalation;

    public void Start()
    {
        long before = _time.GetTimestamp();
        int compiled = WarmUp.Compile();
        _log.Write($"warmed up: {compiled} methods in {_time.GetElapsedTime(before).TotalMilliseconds:F0} ms");
        _supervisor.Start();
        _notifier.Ready();
        _log.Write($"running: {(_options.ObserveOnly ? "only observes, " : "")}{_options.Mode.ToString().ToLowerInvariant()} {_options.Market.Text()} {string.Join(",", _options.Symbols)} -> {_pool.CurrentPath}");
    }

    /// <summary>Waits until told to stop, or until something escalated.</summary>
    public void Wait(TimeSpan atMost, CancellationToken stop)
    {
        try
        {
            _supervisor.WaitForEscalation(atMost, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // We asked for it.
        }
    }

    /// <summary>Stops everything in reverse order, writes down what is left in the ring, and tells what was done.</summary>
    public RunSummary Stop()
    {
        _notifier.Stopping();
        Settle();
        _supervisor.Stop();
        _recorder.Drain();
        TimeSpan ran = _time.GetElapsedTime(_started);
        return new RunSummary
        {
            Mode = _options.Mode.ToString().ToLowerInvariant(),
            Seconds = ran.TotalSeconds,
            Events = Counts(_shard.EventsByKind),
            Recorded = Counts(_recorder.RecordedByKind),
            Lagged = _recorder.LaggedEvents,
            Gaps = _core.Gaps,
            Refused = _shard.Lines?.Feed.Status.Refused ?? 0,
            Decisions = _core.Decisions,
            Orders = _shard.OrdersSent,
            Fills = _core.Fills,
            Pnl = _core.Result,
            Latency = _shard.OrderLatency,
            EventLatency = _shard.EventLatency,
            Hops = _shard.Hops,
            Decoded = (_shard.Lines?.Feed as BinanceMarketFeed)?.Decoded ?? default,
            Lines = (_shard.Lines?.Feed as BinanceMarketFeed)?.Lines ?? [],
            AllocatedPerEvent = _shard.AllocatedPerEvent,
            ObserveOnly = _options.ObserveOnly,
            Rss = Environment.WorkingSet,
            Restarts = _supervisor.Snapshot().Actors.Sum(actor => (long)actor.Restarts),
            State = _options.StateDirectory,
        };
    }

    /// <summary>No new orders, cancels for those that rest, and a little patience for the answers: what becomes of them belongs into this session's ledger.</summary>
    private void Settle()
    {
        if (_options.Mode == RunMode.Record || Escalation is not null) return;
        _commands.TryPost(new CoreCommand(CoreOrder.CancelAll, HaltReason.Stopping));
        long begin = _time.GetTimestamp();
        using ManualResetEventSlim never = new(false);
        while (_time.GetElapsedTime(begin) < SettleWithin)
        {
            never.Wait(20);
            bool settled = false;
            _status.Read(() => settled = _status.State == TradingState.Halted && _status.OrderCount == 0);
            if (!settled) continue;
            _log.Write("no order is open");
            if (_options.Mode == RunMode.Live) _home.Heartbeat.Stopped();
            return;
        }
        _log.Write("stopping with orders whose end is not known; the journal has them, and the next start asks for them");
    }

    public void Dispose()
    {
        _supervisor.Dispose();
        _recorder.Dispose();
        _notifier.Dispose();
    }

    private IReadOnlyList<GroupSpec> Groups(MonitorParts monitor) =>
    [
        // Started in this order and stopped in reverse: the feed goes first, what remembers goes last.
        new("memory")
        {
            Children =
            [
                new("recorder", _ => new RecorderActor(_recorder)) { OwnsExclusively = true, HangAfter = TimeSpan.FromSeconds(30), StopWithin = TimeSpan.FromSeconds(10) },
                new("journal", _ => new JournalFlusher(_home.Journal, _time)) { Critical = false, Idle = IdlePolicy.Sleep(TimeSpan.FromMilliseconds(50)) },
            ],
        },
        new("trading")
        {
            Children =
            [
                new("trader", _shard.Begin)
                {
                    OwnsExclusively = true,
                    HangAfter = TimeSpan.FromSeconds(5),
                    Idle = IdlePolicy.ActorBlocks,
                    Core = _options.Core >= 0 ? _options.Core : null,
                    Mailbox = _commands,
                },
            ],
        },
        new("watching")
        {
            Children =
            [
                new("monitor", _ => new Monitor(monitor)) { Critical = false, Idle = IdlePolicy.Sleep(TimeSpan.FromMilliseconds(50)) },
                new("housekeeper", _ => new Housekeeper(_time, _duties)) { Critical = false, Idle = IdlePolicy.Sleep(TimeSpan.FromMilliseconds(500)) },
                new("control", _ => new ControlSocket(_options.StateDirectory, _desk.Serve)) { Critical = false, Idle = IdlePolicy.ActorBlocks },
            ],
        },
    ];

    /// <summary>A disk that is almost full halts trading: an order whose fate cannot be written down must not be sent. Only a person arms it again.</summary>
    private void OnDiskChanged(DiskLevel level, DiskSpace space)
    {
        _log.Write($"disk: {level.Text()} ({space.FreeBytes:N0} of {space.TotalBytes:N0} bytes free)");
        if (level == DiskLevel.Halt && _options.Mode != RunMode.Record && !Safety.Raise(KillLevel.CancelAll, HaltReason.Disk)) _log.Write("disk: the order to halt could not be given, the trader takes no commands");
    }

    /// <summary>For `systemctl status`.</summary>
    private string StatusLine()
    {
        long events = 0;
        foreach (long kind in _shard.EventsByKind) events += kind;
        string state = "", orders = "";
        _status.Read(() => (state, orders) = (_status.State.ToString(), $"{_status.OrdersSent:N0} orders"));
        return $"{(_options.ObserveOnly ? "only observes" : _options.Mode.ToString().ToLowerInvariant())}, {state}, {events:N0} events, {orders}, {_recorder.LaggedEvents:N0} not recorded, {_home.Level.Text()}";
    }

    private void OnNotice(SupervisorNotice notice) => _log.Write($"{notice.Path}: {notice.Text}");

    private static Dictionary<EventKind, long> Counts(ReadOnlySpan<long> counts)
    {
        Dictionary<EventKind, long> byKind = [];
        foreach (EventKind kind in EventKinds.All)
            if (counts[(int)kind] > 0) byKind[kind] = counts[(int)kind];
        return byKind;
    }
}
