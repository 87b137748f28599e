namespace Peregrine.Storage.Backups;

/// <summary>Keeps reading to so many bytes a second. Time that was not used is not saved up for a burst.</summary>
internal sealed class Pace(long bytesPerSecondMax, TimeProvider time, CancellationToken cancellation)
{
    private TimeSpan _due;
    private readonly long _began = time.GetTimestamp();

    internal CancellationToken Cancellation => cancellation;

    /// <summary>Waits until so many bytes more are due.</summary>
    /// <exception cref="OperationCanceledException">The work is over.</exception>
    internal void Count(int bytes)
    {
        cancellation.ThrowIfCancellationRequested();
        if (bytesPerSecondMax <= 0) return;
        TimeSpan now = time.GetElapsedTime(_began);
        if (_due < now) _due = now;
        _due += TimeSpan.FromSeconds((double)bytes / bytesPerSecondMax);
        while (_due - time.GetElapsedTime(_began) is var early && early > TimeSpan.FromMilliseconds(1))
        {
            cancellation.WaitHandle.WaitOne(early < TimeSpan.FromSeconds(1) ? early : TimeSpan.FromSeconds(1));
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
