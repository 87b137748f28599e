namespace Peregrine.Storage;

/// <summary>How the pool keeps its files. The defaults are the promise that the operator's manual gives.</summary>
public sealed record PoolOptions
{
    /// <summary>The longest that a recorded event waits for its transaction's end: what kill -9 can take.</summary>
    public TimeSpan BatchMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The time between checkpoints: with one batch, what a power cut can take.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the check of the newest file may take at start.</summary>
    public TimeSpan CheckMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Called with the path of a file that will not change any more (a backup may begin). On the thread that uses the pool.</summary>
    public Action<string>? Sealed { get; init; }

    /// <summary>Called with a sentence for the log when something out of the ordinary happened. On the thread that uses the pool.</summary>
    public Action<string>? Report { get; init; }
}
