namespace Peregrine.Kernel;

/// <summary>When an actor that ended is started again.</summary>
public enum Restart
{
    /// <summary>However it ended.</summary>
    Permanent,

    /// <summary>Unless it completed its work.</summary>
    Transient,

    /// <summary>Never, not even when a sibling's failure took it down.</summary>
    Temporary,
}

/// <summary>How one persistent actor is started, watched and stopped.</summary>
/// <param name="Name">Unique in its group, and the name of its thread.</param>
/// <param name="Start">
/// Makes an incarnation. It runs on the incarnation's own thread and returns when the actor is ready; what it throws is a failed start.
/// </param>
public sealed record ChildSpec(string Name, Func<ActorContext, IActor> Start)
{
    public Restart Restart { get; init; }

    /// <summary>An incarnation that is not ready by then counts as a failed start.</summary>
    public TimeSpan StartWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an incarnation that was asked to stop, or that is ending by itself, may take, its disposal included.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>No turn ended and no progress was reported for so long: the actor hangs. Null: never suspected.</summary>
    public TimeSpan? HangAfter { get; init; }

    /// <summary>
    /// A message waits, and none was taken for so long: the actor hangs, though its turns end. Null: never suspected. Time in which it does not
    /// run counts for nothing.
    /// </summary>
    public TimeSpan? TakeWithin { get; init; }

    /// <summary>It owns what no two incarnations may hold (a writer, a session): one that cannot be ended ends the process.</summary>
    public bool OwnsExclusively { get; init; }

    /// <summary>The service manager's watchdog is fed only while this actor does not hang.</summary>
    public bool Critical { get; init; } = true;

    public IdlePolicy Idle { get; init; }

    /// <summary>The processor its thread is bound to, where the system allows it.</summary>
    public int? Core { get; init; }

    /// <summary>
    /// The actor's mailbox, which outlives its incarnations (see <see cref="MailClass"/>); shown in the snapshot, and closed when the actor has
    /// ended for good. Only the actor's own thread takes from it.
    /// </summary>
    public IMailbox? Mailbox { get; init; }

    /// <summary>Further mailboxes, where an actor takes messages of several classes. The snapshot shows them all as one.</summary>
    public IReadOnlyList<IMailbox> MoreMailboxes { get; init; } = [];

    internal IMailbox[] AllMailboxes => Mailbox is null ? [.. MoreMailboxes] : [Mailbox, .. MoreMailboxes];
}
