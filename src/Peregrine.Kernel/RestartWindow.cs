namespace Peregrine.Kernel;

/// <summary>The restarts that still count against a limit, on the monotonic clock: a wall clock that jumps forgives and forgets nothing.</summary>
internal sealed class RestartWindow(RestartLimit limit, TimeProvider time)
{
    private readonly Queue<long> _taken = new();

    /// <summary>Takes one restart, or answers false when the limit is used up.</summary>
    public bool TryTake()
    {
        long now = time.GetTimestamp();
        while (_taken.TryPeek(out long oldest) && time.GetElapsedTime(oldest, now) >= limit.Within) _taken.Dequeue();
        if (_taken.Count >= limit.Count) return false;
        _taken.Enqueue(now);
        return true;
    }

    public void Clear() => _taken.Clear();
}
