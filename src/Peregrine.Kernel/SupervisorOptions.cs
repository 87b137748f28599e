namespace Peregrine.Kernel;

/// <summary>The supervisor's own settings.</summary>
public sealed record SupervisorOptions
{
    /// <summary>How often the monitor looks at the actors' progress.</summary>
    public TimeSpan MonitorEvery { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long one-shots may take to end when the supervisor stops, before the actors they may depend on are stopped.</summary>
    public TimeSpan OneShotStopWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One-shots that ended and are still listed. An id that has left the list is a new one again.</summary>
    public int OneShotHistoryMax { get; init; } = 1_024;

    /// <summary>The file that remembers one-shots over the end of the process; null for none. Its folder must exist.</summary>
    public string? OneShotFile { get; init; }

    /// <summary>Dead letters that are still listed.</summary>
    public int DeadLettersMax { get; init; } = 64;

    /// <summary>The service manager whose watchdog the monitor feeds.</summary>
    public SystemdNotifier? Notifier { get; init; }

    /// <summary>The watchdog is fed only while the control thread has answered within this span.</summary>
    public TimeSpan ControlWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Is told what the supervisor sees and does. Called on its control thread: it must not block.</summary>
    public Action<SupervisorNotice>? OnNotice { get; init; }

    /// <summary>Is told of every message that was set aside. Called on a thread of its own: it may write to a file.</summary>
    public Action<DeadLetter>? OnDeadLetter { get; init; }

    /// <summary>For tests: how late each look of the monitor came.</summary>
    internal Action<TimeSpan>? OnMonitorLook { get; init; }
}
