namespace Peregrine.Kernel;

/// <summary>When a counter of an incarnation's was last seen to have moved.</summary>
internal sealed class ProgressSample(TimeProvider time)
{
    private Incarnation? _of;
    private long _counter;
    private long _movedAt;

    /// <summary>Monitor only: looks at the counter, and answers for how long it has stood still.</summary>
    public TimeSpan Look(Incarnation incarnation, long counter, long now)
    {
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

    /// <summary>Monitor only: counts as moved.</summary>
    public void Reset() => Volatile.Write(ref _of, null);

    /// <summary>Any thread: since the incarnation's own progress was seen to move.</summary>
    public TimeSpan AgeOf(Incarnation incarnation)
    {
        if (!ReferenceEquals(Volatile.Read(ref _of), incarnation)) return TimeSpan.Zero;
        long movedAt = Volatile.Read(ref _movedAt);
        if (incarnation.Context.Progress != Volatile.Read(ref _counter)) return TimeSpan.Zero;
        TimeSpan age = time.GetElapsedTime(movedAt);
        return age < TimeSpan.Zero ? TimeSpan.Zero : age;
    }
}
