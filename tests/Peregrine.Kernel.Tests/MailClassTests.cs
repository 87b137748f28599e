using System.Collections.Concurrent;

namespace Peregrine.Kernel.Tests;

public sealed class MailClassTests
{
    private static readonly Backoff OneSecond = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    private static GroupSpec Patient(params ChildSpec[] children) => new("g")
    {
        Children = children,
        Backoff = OneSecond,
        Restarts = new RestartLimit(1_000_000, TimeSpan.FromHours(1)),
    };

    private static void PassBackoff(Stage stage, int generation)
    {
        stage.Until(() => stage.Of("a").State == ActorState.BackingOff);
        stage.Jump(TimeSpan.FromSeconds(1));
        stage.Until("a", ActorState.Running, generation);
    }

    [Fact]
    public void What_is_durable_waits_for_the_next_incarnation_and_what_is_perishable_is_dropped()
    {
        using var stage = new Stage();
        var orders = new Mailbox<string>(8, stage.Time);
        var ticks = new Mailbox<int>(8, stage.Time, MailClass.Perishable);
        using var goOn = new SemaphoreSlim(0);
        var seen = new ConcurrentQueue<string>();
        stage.Cast([Patient(new ChildSpec("a", context => new TwoBoxes(orders, ticks, goOn, seen, context)) { Mailbox = orders, MoreMailboxes = [ticks] })]).Start();
        orders.TryPost("crash");
        orders.TryPost("cancel all");
        for (int i = 0; i < 5; i++) ticks.TryPost(i);
        Assert.Equal((7, 0L), (stage.Of("a").MailboxDepth, stage.Of("a").Dropped));
        goOn.Release();
        stage.Until(() => stage.Of("a").State == ActorState.BackingOff);
        Assert.Equal((2, 0, 5L), (orders.Depth, ticks.Depth, ticks.Dropped));
        ticks.TryPost(6); // Comes while nobody is there, so it is stale when somebody is.
        stage.Jump(TimeSpan.FromSeconds(1));
        stage.Until("a", ActorState.Running, 2);
        Assert.Equal(6, stage.Of("a").Dropped);
        ticks.TryPost(7);
        goOn.Release(10);
        stage.Until(() => seen.Count == 3);
        Assert.Equal(["crash by 2", "cancel all by 2", "7 by 2"], seen);
    }

    private sealed class TwoBoxes(Mailbox<string> orders, Mailbox<int> ticks, SemaphoreSlim goOn, ConcurrentQueue<string> seen, ActorContext context) : IActor
    {
        public bool Turn()
        {
            if (!goOn.Wait(0)) return false;
            if (orders.TryTake(out string order))
            {
                if (order == "crash" && context.Generation == 1) throw new IOException("told to");
                seen.Enqueue($"{order} by {context.Generation}");
            }
            else if (ticks.TryTake(out int tick))
            {
                seen.Enqueue($"{tick} by {context.Generation}");
            }
            return true;
        }
    }

    [Fact]
    public void A_full_box_refuses_what_is_durable_and_drops_the_oldest_of_what_is_perishable()
    {
        var time = new ManualTime();
        var durable = new Mailbox<int>(4, time);
        var perishable = new Mailbox<int>(4, time, MailClass.Perishable);
        for (int i = 0; i < 6; i++)
        {
            Assert.Equal(i < 4, durable.TryPost(i));
            Assert.True(perishable.TryPost(i));
        }
        Assert.Equal((2L, 2L), (durable.Dropped, perishable.Dropped));
        Assert.True(durable.TryTake(out int first));
        Assert.True(perishable.TryTake(out int fresh));
        Assert.Equal((0, 2), (first, fresh));
    }

    [Fact]
    public void A_sender_that_may_not_lose_anything_waits_for_room()
    {
        var box = new Mailbox<int>(2, TimeProvider.System);
        Assert.True(box.TryPost(1) && box.TryPost(2));
        Assert.False(box.Post(3, TimeSpan.Zero));
        Assert.Equal(1, box.Dropped);
        bool? posted = null;
        var sender = new Thread(() => posted = box.Post(3, TimeSpan.FromSeconds(30)));
        sender.Start();
        Assert.True(box.TryTake(out _));
        Assert.True(sender.Join(TimeSpan.FromSeconds(30)));
        Assert.True(posted);
        box.Close();
        Assert.Throws<MailboxClosedException>(() => box.Post(4, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Sends_fail_visibly_after_the_stop_and_what_is_left_is_told()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = box }).Start();
        box.TryPost(1);
        stage.Supervisor.Stop();
        Assert.False(box.TryPost(2));
        Assert.Throws<MailboxClosedException>(() => box.Post(2, TimeSpan.FromSeconds(30)));
        Assert.Contains(stage.Notices, notice => notice.Text == "1 messages are left in its mailbox");
        Assert.True(box.TryTake(out int left)); // Anybody may have it now.
        Assert.Equal(1, left);
    }

