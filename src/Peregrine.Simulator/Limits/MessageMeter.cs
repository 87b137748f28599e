namespace Peregrine.Simulator.Limits;

/// <summary>Counts the frames that one socket sends.</summary>
internal sealed class MessageMeter(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<long> _lastSecond = new();

    public long Total { get; private set; }

    /// <summary>The most that came within any one second.</summary>
    public int PerSecondMax { get; private set; }

    /// <summary>Counts one; how many came within the second that ends now.</summary>
    public int Count()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            while (_lastSecond.TryPeek(out long old) && time.GetElapsedTime(old, now) >= TimeSpan.FromSeconds(1)) _lastSecond.Dequeue();
            _lastSecond.Enqueue(now);
            Total++;
            PerSecondMax = Math.Max(PerSecondMax, _lastSecond.Count);
            return _lastSecond.Count;
        }
    }
}
