using System.Diagnostics.CodeAnalysis;

namespace Peregrine.Kernel;

/// <summary>Lets a thread wait until it is rung or its time has come.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "An incarnation that was given up may still ring when all others are long gone; the finaliser frees the handle.")]
internal sealed class Alarm(TimeProvider time)
{
    private readonly AutoResetEvent _bell = new(initialState: false);

    public void Ring() => _bell.Set();

    /// <summary>Returns when rung or when the time is over; it may also return early.</summary>
    public void Wait(TimeSpan? atMost)
    {
        if (atMost is not { } pause)
        {
            _bell.WaitOne();
        }
        else if (pause <= TimeSpan.Zero)
        {
            return;
        }
        else if (ReferenceEquals(time, TimeProvider.System))
        {
            // Not by a timer: those come from the thread pool, and are late when it is busy.
            // A wait is rounded up, or the last millisecond would be waited for in a loop.
            _bell.WaitOne((int)Math.Min(Math.Ceiling(pause.TotalMilliseconds), int.MaxValue));
        }
        else
        {
            using ITimer timer = time.CreateTimer(static bell => ((AutoResetEvent)bell!).Set(), _bell, pause, Timeout.InfiniteTimeSpan);
            _bell.WaitOne();
        }
    }
}
