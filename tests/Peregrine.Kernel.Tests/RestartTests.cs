namespace Peregrine.Kernel.Tests;

public sealed class RestartTests
{
    private static readonly Backoff OneSecond = new(First: TimeSpan.FromSeconds(1), Cap: TimeSpan.FromSeconds(60));

    private static GroupSpec Patient(GroupSpec group) => group with { Backoff = OneSecond, Restarts = new RestartLimit(1_000, TimeSpan.FromMinutes(1)) };

    [Fact]
    public void A_crash_is_followed_by_a_new_incarnation_and_no_sibling_notices()
    {
        using Stage stage = new Stage().Cast("abc", group: Patient).Start();
        ActorContext first = stage["b"].Context!;
        stage["b"].Crash("bad row");
        stage.Until("b", ActorState.BackingOff, 1);
        Assert.Equal((ExitClass.Crashed, 1), (stage.Of("b").LastExit, stage.Of("b").Restarts));
        Assert.Contains("bad row", stage.Of("b").LastError);
        Assert.False(first.IsCurrent);
        stage.Pass(1);
        stage.Until("b", ActorState.Running, 2);
        Assert.Equal("a+1 b+1 c+1 b-1 b+2", stage.Log);
        Assert.True(stage["b"].Context!.IsCurrent);
        Assert.False(first.IsCurrent);
    }

