namespace Peregrine.Kernel;

/// <summary>Where an actor stands.</summary>
public enum ActorState
{
    /// <summary>Not started yet, or stopped because we asked.</summary>
    Stopped,

    Starting,
    Running,

    /// <summary>Asked to stop, or ending by itself, and not yet gone.</summary>
    Stopping,

    /// <summary>Waits for its next start.</summary>
    BackingOff,

    /// <summary>Ended by an error and not to be restarted.</summary>
    Failed,

    /// <summary>Did its work and ended.</summary>
    Completed,
}

/// <summary>How an incarnation ended.</summary>
public enum ExitClass
{
    None,

    /// <summary>It said that its work is done.</summary>
    Completed,

    /// <summary>We asked, and it ended.</summary>
    Stopped,

    /// <summary>It threw; a cancellation that we did not ask for is an error like any other.</summary>
    Crashed,

    /// <summary>It made no progress, or did not end in time after it was asked.</summary>
    Hung,

    /// <summary>Its factory threw or was not ready in time.</summary>
    StartFailed,
}

/// <summary>One persistent actor at one moment.</summary>
/// <param name="Path">group/name.</param>
/// <param name="Generation">Counts its incarnations from 1; 0 before the first.</param>
/// <param name="Restarts">Restarts since the supervisor began.</param>
/// <param name="LastProgressAge">Since a turn ended or progress was reported, to the resolution of the monitor; null while it does not run.</param>
/// <param name="MailboxDepth">Messages waiting, the one being handled included; null without a registered mailbox.</param>
/// <param name="OldestMessageAge">Of the message that has waited longest; null without one.</param>
/// <param name="LastError">One line, empty without an error.</param>
/// <param name="Group">The group it belongs to.</param>
/// <param name="Dropped">Messages that nobody will take: refused by a full or closed mailbox, or perished with an incarnation.</param>
/// <param name="NextStartIn">While it backs off: how long it will, at the least; null otherwise.</param>
public readonly record struct ActorStatus(
    string Path, ActorState State, int Generation, int Restarts, TimeSpan? LastProgressAge,
    int? MailboxDepth, TimeSpan? OldestMessageAge, string LastError, ExitClass LastExit,
    string Group = "", long Dropped = 0, TimeSpan? NextStartIn = null);

/// <summary>How well the supervisor itself is served.</summary>
/// <param name="MonitorLateMax">The longest that a look of the monitor came late; a suspended process counts too.</param>
/// <param name="PoolDelay">How long a work item waited for the thread pool when last tried, or has waited by now.</param>
/// <param name="PoolPending">Work items that wait for the thread pool.</param>
/// <param name="OneShotFileFailures">Writes of the one-shots' file that failed; what they should have written is tried again.</param>
/// <param name="ListenerFailures">Calls of the listeners in <see cref="SupervisorOptions"/> that threw.</param>
public readonly record struct SupervisorHealth(TimeSpan MonitorLateMax, TimeSpan PoolDelay, long PoolPending, long OneShotFileFailures, long ListenerFailures);

/// <summary>All that the supervisor watches, in start order, and its one-shots and dead letters, oldest first.</summary>
public sealed record SupervisorSnapshot(IReadOnlyList<ActorStatus> Actors, IReadOnlyList<OneShotStatus> OneShots)
{
    public IReadOnlyList<DeadLetter> DeadLetters { get; init; } = [];

    public SupervisorHealth Health { get; init; }
}
