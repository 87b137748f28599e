using System.Security.Cryptography;

using Peregrine.App.Configuration;
using Peregrine.Binance;
using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Execution.Journal;
using Peregrine.Execution.Portfolio;
using Peregrine.Execution.Trading;
using Peregrine.Inference;
using Peregrine.Kernel;
using Peregrine.MarketData;
using Peregrine.Storage;
using Peregrine.Storage.Backups;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

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
    private readonly IntentJournal? _journal;
#pragma warning disable CA2213 // The supervisor disposes it on its own thread when its incarnation ends.
    private readonly Shard _shard;
#pragma warning restore CA2213
    private readonly Supervisor _supervisor;
    private readonly ShardStatus _status;
    private readonly SystemdNotifier _notifier = SystemdNotifier.FromEnvironment();
    private readonly Mailbox<CoreOrder> _commands;
    private readonly long _started;
    private readonly TradingCore _core;

    /// <param name="options">What to run.</param>
    /// <param name="exchange">The symbols of the run and what the exchange says of them.</param>
    /// <param name="log">Where people read.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Chance: boot nonce, jitter.</param>
    /// <exception cref="StopException">The model does not fit, or another instance owns the state directory.</exception>
    public Appliance(ApplianceOptions options, ExchangeInfo exchange, ApplianceLog log, TimeProvider time, Random random)
    {
        _options = options;
        _log = log;
        _time = time;
        _started = time.GetTimestamp();
        InstrumentTable instruments = new();
        foreach (Instrument instrument in exchange.Instruments) instruments.Add(instrument);
        bool trades = options.Mode != RunMode.Record;
        CoreSetup setup = SetupOf(options);
        IProbabilityModel? model = trades ? LoadModel(setup, instruments) : null;

        Directory.CreateDirectory(options.StateDirectory);
        try
        {
            _pool = RotatingPool.Open(options.StateDirectory, time, new PoolOptions { BatchMax = TimeSpan.FromMilliseconds(options.BatchMillis), Sealed = OnSealed, Report = log.Write });
        }
        catch (StorageException e)
        {
            throw new StopException(ExitCode.Failed, e.Message);
        }

        PositionHistory history = options.Mode == RunMode.Live ? PositionHistory.Read(options.StateDirectory) : PositionHistory.None;
        foreach ((string symbol, PositionRecord position) in history.Positions)
            log.Write(instruments.TryGet(symbol, out _)
                ? $"{symbol}: goes on with a position of {position.Quantity}"
                : $"{symbol}: an earlier session left a position of {position.Quantity}, and the symbol is not configured now");
        ulong bootNonce = (ulong)random.NextInt64() ^ ((ulong)time.GetUnixNanos() * 0x9E3779B97F4A7C15);
        if (trades) _journal = new IntentJournal(Path.Combine(options.StateDirectory, "orders.journal"));
        ShardStatus status = new(instruments.Count);
        _status = status;
        _commands = new Mailbox<CoreOrder>(64, time);
        PaperGateway? paper = options.Mode == RunMode.Paper ? new PaperGateway(instruments, options.PaperBalance, time) : null;
        EventRing ring = null!;
        _shard = new Shard(new ShardParts(instruments, bootNonce, setup.ToJson())
        {
            Time = time,
            Status = status,
            Commands = _commands,
            Journal = _journal,
            Paper = paper,
            History = history,
            Connect = () => Connect(ring, instruments, paper, exchange.OrdersPer10Seconds, random),
        });
        ring = new EventRing(options.RingSlots, options.RingWords, _pool.LastSequence + 1, _shard);
        paper?.Attach(ring);
        _recorder = new Recorder(ring.Subscribe(), _pool, instruments, time);
        _core = setup.CreateCore(instruments, model, ring);
        _shard.Attach(ring, _core);

        IReadOnlyList<string> featureNames = instruments.Count > 0 ? _core.Symbols[0].State.Features.Names : [];
        BoardPath = Path.Combine(options.StateDirectory, BoardName);
        MonitorParts monitor = new(BoardPath, options.Mode, instruments, featureNames, _shard, status, _recorder, () => _supervisor!, log, time);
        _supervisor = new Supervisor(Groups(monitor), time, random, new SupervisorOptions { Notifier = _notifier, OnNotice = OnNotice });
    }

    /// <summary>An answer takes milliseconds; an order that has none by then will not get it by waiting.</summary>
    private static readonly TimeSpan SettleWithin = TimeSpan.FromSeconds(5);

    /// <summary>The file that the published snapshot lies in, within the state directory.</summary>
    public const string BoardName = "status.board";

    public string BoardPath { get; }

    /// <summary>Set when something failed that no restart inside the process can mend.</summary>
    public Escalation? Escalation => _supervisor.Escalation;

    public void Start()
    {
        long before = _time.GetTimestamp();
        int compiled = WarmUp.Compile();
        _log.Write($"warmed up: {compiled} methods in {_time.GetElapsedTime(before).TotalMilliseconds:F0} ms");
        _supervisor.Start();
        _notifier.Ready();
        foreach (string file in _pool.SealedFiles()) OnSealed(file); // What is copied already is only looked at.
        _log.Write($"running: {_options.Mode.ToString().ToLowerInvariant()} {_options.Market.Text()} {string.Join(",", _options.Symbols)} -> {_pool.CurrentPath}");
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
            AllocatedPerEvent = _shard.AllocatedPerEvent,
            Rss = Environment.WorkingSet,
            Restarts = _supervisor.Snapshot().Actors.Sum(actor => (long)actor.Restarts),
            State = _options.StateDirectory,
        };
    }

    /// <summary>No new orders, and a little patience for those that are on their way: what becomes of them belongs into this session's ledger.</summary>
    private void Settle()
    {
        if (_options.Mode == RunMode.Record || Escalation is not null) return;
        _commands.TryPost(CoreOrder.Halt);
        long begin = _time.GetTimestamp();
        using ManualResetEventSlim never = new(false);
        while (_time.GetElapsedTime(begin) < SettleWithin)
        {
            never.Wait(20);
            bool settled = false;
            _status.Read(() => settled = _status.State == Execution.Risk.TradingState.Halted && _status.OrderCount == 0);
            if (settled) return;
        }
        _log.Write("stopping with orders whose end is not known; the journal has them, and the next start asks for them");
    }

    public void Dispose()
    {
        _supervisor.Dispose();
        _recorder.Dispose();
        _pool.Dispose();
        _journal?.Dispose();
        _notifier.Dispose();
    }

    /// <summary>Where orders and data go: the configured local exchange, or Binance.</summary>
    public static BinanceEndpoints Endpoints(ApplianceOptions options) =>
        options.ExchangeUrl.Length > 0 ? BinanceEndpoints.FromBase(options.ExchangeUrl) : BinanceEndpoints.Production(options.Market);

    private IReadOnlyList<GroupSpec> Groups(MonitorParts monitor) =>
    [
        // Started in this order and stopped in reverse: the feed goes first, what remembers goes last.
        new("memory")
        {
            Children =
            [
                new("recorder", _ => new RecorderActor(_recorder)) { OwnsExclusively = true, HangAfter = TimeSpan.FromSeconds(30), StopWithin = TimeSpan.FromSeconds(10) },
                new("journal", _ => new JournalFlusher(_journal, _time)) { Critical = false, Idle = IdlePolicy.Sleep(TimeSpan.FromMilliseconds(50)) },
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
            Children = [new("monitor", _ => new Monitor(monitor)) { Critical = false, Idle = IdlePolicy.Sleep(TimeSpan.FromMilliseconds(50)) }],
        },
    ];

    /// <summary>Makes the connections of one incarnation of the hot thread.</summary>
    private TraderLines Connect(EventRing ring, InstrumentTable instruments, PaperGateway? paper, int ordersPer10Seconds, Random random)
    {
        BinanceEndpoints endpoints = Endpoints(_options);
#pragma warning disable CA2000 // TraderLines owns and disposes all of them.
        LinePoller poller = new();
        BinanceMarketFeed feed = new(endpoints, _options.Market, instruments, _options.Streams, ring, _time, random, _log.Write);
        feed.AddTo(poller);
        IOrderGateway? gateway = paper;
        if (_options.Mode == RunMode.Live)
        {
            BinanceOrderGateway orders = new(endpoints, new ApiKey(_options.ApiKey, _options.ApiSecret), instruments, ring, _time, random, _log.Write, ordersPer10Seconds);
            poller.Add(orders.Line);
            gateway = orders;
        }
#pragma warning restore CA2000
        return new TraderLines(feed, gateway, WaitOf(_options.Idle, poller), poller);
    }

    private static Action WaitOf(HotIdle idle, LinePoller poller)
    {
        // A snapshot wakes the poller; without one, this is how late a timer or a command may come.
        TimeSpan atMost = TimeSpan.FromMilliseconds(10);
        int spins = 0;
        return idle switch
        {
            HotIdle.Spin => () => Thread.SpinWait(20),
            HotIdle.SpinThenBlock => () =>
            {
                if (++spins < 2_000)
                {
                    Thread.SpinWait(20);
                    return;
                }
                spins = 0;
                poller.Wait(atMost);
            },
            _ => () => poller.Wait(atMost),
        };
    }

    private IProbabilityModel? LoadModel(CoreSetup setup, InstrumentTable instruments)
    {
        if (setup.ModelPath.Length == 0)
        {
            _log.Write("no model is configured (model.path): nothing will be traded");
            return null;
        }
        try
        {
            return new OnnxProbabilityModel(setup.ModelPath, new FeatureSet(instruments.All[0], setup.Features()));
        }
        catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
        {
            throw new StopException(ExitCode.BadConfiguration, $"model.path: {e.Message}");
        }
    }

    private static CoreSetup SetupOf(ApplianceOptions options)
    {
        string hash = "";
        if (options.ModelPath.Length > 0)
        {
            if (!File.Exists(options.ModelPath)) throw new StopException(ExitCode.BadConfiguration, $"model.path: '{options.ModelPath}' does not exist; allowed is an ONNX file");
            hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(options.ModelPath)));
        }
        return new CoreSetup
        {
            Version = typeof(Appliance).Assembly.GetName().Version?.ToString(3) ?? "",
            Mode = options.Mode.ToString().ToLowerInvariant(),
            Trades = options.Mode != RunMode.Record,
            ModelPath = options.ModelPath,
            ModelSha256 = hash,
            RsiBarMilliseconds = options.RsiBarMillis,
            RsiPeriod = options.RsiPeriod,
            EnterProbability = options.EnterAbove,
            ExitProbability = options.ExitBelow,
            HoldingMillis = options.HoldingMillis,
            PositionValue = options.PositionNotional.ToString(),
            ReachBasisPoints = options.ReachBasisPoints,
            OrderPauseMillis = options.OrderPauseMillis,
            MaxOrderNotional = options.Risk.MaxOrderNotional.ToString(),
            MaxOrderQuantity = options.Risk.MaxOrderQuantity.ToString(),
            MaxPositionNotional = options.Risk.MaxPositionNotional.ToString(),
            MaxOpenOrders = options.Risk.MaxOpenOrders,
            PriceCollarBasisPoints = options.Risk.PriceCollarBasisPoints,
            MaxDataAgeMillis = options.Risk.MaxDataAgeMillis,
            MaxOrdersPerMinute = options.Risk.MaxOrdersPerMinute,
            MaxLoss = options.Risk.MaxLoss.ToString(),
        };
    }

    /// <summary>A week is over, or was found over at the start: its file is copied by a one-shot of its own.</summary>
    private void OnSealed(string file)
    {
        // While this is being made there is no supervisor yet; Start looks at all sealed files.
        if (_options.BackupTarget.Length == 0 || _supervisor is null) return;
        Guid id = new(BackupIdOf(file));
        _supervisor.Spawn(id, $"backup {Path.GetFileName(file)}", context =>
        {
            BackupManifest made = BackupJob.Run(
                file, _options.BackupTarget, _time, _options.BackupLevel, progress => context.Report(progress.TotalBytes == 0 ? 0 : (double)progress.DoneBytes / progress.TotalBytes, progress.Stage.ToString()), context.Stopping);
            context.Result = made.Archive;
            _log.Write($"backup written: {made.Archive}, {made.ArchiveBytes:N0} of {made.Bytes:N0} bytes");
        });
    }

    /// <summary>The same file gives the same id, so that a backup that is under way is not begun twice.</summary>
    private static byte[] BackupIdOf(string file) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(file))[..16];

    private void OnNotice(SupervisorNotice notice) => _log.Write($"{notice.Path}: {notice.Text}");

    private static Dictionary<EventKind, long> Counts(ReadOnlySpan<long> counts)
    {
        Dictionary<EventKind, long> byKind = [];
        foreach (EventKind kind in EventKinds.All)
            if (counts[(int)kind] > 0) byKind[kind] = counts[(int)kind];
        return byKind;
    }
}
