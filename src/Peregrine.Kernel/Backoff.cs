namespace Peregrine.Kernel;

/// <summary>Pauses before restarts: the bound doubles from <paramref name="First"/> up to <paramref name="Cap"/>.</summary>
/// <param name="First">The bound of the first pause.</param>
/// <param name="Cap">The bound of all later ones.</param>
public readonly record struct Backoff(TimeSpan First, TimeSpan Cap)
{
    /// <summary>The bound of the pause after so many failures in a row before this one.</summary>
    public TimeSpan Bound(int failuresBefore)
    {
        long ticks = First.Ticks;
        for (int i = 0; i < failuresBefore && ticks < Cap.Ticks; i++) ticks = ticks > Cap.Ticks / 2 ? Cap.Ticks : ticks * 2;
        return TimeSpan.FromTicks(Math.Min(ticks, Cap.Ticks));
    }

    /// <summary>Full jitter: anywhere from nothing to the bound, so that what failed together does not come back together.</summary>
    public TimeSpan Pause(int failuresBefore, Random random) => TimeSpan.FromTicks((long)(Bound(failuresBefore).Ticks * random.NextDouble()));
}
