using Peregrine.Testing;

namespace Peregrine.Kernel.Tests;

public sealed class RunnerTests
{
    public static TheoryData<string> Policies => ["Spin", "SpinThenYield", "Sleep", "ActorBlocks"];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Every_idle_policy_takes_turns_and_stops_at_once(string name)
    {
        IdlePolicy idle = name switch
        {
            "Spin" => IdlePolicy.Spin,
            "SpinThenYield" => IdlePolicy.SpinThenYield,
            "Sleep" => IdlePolicy.Sleep(TimeSpan.FromMinutes(1)), // The stop, not the end of the rest, must end it.
            _ => IdlePolicy.ActorBlocks,
        };
        ActorContext? context = null;
        var group = new GroupSpec("g")
        {
            Children = [new("actor", started =>
            {
                context = started;
                return new Idler(started, blocks: name == "ActorBlocks");
            }) { Idle = idle, StopWithin = TimeSpan.FromSeconds(20) }],
        };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(1));
        supervisor.Start();
        Assert.True(SpinWait.SpinUntil(() => context!.Progress >= (name == "Sleep" ? 1 : 3), TimeSpan.FromSeconds(10)));
        long began = TimeProvider.System.GetTimestamp();
        supervisor.Stop();
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
        Assert.Equal(ExitClass.Stopped, supervisor.Snapshot().Actors[0].LastExit);
    }

    [Fact]
    public void Factory_turns_and_disposal_share_the_actors_own_named_thread()
    {
        var threads = new List<Thread>();
        var group = new GroupSpec("g") { Children = [new("recorder", _ => new Witness(threads)) { Core = 0 }] };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(1));
        supervisor.Start();
        supervisor.Stop();
        Assert.Single(threads.Distinct());
        Assert.Equal("recorder", threads[0].Name);
        Assert.NotSame(Thread.CurrentThread, threads[0]);
    }

    [Fact]
    public void A_crash_in_real_time_is_back_within_its_backoff()
    {
        int starts = 0;
        var group = new GroupSpec("g")
        {
            Children = [new("a", _ => Interlocked.Increment(ref starts) is 2 or 3 ? throw new IOException("not yet") : new Crasher(starts == 1))],
            Backoff = new Backoff(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(8)),
        };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(1));
        supervisor.Start();
        Assert.True(SpinWait.SpinUntil(() => supervisor.Snapshot().Actors[0] is { State: ActorState.Running, Generation: 4 }, TimeSpan.FromSeconds(10)));
        Assert.Equal(3, supervisor.Snapshot().Actors[0].Restarts);
    }

    [Fact]
    public void Looking_at_the_actors_allocates_nothing()
    {
        using var stage = new Stage();
        stage.Cast("abc", spec => spec with { Mailbox = new Mailbox<string>(4, stage.Time), MoreMailboxes = [new Mailbox<int>(4, stage.Time)] }).Start();
        stage["a"].Crash(); // One that backs off has more to tell.
        stage.Until("a", ActorState.BackingOff, 1);
        var status = new ActorStatus[3];
        Assert.Equal(3, stage.Supervisor.CopyStatus(status));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            stage.Supervisor.CopyStatus(status);
            _ = stage.Supervisor.Health;
        }
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal("g/c", status[2].Path);
    }

    [Fact]
    public void Work_starts_and_stops_many_times_without_a_trace_of_disorder()
    {
        const int Seed = 4;
        var random = new Random(Seed);
        // Virtual time is faster than threads: how long an end takes is not this test's matter.
        using Stage stage = new Stage().Cast("abcd", spec => spec with { StopWithin = TimeSpan.FromHours(10) }, group => group with
        {
            Strategy = Strategy.RestForOne,
            Backoff = new Backoff(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50)),
            Restarts = new RestartLimit(10_000, TimeSpan.FromHours(1)),
        }).Start();
        for (int i = 0; i < 60; i++)
        {
            stage["abcd".Substring(random.Next(4), 1)].Crash();
            if (random.Next(2) == 0) stage["abcd".Substring(random.Next(4), 1)].Crash(); // Now and then two at once.
            stage.Pass(0.2);
        }
        stage.Until(() =>
        {
            stage.Pass(0.1);
            return stage.Supervisor.Snapshot().Actors.All(actor => actor.State == ActorState.Running);
        });
        stage.Supervisor.Stop();
        AssertOrder(stage.Notices, Seed);
    }

    /// <summary>No actor is started twice, and none is started while one before it does not run, as the supervisor knew it.</summary>
    private static void AssertOrder(IEnumerable<SupervisorNotice> notices, int seed)
    {
        var state = new Dictionary<char, string>();
        string story = $"seed {seed}:";
        foreach (SupervisorNotice notice in notices)
        {
            char actor = notice.Path[^1];
            string what = notice.Text.Split(' ', ',', ':')[0];
            story += $" {actor} {what},";
            if (notice.Text.StartsWith("starts again", StringComparison.Ordinal)) continue;
            if (what == "starts")
            {
                Assert.True(state.GetValueOrDefault(actor, "stopped") is "stopped" or "crashed", story);
                for (char before = 'a'; before < actor; before++) Assert.True(state.GetValueOrDefault(before) == "runs", story);
            }
            state[actor] = what;
        }
        Assert.Equal(4, state.Count);
        Assert.All(state.Values, last => Assert.Equal("stopped", last));
    }

    private sealed class Idler(ActorContext context, bool blocks) : IActor
    {
        public bool Turn()
        {
            if (blocks) context.Stopping.WaitHandle.WaitOne(5);
            return false;
        }
    }

    private sealed class Witness : IActor, IDisposable
    {
        private readonly List<Thread> _threads;

        public Witness(List<Thread> threads)
        {
            _threads = threads;
            threads.Add(Thread.CurrentThread);
        }

        public bool Turn()
        {
            _threads.Add(Thread.CurrentThread);
            return false;
        }

        public void Dispose() => _threads.Add(Thread.CurrentThread);
    }

    private sealed class Crasher(bool crashes) : IActor
    {
        public bool Turn() => crashes ? throw new IOException("gone") : false;
    }
}