    [Fact]
    public void It_does_not_come_back_before_its_pause_is_over()
    {
        using Stage stage = new Stage().Cast("a", group: Patient).Start();
        stage["a"].Crash();
        stage.Until("a", ActorState.BackingOff, 1);
        string said = stage.Notices.Last(notice => notice.Text.StartsWith("starts again in", StringComparison.Ordinal)).Text;
        double pause = double.Parse(said.Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(pause, 0.002, 1); // Full jitter; this seed's draw is not next to nothing.
        stage.Pass(pause - 0.002);
        Assert.Equal((ActorState.BackingOff, 1), (stage.Of("a").State, stage.Of("a").Generation));
        stage.Pass(0.003);
        stage.Until("a", ActorState.Running, 2);
    }

    [Fact]
    public void A_cancellation_that_we_did_not_ask_for_is_a_crash()
    {
        using Stage stage = new Stage().Cast("a", group: Patient).Start();
        stage["a"].Do(_ => throw new TaskCanceledException("the request timed out"));
        stage.Until("a", ActorState.BackingOff, 1);
        Assert.Equal(ExitClass.Crashed, stage.Of("a").LastExit);
    }

    [Fact]
    public void A_cancellation_that_we_asked_for_is_a_stop()
    {
        using Stage stage = new Stage().Cast("a", group: Patient).Start();
        using var inside = new ManualResetEventSlim();
        stage["a"].Do(context =>
        {
            inside.Set();
            context.Stopping.WaitHandle.WaitOne();
            context.Stopping.ThrowIfCancellationRequested();
        });
        inside.Wait(TimeSpan.FromSeconds(10));
        stage.Supervisor.Stop();
        Assert.Equal((ExitClass.Stopped, ""), (stage.Of("a").LastExit, stage.Of("a").LastError));
    }

    [Theory] // How it is declared and ends, and what becomes of it.
    [InlineData(Restart.Permanent, true, ActorState.BackingOff, ExitClass.Completed)]
    [InlineData(Restart.Permanent, false, ActorState.BackingOff, ExitClass.Crashed)]
    [InlineData(Restart.Transient, true, ActorState.Completed, ExitClass.Completed)]
    [InlineData(Restart.Transient, false, ActorState.BackingOff, ExitClass.Crashed)]
    [InlineData(Restart.Temporary, true, ActorState.Completed, ExitClass.Completed)]
    [InlineData(Restart.Temporary, false, ActorState.Failed, ExitClass.Crashed)]
    public void The_restart_type_decides_what_becomes_of_an_end(Restart restart, bool completes, ActorState state, ExitClass exit)
    {
        using Stage stage = new Stage().Cast("ab", spec => spec with { Restart = restart }, Patient).Start();
        if (completes) stage["a"].Do(context => context.Complete());
        else stage["a"].Crash();
        stage.Until("a", state, 1);
        Assert.Equal(exit, stage.Of("a").LastExit);
        stage.Pass(2);
        stage.Until(() => stage.Of("a").State == (state == ActorState.BackingOff ? ActorState.Running : state));
        Assert.Equal("b+1", stage.Log.Split(' ')[1]);
        Assert.Equal(1, stage.Of("b").Generation);
    }

    [Fact]
    public void A_start_that_fails_later_counts_and_is_tried_again()
    {
        using Stage stage = new Stage().Cast("a", group: Patient).Start();
        int attempts = 0;
        stage["a"].OnStart = _ =>
        {
            if (++attempts < 3) throw new IOException("port taken");
        };
        stage["a"].Crash();
        stage.Until("a", ActorState.BackingOff, 1);
        stage.Pass(1);
        stage.Until("a", ActorState.BackingOff, 2);
        Assert.Equal((ExitClass.StartFailed, 2), (stage.Of("a").LastExit, stage.Of("a").Restarts));
        stage.Pass(2);
        stage.Until("a", ActorState.BackingOff, 3);
        stage.Pass(4);
        stage.Until("a", ActorState.Running, 4);
    }

    [Fact]
    public void Pauses_grow_until_an_incarnation_was_stable()
    {
        using Stage stage = new Stage().Cast("a", group: group => Patient(group) with { StableAfter = TimeSpan.FromSeconds(20) }).Start();
        int generation = 1;
        void CrashAndReturn()
        {
            stage["a"].Crash();
            stage.Until("a", ActorState.BackingOff, generation);
            while (stage.Of("a").State == ActorState.BackingOff) stage.Pass(0.5);
            stage.Until("a", ActorState.Running, ++generation);
        }
        double LongestOf(int crashes)
        {
            int seen = stage.Notices.Count;
            for (int i = 0; i < crashes; i++) CrashAndReturn();
            return stage.Notices.Skip(seen).Where(notice => notice.Text.StartsWith("starts again", StringComparison.Ordinal))
                .Max(notice => double.Parse(notice.Text.Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture));
        }
        Assert.True(LongestOf(6) > 1); // Bounds of 1, 2, 4, 8, 16 and 32 seconds.
        stage.Pass(21);
        Assert.True(LongestOf(1) <= 1); // The first bound again.
    }

    [Fact]
    public void Rest_for_one_takes_down_what_came_after_and_brings_it_back_in_order()
    {
        using Stage stage = new Stage().Cast("abcd", group: group => Patient(group) with { Strategy = Strategy.RestForOne }).Start();
        stage["b"].Crash();
        stage.Until(() => stage.Log.EndsWith("c-1", StringComparison.Ordinal));
        stage.Pass(1);
        stage.Until("d", ActorState.Running, 2);
        Assert.Equal("a+1 b+1 c+1 d+1 b-1 d-1 c-1 b+2 c+2 d+2", stage.Log);
        Assert.Equal([0, 1, 0, 0], stage.Supervisor.Snapshot().Actors.Select(actor => actor.Restarts)); // Only the culprit's budget.
    }

    [Fact]
    public void A_temporary_child_does_not_come_back_with_its_siblings()
    {
        using var stage = new Stage();
        GroupSpec spec = Patient(stage.Group("g", "abc")) with { Strategy = Strategy.RestForOne };
        spec = spec with { Children = [spec.Children[0], spec.Children[1] with { Restart = Restart.Temporary }, spec.Children[2]] };
        stage.Cast([spec]).Start();
        stage["a"].Crash();
        stage.Until(() => stage.Log.EndsWith("b-1", StringComparison.Ordinal));
        stage.Pass(1);
        stage.Until("c", ActorState.Running, 2);
        Assert.Equal("a+1 b+1 c+1 a-1 c-1 b-1 a+2 c+2", stage.Log);
        Assert.Equal(ActorState.Stopped, stage.Of("b").State);
    }

    [Fact]
    public void One_restart_too_many_restarts_the_group_and_then_ends_the_process()
    {
        using Stage stage = new Stage().Cast("abc", group: group => group with
        {
            Backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)),
            Restarts = new RestartLimit(2, TimeSpan.FromSeconds(30)),
            GroupRestarts = new RestartLimit(1, TimeSpan.FromMinutes(5)),
        });
        using var seen = new ManualResetEventSlim();
        stage.Supervisor.Escalated += _ => seen.Set();
        stage.Start();
        int generation = 1;
        void Crash(string why)
        {
            stage["b"].Crash(why);
            stage.Until(() => stage.Of("b").State != ActorState.Running || stage.Of("b").Generation > generation);
            stage.Pass(0.5);
            generation++;
        }
        Crash("1");
        stage.Until("b", ActorState.Running, 2);
        Crash("2");
        stage.Until("b", ActorState.Running, 3);
        Assert.Equal(1, stage.Of("c").Generation);
        stage["b"].Crash("3"); // The third within the window: all of the group goes down in reverse and comes up in order.
        stage.Until(() => stage.Log.EndsWith("a-1", StringComparison.Ordinal));
        stage.Pass(0.5);
        stage.Until("c", ActorState.Running, 2);
        Assert.EndsWith("b-3 c-1 a-1 a+2 b+4 c+2", stage.Log);
        Assert.Null(stage.Supervisor.Escalation);

