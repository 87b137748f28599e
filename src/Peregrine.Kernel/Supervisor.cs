using System.Collections.Concurrent;
using System.Diagnostics;

namespace Peregrine.Kernel;

/// <summary>
/// Starts actors in order, watches them, restarts those that fail, and stops them in reverse. What no restart mends goes from the child to its
/// group and from there to the process: <see cref="Escalation"/> is set, everything is stopped, and the program has to end with a failure.
/// </summary>
/// <remarks>
/// One control thread owns all state and never runs an actor's code: factories, turns and disposals happen on the incarnation's own thread and
/// report back, and each of them has a deadline. A thread of .NET cannot be ended from outside, so an incarnation that overruns its deadline is
/// fenced (<see cref="ActorContext.IsCurrent"/>) and replaced, or ends the process if it owns something exclusively. A failure of the supervisor's
/// own threads (control, monitor, one-shots' frames) ends the process at once, with the exit code of an abort: none of them vanishes silently.
/// </remarks>
public sealed class Supervisor : IDisposable
{
    private enum Phase { New, Booting, Running, Stopping, Stopped }

    /// <summary>How long the end waits for the last writes, in real time.</summary>
    private static readonly TimeSpan LastWordsWithin = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly SupervisorOptions _options;
    private readonly Random _jitter;
    private readonly List<GroupCell> _groups = [];
    private readonly Cell[] _cells;
    private readonly OneShotRegistry _oneShots;
    private readonly DeadLetterOffice _deadLetters;
    private readonly ProgressMonitor _monitor;
    private readonly ConcurrentQueue<Action> _inbox = new();
    private readonly Alarm _alarm;
    private readonly Latch _bootEnded = new();
    private readonly Latch _stopped = new();
    private readonly Latch _escalated = new();
    private readonly Lock _startGate = new();
    private long _probesAnswered;
    private long _probes;
    private long _listenerFailures;

    // The control thread's own.
    private Phase _phase;
    private ActorStartException? _bootFailure;
    private long _oneShotsDeadline;
    private Escalation? _escalation;
    private readonly List<Latch> _settling = [];

