using System.Collections.Concurrent;
using System.Globalization;

namespace Peregrine.Kernel.Tests;

public sealed class EscalationTests
{
    /// <summary>What the specification says becomes of an actor that fails at once, again and again: each event with its moment (ticks since the start).</summary>
    private static List<(long At, string What)> Specified(GroupSpec group, Random jitter)
    {
        var story = new List<(long, string)>();
        var taken = new Queue<long>();
        var groupTaken = new Queue<long>();
        long now = 0;
        int failures = 0, groupFailures = 0;
        long groupUp = -1;
        while (true)
        {
            while (taken.Count > 0 && now - taken.Peek() >= group.Restarts.Within.Ticks) taken.Dequeue();
            if (taken.Count < group.Restarts.Count)
            {
                taken.Enqueue(now);
                story.Add((now, "restart"));
                now += (long)(group.Backoff.Bound(failures++).Ticks * jitter.NextDouble());
                continue;
            }
            while (groupTaken.Count > 0 && now - groupTaken.Peek() >= group.GroupRestarts.Within.Ticks) groupTaken.Dequeue();
            if (groupTaken.Count >= group.GroupRestarts.Count)
            {
                story.Add((now, "escalation"));
                return story;
            }
            groupTaken.Enqueue(now);
            taken.Clear();
            story.Add((now, "group"));
            if (groupUp >= 0 && now - groupUp >= group.StableAfter.Ticks) groupFailures = 0;
            now += (long)(group.Backoff.Bound(groupFailures++).Ticks * jitter.NextDouble());
            groupUp = now;
            if (story.Count > 500) return story;
        }
    }

    [Fact]
    public void Row_13_throws_on_every_message()
    {
        const int Seed = 13;
        int trials = Scorecard.Times(60), failures = 0, restarts = 0, groupRestarts = 0;
        var random = new Random(Seed);
        string first = "";
        for (int trial = 0; trial < trials; trial++)
        {
            int seed = random.Next();
            var time = new ManualTime();
            var box = new Mailbox<int>(1_024, time);
            var notices = new ConcurrentQueue<SupervisorNotice>();
            var siblings = new ConcurrentDictionary<string, ActorContext>();
            ChildSpec Sibling(string name) => new(name, context =>
            {
                siblings[name] = context;
                return new Bystander();
            });
            var group = new GroupSpec("g")
            {
                Children = [Sibling("before"), MailWorker<int>.Spec("victim", box, (_, message) => throw new InvalidDataException($"message {message}")), Sibling("after")],
                Backoff = new Backoff(TimeSpan.FromMilliseconds(random.Next(10, 2_000)), TimeSpan.FromMilliseconds(random.Next(500, 60_000))),
                Restarts = new RestartLimit(random.Next(0, 6), TimeSpan.FromSeconds(random.Next(5, 120))),
                GroupRestarts = new RestartLimit(random.Next(0, 3), TimeSpan.FromHours(2)), // Not all within the window would be a story without an end.
                StableAfter = TimeSpan.FromSeconds(random.Next(1, 90)),
            };
            List<(long At, string What)> specified = Specified(group, new Random(new Random(seed).Next()));
            if (specified.Count > 500) continue; // Its budget is never used up.
            using var supervisor = new Supervisor([group], time, new Random(seed), new SupervisorOptions { OnNotice = notices.Enqueue });
            long start = time.GetTimestamp();
            supervisor.Start();
            for (int i = 0; i < 1_024; i++) box.TryPost(i);
            string? wrong = Play(supervisor, time, notices, specified, start);
            int ups = specified.Count(step => step.What == "group");
            restarts += specified.Count - ups - 1;
            groupRestarts += ups;
            // The one after it waits for it whenever the group comes up, and may miss its turn when the group goes down again before.
            if (wrong is null && (siblings["before"].Generation != 1 + ups || siblings["after"].Generation > 1 + ups)) wrong = "a sibling was restarted on its own";
            if (wrong is null && notices.Any(notice => !notice.Path.EndsWith("victim", StringComparison.Ordinal) && notice.IsError)) wrong = "a sibling failed";
            if (wrong is null) continue;
            failures++;
            if (first.Length == 0) first = $"trial {trial}, seed {seed}: {wrong}";
        }
        Scorecard.Say($"row 13: {trials} trials, {restarts} restarts, {groupRestarts} group restarts and every escalation at their specified times, {failures} failures (seed {Seed}) {first}");
        Assert.Equal(0, failures);
        Assert.True(restarts > trials && groupRestarts > trials / 4, "Too few restarts to prove anything.");
    }

    /// <summary>Goes from moment to moment, and looks a tick before each that nothing has happened. Answers what is wrong; null when nothing is.</summary>
    private static string? Play(Supervisor supervisor, ManualTime time, ConcurrentQueue<SupervisorNotice> notices, List<(long At, string What)> specified, long start)
    {
        for (int i = 0; i < specified.Count; i++)
        {
            long wait = specified[i].At - (time.GetTimestamp() - start);
            if (wait > 1)
            {
                time.Advance(TimeSpan.FromTicks(wait - 1));
                supervisor.Settle();
                if (Events(notices, start).Count != i) return $"step {i} came early: {Told(notices, start)}";
                wait = 1;
            }
            if (wait > 0) time.Advance(TimeSpan.FromTicks(wait));
            int seen = i + 1;
            supervisor.Settle();
            if (!SpinWait.SpinUntil(() => Events(notices, start).Count >= seen, TimeSpan.FromSeconds(30))) return $"step {i} never came: {Told(notices, start)}";
        }
        List<(long, string)> told = Events(notices, start);
        if (!told.SequenceEqual(specified)) return $"specified {string.Join(", ", specified)}, but {Told(notices, start)}";
        return supervisor.WaitForEscalation(TimeSpan.FromSeconds(30)) && supervisor.Escalation!.Path == "g/victim" ? null : "no escalation";
    }

