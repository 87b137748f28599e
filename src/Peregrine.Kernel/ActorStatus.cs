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
/// <param name="MailboxDepth">Messages waiting; null without a registered mailbox.</param>
/// <param name="OldestMessageAge">Of the message that has waited longest; null without one.</param>
/// <param name="LastError">One line, empty without an error.</param>
public readonly record struct ActorStatus(
    string Path, ActorState State, int Generation, int Restarts, TimeSpan? LastProgressAge,
    int? MailboxDepth, TimeSpan? OldestMessageAge, string LastError, ExitClass LastExit);

/// <summary>All that the supervisor watches, in start order, and its one-shots, oldest first.</summary>
public sealed record SupervisorSnapshot(IReadOnlyList<ActorStatus> Actors, IReadOnlyList<OneShotStatus> OneShots);
