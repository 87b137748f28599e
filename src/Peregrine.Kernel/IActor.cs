namespace Peregrine.Kernel;

/// <summary>
/// A long-lived service that owns its state. Its turns run one after the other on a thread of its own; one that is also
/// <see cref="IDisposable"/> is disposed on that thread when its incarnation ends, whatever ended it.
/// </summary>
public interface IActor
{
    /// <summary>One turn of the run loop: true when there was work. What it throws ends the incarnation.</summary>
    bool Turn();
}