    private static string Told(ConcurrentQueue<SupervisorNotice> notices, long start) => string.Join(", ", Events(notices, start));

    private static List<(long At, string What)> Events(ConcurrentQueue<SupervisorNotice> notices, long start)
    {
        var events = new List<(long, string)>();
        foreach (SupervisorNotice notice in notices)
        {
            long at = notice.Time.Ticks - ManualTime.Epoch.Ticks - start;
            if (notice.Text.StartsWith("starts again in", StringComparison.Ordinal)) events.Add((at, "restart"));
            else if (notice.Text.Contains("all of 'g' starts again", StringComparison.Ordinal)) events.Add((at, "group"));
            else if (notice.Text.StartsWith("the process has to end", StringComparison.Ordinal)) events.Add((at, "escalation"));
        }
        return events;
    }

    private sealed class Bystander : IActor
    {
        public bool Turn() => false;
    }

    [Fact]
    public void A_temporary_child_stays_down_when_its_group_is_restarted()
    {
        using var stage = new Stage();
        GroupSpec spec = stage.Group("g", "abc") with
        {
            Restarts = new RestartLimit(0, TimeSpan.FromMinutes(1)),
            GroupRestarts = new RestartLimit(5, TimeSpan.FromMinutes(1)),
            Backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
        };
        stage.Cast([spec with { Children = [spec.Children[0], spec.Children[1] with { Restart = Restart.Temporary }, spec.Children[2]] }]).Start();
        stage["a"].Crash();
        stage.Until(() => stage.Log.EndsWith("b-1", StringComparison.Ordinal));
        stage.Pass(1);
        stage.Until("c", ActorState.Running, 2);
        Assert.Equal("a+1 b+1 c+1 a-1 c-1 b-1 a+2 c+2", stage.Log);
        Assert.Equal((ActorState.Stopped, 0), (stage.Of("b").State, stage.Of("b").Restarts));
    }

    [Fact]
    public void A_temporary_child_gets_its_one_start_although_a_sibling_fails_during_the_boot()
    {
        using var stage = new Stage();
        GroupSpec spec = stage.Group("g", "abc") with { Strategy = Strategy.RestForOne, Backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) };
        using var goOn = new ManualResetEventSlim();
        stage["b"].OnStart = _ => goOn.Wait();
        stage.Cast([spec with { Children = [spec.Children[0], spec.Children[1], spec.Children[2] with { Restart = Restart.Temporary }] }]);
        var starting = new Thread(stage.Supervisor.Start);
        starting.Start();
        stage.Until("b", ActorState.Starting, 1);
        stage["a"].Crash();
        stage.Until("a", ActorState.BackingOff, 1);
        goOn.Set();
        stage.Until("b", ActorState.BackingOff, 1);
        Assert.Equal(0, stage.Of("c").Generation);
        stage.Jump(TimeSpan.FromSeconds(1));
        Assert.True(starting.Join(TimeSpan.FromSeconds(30)));
        Assert.EndsWith("a+2 b+2 c+1", stage.Log);
        Assert.Equal(ActorState.Running, stage.Of("c").State);
    }

    [Fact]
    public void Pauses_of_the_group_begin_anew_after_it_was_stable()
    {
        using Stage stage = new Stage().Cast("a", group: group => group with
        {
            Restarts = new RestartLimit(0, TimeSpan.FromMinutes(1)),
            GroupRestarts = new RestartLimit(1_000, TimeSpan.FromMinutes(1)),
            Backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(64)),
            StableAfter = TimeSpan.FromSeconds(100),
        }).Start();
        int generation = 1;
        double Crash()
        {
            stage["a"].Crash();
            stage.Until("a", ActorState.BackingOff, generation);
            TimeSpan pause = stage.Of("a").NextStartIn!.Value;
            stage.Jump(pause);
            stage.Until("a", ActorState.Running, ++generation);
            return pause.TotalSeconds;
        }
        double longest = Enumerable.Range(0, 8).Select(_ => Crash()).Max();
        Assert.True(longest > 1, $"{longest} s");
        stage.Jump(TimeSpan.FromSeconds(101));
        Assert.InRange(Crash(), 0, 1);
    }

    [Fact]
    public void The_snapshot_says_when_the_next_start_is()
    {
        using Stage stage = new Stage().Cast("a", group: group => group with { Backoff = new Backoff(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(8)) }).Start();
        Assert.Equal(("g", null), (stage.Of("a").Group, stage.Of("a").NextStartIn));
        stage["a"].Crash();
        stage.Until("a", ActorState.BackingOff, 1);
        string said = stage.Notices.Last(notice => notice.Text.StartsWith("starts again in", StringComparison.Ordinal)).Text;
        double pause = double.Parse(said.Split(' ')[3], CultureInfo.InvariantCulture);
        Assert.Equal(pause, stage.Of("a").NextStartIn!.Value.TotalSeconds, 3);
        stage.Jump(TimeSpan.FromSeconds(pause / 2));
        Assert.Equal(pause / 2, stage.Of("a").NextStartIn!.Value.TotalSeconds, 3);
    }
}