    [Fact]
    public void The_box_of_an_actor_that_ended_for_good_is_closed()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        stage.Cast("ab", spec => spec with { Restart = Restart.Temporary, Mailbox = spec.Name == "a" ? box : null }).Start();
        Assert.True(box.TryPost(1));
        stage["a"].Crash();
        stage.Until("a", ActorState.Failed, 1);
        Assert.True(box.IsClosed);
        Assert.False(box.TryPost(2));
    }

    [Fact]
    public void A_box_opens_again_when_the_group_brings_its_actor_back()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        stage.Cast("ab", spec => spec with { Restart = Restart.Transient, Mailbox = spec.Name == "b" ? box : null }, group => group with { Strategy = Strategy.RestForOne, Backoff = OneSecond }).Start();
        stage["b"].Do(context => context.Complete());
        stage.Until("b", ActorState.Completed, 1);
        Assert.False(box.TryPost(1));
        stage["a"].Crash();
        stage.Until(() => stage.Of("a").State == ActorState.BackingOff);
        stage.Pass(1);
        stage.Until("b", ActorState.Running, 2);
        Assert.True(box.TryPost(2));
    }

    [Fact]
    public void Only_the_actors_own_thread_takes()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = box });
        box.TryPost(1);
        Assert.Throws<InvalidOperationException>(() => box.TryTake(out _));
        stage.Start();
        Assert.Throws<InvalidOperationException>(() => box.TryTake(out _));
        int taken = 0;
        stage["a"].Do(context => box.TryTake(out taken));
        stage.Until(() => taken == 1);
    }

    [Fact]
    public void Two_actors_with_one_mailbox_are_refused()
    {
        using var stage = new Stage();
        stage.Cast("x");
        var box = new Mailbox<int>(8, stage.Time);
        Assert.Throws<ArgumentException>(() => new Supervisor([stage.Group("h", "yz", spec => spec with { Mailbox = box })], stage.Time, new Random(1)));
    }

    [Fact]
    public void An_incarnation_that_was_given_up_finds_the_box_empty()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        using var gate = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        var byOld = new ConcurrentQueue<bool>();
        stage.Cast("a", spec => spec with { Mailbox = box, HangAfter = TimeSpan.FromSeconds(2), StopWithin = TimeSpan.FromSeconds(1) }, group => group with { Backoff = OneSecond }).Start();
        stage["a"].Do(context =>
        {
            inside.Set();
            gate.Wait();
            for (int i = 0; i < 3; i++) byOld.Enqueue(box.TryTake(out _));
        });
        Assert.True(inside.Wait(TimeSpan.FromSeconds(30)));
        stage.Supervisor.Settle();
        for (int i = 0; i < 3; i++) box.TryPost(i);
        stage.Pass(5);
        stage.Until("a", ActorState.Running, 2);
        gate.Set();
        stage.Until(() => byOld.Count == 3);
        Assert.DoesNotContain(true, byOld);
        Assert.Equal(3, box.Depth);
    }

    [Fact]
    public void One_that_was_given_up_takes_nothing_even_when_all_is_over()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        using var gate = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        bool? took = null;
        stage.Cast("a", spec => spec with { Mailbox = box }).Start();
        stage["a"].Do(_ =>
        {
            inside.Set();
            gate.Wait();
            took = box.TryTake(out int _);
        });
        Assert.True(inside.Wait(TimeSpan.FromSeconds(30)));
        box.TryPost(1);
        var stopping = new Thread(stage.Supervisor.Stop);
        stopping.Start();
        while (!stopping.Join(5)) stage.Time.Advance(TimeSpan.FromSeconds(1));
        gate.Set();
        stage.Until(() => took is not null);
        Assert.False(took);
        Assert.Equal(1, box.Depth);
    }

    [Fact]
    public void Messages_that_a_stop_interrupts_are_neither_lost_nor_blamed()
    {
        using var stage = new Stage();
        var box = new Mailbox<string>(8, stage.Time);
        var seen = new ConcurrentQueue<int>();
        stage["a"].OnStart = _ => { };
        ChildSpec victim = MailWorker<string>.Spec("b", box, (context, _) =>
        {
            seen.Enqueue(context.Generation);
            if (context.Generation > 3) return;
            context.Stopping.WaitHandle.WaitOne();
            context.Stopping.ThrowIfCancellationRequested();
        });
        stage.Cast([Patient(stage["a"].Spec, victim) with { Strategy = Strategy.RestForOne }]).Start();
        box.TryPost("long");
        for (int generation = 1; generation <= 3; generation++) // Its sibling takes it down three times in the middle of the same message.
        {
            stage.Until(() => seen.Count == generation);
            stage["a"].Crash();
            stage.Until(() => stage.Of("a").State == ActorState.BackingOff && stage.Of("b").State == ActorState.BackingOff);
            stage.Jump(TimeSpan.FromSeconds(1));
            stage.Until("b", ActorState.Running, generation + 1);
        }
        stage.Until(() => box.Depth == 0);
        Assert.Equal([1, 2, 3, 4], seen);
        Assert.Empty(stage.Supervisor.Snapshot().DeadLetters);
    }

    [Fact]
    public void Asks_that_wait_or_are_in_hand_when_the_actor_fails_are_told_that_it_restarts()
    {
        using var stage = new Stage();
        var box = new Mailbox<Ask<string, int>>(8, stage.Time);
        using var goOn = new ManualResetEventSlim();
        var handled = new ConcurrentQueue<string>();
        ChildSpec child = MailWorker<Ask<string, int>>.Spec("a", box, (_, ask) =>
        {
            handled.Enqueue(ask.Request);
            goOn.Wait();
            if (ask.Request == "crash") throw new IOException("told to");
            ask.TryReply(ask.Request.Length);
        });
        stage.Cast([Patient(child)]).Start();
        var inHand = new Ask<string, int>("crash");
        var waiting = new Ask<string, int>("waiting");
        box.TryPost(inHand);
        box.TryPost(waiting);
        goOn.Set();
        Assert.Equal(AskOutcome.Restarting, inHand.Wait(TimeSpan.FromSeconds(30)).Outcome);
        Assert.Equal(AskOutcome.Restarting, waiting.Wait(TimeSpan.FromSeconds(30)).Outcome);
        PassBackoff(stage, 2);
        Assert.Equal((AskOutcome.Answered, 5), (box.Ask("again", TimeSpan.FromSeconds(30)) is var result ? (result.Outcome, result.Reply) : default));
        Assert.Equal(["crash", "again"], handled); // What was told to ask again is not answered as well.
        stage.Supervisor.Stop();
        Assert.Equal(AskOutcome.Stopped, box.Ask("late", TimeSpan.FromSeconds(30)).Outcome);
    }

    [Fact]
    public void Asks_that_wait_at_the_stop_are_told_so()
    {
        using var stage = new Stage();
        var box = new Mailbox<Ask<int, int>>(4, stage.Time);
        stage.Cast("a", spec => spec with { Mailbox = box }).Start(); // It takes no messages.
        var ask = new Ask<int, int>(1);
        Assert.True(box.TryPost(ask));
        stage.Supervisor.Stop();
        Assert.Equal(AskOutcome.Stopped, ask.Wait(TimeSpan.FromSeconds(30)).Outcome);
    }

    [Fact]
    public void Every_ask_ends()
    {
        using var stage = new Stage();
        var box = new Mailbox<Ask<string, string>>(2, stage.Time);
        using var gate = new ManualResetEventSlim(initialState: true);
        stage.Cast([Patient(MailWorker<Ask<string, string>>.Spec("a", box, (_, ask) =>
        {
            gate.Wait();
            if (ask.Request == "refuse") ask.TryRefuse("not today");
            if (ask.Request == "twice") Assert.True(ask.TryReply("first") && !ask.TryReply("second"));
        }))]).Start();
        TimeSpan soon = TimeSpan.FromSeconds(30);
        Assert.Equal(new AskResult<string>(AskOutcome.Failed, null, "not today"), box.Ask("refuse", soon));
        Assert.Equal(new AskResult<string>(AskOutcome.Answered, "first", ""), box.Ask("twice", soon));
        Assert.Equal(new AskResult<string>(AskOutcome.Failed, null, "the actor gave no answer"), box.Ask("forget", soon));
        stage.Until(() => box.Depth == 0); // The last turn is over.
        gate.Reset();
        var inHand = new Ask<string, string>("twice");
        box.TryPost(inHand);
        Assert.Equal(AskOutcome.TimedOut, box.Ask("too slow", TimeSpan.FromMilliseconds(20)).Outcome);
        Assert.Equal(AskOutcome.Full, box.Ask("no room", soon).Outcome);
        gate.Set();
        Assert.Equal("first", inHand.Wait(soon).Reply);
        stage.Until(() => box.Depth == 0);
    }
}
