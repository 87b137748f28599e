namespace Peregrine.Kernel;

/// <summary>When an incarnation's progress counter was last seen to have moved.</summary>
internal sealed class ProgressSample(TimeProvider time)
{
    private Incarnation? _of;
    private long _counter;
    private long _movedAt;

    /// <summary>Monitor only: looks at the counter, and answers for how long it has stood still.</summary>
    public TimeSpan Look(Incarnation incarnation, long now)
    {
        long counter = incarnation.Context.Progress;
        if (!ReferenceEquals(_of, incarnation) || counter != Volatile.Read(ref _counter))
        {
            Volatile.Write(ref _counter, counter);
            Volatile.Write(ref _movedAt, now);
            Volatile.Write(ref _of, incarnation);
        }
        return time.GetElapsedTime(_movedAt, now);
    }

    /// <summary>Monitor only: takes time off the record in which the monitor itself did not run.</summary>
    public void Forgive(long timestamps) => Volatile.Write(ref _movedAt, _movedAt + timestamps);

    /// <summary>Any thread.</summary>
    public TimeSpan AgeOf(Incarnation incarnation)
    {
        if (!ReferenceEquals(Volatile.Read(ref _of), incarnation)) return TimeSpan.Zero;
        long movedAt = Volatile.Read(ref _movedAt);
        if (incarnation.Context.Progress != Volatile.Read(ref _counter)) return TimeSpan.Zero;
        TimeSpan age = time.GetElapsedTime(movedAt);
        return age < TimeSpan.Zero ? TimeSpan.Zero : age;
    }
}
