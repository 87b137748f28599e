namespace Peregrine.Kernel;

/// <summary>What the supervisor sees of a mailbox.</summary>
public interface IMailbox
{
    /// <summary>Messages waiting.</summary>
    int Depth { get; }

    /// <summary>How long the oldest of them has waited; null when there is none.</summary>
    TimeSpan? OldestAge { get; }

    /// <summary>Messages refused because the box was full or closed.</summary>
    long Dropped { get; }

    /// <summary>From here on every post fails; what waits can still be taken.</summary>
    void Close();
}
