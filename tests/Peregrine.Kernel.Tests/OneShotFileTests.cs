namespace Peregrine.Kernel.Tests;

public sealed class OneShotFileTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-shots-").FullName;

    private string File_ => Path.Combine(_folder, "one-shots");

    private SupervisorOptions Options => new() { OneShotFile = File_ };

    private static Guid Id(int n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private string[] SetAside => [.. Directory.GetFiles(_folder, "*.damaged-*").Select(path => Path.GetFileName(path)!)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Stage Open(int historyMax = 1_024) => new Stage().Cast("a", options: Options with { OneShotHistoryMax = historyMax }).Start();

    [Fact]
    public void What_ended_is_remembered_with_all_that_came_of_it()
    {
        IReadOnlyList<OneShotStatus> before;
        using (Stage stage = Open())
        {
            Assert.True(stage.Supervisor.Spawn(Id(1), "backup", context =>
            {
                context.Report(0.4, "zstd\n\"quoted\" \ud83e\udd85");
                context.Result = "week.db.zst";
            }, TimeSpan.FromHours(1)).Wait(Soon));
            Assert.True(stage.Supervisor.Spawn(Id(2), "restore", _ => throw new IOException("torn")).Wait(Soon));
            stage.Supervisor.Stop();
            before = stage.Supervisor.Snapshot().OneShots;
        }
        using Stage next = Open();
        Assert.Equal(before, next.Supervisor.Snapshot().OneShots);
        int runs = 0;
        OneShot known = next.Supervisor.Spawn(Id(2), "restore", _ => Interlocked.Increment(ref runs));
        Assert.Same(known, next.Supervisor.Spawn(Id(2), "restore", _ => Interlocked.Increment(ref runs)));
        Assert.True(known.Wait(TimeSpan.Zero));
        Assert.Equal((OneShotState.Failed, "IOException: torn", 0), (known.Status.State, known.Status.Error, runs));
        known.Cancel(); // Has nothing to cancel.
        Assert.Equal(OneShotState.Failed, known.Status.State);
        Assert.Empty(SetAside);
    }

    [Fact]
    public void It_is_on_the_file_before_it_runs_and_what_ran_is_abandoned()
    {
        using Stage stage = Open();
        using var gate = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        string atBegin = "";
        OneShot shot = stage.Supervisor.Spawn(Id(1), "verify", context =>
        {
            atBegin = File.ReadAllText(File_);
            stage.Time.Advance(TimeSpan.FromSeconds(2));
            context.Report(0.25, "rows");
            inside.Set();
            gate.Wait();
        });
        Assert.True(inside.Wait(Soon));
        Assert.Contains(Id(1).ToString(), atBegin);
        stage.Until(() => File.ReadAllText(File_).Contains("0.25"));
        string copy = File_ + "-of-a-killed-process";
        File.Copy(File_, copy);
        using (Stage next = new Stage().Cast("a", options: new SupervisorOptions { OneShotFile = copy }).Start())
        {
            OneShotStatus left = Assert.Single(next.Supervisor.Snapshot().OneShots);
            Assert.Equal((OneShotState.Abandoned, 0.25, "rows"), (left.State, left.Progress, left.Text));
            Assert.NotNull(left.EndedAt);
        }
        gate.Set();
        Assert.True(shot.Wait(Soon));
    }

    [Fact]
    public void A_torn_or_altered_file_is_set_aside_and_what_can_be_read_goes_on()
    {
        const int Seed = 5;
        using (Stage stage = Open())
            for (int i = 1; i <= 5; i++) Assert.True(stage.Supervisor.Spawn(Id(i), "export", context => context.Result = "done").Wait(Soon));
        byte[] sound = File.ReadAllBytes(File_);
        var random = new Random(Seed);
        for (int trial = 0; trial < 60; trial++)
        {
            byte[] bad = [.. sound];
            string what;
            if (trial % 2 == 0)
            {
                int length = random.Next(1, sound.Length);
                bad = bad[..length];
                what = $"seed {Seed}: cut at {length}";
                if (bad[^1] == '\n') continue; // Between two lines, which is no damage.
            }
            else
            {
                int at = random.Next(sound.Length);
                bad[at] ^= (byte)(1 << random.Next(8));
                what = $"seed {Seed}: flipped a bit of byte {at}";
            }
            foreach (string name in SetAside) File.Delete(Path.Combine(_folder, name));
            File.WriteAllBytes(File_, bad);
            var file = new OneShotFile(File_, new ManualTime());
            IReadOnlyList<OneShotStatus> known = file.Load(1_024);
            Assert.True(known.Count <= 5 && known.All(shot => shot is { Kind: "export", Result: "done", State: OneShotState.Completed } or { State: OneShotState.Abandoned }), what);
            if (trial % 2 == 1) Assert.True(known.Count >= 4, what); // One line of ten is gone, or two when it was their break.
            Assert.Equal(bad, File.ReadAllBytes(Path.Combine(_folder, Assert.Single(SetAside))));
            Assert.True(OneShotLines.TryReadAll(File.ReadAllBytes(File_), out _), what); // It is whole again.
            Assert.Equal(0, file.Failures);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("not ours at all")]
    [InlineData("{\"id\":\"00000001-0000-0000-0000-000000000000\",\"state\":\"Running\"}\n")]
    [InlineData("\n\n\n")]
    public void A_foreign_file_never_fails_the_start(string content)
    {
        File.WriteAllText(File_, content);
        using Stage stage = Open();
        Assert.Empty(stage.Supervisor.Snapshot().OneShots);
        Assert.Equal(content.Length == 0 ? 0 : 1, SetAside.Length);
        Assert.True(stage.Supervisor.Spawn(Id(1), "export", _ => { }).Wait(Soon));
        Assert.Equal(0, stage.Supervisor.Health.OneShotFileFailures);
    }

    [Fact]
    public void A_disk_that_fails_is_counted_and_made_up_for()
    {
        Directory.CreateDirectory(File_ + ".partial"); // In the way of every rewrite.
        using (Stage stage = Open())
        {
            Assert.True(stage.Supervisor.Spawn(Id(1), "export", context => context.Result = "ran all the same").Wait(Soon));
            Assert.True(stage.Supervisor.Health.OneShotFileFailures > 0);
            Assert.False(File.Exists(File_));
            Directory.Delete(File_ + ".partial");
            stage.Pass(6);
            stage.Until(() => File.Exists(File_) && File.ReadAllText(File_).Contains("ran all the same"));
        }
        using Stage next = Open();
        Assert.Equal("ran all the same", Assert.Single(next.Supervisor.Snapshot().OneShots).Result);
    }

    [Fact]
    public void The_file_and_the_list_stay_bounded()
    {
        using (Stage stage = Open(historyMax: 10))
        {
            // Side by side: they share their writes.
            foreach (int[] some in Enumerable.Range(1, 700).Chunk(10))
                foreach (OneShot shot in some.Select(i => stage.Supervisor.Spawn(Id(i), "export", _ => { })).ToArray()) Assert.True(shot.Wait(Soon));
        }
        Assert.InRange(File.ReadAllLines(File_).Length, 10, 1_100); // Of more than 1,400 that were written.
        using Stage next = Open(historyMax: 10);
        Assert.Equal(Enumerable.Range(691, 10).Select(Id), next.Supervisor.Snapshot().OneShots.Select(shot => shot.Id));
    }

    [Fact]
    public void The_history_is_a_thousand_by_default() => Assert.True(new SupervisorOptions().OneShotHistoryMax >= 1_024);
}
