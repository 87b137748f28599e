using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

public sealed class BackupSoakTests(ITestOutputHelper output)
{
    /// <summary>Where SQLite keeps its locks: the page there holds no data, which naive copies get wrong.</summary>
    private const long LockPageAt = 1L << 30;

    /// <summary>Scorecard row 65. Writes 1.1 GB three times over: run with <c>-explicit only</c>, or with PEREGRINE_SOAK=1.</summary>
    [Fact(Explicit = true)]
    public void A_database_beyond_one_gigabyte_comes_back_whole() => BackUpAndRestore();

    [Fact]
    public void A_database_beyond_one_gigabyte_comes_back_whole_in_a_soak()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1", "only in a soak (PEREGRINE_SOAK=1)");
        BackUpAndRestore();
    }

    private void BackUpAndRestore()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        ManualTime time = Rig.Clock();
        Random random = new(65);
        long events = 0;
        string file;
        using (Rig rig = new(folder, time, slots: 1 << 10, words: 1 << 22))
        {
            long[] payload = new long[32_000];
            while (new FileInfo(rig.Pool.CurrentPath).Length < LockPageAt + (64L << 20))
            {
                for (int i = 0; i < payload.Length; i++) payload[i] = random.Next(1 << 20);
                MarketEvent entry = new() { Kind = EventKind.Command, ReceiveTimeNanos = time.Nanos };
                rig.Publish(in entry, payload);
                events++;
                if (events % 64 == 0) rig.Recorder.Drain();
                time.Advance(TimeSpan.FromSeconds(1));
            }
            rig.Recorder.Drain();
            time.Advance(TimeSpan.FromDays(7));
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
            file = Assert.Single(rig.Sealed);
        }
        Assert.True(new FileInfo(file).Length > LockPageAt);
        long began = Stopwatch.GetTimestamp();
        BackupOutcome outcome = BackupJob.Attempt(file, cold.Path, TimeProvider.System, BackupFiles.Quick with { Level = 1, Threads = 2 });
        double backup = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Assert.True(outcome.IsDone, outcome.Sentence);
        Assert.Equal("copy", outcome.Manifest!.Proof);
        began = Stopwatch.GetTimestamp();
        RestoreResult result = Restore.Run(outcome.Archive, cold.File("back.db"));
        double restore = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Assert.Equal(outcome.Manifest.Sha256, result.Manifest!.Sha256);
        Assert.Equal(events, result.Events["command"]);
        Assert.True(Assert.Single(DatabaseVerify.Run(result.File)).Ok);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 65: {result.Bytes:N0} bytes, backed up in {backup:F0} s, restored in {restore:F0} s, integrity and counts good"));
    }
}
