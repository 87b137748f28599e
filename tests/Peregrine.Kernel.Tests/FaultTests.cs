namespace Peregrine.Kernel.Tests;

public sealed class FaultTests
{
    private static GroupSpec Patient(GroupSpec group) => group with { Backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) };

    [Fact]
    public void The_actor_crashes_for_that_reason_at_the_end_of_its_turn_and_no_sibling_notices()
    {
        using Stage stage = new Stage().Cast("ab", group: Patient).Start();
        using ManualResetEventSlim gate = stage["a"].Hang();
        stage.Until(() => stage["a"].IsBusy);
        Assert.True(stage.Supervisor.Fault("g/a", "to see\nwhat happens"));
        stage.Supervisor.Settle();
        Assert.Equal((ActorState.Running, true), (stage.Of("a").State, stage["a"].Context!.IsCurrent)); // It is in its turn, which nothing interrupts.
        gate.Set();
        stage.Until("a", ActorState.BackingOff, 1);
        Assert.Equal((ExitClass.Crashed, "to see what happens"), (stage.Of("a").LastExit, stage.Of("a").LastError));
        stage.Pass(1);
        stage.Until("a", ActorState.Running, 2);
        Assert.Equal(1, stage.Of("b").Generation);
        stage.Until(() => stage["a"].Context!.Progress > 3); // The new one is not faulted.
        Assert.Equal(ActorState.Running, stage.Of("a").State);
    }

    [Fact]
    public void One_that_does_not_come_back_from_its_turn_hangs()
    {
        using Stage stage = new Stage().Cast("a", spec => spec with { HangAfter = TimeSpan.FromSeconds(2), StopWithin = TimeSpan.FromSeconds(1) }, Patient).Start();
        using ManualResetEventSlim gate = stage["a"].Hang();
        stage.Until(() => stage["a"].IsBusy);
        stage.Supervisor.Settle();
        Assert.True(stage.Supervisor.Fault("g/a", "in vain"));
        stage.Pass(4.5);
        stage.Until("a", ActorState.Running, 2);
        Assert.Equal(ExitClass.Hung, stage.Of("a").LastExit);
        gate.Set();
    }

    [Theory]
    [MemberData(nameof(RunnerTests.Policies), MemberType = typeof(RunnerTests))]
    public void Works_for_every_kind_of_actor(string name)
    {
        IdlePolicy idle = name switch
        {
            "Spin" => IdlePolicy.Spin,
            "SpinThenYield" => IdlePolicy.SpinThenYield,
            "Sleep" => IdlePolicy.Sleep(TimeSpan.FromMinutes(1)), // The fault ends the rest, or this would take a minute.
            _ => IdlePolicy.ActorBlocks,
        };
        var group = new GroupSpec("g")
        {
            Children = [new("a", context => new Idler(context, name == "ActorBlocks")) { Idle = idle }],
            Backoff = new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)),
        };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(1));
        supervisor.Start();
        Assert.True(supervisor.Fault("g/a", "by the operator")); // At once: what Start has started runs.
        Assert.True(SpinWait.SpinUntil(() => supervisor.Snapshot().Actors[0] is { Generation: 2, State: ActorState.Running }, TimeSpan.FromSeconds(30)));
        Assert.Equal((ExitClass.Crashed, "by the operator"), (supervisor.Snapshot().Actors[0].LastExit, supervisor.Snapshot().Actors[0].LastError));
    }

    [Fact]
    public void What_does_not_run_cannot_be_faulted()
    {
        using Stage stage = new Stage().Cast("ab", group: Patient);
        Assert.False(stage.Supervisor.Fault("g/a", "too early"));
        stage.Start();
        Assert.False(stage.Supervisor.Fault("g/c", "unknown"));
        Assert.False(stage.Supervisor.Fault("a", "without its group"));
        Assert.Throws<ArgumentException>(() => stage.Supervisor.Fault("g/a", " "));
        stage["a"].Crash();
        stage.Until("a", ActorState.BackingOff, 1);
        Assert.False(stage.Supervisor.Fault("g/a", "it backs off"));
        stage.Supervisor.Stop();
        Assert.False(stage.Supervisor.Fault("g/b", "too late"));
    }

    private sealed class Idler(ActorContext context, bool blocks) : IActor
    {
        public bool Turn()
        {
            if (blocks) context.Stopping.WaitHandle.WaitOne(20);
            return false;
        }
    }
}
