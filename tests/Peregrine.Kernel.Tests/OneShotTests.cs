namespace Peregrine.Kernel.Tests;

public sealed class OneShotTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private static Guid Id(byte n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    [Fact]
    public void Runs_once_and_keeps_what_came_of_it()
    {
        using Stage stage = new Stage().Cast("a").Start();
        using var half = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        OneShot backup = stage.Supervisor.Spawn(Id(1), "backup", context =>
        {
            context.Report(0.5, "compressing");
            half.Set();
            goOn.Wait();
            context.Result = "crypto_2026_47.db.zst";
        });
        Assert.True(half.Wait(Soon));
        OneShotStatus running = Assert.Single(stage.Supervisor.Snapshot().OneShots);
        Assert.Equal((OneShotState.Running, 0.5, "compressing", "backup"), (running.State, running.Progress, running.Text, running.Kind));
        goOn.Set();
        Assert.True(backup.Wait(Soon));
        Assert.Equal((OneShotState.Completed, 1.0, "crypto_2026_47.db.zst"), (backup.Status.State, backup.Status.Progress, backup.Status.Result));
        Assert.NotNull(backup.Status.EndedAt);
    }

    [Fact]
    public void The_same_id_is_the_same_one_shot()
    {
        using Stage stage = new Stage().Cast("a").Start();
        int runs = 0;
        OneShot first = stage.Supervisor.Spawn(Id(1), "export", _ => Interlocked.Increment(ref runs));
        OneShot second = stage.Supervisor.Spawn(Id(1), "export", _ => Interlocked.Increment(ref runs));
        Assert.Same(first, second);
        Assert.True(first.Wait(Soon));
        Assert.Same(first, stage.Supervisor.Spawn(Id(1), "export", _ => Interlocked.Increment(ref runs))); // Even when it is over.
        Assert.Equal(1, runs);
    }

    [Fact]
    public void Its_failure_is_kept_and_is_nobody_elses()
    {
        using Stage stage = new Stage().Cast("a", group: group => group with
        {
            Restarts = new RestartLimit(0, TimeSpan.FromHours(1)),
            GroupRestarts = new RestartLimit(0, TimeSpan.FromHours(1)),
        }).Start();
        for (byte i = 1; i <= 20; i++)
        {
            OneShot shot = stage.Supervisor.Spawn(Id(i), "verify", _ => throw new InvalidDataException("row 7"));
            Assert.True(shot.Wait(Soon));
            Assert.Equal((OneShotState.Failed, "InvalidDataException: row 7"), (shot.Status.State, shot.Status.Error));
        }
        stage.Supervisor.Settle();
        Assert.Equal((ActorState.Running, 1, 0), (stage.Of("a").State, stage.Of("a").Generation, stage.Of("a").Restarts));
        Assert.Null(stage.Supervisor.Escalation);
    }

    [Fact]
    public void One_that_overruns_its_deadline_is_asked_to_end_and_given_up()
    {
        using Stage stage = new Stage().Cast("a").Start();
        using var gate = new ManualResetEventSlim();
        CancellationToken token = default;
        using var inside = new ManualResetEventSlim();
        OneShot shot = stage.Supervisor.Spawn(Id(1), "restore", context =>
        {
            token = context.Stopping;
            inside.Set();
            gate.Wait();
            context.Result = "too late";
        }, deadline: TimeSpan.FromSeconds(5));
        Assert.True(inside.Wait(Soon));
        stage.Pass(4.9);
        Assert.Equal(OneShotState.Running, shot.Status.State);
        stage.Pass(0.2);
        Assert.True(shot.Wait(Soon));
        Assert.True(token.IsCancellationRequested);
        Assert.Equal((OneShotState.TimedOut, "not done within 5 s"), (shot.Status.State, shot.Status.Error));
        gate.Set();
    }

    [Fact]
    public void The_history_is_bounded_and_forgets_the_oldest_first()
    {
        using Stage stage = new Stage().Cast("a", options: new SupervisorOptions { OneShotHistoryMax = 3 }).Start();
        using var gate = new ManualResetEventSlim();
        stage.Supervisor.Spawn(Id(99), "long", _ => gate.Wait());
        for (byte i = 1; i <= 6; i++) Assert.True(stage.Supervisor.Spawn(Id(i), "short", _ => { }).Wait(Soon));
        Assert.Equal([Id(99), Id(4), Id(5), Id(6)], stage.Supervisor.Snapshot().OneShots.Select(shot => shot.Id)); // What runs is never forgotten.
        gate.Set();
    }

    [Fact]
    public void One_shots_end_before_the_actors_they_depend_on()
    {
        using Stage stage = new Stage().Cast("a").Start();
        using var inside = new ManualResetEventSlim();
        bool? storageWasUp = null;
        OneShot shot = stage.Supervisor.Spawn(Id(1), "backup", context =>
        {
            inside.Set();
            context.Stopping.WaitHandle.WaitOne();
            storageWasUp = stage["a"].Context!.IsCurrent;
            context.Stopping.ThrowIfCancellationRequested();
        });
        Assert.True(inside.Wait(Soon));
        stage.Supervisor.Stop();
        Assert.True(storageWasUp);
        Assert.Equal(OneShotState.Cancelled, shot.Status.State);
        Assert.Throws<InvalidOperationException>(() => stage.Supervisor.Spawn(Id(2), "backup", _ => { }));
    }
}
