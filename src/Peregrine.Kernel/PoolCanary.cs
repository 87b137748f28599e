namespace Peregrine.Kernel;

/// <summary>Finds out how long a work item waits for the thread pool: one at a time, and without allocating.</summary>
internal sealed class PoolCanary(TimeProvider time) : IThreadPoolWorkItem
{
    private const int Resting = 0, Waiting = 1;
    private int _state;
    private long _sentAt;
    private long _delay; // Timestamps.

    /// <summary>Of the last one, or of the one that waits now if that is longer.</summary>
    public TimeSpan Delay
    {
        get
        {
            long sentAt = Volatile.Read(ref _sentAt);
            TimeSpan last = time.GetElapsedTime(0, Volatile.Read(ref _delay));
            if (Volatile.Read(ref _state) != Waiting) return last;
            TimeSpan now = time.GetElapsedTime(sentAt);
            return now > last ? now : last;
        }
    }

    /// <summary>Sends the next one, unless one is on its way.</summary>
    public void Send()
    {
        if (Volatile.Read(ref _state) == Waiting) return;
        Volatile.Write(ref _sentAt, time.GetTimestamp());
        Volatile.Write(ref _state, Waiting);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _delay, time.GetTimestamp() - Volatile.Read(ref _sentAt));
        Volatile.Write(ref _state, Resting);
    }
}
