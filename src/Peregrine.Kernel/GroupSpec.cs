namespace Peregrine.Kernel;

/// <summary>Who else is restarted with an actor that failed.</summary>
public enum Strategy
{
    /// <summary>Nobody.</summary>
    OneForOne,

    /// <summary>Those that were started after it in its group: they may hold what it gave them.</summary>
    RestForOne,
}

/// <summary>Actors that are started in this order, each ready before the next, and stopped in reverse.</summary>
public sealed record GroupSpec(string Name)
{
    public required IReadOnlyList<ChildSpec> Children { get; init; }

    public Strategy Strategy { get; init; }

    public Backoff Backoff { get; init; } = new(First: TimeSpan.FromMilliseconds(100), Cap: TimeSpan.FromSeconds(30));

    /// <summary>What each child may use up. One restart more restarts the whole group.</summary>
    public RestartLimit Restarts { get; init; } = new(5, Within: TimeSpan.FromMinutes(1));

    /// <summary>What the group may use up. One restart of the group more ends the process.</summary>
    public RestartLimit GroupRestarts { get; init; } = new(1, Within: TimeSpan.FromMinutes(10));

    /// <summary>An incarnation that ran so long was sound: the next pause is the first one again.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromMinutes(1);
}