        generation = 4;
        Crash("4");
        stage.Until("b", ActorState.Running, 5);
        Crash("5");
        stage.Until("b", ActorState.Running, 6);
        stage["b"].Crash("6");
        Assert.True(stage.Supervisor.WaitForEscalation(TimeSpan.FromSeconds(10)));
        Assert.True(seen.Wait(TimeSpan.FromSeconds(10)));
        Assert.Equal("g/b", stage.Supervisor.Escalation!.Path);
        Assert.Contains("InvalidOperationException: 6", stage.Supervisor.Escalation.Reason);
        stage.Supervisor.Stop(); // It is stopping already, in reverse.
        Assert.EndsWith("b-6 c-2 a-2", stage.Log);
        Assert.Equal(ActorState.Failed, stage.Of("b").State);
    }

    [Fact]
    public void Restarts_that_are_far_apart_never_add_up()
    {
        using Stage stage = new Stage().Cast("a", group: group => group with
        {
            Backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)),
            Restarts = new RestartLimit(1, TimeSpan.FromSeconds(2)),
            GroupRestarts = new RestartLimit(0, TimeSpan.FromMinutes(5)),
        }).Start();
        for (int generation = 1; generation <= 6; generation++)
        {
            stage["a"].Crash();
            stage.Until(() => stage.Of("a").Restarts == generation);
            stage.Pass(2);
            stage.Until("a", ActorState.Running, generation + 1);
        }
        Assert.Null(stage.Supervisor.Escalation);
    }

    [Fact]
    public void What_waits_in_the_mailbox_survives_a_restart()
    {
        using var stage = new Stage();
        var box = new Mailbox<string>(8, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = box }, Patient).Start();
        stage["a"].Crash();
        stage.Until("a", ActorState.BackingOff, 1);
        Assert.True(box.TryPost("cancel all"));
        string? taken = null;
        stage.Pass(1);
        stage.Until("a", ActorState.Running, 2);
        stage["a"].Do(_ => taken = box.TryTake(out string message) ? message : "nothing");
        stage.Until(() => taken is not null);
        Assert.Equal("cancel all", taken);
    }

    [Fact]
    public void Nothing_may_act_in_the_name_of_a_crashed_actor_while_it_is_disposed()
    {
        using var stage = new Stage();
        using var disposing = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        stage["a"].OnDispose = () =>
        {
            disposing.Set();
            go.Wait();
        };
        stage.Cast("a", group: Patient).Start();
        stage["a"].Crash();
        Assert.True(disposing.Wait(TimeSpan.FromSeconds(10)));
        stage.Until("a", ActorState.Stopping, 1);
        Assert.False(stage["a"].Context!.IsCurrent);
        go.Set();
    }
}
