using Peregrine.Common;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Storage.Backups;
using Peregrine.Storage.Disk;

namespace Peregrine.App.Configuration;

/// <summary>What the appliance does with its decisions.</summary>
public enum RunMode
{
    /// <summary>The default: watches and writes down, no orders.</summary>
    Record = 0,

    /// <summary>Live data, simulated fills.</summary>
    Paper = 1,

    /// <summary>Orders at the exchange; needs <c>--live</c> on the command line as well.</summary>
    Live = 2,
}

/// <summary>How the hot thread waits when there is nothing to do.</summary>
public enum HotIdle
{
    /// <summary>Sleeps in the kernel until a socket has something; right for machines with few cores.</summary>
    Block = 0,

    /// <summary>Spins for a while, then blocks.</summary>
    SpinThenBlock = 1,

    /// <summary>Never gives its core away.</summary>
    Spin = 2,
}

/// <summary>Everything that <c>run</c> can be told, checked.</summary>
public sealed record ApplianceOptions
{
    public RunMode Mode { get; init; }
    public Market Market { get; init; } = Market.Spot;
    public required IReadOnlyList<string> Symbols { get; init; }

    /// <summary>Stream kinds subscribed for each symbol, Binance's names without the symbol.</summary>
    public required IReadOnlyList<string> Streams { get; init; }

    /// <summary>Base URL of a local exchange, or empty for Binance itself.</summary>
    public string ExchangeUrl { get; init; } = "";

    public string ApiKey { get; init; } = "";
    public string ApiSecret { get; init; } = "";
    public required string StateDirectory { get; init; }

    /// <summary>The ONNX model, or empty for none (then nothing trades).</summary>
    public string ModelPath { get; init; } = "";

    /// <summary>Length of an RSI bar and how many it smooths over: part of the feature schema that the model must have been trained on.</summary>
    public int RsiBarMillis { get; init; }
    public int RsiPeriod { get; init; }
    public double EnterAbove { get; init; }
    public double ExitBelow { get; init; }
    public int HoldingMillis { get; init; }
    public Notional PositionNotional { get; init; }
    public Notional PaperBalance { get; init; }
    public RiskLimits Risk { get; init; } = new();

    /// <summary>Orders with our prefix that nothing of ours knows are cancelled; otherwise they are followed like others.</summary>
    public bool CancelsOrphans { get; init; } = true;

    /// <summary>The barriers around each position.</summary>
    public BracketOptions Bracket { get; init; } = new();

    /// <summary>A key without an IP restriction is refused for mode live.</summary>
    public bool NeedsIpRestriction { get; init; } = true;
    public int ReachBasisPoints { get; init; }
    public int OrderPauseMillis { get; init; }
    public int BatchMillis { get; init; }
    public string BackupTarget { get; init; } = "";
    public BackupOptions Backup { get; init; } = new();

    /// <summary>Sealed weeks with a verified backup that stay here; 0 deletes nothing, ever.</summary>
    public int RetentionKeepWeeks { get; init; }

    /// <summary>The most files that retention deletes in a day.</summary>
    public int RetentionFilesPerDay { get; init; }

    /// <summary>When a disk counts as filling up.</summary>
    public DiskOptions Disk { get; init; } = new();

    /// <summary>Unclean ends within the window after which a start only observes; 0 for never.</summary>
    public int ObserveAfter { get; init; }

    public TimeSpan RestartWindow { get; init; }

    /// <summary>The longest pause before the network is used, after unclean ends.</summary>
    public TimeSpan RestartPauseMax { get; init; }

    /// <summary>The mode was changed to record because of what happened before: nothing is traded until a person has looked.</summary>
    public bool ObserveOnly { get; init; }

    /// <summary>Connections for each group of streams: 1, or 2 of which the first arrival of each event counts.</summary>
    public int FeedLines { get; init; }

    /// <summary>Spot: SBE streams where they exist.</summary>
    public bool FeedBinary { get; init; }

    /// <summary>A connection is replaced after so long at the latest.</summary>
    public TimeSpan FeedLineLifetime { get; init; }

    /// <summary>USD-M: how often open interest and the premium index are asked for; zero for never.</summary>
    public TimeSpan OpenInterestEvery { get; init; }
    public TimeSpan PremiumIndexEvery { get; init; }

    public HotIdle Idle { get; init; }
    public int Core { get; init; }
    public int RingSlots { get; init; }
    public int RingWords { get; init; }

    /// <summary>Without keys and secrets, which the text of a record would show.</summary>
    public override string ToString() => $"{Mode} {Market} {string.Join(",", Symbols)} in {StateDirectory}";
}
