namespace Peregrine.Kernel;

/// <summary>What a mailbox does with what waits when the incarnation that should have taken it goes down.</summary>
public enum MailClass
{
    /// <summary>Orders and commands: what waits is kept for the next incarnation, and a full box refuses.</summary>
    Durable,

    /// <summary>Market data: stale by then, so it is dropped and counted, and the next incarnation resynchronises; a full box drops its oldest.</summary>
    Perishable,
}

/// <summary>What the supervisor's snapshot sees of a mailbox.</summary>
public interface IMailbox
{
    /// <summary>Messages waiting, the one that is being handled included.</summary>
    int Depth { get; }

    /// <summary>How long the oldest of them has waited; null when there is none.</summary>
    TimeSpan? OldestAge { get; }

    /// <summary>Messages that nobody will take: refused because the box was full or closed, or perished with an incarnation.</summary>
    long Dropped { get; }

    /// <summary>From here on every post fails; what waits can still be taken.</summary>
    void Close();
}

/// <summary>What the supervisor does with a mailbox. Its control thread calls all but <see cref="EndTurn"/> and <see cref="Freeze"/>.</summary>
internal interface ISupervisedMailbox : IMailbox
{
    /// <summary>Grows with every message that was handled, taken or dropped at the front.</summary>
    long Handled { get; }

    /// <summary>From here on only the actor's incarnations take messages, and none before the first <see cref="Lease"/>.</summary>
    void Bind();

    /// <summary>The thread of a new incarnation may take messages.</summary>
    void Lease(Thread thread);

    /// <summary>Actor's thread: the turn ended well, so what it took is handled.</summary>
    void EndTurn();

    /// <summary>Actor's thread: the turn threw, so what it took is not handled, and nothing more is taken.</summary>
    void Freeze();

    /// <summary>
    /// Nobody may take messages any more. What was being handled by an incarnation that failed is remembered, and returned (as a way to its text)
    /// when it was the second one that failed on it: it waits no longer. Questions that wait are answered. Does nothing without a lease.
    /// </summary>
    Func<string>? Revoke(bool failed, AskOutcome asks);

    /// <summary>Nobody is to come that would take a message: posts fail, questions are answered, and what is left is anybody's.</summary>
    void Retire();
}
