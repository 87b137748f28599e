namespace Peregrine.Kernel.Tests;

public sealed class StartAndStopTests
{
    [Fact]
    public void Starts_in_order_and_stops_in_reverse()
    {
        using var stage = new Stage();
        stage.Cast([stage.Group("one", "ab"), stage.Group("two", "cd")]).Start();
        Assert.Equal("a+1 b+1 c+1 d+1", stage.Log);
        Assert.All(stage.Supervisor.Snapshot().Actors, actor => Assert.Equal(ActorState.Running, actor.State));
        Assert.Equal(["one/a", "one/b", "two/c", "two/d"], stage.Supervisor.Snapshot().Actors.Select(actor => actor.Path));

        stage.Supervisor.Stop();
        Assert.Equal("a+1 b+1 c+1 d+1 d-1 c-1 b-1 a-1", stage.Log);
        Assert.All(stage.Supervisor.Snapshot().Actors, actor => Assert.Equal((ActorState.Stopped, ExitClass.Stopped), (actor.State, actor.LastExit)));
        Assert.Null(stage.Supervisor.Escalation);
    }

    [Fact]
    public void Each_waits_until_the_one_before_is_ready()
    {
        using var stage = new Stage();
        using var ready = new ManualResetEventSlim();
        stage["a"].OnStart = _ => ready.Wait();
        stage.Cast("ab");
        var starting = new Thread(stage.Supervisor.Start);
        starting.Start();
        stage.Until("a", ActorState.Starting, 1);
        stage.Supervisor.Settle();
        Assert.Equal(0, stage.Of("b").Generation);
        ready.Set();
        Assert.True(starting.Join(TimeSpan.FromSeconds(10)));
        Assert.Equal("a+1 b+1", stage.Log);
    }

    [Fact]
    public void A_failed_start_stops_what_runs_in_reverse_and_names_the_culprit()
    {
        using var stage = new Stage();
        stage["c"].OnStart = _ => throw new InvalidDataException("no disk");
        stage.Cast("abcd");
        ActorStartException failure = Assert.Throws<ActorStartException>(stage.Supervisor.Start);
        Assert.Equal("g/c", failure.Path);
        Assert.Contains("no disk", failure.Message);
        Assert.Equal("a+1 b+1 b-1 a-1", stage.Log);
        Assert.Equal((ActorState.Failed, ExitClass.StartFailed), (stage.Of("c").State, stage.Of("c").LastExit));
        Assert.Equal(0, stage.Of("d").Generation);
    }

    [Fact]
    public void An_actor_that_is_not_ready_in_time_fails_the_start()
    {
        using var stage = new Stage();
        using var never = new ManualResetEventSlim();
        stage["b"].OnStart = _ => never.Wait();
        stage.Cast("ab", spec => spec with { StartWithin = TimeSpan.FromSeconds(3) });
        Exception? failure = null;
        var starting = new Thread(() => failure = Record.Exception(stage.Supervisor.Start));
        starting.Start();
        stage.Until("b", ActorState.Starting, 1);
        stage.Pass(2.9);
        Assert.Equal(ActorState.Starting, stage.Of("b").State);
        stage.Pass(0.1);
        Assert.True(starting.Join(TimeSpan.FromSeconds(10)));
        Assert.Contains("not ready within 3 s", Assert.IsType<ActorStartException>(failure).Message);
        Assert.False(stage["b"].Context!.IsCurrent);
        never.Set(); // It comes too late: what it made is disposed of and nothing else happens.
        stage.Until(() => stage.Log.EndsWith("b-1", StringComparison.Ordinal));
        Assert.Equal("a+1 a-1 b+1 b-1", stage.Log);
    }