    /// <param name="groups">In start order.</param>
    /// <param name="random">Seeds the jitter and every actor's own <see cref="ActorContext.Random"/>.</param>
    public Supervisor(IReadOnlyList<GroupSpec> groups, TimeProvider time, Random random, SupervisorOptions? options = null)
    {
        _time = time;
        _options = options ?? new SupervisorOptions();
        _jitter = new Random(random.Next());
        foreach (GroupSpec spec in groups)
        {
            var group = new GroupCell(spec, time);
            foreach (ChildSpec child in spec.Children) group.Cells.Add(new Cell(child, group, random.Next(), time));
            _groups.Add(group);
        }
        _cells = [.. _groups.SelectMany(static group => group.Cells)];
        if (_cells.GroupBy(static cell => cell.Path).FirstOrDefault(static same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"Two actors are called '{twice.Key}'.", nameof(groups));
        ISupervisedMailbox[] mailboxes = [.. _cells.SelectMany(static cell => cell.Mailboxes)];
        if (mailboxes.Distinct().Count() < mailboxes.Length) throw new ArgumentException("Two actors have the same mailbox; each needs one of its own.", nameof(groups));
        foreach (ISupervisedMailbox mailbox in mailboxes) mailbox.Bind();
        _alarm = new Alarm(time);
        _oneShots = new OneShotRegistry(time, _options, _ => _alarm.Ring());
        _deadLetters = new DeadLetterOffice(_options.DeadLettersMax, _options.OnDeadLetter);
        _monitor = new ProgressMonitor(this, _cells, _oneShots, time, _options);
    }

    /// <summary>Raised once, on a thread of its own, when the process has to end. <see cref="WaitForEscalation"/> says the same.</summary>
    public event Action<Escalation>? Escalated;

    /// <summary>Why the process has to end; null while it has not.</summary>
    public Escalation? Escalation => Volatile.Read(ref _escalation);

    /// <summary>Waits (in real time) until the process has to end: true when it has.</summary>
    public bool WaitForEscalation(TimeSpan atMost, CancellationToken cancel = default) => _escalated.Wait(atMost, cancel);

    /// <summary>Starts all actors and returns when the last is ready.</summary>
    /// <exception cref="ActorStartException">One did not start; those before it have been stopped again, in reverse.</exception>
    /// <exception cref="OperationCanceledException">It was stopped before everything had started.</exception>
    public void Start()
    {
        lock (_startGate)
        {
            if (_phase != Phase.New) throw new InvalidOperationException("A supervisor starts once.");
            _phase = Phase.Booting;
        }
        foreach (GroupCell group in _groups) group.Ordered = true;
        foreach (Cell cell in _cells)
        {
            cell.Wanted = true;
            cell.State = ActorState.BackingOff;
        }
        OwnThread.Start("supervisor", Control);
        _monitor.Start();
        _bootEnded.Wait();
        if (_bootFailure is not null) throw _bootFailure;
        if (Escalation is { } escalation) throw new ActorStartException(escalation.Path, escalation.Reason, cause: null);
        if (_phase is Phase.Stopping or Phase.Stopped) throw new OperationCanceledException("The supervisor was stopped while it started.");
    }

    /// <summary>Stops all actors in reverse, each within its deadline, and returns when the last has ended or was given up.</summary>
    public void Stop()
    {
        lock (_startGate)
        {
            if (_phase == Phase.New)
            {
                _phase = Phase.Stopped;
                _oneShots.Close();
                foreach (Cell cell in _cells) Retire(cell);
                return;
            }
        }
        BeginStopping();
        if (_phase != Phase.Stopped) _stopped.Wait();
        // What was said last shall be on the disk; a disk that hangs does not keep the process from ending.
        _deadLetters.Finish(LastWordsWithin);
        _oneShots.Finish(LastWordsWithin);
    }

    /// <summary>Begins to stop and returns at once.</summary>
    public void BeginStopping() => Post(BeginStop);

    /// <summary>
    /// Has an actor fail, by an operator's wish or to try what follows: its incarnation ends as crashed, for that reason, when its turn is over.
    /// It interrupts nothing but the rest between two turns, so an actor that does not come back from its turn hangs, by its own limits.
    /// </summary>
    /// <param name="path">group/name.</param>
    /// <returns>False, and nothing is done, when there is no such actor or it does not run.</returns>
    public bool Fault(string path, string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        Cell? cell = Array.Find(_cells, each => each.Path == path);
        if (cell?.Published.Running is not { } incarnation) return false;
        Post(() => Say(cell, $"is made to fail: {reason.InOneLine()}"));
        incarnation.Fault(reason);
        return true;
    }

    /// <summary>
    /// Runs work that ends, once, on a thread of its own. It is never restarted, and its failure is nobody else's.
    /// An id that is already known gives the same handle again, and starts nothing; with <see cref="SupervisorOptions.OneShotFile"/> also one
    /// that was known to an earlier process, however it ended there. That it runs is on the file before it does.
    /// </summary>
    /// <param name="deadline">It is asked to end, and listed as timed out, when it takes longer.</param>
    /// <exception cref="InvalidOperationException">The supervisor is stopping.</exception>
    public OneShot Spawn(Guid id, string kind, Action<OneShotContext> work, TimeSpan? deadline = null) => _oneShots.Spawn(id, kind, work, deadline);

    /// <summary>How everything stands. From any thread, without waiting for any.</summary>
    public SupervisorSnapshot Snapshot()
    {
        var actors = new ActorStatus[_cells.Length];
        CopyStatus(actors);
        return new SupervisorSnapshot(actors, _oneShots.List()) { DeadLetters = _deadLetters.List(), Health = Health };
    }

    /// <summary>How well the supervisor itself is served; allocates nothing.</summary>
    public SupervisorHealth Health => new(
        _monitor.LateMax, _monitor.PoolDelay, ThreadPool.PendingWorkItemCount, _oneShots.FileFailures, Volatile.Read(ref _listenerFailures) + _deadLetters.ListenerFailures);

    /// <summary>The actors' part of the snapshot into memory of the caller's; allocates nothing. Returns how many there are.</summary>
    public int CopyStatus(Span<ActorStatus> into)
    {
        int count = Math.Min(into.Length, _cells.Length);
        for (int i = 0; i < count; i++)
        {
            Cell cell = _cells[i];
            Cell.View view = cell.Published;
            (int? depth, TimeSpan? oldestAge, long dropped) = cell.Mail();
            into[i] = new ActorStatus(
                cell.Path, view.State, view.Generation, view.Restarts, view.Running is { } running ? cell.Sample.AgeOf(running) : null,
                depth, oldestAge, view.LastError, view.LastExit, cell.Group.Spec.Name, dropped, view.State == ActorState.BackingOff ? Until(view.NotBefore) : null);
        }
        return _cells.Length;
    }

    private TimeSpan Until(long timestamp)
    {
        TimeSpan left = _time.GetElapsedTime(_time.GetTimestamp(), timestamp);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Stops, if that has not happened yet.</summary>
    public void Dispose() => Stop();

    internal void OnReady(Cell cell, Incarnation of) => Post(() =>
    {
        if (cell.Incarnation != of || cell.State != ActorState.Starting) return; // Too late: it was given up.
        cell.State = ActorState.Running;
        cell.RunningSince = _time.GetTimestamp();
        Say(cell, "runs");
    });

    internal void OnEnding(Cell cell, Incarnation of, ExitClass exit, string error) => Post(() =>
    {
        if (cell.Incarnation != of) return;
        cell.Ending = exit;
        if (error.Length > 0 && !cell.FoundHung) cell.LastError = error;
        if (!cell.StopAsked) TakeAway(cell, exit, error); // It failed or is done: nothing may act in its name while it is disposed.
        if (cell.State == ActorState.Stopping) return; // Its deadline is running already.
        CountStability(cell);
        cell.State = ActorState.Stopping;
        cell.Deadline = In(cell.Spec.StopWithin);
    });

    internal void OnExited(Cell cell, Incarnation of, ExitClass exit, string error) => Post(() =>
    {
        of.Dispose();
        if (cell.Incarnation != of) return; // An incarnation that was given up has ended after all.
        if (cell.FoundHung) (exit, error) = (ExitClass.Hung, cell.LastError);
        OnDown(cell, exit, error);
    });

    internal void OnHung(Cell cell, Incarnation of, string why) => Post(() =>
    {
        if (cell.Incarnation != of || cell.State != ActorState.Running) return;
        cell.FoundHung = true;
        cell.LastError = why;
        Say(cell, why, isError: true);
        TakeAway(cell, ExitClass.Hung, why);
        CountStability(cell);
        AskToStop(cell);
        cell.StopAsked = false; // It was its own fault.
    });

    /// <summary>Monitor: false when the control thread has not answered the last probe. Sends the next one.</summary>
    internal bool Probe()
    {
        bool answered = Volatile.Read(ref _probesAnswered) == _probes;
        if (answered) Volatile.Write(ref _probes, _probes + 1);
        _alarm.Ring();
        return answered;
    }

    /// <summary>For tests in virtual time: returns when everything that is due now has been seen and acted on.</summary>
    internal void Settle()
    {
        _monitor.LookNow();
        var settled = new Latch();
        Post(() => _settling.Add(settled));
        while (!settled.Wait(TimeSpan.FromMilliseconds(20)) && _phase != Phase.Stopped) { }
    }

    private void Post(Action message)
    {
        _inbox.Enqueue(message);
        _alarm.Ring();
    }

    private void Control()
    {
        while (true)
        {
            while (_inbox.TryDequeue(out Action? message)) message();
            long now = _time.GetTimestamp();
            CheckDeadlines(now);
            if (_phase == Phase.Stopping) AdvanceStop(now);
            else Advance(now);
            foreach (Cell cell in _cells) cell.Publish();
            if (_phase == Phase.Running) _bootEnded.Open(); // Not earlier: whoever looks then sees all run.
            Volatile.Write(ref _probesAnswered, Volatile.Read(ref _probes));
            foreach (Latch settled in _settling) settled.Open();
            _settling.Clear();
            if (_phase == Phase.Stopped) break;
            if (_inbox.IsEmpty) _alarm.Wait(UntilNextDue(now));
        }
        _monitor.Stop();
        _bootEnded.Open();
        _stopped.Open();
        while (_inbox.TryDequeue(out Action? message)) message(); // Whoever waits for an answer gets it.
    }

    private void CheckDeadlines(long now)
    {
        foreach (Cell cell in _cells)
        {
            if (now < cell.Deadline) continue;
            if (cell.State == ActorState.Starting) GiveUp(cell, ExitClass.StartFailed, $"not ready within {cell.Spec.StartWithin.TotalSeconds:0.###} s");
            else if (cell.State == ActorState.Stopping) GiveUp(cell, ExitClass.Hung, WhyNotStopped(cell));
        }
    }

    private static string WhyNotStopped(Cell cell)
    {
        string late = $"did not end within {cell.Spec.StopWithin.TotalSeconds:0.###} s";
        return cell.FoundHung || cell.Ending == ExitClass.Crashed ? $"{cell.LastError}; {late}" : late;
    }

    /// <summary>The thread cannot be ended, so it is fenced and forgotten. What it owns exclusively only the end of the process can free.</summary>
    private void GiveUp(Cell cell, ExitClass exit, string error)
    {
        cell.Incarnation!.AskToStop();
        bool mustEnd = cell.Spec.OwnsExclusively && _phase != Phase.Stopping;
        OnDown(cell, exit, error, restart: !mustEnd);
        if (mustEnd) Escalate(cell, $"{error}, and it owns something exclusively");
    }

    private void OnDown(Cell cell, ExitClass exit, string error, bool restart = true)
    {
        if (cell.State == ActorState.Running) CountStability(cell);
        ActorState before = cell.State;
        bool asked = cell.StopAsked;
        TakeAway(cell, exit, error);
        cell.Incarnation = null;
        cell.FoundHung = false;
        cell.StopAsked = false;
        cell.Ending = ExitClass.None;
        cell.LastExit = exit;
        if (error.Length > 0) cell.LastError = error;
        Say(cell, IsFailure(exit) ? $"{Word(exit)}: {error}" : Word(exit), IsFailure(exit));

        if (_phase == Phase.Stopping || !cell.Wanted)
        {
            cell.State = exit == ExitClass.Completed && !asked ? ActorState.Completed : ActorState.Stopped;
        }
        else if (cell.HaltFirst)
        {
            cell.HaltFirst = false;
            cell.State = ActorState.BackingOff;
        }
        else if (_phase == Phase.Booting && exit == ExitClass.StartFailed && cell.Generation == 1)
        {
            cell.State = ActorState.Failed;
            _bootFailure = new ActorStartException(cell.Path, error, cause: null);
            BeginStop();
        }
        else if (!restart || cell.Spec.Restart == Restart.Temporary || (cell.Spec.Restart == Restart.Transient && exit == ExitClass.Completed))
        {
            cell.State = exit == ExitClass.Completed ? ActorState.Completed : ActorState.Failed;
        }
        else
        {
            Debug.Assert(before is not ActorState.BackingOff, "Only what is alive can go down.");
            RestartLater(cell, error);
        }
        if (_phase != Phase.Stopping && cell.State != ActorState.BackingOff) Retire(cell); // A restart of the group may open them again.
    }

    /// <summary>Nothing may act in this incarnation's name any more, and its messages are the next one's.</summary>
    private void TakeAway(Cell cell, ExitClass exit, string error)
    {
        cell.Fence = 0;
        bool comesBack = _phase != Phase.Stopping && cell.Wanted && cell.Spec.Restart switch
        {
            Restart.Permanent => true,
            Restart.Transient => exit != ExitClass.Completed,
            _ => false,
        };
        foreach (ISupervisedMailbox mailbox in cell.Mailboxes)
        {
            if (mailbox.Revoke(IsFailure(exit), comesBack ? AskOutcome.Restarting : AskOutcome.Stopped) is not { } text) continue;
            _deadLetters.Accept(cell.Path, text, error, _time.GetUtcNow());
            Say(cell, $"a message that failed twice is set aside: {error}", isError: true);
        }
    }

    private void Retire(Cell cell)
    {
        if (cell.IsRetired) return;
        cell.IsRetired = true;
        if (cell.Mail().Depth is { } left and > 0) Say(cell, $"{left} messages are left in its mailbox", isError: true);
        foreach (IMailbox mailbox in cell.AllMailboxes)
        {
            if (mailbox is ISupervisedMailbox ours) ours.Retire();
            else mailbox.Close();
        }
    }

    private static bool IsFailure(ExitClass exit) => exit is ExitClass.Crashed or ExitClass.Hung or ExitClass.StartFailed;

    private void RestartLater(Cell cell, string error)
    {
        GroupCell group = cell.Group;
        cell.State = ActorState.BackingOff;
        if (!cell.Window.TryTake())
        {
            RestartGroupLater(cell, $"more than {group.Spec.Restarts}; the last because: {error}");
            return;
        }
        cell.Restarts++;
        TimeSpan pause = group.Spec.Backoff.Pause(cell.Failures++, _jitter);
        cell.NotBefore = In(pause);
        Say(cell, $"starts again in {pause.TotalSeconds:0.###} s");
        if (group.Spec.Strategy != Strategy.RestForOne) return;
        foreach (Cell later in group.Cells.Skip(group.Cells.IndexOf(cell) + 1)) TakeDownAndUp(later);
    }

    private void RestartGroupLater(Cell cell, string reason)
    {
        GroupCell group = cell.Group;
        if (!group.Window.TryTake())
        {
            cell.State = ActorState.Failed;
            Escalate(cell, $"{reason}; and the group had more than {group.Spec.GroupRestarts}");
            return;
        }
        if (group.NotBefore != 0 && _time.GetElapsedTime(group.NotBefore) >= group.Spec.StableAfter) group.Failures = 0;
        TimeSpan pause = group.Spec.Backoff.Pause(group.Failures++, _jitter);
        group.NotBefore = In(pause);
        group.Ordered = true;
        Say(cell, $"{reason}: all of '{group.Spec.Name}' starts again in {pause.TotalSeconds:0.###} s", isError: true);
        foreach (Cell each in group.Cells)
        {
            each.NotBefore = 0;
            each.Window.Clear(); // As after a first start: the levels' limits multiply.
            if (TakeDownAndUp(each)) each.Restarts++;
        }
    }

    /// <summary>False for one that stays down: a temporary child is never restarted, not even by a sibling's failure.</summary>
    private static bool TakeDownAndUp(Cell cell)
    {
        bool comesBack = cell.Spec.Restart != Restart.Temporary;
        if (!comesBack && cell.Generation == 0) return false; // It still gets its one start.
        if (!comesBack)
        {
            cell.Wanted = false;
            return false;
        }
        cell.Wanted = true;
        if (cell.IsAlive) cell.HaltFirst = true;
        else cell.State = ActorState.BackingOff;
        return true;
    }

    private void Escalate(Cell cell, string reason)
    {
        if (_escalation is not null || _phase == Phase.Stopping) return;
        var escalation = new Escalation(cell.Path, reason);
        Volatile.Write(ref _escalation, escalation);
        Say(cell, $"the process has to end: {reason}", isError: true);
        _escalated.Open();
        // The handlers are not ours and may take their time.
        OwnThread.Start("escalation", () => Tell(() => Escalated?.Invoke(escalation)));
        BeginStop();
    }

    /// <summary>Halts what has to be halted, last first, and starts what may start, first first.</summary>
    private void Advance(long now)
    {
        foreach (GroupCell group in _groups)
        {
            if (group.Cells.FindLast(static cell => cell.MustHalt) is { } halting)
            {
                if (!halting.StopAsked && halting.State != ActorState.Stopping) AskToStop(halting);
            }
            else
            {
                StartWhatMay(group, now);
            }
            if (_phase == Phase.Booting && !group.Cells.TrueForAll(static cell => cell.IsSettled)) return; // The next group waits for this one.
        }
        if (_phase != Phase.Booting) return;
        _phase = Phase.Running;
    }

    private void StartWhatMay(GroupCell group, long now)
    {
        if (now < group.NotBefore) return;
        bool inOrder = group.Ordered || group.Spec.Strategy == Strategy.RestForOne;
        foreach (Cell cell in group.Cells)
        {
            if (cell.Wanted && cell.State == ActorState.BackingOff && now >= cell.NotBefore) Begin(cell);
            if (inOrder && !cell.IsSettled) return;
        }
        group.Ordered = false;
    }

    private void Begin(Cell cell)
    {
        cell.Generation++;
        cell.State = ActorState.Starting;
        cell.Deadline = In(cell.Spec.StartWithin);
        cell.Fence = cell.Generation;
        cell.IsRetired = false;
        cell.Incarnation = new Incarnation(this, cell, cell.Generation, _time);
        Say(cell, $"starts, generation {cell.Generation}");
        cell.Incarnation.Start();
    }

    private void AskToStop(Cell cell)
    {
        cell.StopAsked = true;
        cell.State = ActorState.Stopping;
        cell.Deadline = In(cell.Spec.StopWithin);
        cell.Incarnation!.AskToStop();
    }

    private void BeginStop()
    {
        if (_phase is Phase.Stopping or Phase.Stopped) return;
        _phase = Phase.Stopping;
        _oneShots.Close();
        _oneShotsDeadline = In(_options.OneShotStopWithin);
    }

    private void AdvanceStop(long now)
    {
        // First those that may depend on any actor.
        if (now < _oneShotsDeadline && _oneShots.AnyRunning) return;
        for (int i = _cells.Length - 1; i >= 0; i--)
        {
            Cell cell = _cells[i];
            if (cell.IsAlive)
            {
                if (cell.State != ActorState.Stopping) AskToStop(cell);
                return; // Those before it stay up until it is down.
            }
            if (cell.State == ActorState.BackingOff) cell.State = ActorState.Stopped;
            Retire(cell);
        }
        _phase = Phase.Stopped;
    }

    private TimeSpan? UntilNextDue(long now)
    {
        long due = long.MaxValue;
        foreach (GroupCell group in _groups)
        {
            foreach (Cell cell in group.Cells)
            {
                if (cell.State is ActorState.Starting or ActorState.Stopping) due = Math.Min(due, cell.Deadline);
                else if (cell.State is ActorState.BackingOff && _phase != Phase.Stopping) due = Math.Min(due, DueOfStart(cell, now));
            }
        }
        if (_phase == Phase.Stopping && _oneShots.AnyRunning) due = Math.Min(due, _oneShotsDeadline);
        return due == long.MaxValue ? null : _time.GetElapsedTime(_time.GetTimestamp(), due);
    }

    /// <summary>When a start becomes due by time alone. What was due at the last look waits for a sibling, and is woken by it.</summary>
    private static long DueOfStart(Cell cell, long lastLook)
    {
        long due = Math.Max(cell.NotBefore, cell.Group.NotBefore);
        return due > lastLook ? due : long.MaxValue;
    }

    private void CountStability(Cell cell)
    {
        if (_time.GetElapsedTime(cell.RunningSince) < cell.Group.Spec.StableAfter) return;
        cell.Failures = 0;
    }

    /// <summary>The timestamp of the monotonic clock after so much time.</summary>
    private long In(TimeSpan span) => _time.GetTimestamp() + (long)((Int128)span.Ticks * _time.TimestampFrequency / TimeSpan.TicksPerSecond);

    private static string Word(ExitClass exit) => exit switch
    {
        ExitClass.Completed => "completed",
        ExitClass.Stopped => "stopped",
        ExitClass.Crashed => "crashed",
        ExitClass.Hung => "hung",
        _ => "did not start",
    };

    private void Say(Cell cell, string text, bool isError = false)
    {
        if (_options.OnNotice is { } listener) Tell(() => listener(new SupervisorNotice(_time.GetUtcNow(), cell.Path, text, isError)));
    }

    /// <summary>A listener that fails must not take the supervisor with it.</summary>
    private void Tell(Action listener)
    {
        try
        {
            listener();
        }
        catch (Exception)
        {
            Interlocked.Increment(ref _listenerFailures);
        }
    }
}
