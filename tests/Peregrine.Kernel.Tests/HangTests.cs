namespace Peregrine.Kernel.Tests;

public sealed class HangTests
{
    private static ChildSpec Watched(ChildSpec spec) => spec with { HangAfter = TimeSpan.FromSeconds(2), StopWithin = TimeSpan.FromSeconds(1) };

    private static GroupSpec Prompt(GroupSpec group) => group with { Backoff = new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)) };

    [Fact]
    public void A_hung_actor_is_fenced_and_replaced()
    {
        using Stage stage = new Stage().Cast("ab", Watched, Prompt).Start();
        ActorContext first = stage["a"].Context!;
        ManualResetEventSlim gate = Hang(stage, "a");
        stage.Pass(1.9);
        Assert.Equal((ActorState.Running, true), (stage.Of("a").State, first.IsCurrent));
        stage.Pass(0.3);
        Assert.Equal(ActorState.Stopping, stage.Of("a").State); // Asked to end, with a time of grace;
        Assert.False(first.IsCurrent); // but nothing may act in its name any more.
        stage.Pass(1.1);
        stage.Until("a", ActorState.Running, 2);
        Assert.Equal(ExitClass.Hung, stage.Of("a").LastExit);
        Assert.Contains("no progress for 2", stage.Of("a").LastError);
        Assert.True(stage["a"].Context!.IsCurrent);
        Assert.Equal(1, stage.Of("b").Generation);

        gate.Set(); // The old thread wakes up, is disposed of, and disturbs nothing.
        stage.Until(() => stage.Log.EndsWith("a-1", StringComparison.Ordinal));
        stage.Supervisor.Settle();
        Assert.Equal((ActorState.Running, 2), (stage.Of("a").State, stage.Of("a").Generation));
    }

    [Fact]
    public void A_hung_actor_that_ends_when_asked_may_own_what_it_likes()
    {
        using Stage stage = new Stage().Cast("a", spec => Watched(spec) with { OwnsExclusively = true }, Prompt).Start();
        using var inside = new ManualResetEventSlim();
        stage["a"].Do(context =>
        {
            inside.Set();
            context.Stopping.WaitHandle.WaitOne();
        });
        Assert.True(inside.Wait(TimeSpan.FromSeconds(10)));
        stage.Pass(2.2);
        stage.Until(() => stage.Of("a").LastExit == ExitClass.Hung);
        stage.Pass(0.1);
        stage.Until("a", ActorState.Running, 2);
        Assert.Null(stage.Supervisor.Escalation);
    }

    [Fact]
    public void A_hung_actor_that_owns_something_ends_the_process()
    {
        using Stage stage = new Stage().Cast("abc", spec => Watched(spec) with { OwnsExclusively = true }, Prompt).Start();
        using ManualResetEventSlim gate = Hang(stage, "b");
        stage.Pass(3.3);
        Assert.True(stage.Supervisor.WaitForEscalation(TimeSpan.FromSeconds(10)));
        Assert.Equal("g/b", stage.Supervisor.Escalation!.Path);
        Assert.Contains("owns something exclusively", stage.Supervisor.Escalation.Reason);
        stage.Supervisor.Stop();
        Assert.Equal("a+1 b+1 c+1 c-1 a-1", stage.Log);
        Assert.Equal(1, stage.Of("b").Generation); // There never was a second owner.
        gate.Set();
    }

    [Fact]
    public void A_long_turn_that_reports_progress_is_not_a_hang()
    {
        using Stage stage = new Stage().Cast("a", Watched, Prompt).Start();
        using var goOn = new SemaphoreSlim(0);
        using var reported = new SemaphoreSlim(0);
        stage["a"].Do(context =>
        {
            for (int i = 0; i < 5; i++)
            {
                goOn.Wait();
                context.ReportProgress();
                reported.Release();
            }
        });
        for (int i = 0; i < 5; i++)
        {
            stage.Pass(1.5);
            goOn.Release();
            Assert.True(reported.Wait(TimeSpan.FromSeconds(10)));
        }
        Assert.Equal((ActorState.Running, 1), (stage.Of("a").State, stage.Of("a").Generation));
    }

    [Fact]
    public void An_actor_that_turns_and_does_not_take_its_messages_hangs()
    {
        using var stage = new Stage();
        var market = new Mailbox<int>(8, stage.Time, MailClass.Perishable);
        var commands = new Mailbox<int>(8, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = market, MoreMailboxes = [commands], TakeWithin = TimeSpan.FromSeconds(2) }, Prompt).Start();
        void Take(Mailbox<int> box)
        {
            bool isDone = false;
            stage["a"].Do(_ => isDone = box.TryTake(out int _));
            stage.Until(() => isDone);
        }
        void TakeTicks(double seconds)
        {
            for (int i = 0; i < seconds; i++)
            {
                market.TryPost(i); // One box is emptied all the time, which is no excuse for the other.
                Take(market);
                stage.Pass(1);
            }
        }
        TakeTicks(5);
        Assert.Equal((ActorState.Running, 1), (stage.Of("a").State, stage.Of("a").Generation)); // Nothing waits.
        commands.TryPost(1);
        stage.Pass(1.8);
        Assert.Equal((ActorState.Running, 1), (stage.Of("a").State, stage.Of("a").Generation));
        Take(commands); // Late, and in time.
        TakeTicks(1);
        commands.TryPost(2);
        TakeTicks(3);
        stage.Until("a", ActorState.Running, 2);
        Assert.Equal(ExitClass.Hung, stage.Of("a").LastExit);
        Assert.Contains("took no message for 2", stage.Of("a").LastError);
        Assert.Equal(1, commands.Depth); // It waits for the new one, which has its full time from its own start.
        stage.Pass(0.8);
        Assert.Equal((ActorState.Running, 2), (stage.Of("a").State, stage.Of("a").Generation));
        Take(commands);
        stage.Pass(3);
        Assert.Equal((ActorState.Running, 2), (stage.Of("a").State, stage.Of("a").Generation));
    }

    [Fact]
    public void A_backlog_that_is_worked_off_is_not_a_hang()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(64, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = box, TakeWithin = TimeSpan.FromSeconds(2) }, Prompt).Start();
        for (int i = 0; i < 12; i++) box.TryPost(i);
        for (int i = 0; i < 11; i++) // The last of them is eleven seconds old by then.
        {
            stage["a"].Do(_ => box.TryTake(out int _));
            stage.Pass(1);
        }
        Assert.Equal((ActorState.Running, 1), (stage.Of("a").State, stage.Of("a").Generation));
        Assert.True(stage.Of("a").OldestMessageAge > TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void An_idle_actor_does_not_hang()
    {
        using Stage stage = new Stage().Cast("a", spec => Watched(spec) with { HangAfter = TimeSpan.FromSeconds(60) }, Prompt).Start();
        long before = stage["a"].Context!.Progress;
        stage.Until(() => stage["a"].Context!.Progress > before + 3); // Its idle turns count.
        stage.Supervisor.Settle();
        Assert.True(stage.Of("a").LastProgressAge < TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_process_that_was_suspended_suspects_nobody()
    {
        using Stage stage = new Stage().Cast("a", Watched, Prompt).Start();
        using ManualResetEventSlim gate = Hang(stage, "a");
        stage.Time.Advance(TimeSpan.FromHours(8)); // The lid was closed.
        stage.Supervisor.Settle();
        Assert.Equal(ActorState.Running, stage.Of("a").State);
        gate.Set();
    }

    [Fact]
    public void A_crash_whose_disposal_hangs_is_given_up()
    {
        using var stage = new Stage();
        using var gate = new ManualResetEventSlim();
        stage["a"].OnDispose = () => gate.Wait();
        stage.Cast("a", Watched, Prompt).Start();
        stage["a"].Crash("first this");
        stage.Until("a", ActorState.Stopping, 1);
        stage.Pass(1.2);
        stage.Until("a", ActorState.Running, 2);
        Assert.Equal(ExitClass.Hung, stage.Of("a").LastExit);
        Assert.Contains("first this", stage.Of("a").LastError);
        gate.Set();
    }

    private static ManualResetEventSlim Hang(Stage stage, string name)
    {
        var gate = new ManualResetEventSlim();
        var inside = new ManualResetEventSlim();
        stage[name].Do(_ =>
        {
            inside.Set();
            gate.Wait();
        });
        Assert.True(inside.Wait(TimeSpan.FromSeconds(10)));
        stage.Supervisor.Settle(); // From here on the monitor knows the counter that will not move.
        return gate;
    }
}
