using System.Collections.Concurrent;

using Peregrine.App.Configuration;
using Peregrine.App.Safety;
using Peregrine.Binance.Rest;
using Peregrine.Execution.Journal;
using Peregrine.Kernel;
using Peregrine.Storage;
using Peregrine.Storage.Disk;

namespace Peregrine.App.Appliance;

/// <summary>
/// The state folder of a run, taken before the network is used: nobody else has it, what earlier runs left was looked through, and it is known whether this
/// one may trade. Disposed last.
/// </summary>
internal sealed class StateHome : IDisposable
{
    private readonly Action<string> _log;
    private Action<DiskLevel, DiskSpace>? _diskChanged;

    private StateHome(ApplianceOptions options, Action<string> log, TimeProvider time)
    {
        _log = log;
        Kill = new KillSwitchFile(options.StateDirectory);
        Risk = new RiskFile(options.StateDirectory);
        Heartbeat = new Heartbeat(options.StateDirectory);
        Deadlines = new ExchangeDeadlines(time, new DeadlineFile(Path.Combine(options.StateDirectory, "exchange.deadlines"), log));
        Directory.CreateDirectory(options.StateDirectory);
        try
        {
            Pool = RotatingPool.Open(options.StateDirectory, time, new PoolOptions
            {
                BatchMax = TimeSpan.FromMilliseconds(options.BatchMillis),
                Disk = options.Disk,
                Unchecked = ToCheck.Enqueue,
                DiskChanged = (level, space) =>
                {
                    Level = level;
                    _diskChanged?.Invoke(level, space);
                },
                Report = log,
            });
        }
        catch (StorageException e)
        {
            throw new StopException(ExitCode.Failed, e.Message);
        }
        try
        {
            Restarts = ProcessRestarts.Begin(options.StateDirectory, time, new ProcessRestartsOptions
            {
                Max = Math.Max(1, options.ObserveAfter),
                Within = options.RestartWindow,
                Pause = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(Math.Max(1, options.RestartPauseMax.TotalSeconds))),
            });
            if (Restarts.Trouble.Length > 0) log($"{ProcessRestarts.FileName}: {Restarts.Trouble}");
            Pause = options.RestartPauseMax > TimeSpan.Zero ? Restarts.NetworkPause : TimeSpan.Zero;
            string why = Restarts.ObserveOnly && options.ObserveAfter > 0 ? $"{Restarts.UncleanEnds} earlier runs ended badly within {options.RestartWindow.TotalMinutes:0} min" : "";
            if (options.Mode != RunMode.Record)
            {
                Journal = new IntentJournal(Path.Combine(options.StateDirectory, "orders.journal"), time);
                if (Journal.Damage.Length > 0)
                {
                    log($"{Journal.Damage}: intents may be missing");
                    if (options.Mode == RunMode.Live) why = $"{Journal.Damage}";
                }
            }
            Kill.Prepare(time.GetUtcNow());
            Options = why.Length > 0 ? ObserveOnly(options, why) : options;
        }
        catch
        {
            Journal?.Dispose();
            Pool.Dispose();
            throw;
        }
    }

    /// <summary>What was configured, or what is left of it: a start that only observes has mode record.</summary>
    public ApplianceOptions Options { get; }

    public RotatingPool Pool { get; }
    public ProcessRestarts Restarts { get; }

    private TimeSpan Pause { get; }

    /// <summary>The latched level of the kill switch.</summary>
    public KillSwitchFile Kill { get; }

    /// <summary>The day's start and the peak.</summary>
    public RiskFile Risk { get; }

    /// <summary>Until when the exchange wants us away; kept over restarts.</summary>
    public ExchangeDeadlines Deadlines { get; }

    /// <summary>For the guard.</summary>
    public Heartbeat Heartbeat { get; }

    /// <summary>Null where nothing is traded.</summary>
    public IntentJournal? Journal { get; private set; }

    /// <summary>Sealed files that the start had no time to check.</summary>
    public ConcurrentQueue<string> ToCheck { get; } = new();

    /// <summary>Damaged files that a one-shot saves from, or saved from, in this run. The housekeeper's own.</summary>
    public HashSet<string> BegunSalvages { get; } = new(StringComparer.Ordinal);

    /// <summary>What the disk has room for.</summary>
    public DiskLevel Level { get; private set; }

    /// <exception cref="StopException">Another instance has the folder, or it cannot be used.</exception>
    public static StateHome Open(ApplianceOptions options, Action<string> log, TimeProvider time) => new(options, log, time);

    /// <summary>Who is told when the disk fills up; called on the recorder's thread.</summary>
    public void OnDiskChanged(Action<DiskLevel, DiskSpace> listener) => _diskChanged = listener;

    /// <summary>After unclean ends: waits before the network is used, so that a boot loop cannot use up what the exchange allows.</summary>
    public void PauseBeforeNetwork(CancellationToken stop)
    {
        if (Pause <= TimeSpan.Zero) return;
        _log($"{Restarts.UncleanEnds} earlier runs ended badly: {Pause.TotalSeconds:0.#} s pause before the network is used");
        stop.WaitHandle.WaitOne(Pause);
    }

    public void Dispose()
    {
        Pool.Dispose();
        _log("the recording is closed");
        Journal?.Dispose();
    }

    private ApplianceOptions ObserveOnly(ApplianceOptions options, string why)
    {
        Journal?.Dispose();
        Journal = null;
        if (options.Mode != RunMode.Record) _log($"{why}: this run only observes and sends no order; a clean stop (SIGTERM) and a new start let it trade again");
        return options with { Mode = RunMode.Record, ObserveOnly = options.Mode != RunMode.Record };
    }
}
