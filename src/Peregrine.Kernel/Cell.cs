namespace Peregrine.Kernel;

/// <summary>
/// What outlives an actor's incarnations. Written by the control thread alone, but for the progress samples, which are the monitor's.
/// </summary>
internal sealed class Cell(ChildSpec spec, GroupCell group, int seed, TimeProvider time)
{
    /// <summary>What other threads see of the control thread's fields.</summary>
    public sealed record View(
        ActorState State, int Generation, int Restarts, string LastError, ExitClass LastExit, Incarnation? Running, bool IsHung, long NotBefore);

    public ChildSpec Spec { get; } = spec;
    public GroupCell Group { get; } = group;
    public string Path { get; } = group.Spec.Name + "/" + spec.Name;
    public IMailbox[] AllMailboxes { get; } = spec.AllMailboxes;

    /// <summary>Those of them whose lease and messages the supervisor looks after: all that are made here.</summary>
    public ISupervisedMailbox[] Mailboxes { get; } = [.. spec.AllMailboxes.OfType<ISupervisedMailbox>()];

    public RestartWindow Window { get; } = new(group.Spec.Restarts, time);

    public ActorState State { get; set; }

    /// <summary>It shall run, now or after what keeps it from running.</summary>
    public bool Wanted { get; set; }

    /// <summary>It is taken down with others, to be started again after them.</summary>
    public bool HaltFirst { get; set; }

    public bool StopAsked { get; set; }
    public bool FoundHung { get; set; }

    /// <summary>Its mailboxes take no more: no incarnation is to come.</summary>
    public bool IsRetired { get; set; }

    public Incarnation? Incarnation { get; set; }
    public int Generation { get; set; }
    public int Restarts { get; set; }

    /// <summary>Failures in a row, without a stable period between them.</summary>
    public int Failures { get; set; }

    /// <summary>When it runs: since when. Timestamps of the monotonic clock, like the two below.</summary>
    public long RunningSince { get; set; }

    /// <summary>When it backs off: until when.</summary>
    public long NotBefore { get; set; }

    /// <summary>When it starts or stops: until when it may.</summary>
    public long Deadline { get; set; }

    /// <summary>It fails on its own before its disposal is through: how.</summary>
    public ExitClass Ending { get; set; }

    public string LastError { get; set; } = "";
    public ExitClass LastExit { get; set; }

    /// <summary>The generation that may act, 0 for none.</summary>
    public int Fence
    {
        get => Volatile.Read(ref _fence);
        set => Volatile.Write(ref _fence, value);
    }
    private int _fence;

    private View _view = new(ActorState.Stopped, 0, 0, "", ExitClass.None, null, false, 0);

    public View Published => Volatile.Read(ref _view);

    /// <summary>Of turns.</summary>
    public ProgressSample Sample { get; } = new(time);

    /// <summary>Of messages handled while others wait, one for each of <see cref="Mailboxes"/>.</summary>
    public ProgressSample[] MailSamples { get; } = Array.ConvertAll(spec.AllMailboxes, _ => new ProgressSample(time));

    public bool IsAlive => State is ActorState.Starting or ActorState.Running or ActorState.Stopping;

    public bool MustHalt => IsAlive && (HaltFirst || !Wanted);

    /// <summary>Nothing more is to come of it that a later sibling would have to wait for.</summary>
    public bool IsSettled => !Wanted || State is ActorState.Running or ActorState.Completed or ActorState.Failed;

    public Random RandomOf(int generation) => new(unchecked((seed * 31) + generation));

    public void Publish()
    {
        View seen = _view;
        Incarnation? running = State == ActorState.Running ? Incarnation : null;
        long notBefore = State == ActorState.BackingOff ? Math.Max(NotBefore, Group.NotBefore) : 0;
        if (seen.State == State && seen.Generation == Generation && seen.Restarts == Restarts && seen.LastExit == LastExit && seen.IsHung == FoundHung
            && ReferenceEquals(seen.LastError, LastError) && ReferenceEquals(seen.Running, running) && seen.NotBefore == notBefore) return;
        Volatile.Write(ref _view, new View(State, Generation, Restarts, LastError, LastExit, running, FoundHung, notBefore));
    }

    /// <summary>Messages waiting in all its mailboxes, how long the oldest has, and how many were dropped; allocates nothing.</summary>
    public (int? Depth, TimeSpan? OldestAge, long Dropped) Mail()
    {
        int? depth = null;
        TimeSpan? oldest = null;
        long dropped = 0;
        foreach (IMailbox mailbox in AllMailboxes)
        {
            depth = (depth ?? 0) + mailbox.Depth;
            if (mailbox.OldestAge is { } age && (oldest is null || age > oldest)) oldest = age;
            dropped += mailbox.Dropped;
        }
        return (depth, oldest, dropped);
    }
}

/// <summary>What outlives the restarts of a group.</summary>
internal sealed class GroupCell(GroupSpec spec, TimeProvider time)
{
    public GroupSpec Spec { get; } = spec;
    public List<Cell> Cells { get; } = [];
    public RestartWindow Window { get; } = new(spec.GroupRestarts, time);
    public int Failures { get; set; }

    /// <summary>While the whole group comes up, each waits for those before it. A rest-for-one group is never without this order.</summary>
    public bool Ordered { get; set; }

    /// <summary>When it comes up again after a restart as a whole; 0 before the first.</summary>
    public long NotBefore { get; set; }
}
