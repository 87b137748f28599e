namespace Peregrine.Kernel;

/// <summary>What an incarnation knows of the world that runs it.</summary>
public sealed class ActorContext
{
    private readonly Cell? _cell;
    private LonelyLong _progress; // Written every turn, read from another core.
    private volatile bool _completed;
    private volatile string? _fault;

    internal ActorContext(Cell? cell, string path, int generation, TimeProvider time, Random random, CancellationToken stopping)
    {
        _cell = cell;
        Path = path;
        Generation = generation;
        Time = time;
        Random = random;
        Stopping = stopping;
    }

    /// <summary>A context without a supervisor, for running an actor by hand; it is always current.</summary>
    public static ActorContext Detached(TimeProvider time, Random random, CancellationToken stopping = default) =>
        new(cell: null, "detached", generation: 1, time, random, stopping);

    /// <summary>group/name.</summary>
    public string Path { get; }

    /// <summary>Counts the actor's incarnations from 1.</summary>
    public int Generation { get; }

    public TimeProvider Time { get; }

    /// <summary>Seeded from the supervisor's own, the path's place and the generation. Only for the actor's own thread.</summary>
    public Random Random { get; }

    /// <summary>Set when this incarnation shall end.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>
    /// The fence: false from the moment on in which this incarnation was given up, even though its thread may still run.
    /// What leaves the process in its name must look here first.
    /// </summary>
    public bool IsCurrent => _cell is null || _cell.Fence == Generation;

    /// <summary>Counts turns that ended and progress that was reported.</summary>
    public long Progress => Volatile.Read(ref _progress.Value);

    internal bool IsCompleted => _completed;

    /// <summary>Why an operator wants this incarnation to fail at the end of its turn; null without such a wish.</summary>
    internal string? Fault => _fault;

    internal void RequestFault(string reason) => _fault = reason;

    /// <summary>Says "alive and getting on" from within a long turn. Only from the actor's own thread.</summary>
    public void ReportProgress() => Volatile.Write(ref _progress.Value, _progress.Value + 1);

    /// <summary>The work is done: this turn is the last.</summary>
    public void Complete() => _completed = true;
}
