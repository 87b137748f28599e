namespace Peregrine.Kernel;

/// <summary>One life of an actor: its thread, from the factory to the disposal. It reports to the supervisor and decides nothing.</summary>
internal sealed class Incarnation : IDisposable
{
    [ThreadStatic] private static Incarnation? t_ofThisThread;

    private readonly CancellationTokenSource _stop = new();
    private readonly ManualResetEvent _wake = new(initialState: false); // Ends a rest between turns.
    private readonly Lock _wakeGate = new();
    private readonly Supervisor _supervisor;
    private readonly Cell _cell;
    private readonly Thread _thread;
    private volatile bool _asked;
    private bool _disposed;

    public Incarnation(Supervisor supervisor, Cell cell, int generation, TimeProvider time)
    {
        _supervisor = supervisor;
        _cell = cell;
        _thread = OwnThread.Create(cell.Spec.Name, Run);
        Context = new ActorContext(cell, cell.Path, generation, time, cell.RandomOf(generation), _stop.Token);
    }

    /// <summary>The incarnation whose thread is the calling one; null elsewhere.</summary>
    public static Incarnation? OfThisThread => t_ofThisThread;

    public ActorContext Context { get; }

    public bool Has(IMailbox mailbox) => Array.IndexOf(_cell.Mailboxes, mailbox) >= 0;

    public void Start()
    {
        foreach (ISupervisedMailbox mailbox in _cell.Mailboxes) mailbox.Lease(_thread);
        _thread.Start();
    }

    /// <summary>Asks it to end. Callbacks on the token are the actor's own code: they run on a thread of their own, as the pool may be what hangs.</summary>
    public void AskToStop()
    {
        if (_asked) return;
        _asked = true;
        OwnThread.Start("stop:" + _cell.Spec.Name, () =>
        {
            try
            {
                _stop.Cancel();
            }
            catch (Exception failure) when (failure is AggregateException or ObjectDisposedException)
            {
                // A callback of the actor's threw, or the actor was faster: it ends either way, or is given up.
            }
        });
        Wake();
    }

    /// <summary>Has it fail at the end of its turn.</summary>
    public void Fault(string reason)
    {
        Context.RequestFault(reason);
        Wake();
    }

    public void Dispose()
    {
        _stop.Dispose();
        lock (_wakeGate)
        {
            _disposed = true;
            _wake.Dispose();
        }
    }

    private void Wake()
    {
        lock (_wakeGate)
        {
            if (!_disposed) _wake.Set();
        }
    }

    private void Run()
    {
        t_ofThisThread = this;
        IActor? actor = null;
        ExitClass exit = ExitClass.StartFailed;
        string error = "";
        try
        {
            if (_cell.Spec.Core is { } core) CpuAffinity.TryPin(core);
            actor = _cell.Spec.Start(Context);
            exit = ExitClass.Crashed; // What it throws from here on.
            _supervisor.OnReady(_cell, this);
            exit = TakeTurns(actor);
            if (exit == ExitClass.Crashed) error = Context.Fault!.InOneLine();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            exit = ExitClass.Stopped;
            Freeze();
        }
        catch (Exception failure) // Whatever it is: the supervisor decides what becomes of the actor.
        {
            error = failure.InOneLine();
            Freeze();
        }
        if (actor is IDisposable owner)
        {
            _supervisor.OnEnding(_cell, this, exit, error); // Disposal has a deadline too.
            try
            {
                owner.Dispose();
                EndTurn();
            }
            catch (Exception failure)
            {
                if (error.Length == 0) error = failure.InOneLine();
                exit = ExitClass.Crashed;
            }
        }
        _supervisor.OnExited(_cell, this, exit, error);
    }

    private ExitClass TakeTurns(IActor actor)
    {
        IdlePolicy idle = _cell.Spec.Idle;
        var spinner = new SpinWait();
        while (!_asked)
        {
            bool worked = actor.Turn();
            EndTurn();
            Context.ReportProgress();
            if (Context.IsCompleted) return ExitClass.Completed;
            if (Context.Fault is not null) return ExitClass.Crashed;
            if (worked)
            {
                spinner.Reset();
                continue;
            }
            switch (idle.Kind)
            {
                case IdlePolicy.Way.Sleep: _wake.WaitOne(idle.SleepMillisOrDefault); break;
                case IdlePolicy.Way.Spin: Thread.SpinWait(1); break;
                case IdlePolicy.Way.SpinThenYield: spinner.SpinOnce(sleep1Threshold: -1); break;
                default: break;
            }
        }
        return ExitClass.Stopped;
    }

    private void EndTurn()
    {
        foreach (ISupervisedMailbox mailbox in _cell.Mailboxes) mailbox.EndTurn();
    }

    private void Freeze()
    {
        foreach (ISupervisedMailbox mailbox in _cell.Mailboxes) mailbox.Freeze();
    }
}
