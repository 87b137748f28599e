using System.Diagnostics;
using System.Globalization;

namespace Peregrine.Kernel.Tests;

public sealed class OneShotKillTests
{
    private const int Shots = 1_000;

    private static Guid Id(int n) => new(n + 1, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8);

    [Fact]
    public void Row_21_a_thousand_one_shots_run_at_most_once_over_kills()
    {
        const int Seed = 21, Kills = 4;
        var random = new Random(Seed);
        string folder = Directory.CreateTempSubdirectory("peregrine-once-").FullName;
        try
        {
            int kills = 0;
            while (kills < Kills)
            {
                using Process child = ChildProgram.Start("one-shots", folder, $"{random.Next()}");
                // Killed somewhere in the first half of what it has left to do; the later, the further it comes.
                int until = Effects(folder).Count + random.Next(20, 120);
                string? line;
                while ((line = child.StandardOutput.ReadLine()) is not null && line != "done")
                {
                    if (int.Parse(line, CultureInfo.InvariantCulture) < until) continue;
                    child.Kill();
                    break;
                }
                Assert.NotEqual("done", line); // All kills hit a run.
                child.WaitForExit();
                kills++;
            }
            using (Process last = ChildProgram.Start("one-shots", folder, $"{random.Next()}"))
            {
                string said = last.StandardOutput.ReadToEnd();
                Assert.True(last.WaitForExit(TimeSpan.FromSeconds(60)));
                Assert.EndsWith("done\n", said);
            }
            List<int> effects = Effects(folder);
            Dictionary<int, int> times = effects.GroupBy(n => n).ToDictionary(same => same.Key, same => same.Count());
            int twice = times.Values.Count(count => count > 1);
            using var supervisor = new Supervisor([new GroupSpec("g") { Children = [] }], TimeProvider.System, new Random(1), new SupervisorOptions { OneShotFile = Path.Combine(folder, "one-shots") });
            supervisor.Start();
            int restarted = 0;
            var states = new Dictionary<OneShotState, int>();
            for (int n = 0; n < Shots; n++)
            {
                OneShot known = supervisor.Spawn(Id(n), "again", _ => Interlocked.Increment(ref restarted));
                Assert.True(known.Wait(TimeSpan.FromSeconds(30)));
                states[known.Status.State] = states.GetValueOrDefault(known.Status.State) + 1;
                if (known.Status.State == OneShotState.Completed) Assert.True(times.ContainsKey(n), $"{n} is said to be completed and never ran");
            }
            int listed = supervisor.Snapshot().OneShots.Count;
            Scorecard.Say($"row 21: {Shots} one-shots, each asked for twice in each of {Kills + 1} runs, {kills} kills: {twice} ran twice, {restarted} restarted, {listed} in the registry ({string.Join(", ", states.Select(state => $"{state.Value} {state.Key}"))}) (seed {Seed})");
            Assert.Equal((0, 0, Shots), (twice, restarted, listed));
            Assert.Equal(Shots, states.GetValueOrDefault(OneShotState.Completed) + states.GetValueOrDefault(OneShotState.Abandoned));
            Assert.True(states.GetValueOrDefault(OneShotState.Abandoned) > 0, "The kills hit nothing that ran.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<int> Effects(string folder)
    {
        string path = Path.Combine(folder, "effects");
        return File.Exists(path) ? [.. File.ReadAllLines(path).Select(line => int.Parse(line, CultureInfo.InvariantCulture))] : [];
    }

    /// <summary>In the child: asks for all of them, each twice, in an order of chance; says how many have begun, and "done" at the end.</summary>
    internal static void Run(string folder, string seed)
    {
        using var effects = new FileStream(Path.Combine(folder, "effects"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        using var supervisor = new Supervisor(
            [new GroupSpec("g") { Children = [] }], TimeProvider.System, new Random(1), new SupervisorOptions { OneShotFile = Path.Combine(folder, "one-shots") });
        supervisor.Start();
        int[] order = [.. Enumerable.Range(0, Shots)];
        new Random(int.Parse(seed, CultureInfo.InvariantCulture)).Shuffle(order);
        int begun = File.ReadAllLines(Path.Combine(folder, "effects")).Length;
        foreach (int[] some in order.Chunk(25))
        {
            OneShot[] shots = [.. some.Concat(some.Reverse()).Select(n => supervisor.Spawn(Id(n), "once", context =>
            {
                byte[] line = System.Text.Encoding.ASCII.GetBytes($"{n}\n");
                lock (effects) effects.Write(line); // What a second run would do twice.
                context.Stopping.WaitHandle.WaitOne(n % 7);
                int count = Interlocked.Increment(ref begun);
                lock (output) output.WriteLine(count);
            }))];
            foreach (OneShot shot in shots) shot.Wait(TimeSpan.FromSeconds(60));
        }
        supervisor.Stop();
        output.Write("done\n");
    }
}
