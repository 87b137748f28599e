namespace Peregrine.Kernel;

/// <summary>What an actor's thread does after a turn without work.</summary>
public readonly record struct IdlePolicy
{
    internal enum Way { Sleep, Spin, SpinThenYield, ActorBlocks }

    internal Way Kind { get; private init; }
    private int SleepMillis { get; init; }

    /// <summary>Look again at once: for an actor with a core of its own.</summary>
    public static IdlePolicy Spin => new() { Kind = Way.Spin };

    /// <summary>Look again a few times, then offer the core to others between looks.</summary>
    public static IdlePolicy SpinThenYield => new() { Kind = Way.SpinThenYield };

    /// <summary>The actor waits inside its turn, and never longer than its hang detection and its stop allow.</summary>
    public static IdlePolicy ActorBlocks => new() { Kind = Way.ActorBlocks };

    /// <summary>Rest for whole milliseconds, at least one; a stop ends the rest at once. The default is one millisecond.</summary>
    public static IdlePolicy Sleep(TimeSpan pause) => new() { SleepMillis = (int)Math.Clamp(pause.TotalMilliseconds, 1, 60_000) };

    internal int SleepMillisOrDefault => Math.Max(1, SleepMillis);
}
