namespace Peregrine.Kernel;

/// <summary>The supervisor's own settings.</summary>
public sealed record SupervisorOptions
{
    /// <summary>How often the monitor looks at the actors' progress.</summary>
    public TimeSpan MonitorEvery { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long one-shots may take to end when the supervisor stops, before the actors they may depend on are stopped.</summary>
    public TimeSpan OneShotStopWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One-shots that ended and are still listed.</summary>
    public int OneShotHistoryMax { get; init; } = 64;

    /// <summary>The service manager whose watchdog the monitor feeds.</summary>
    public SystemdNotifier? Notifier { get; init; }

    /// <summary>Is told what the supervisor sees and does. Called on its control thread: it must not block.</summary>
    public Action<SupervisorNotice>? OnNotice { get; init; }
}
