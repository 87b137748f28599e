using System.Collections.Concurrent;
using System.Diagnostics;

namespace Peregrine.Kernel.Tests;

/// <summary>Hangs in real time, many side by side: a thread that does not come back is found, fenced and replaced, and what it does when it wakes has no effect.</summary>
[Collection(RealTime.Name)]
public sealed class HangTrials
{
    private static readonly TimeSpan HangAfter = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Allowed = HangAfter + TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("await never", 100)]
    [InlineData("blocked thread", 100)]
    [InlineData("busy loop", 4)] // So many at once; they leave little of the processors to others.
    public void Row_14_a_hang_is_found_and_fenced(string variant, int atOnce)
    {
        int trials = Scorecard.Times(100);
        var found = new List<double>();
        int unfenced = 0, effects = 0, stolen = 0, lost = 0;
        for (int done = 0; done < trials; done += atOnce)
        {
            using var wave = new Wave(variant, Math.Min(atOnce, trials - done));
            wave.Run();
            found.AddRange(wave.FoundMillis);
            unfenced += wave.Unfenced;
            effects += wave.OldEffects;
            stolen += wave.Stolen;
            lost += wave.Lost;
        }
        found.Sort();
        int late = found.Count(millis => millis > Allowed.TotalMilliseconds);
        Scorecard.Say(
            $"row 14: {variant}, {trials} trials: found after {found[found.Count / 2]:0} ms (median), {found[^1]:0} ms (longest; allowed {Allowed.TotalMilliseconds:0}), {late} late, {unfenced} unfenced, "
            + $"{effects} effects of old incarnations, {stolen} messages taken by them, {lost} messages lost");
        Assert.Equal(trials, found.Count);
        Assert.Equal((0, 0, 0, 0, 0), (late, unfenced, effects, stolen, lost));
    }

    /// <summary>Actors that all hang on their first message, under one supervisor.</summary>
    private sealed class Wave : IDisposable
    {
        private readonly Supervisor _supervisor;
        private readonly Victim[] _victims;
        private readonly ConcurrentDictionary<string, long> _foundAt = new();
        private readonly ManualResetEventSlim _release = new();
        private readonly ConcurrentBag<TaskCompletionSource> _nevers = [];
        private volatile bool _released;

        public Wave(string variant, int count)
        {
            _victims = [.. Enumerable.Range(0, count).Select(i => new Victim($"v{i}", variant, this))];
            var group = new GroupSpec("g")
            {
                Children = [.. _victims.Select(victim => victim.Spec)],
                Backoff = new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)),
                Restarts = new RestartLimit(1_000, TimeSpan.FromHours(1)),
            };
            _supervisor = new Supervisor([group], TimeProvider.System, new Random(1), new SupervisorOptions
            {
                MonitorEvery = TimeSpan.FromMilliseconds(40),
                OnNotice = notice =>
                {
                    if (notice.Text.StartsWith("no progress", StringComparison.Ordinal)) _foundAt.TryAdd(notice.Path, Stopwatch.GetTimestamp());
                    // Nobody may act in its name from then on, not only once there is a new one.
                    if (notice.Text.StartsWith("hung", StringComparison.Ordinal) && Array.Exists(_victims, victim => victim.Path == notice.Path && victim.Hanging!.IsCurrent)) Unfenced++;
                },
            });
        }

        public List<double> FoundMillis { get; } = [];
        public int Unfenced { get; private set; }
        public int OldEffects { get; private set; }
        public int Stolen { get; private set; }
        public int Lost { get; private set; }

        public void Run()
        {
            _supervisor.Start();
            foreach (Victim victim in _victims)
                for (int i = 0; i < 3; i++) Assert.True(victim.Box.TryPost(i));
            WaitFor(() => _victims.All(victim => victim.Box.Depth == 0), "all messages are handled by new incarnations");
            foreach (Victim victim in _victims)
            {
                FoundMillis.Add(Stopwatch.GetElapsedTime(victim.HungAt, _foundAt[victim.Path]).TotalMilliseconds);
                if (victim.Hanging!.IsCurrent) Unfenced++;
            }
            foreach (Victim victim in _victims) Assert.True(victim.Box.TryPost(2)); // Something to steal.
            Release(); // The old threads wake up and do what they were about to do.
            WaitFor(() => _victims.All(victim => victim.OldIsDone), "all old threads have ended");
            foreach (Victim victim in _victims)
            {
                OldEffects += victim.Effects.Count(effect => effect.Generation == victim.Hanging!.Generation);
                Stolen += victim.TakenByOld;
                if (!victim.Effects.Select(effect => effect.Message).Distinct().Order().SequenceEqual([0, 1, 2])) Lost++;
            }
        }

        private static void WaitFor(Func<bool> isSo, string what)
        {
            long begin = Stopwatch.GetTimestamp();
            while (!isSo())
            {
                Assert.True(Stopwatch.GetElapsedTime(begin) < Patience, $"never: {what}");
                Thread.Sleep(5);
            }
        }

        private void Release()
        {
            _released = true;
            _release.Set();
            foreach (TaskCompletionSource never in _nevers) never.TrySetResult();
        }

        public void Dispose()
        {
            Release();
            _supervisor.Dispose();
        }

        private sealed class Victim(string name, string variant, Wave wave)
        {
            public string Path => "g/" + name;
            public Mailbox<int> Box { get; } = new(8, TimeProvider.System);
            public ConcurrentQueue<(int Generation, int Message)> Effects { get; } = new();
            public ActorContext? Hanging { get; private set; }
            public long HungAt { get; private set; }
            public int TakenByOld { get; private set; }
            public volatile bool OldIsDone;

            public ChildSpec Spec => new(name, context => new MailWorker<int>(Box, message => Handle(context, message)))
            {
                Mailbox = Box,
                HangAfter = HangAfter,
                StopWithin = TimeSpan.FromMilliseconds(50),
            };

            private void Handle(ActorContext context, int message)
            {
                if (Hanging is not null)
                {
                    Act(context, message);
                    return;
                }
                Hanging = context;
                HungAt = Stopwatch.GetTimestamp();
                Hang();
                Act(context, message);
                for (int i = 0; i < 3; i++)
                    if (Box.TryTake(out _)) TakenByOld++;
                OldIsDone = true;
            }

            private void Hang()
            {
                switch (variant)
                {
                    case "await never":
                        var never = new TaskCompletionSource();
                        wave._nevers.Add(never);
                        AwaitNever(never.Task).GetAwaiter().GetResult();
                        break;
                    case "busy loop":
                        while (!wave._released) { }
                        break;
                    default:
                        wave._release.Wait();
                        break;
                }
            }

            private static async Task AwaitNever(Task never) => await never;

            /// <summary>What leaves the process goes through the fence.</summary>
            private void Act(ActorContext context, int message)
            {
                if (context.IsCurrent) Effects.Enqueue((context.Generation, message));
            }
        }
    }
}
