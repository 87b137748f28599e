namespace Peregrine.Kernel;

/// <summary>One life of an actor: its thread, from the factory to the disposal. It reports to the supervisor and decides nothing.</summary>
internal sealed class Incarnation : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Supervisor _supervisor;
    private readonly Cell _cell;

    public Incarnation(Supervisor supervisor, Cell cell, int generation, TimeProvider time)
    {
        _supervisor = supervisor;
        _cell = cell;
        Context = new ActorContext(cell, cell.Path, generation, time, cell.RandomOf(generation), _stop.Token);
    }

    public ActorContext Context { get; }

    public void Start() => new Thread(Run) { Name = _cell.Spec.Name, IsBackground = true }.Start();

    /// <summary>Asks it to end. Callbacks on the token are the actor's own code and must not run on the control thread.</summary>
    public void AskToStop() =>
        _stop.CancelAsync().ContinueWith(static asked => asked.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    public void Dispose() => _stop.Dispose();

    private void Run()
    {
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
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            exit = ExitClass.Stopped;
        }
        catch (Exception failure) // Whatever it is: the supervisor decides what becomes of the actor.
        {
            error = failure.InOneLine();
        }
        if (actor is IDisposable owner)
        {
            _supervisor.OnEnding(_cell, this, exit, error); // Disposal has a deadline too.
            try
            {
                owner.Dispose();
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
        CancellationToken stopping = Context.Stopping;
        IdlePolicy idle = _cell.Spec.Idle;
        var spinner = new SpinWait();
        while (!stopping.IsCancellationRequested)
        {
            bool worked = actor.Turn();
            Context.ReportProgress();
            if (Context.IsCompleted) return ExitClass.Completed;
            if (worked)
            {
                spinner.Reset();
                continue;
            }
            switch (idle.Kind)
            {
                case IdlePolicy.Way.Sleep: stopping.WaitHandle.WaitOne(idle.SleepMillisOrDefault); break;
                case IdlePolicy.Way.Spin: Thread.SpinWait(1); break;
                case IdlePolicy.Way.SpinThenYield: spinner.SpinOnce(sleep1Threshold: -1); break;
                default: break;
            }
        }
        return ExitClass.Stopped;
    }
}