    [Fact]
    public void A_stop_during_the_start_ends_it()
    {
        using var stage = new Stage();
        stage["b"].OnStart = context => context.Stopping.WaitHandle.WaitOne();
        stage.Cast("abc");
        Exception? failure = null;
        var starting = new Thread(() => failure = Record.Exception(stage.Supervisor.Start));
        starting.Start();
        stage.Until("b", ActorState.Starting, 1);
        stage.Supervisor.Stop();
        Assert.True(starting.Join(TimeSpan.FromSeconds(10)));
        Assert.IsType<OperationCanceledException>(failure);
        Assert.Equal(0, stage.Of("c").Generation);
        Assert.EndsWith("a-1", stage.Log);
    }

    [Fact]
    public void One_that_throws_while_it_stops_does_not_keep_the_others_up()
    {
        using var stage = new Stage();
        stage["b"].OnDispose = () => throw new IOException("flush failed");
        stage.Cast("abc").Start();
        stage.Supervisor.Stop();
        Assert.Equal("a+1 b+1 c+1 c-1 a-1", stage.Log);
        Assert.Equal(ExitClass.Crashed, stage.Of("b").LastExit);
        Assert.Contains("flush failed", stage.Of("b").LastError);
    }

    [Fact]
    public void One_that_hangs_while_it_stops_is_given_up_after_its_deadline()
    {
        using var stage = new Stage();
        using var gate = new ManualResetEventSlim();
        stage["b"].OnDispose = () => gate.Wait();
        stage.Cast("abc", spec => spec with { StopWithin = TimeSpan.FromSeconds(2) }).Start();
        var stopping = new Thread(stage.Supervisor.Stop);
        stopping.Start();
        stage.Until("b", ActorState.Stopping, 1);
        stage.Pass(1.9);
        Assert.Equal(ActorState.Running, stage.Of("a").State); // Storage stays up for those that still write.
        stage.Pass(0.1);
        Assert.True(stopping.Join(TimeSpan.FromSeconds(10)));
        Assert.Equal("a+1 b+1 c+1 c-1 a-1", stage.Log);
        Assert.Equal(ExitClass.Hung, stage.Of("b").LastExit);
        gate.Set();
    }

    [Fact]
    public void An_actor_stays_current_while_it_stops_because_we_asked()
    {
        using var stage = new Stage();
        bool? whileStopping = null;
        stage["a"].OnDispose = () => whileStopping = stage["a"].Context!.IsCurrent; // It has orders to cancel.
        stage.Cast("a").Start();
        stage.Supervisor.Stop();
        Assert.True(whileStopping);
        Assert.False(stage["a"].Context!.IsCurrent);
    }

    [Fact]
    public void Mailboxes_are_closed_by_the_stop()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(4, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = box }).Start();
        Assert.True(box.TryPost(1));
        stage.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((1, TimeSpan.FromSeconds(2)), (stage.Of("a").MailboxDepth, stage.Of("a").OldestMessageAge));
        stage.Supervisor.Stop();
        Assert.False(box.TryPost(2));
        Assert.Equal(1, box.Dropped);
    }

    [Fact]
    public void Two_actors_of_one_name_are_refused()
    {
        using var time = new Stage();
        Assert.Throws<ArgumentException>(() => time.Cast("aa"));
        time.Cast("a");
    }

    [Fact]
    public void Nothing_happens_without_a_start()
    {
        using var stage = new Stage();
        stage.Cast("a");
        stage.Supervisor.Stop();
        stage.Supervisor.Stop();
        Assert.Equal("", stage.Log);
        Assert.Throws<InvalidOperationException>(stage.Supervisor.Start);
    }

    [Fact]
    public void The_same_seed_gives_every_incarnation_the_same_chance()
    {
        List<int> Draw()
        {
            var drawn = new List<int>();
            using var stage = new Stage();
            foreach (string name in new[] { "a", "b" }) stage[name].OnStart = context => drawn.Add(context.Random.Next());
            stage.Cast("ab").Start();
            return drawn;
        }
        List<int> first = Draw();
        Assert.Equal(first, Draw());
        Assert.NotEqual(first[0], first[1]);
    }
}
