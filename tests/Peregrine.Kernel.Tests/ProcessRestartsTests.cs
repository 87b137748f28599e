namespace Peregrine.Kernel.Tests;

public sealed class ProcessRestartsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-restarts-").FullName;
    private readonly ManualTime _time = new();

    private string File_ => Path.Combine(_folder, ProcessRestarts.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ProcessRestarts Begin() => ProcessRestarts.Begin(_folder, _time);

    [Fact]
    public void A_process_that_comes_and_goes_ends_up_observing()
    {
        var story = new List<(int Ends, bool Observes, double Pause)>();
        for (int start = 0; start < 10; start++)
        {
            ProcessRestarts restarts = Begin();
            story.Add((restarts.UncleanEnds, restarts.ObserveOnly, restarts.NetworkPause.TotalSeconds));
            Assert.Equal("", restarts.Trouble);
            _time.Advance(TimeSpan.FromSeconds(20));
        }
        Assert.Equal(
            [(0, false, 0), (1, false, 1), (2, false, 2), (3, false, 4), (4, false, 8), (5, true, 16), (6, true, 32), (7, true, 60), (8, true, 60), (9, true, 60)], story);
    }

    [Fact]
    public void A_clean_stop_clears_the_count()
    {
        for (int start = 0; start < 7; start++) Begin();
        ProcessRestarts last = Begin();
        Assert.True(last.ObserveOnly);
        Assert.True(last.MarkClean());
        ProcessRestarts next = Begin();
        Assert.Equal((0, false, TimeSpan.Zero), (next.UncleanEnds, next.ObserveOnly, next.NetworkPause));
        Assert.Equal(1, Begin().UncleanEnds); // And it counts again from there.
    }

    [Fact]
    public void Ends_that_are_far_apart_never_add_up()
    {
        for (int start = 0; start < 30; start++)
        {
            Assert.InRange(Begin().UncleanEnds, 0, 4);
            _time.Advance(TimeSpan.FromMinutes(2.5));
        }
    }

    [Fact]
    public void A_clock_that_was_set_back_forgets_nothing()
    {
        for (int start = 0; start < 5; start++) Begin();
        var earlier = new ManualTime(ManualTime.Epoch.AddYears(-5));
        Assert.Equal(5, ProcessRestarts.Begin(_folder, earlier).UncleanEnds);
        earlier.Advance(TimeSpan.FromMinutes(11)); // Those of the future have counted as of then, and run out like all others.
        Assert.Equal(1, ProcessRestarts.Begin(_folder, earlier).UncleanEnds);
    }

    [Fact]
    public void A_clock_that_was_set_forward_starts_a_new_window_and_never_fails()
    {
        for (int start = 0; start < 5; start++) Begin();
        Assert.Equal(1, ProcessRestarts.Begin(_folder, new ManualTime(ManualTime.Epoch.AddYears(60))).UncleanEnds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4_096)]
    [InlineData(8_192)]
    [InlineData(1_000_000)]
    public void A_foreign_file_is_set_aside_and_counts_as_one_end(int length)
    {
        byte[] foreign = new byte[length];
        new Random(length).NextBytes(foreign);
        File.WriteAllBytes(File_, foreign);
        ProcessRestarts restarts = Begin();
        Assert.Equal((1, false), (restarts.UncleanEnds, restarts.ObserveOnly));
        Assert.Contains("set aside", restarts.Trouble);
        Assert.Equal(foreign, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_folder, "*.damaged-*"))));
        Assert.Equal((2, ""), (Begin() is var next ? (next.UncleanEnds, next.Trouble) : default));
    }

    [Fact]
    public void A_torn_write_costs_at_most_the_end_that_it_should_have_told()
    {
        const int Seed = 6;
        var random = new Random(Seed);
        for (int trial = 0; trial < 60; trial++)
        {
            File.Delete(File_);
            int ends = random.Next(1, 9);
            for (int start = 0; start < ends; start++) Begin();
            byte[] before = File.ReadAllBytes(File_);
            Begin(); // The write that is torn: its first bytes are there, of the rest the old ones, or noise.
            byte[] after = File.ReadAllBytes(File_);
            int from = Enumerable.Range(0, before.Length).First(i => before[i] != after[i]);
            int whole = Enumerable.Range(0, before.Length).Last(i => before[i] != after[i]) + 1;
            int cut = random.Next(from, whole);
            byte[] torn = [.. after[..cut], .. before[cut..]];
            if (random.Next(2) == 0) random.NextBytes(torn.AsSpan(cut, Math.Min(300, whole - cut)));
            File.WriteAllBytes(File_, torn);
            ProcessRestarts restarts = Begin();
            Assert.True(restarts.UncleanEnds >= ends && restarts.UncleanEnds <= ends + 1, $"seed {Seed}, trial {trial}: {restarts.UncleanEnds} of {ends}");
            Assert.Empty(Directory.GetFiles(_folder, "*.damaged-*"));
        }
    }

    [Fact]
    public void It_goes_on_counting_when_no_new_file_can_be_made()
    {
        Begin();
        Directory.CreateDirectory(File_ + ".partial"); // Like a full disk: what is there can be written, and nothing else.
        for (int ends = 1; ends <= 6; ends++) Assert.Equal((ends, ""), (Begin() is var restarts ? (restarts.UncleanEnds, restarts.Trouble) : default));
        Assert.True(Begin().MarkClean());
        Assert.Equal(0, Begin().UncleanEnds);
    }

    [Fact]
    public void A_disk_that_takes_nothing_at_all_is_told_and_never_fails_the_start()
    {
        Directory.CreateDirectory(File_);
        ProcessRestarts restarts = Begin();
        Assert.NotEqual("", restarts.Trouble);
        Assert.False(restarts.MarkClean());
        Assert.False(ProcessRestarts.Begin(Path.Combine(_folder, "no", "such", "folder"), _time).MarkClean());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void An_impossible_limit_is_refused(int max) =>
        Assert.Throws<ArgumentException>(() => ProcessRestarts.Begin(_folder, _time, new ProcessRestartsOptions { Max = max }));
}
