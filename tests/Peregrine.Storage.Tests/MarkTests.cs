using Peregrine.Common.Events;
using Peregrine.Storage.Recovery;

namespace Peregrine.Storage.Tests;

public sealed class MarkTests
{
    [Fact]
    public void What_a_killed_process_had_published_and_not_committed_is_a_gap_and_no_sequence_is_used_twice()
    {
        using TestFolder folder = new();
        using TestFolder killed = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            for (int i = 1; i <= 100; i++) rig.PublishTrade(time.Nanos, i);
            rig.Recorder.Drain();
            for (int i = 101; i <= 130; i++)
            {
                time.Advance(TimeSpan.FromMilliseconds(5));
                rig.PublishTrade(time.Nanos, i);
            }
            States.Copy(folder.Path, killed.Path, withMark: true);
            RecorderMark mark = MarkFile.TryRead(folder.Path)!.Value;
            Assert.Equal((130, 100, 100, Environment.ProcessId, true), (mark.PublishedSequence, mark.CommittedSequence, mark.RecordedSequence, mark.ProcessId, mark.IsLive));
        }
        for (int start = 0; start < 2; start++) // Killed again before the first batch: the same is known.
        {
            using TestFolder again = new();
            using Rig rig = new(killed, time);
            Assert.Equal(130, rig.Pool.LastSequence);
            Assert.Contains(rig.Reports, report => report.Contains("30 events after 100 not recorded", StringComparison.Ordinal));
            if (start == 0)
            {
                States.Copy(killed.Path, again.Path, withMark: true);
                using Rig other = new(again, time);
                Assert.Equal(130, other.Pool.LastSequence);
                continue;
            }
            rig.Recorder.Turn();
            time.Advance(TimeSpan.FromMilliseconds(250));
            rig.Recorder.Turn(); // Without any event.
            Assert.Equal(1, rig.Recorder.GapsRecorded);
        }
        Recorded gap = Assert.Single(States.Events(killed.Path), each => each.Entry.Kind == EventKind.Gap);
        Assert.Equal((101, (long)GapReason.Killed, 30, 150_000_000L), (gap.Sequence, gap.Entry.Plain.A, gap.Entry.Plain.B, gap.Entry.Plain.C));
        using Rig last = new(killed, time);
        Assert.Equal(130, last.Pool.LastSequence);
        Assert.DoesNotContain(last.Reports, report => report.Contains("not recorded", StringComparison.Ordinal));
        Assert.True(DatabaseVerify.Run(killed.Path).Single().Ok);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty")]
    [InlineData("noise")]
    [InlineData("zeros")]
    [InlineData("foreign")]
    public void A_mark_that_says_nothing_keeps_no_start_and_no_sequence_is_used_twice(string damage)
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            for (int i = 1; i <= 100; i++) rig.PublishTrade(time.Nanos, i);
            rig.Recorder.Drain();
        }
        string path = folder.File(MarkFile.Name);
        byte[] noise = new byte[MarkFile.Size];
        new Random(1).NextBytes(noise);
        switch (damage)
        {
            case "missing": File.Delete(path); break;
            case "empty": File.WriteAllBytes(path, []); break;
            case "noise": File.WriteAllBytes(path, noise); break;
            case "zeros": File.WriteAllBytes(path, new byte[MarkFile.Size]); break;
            default: File.WriteAllText(path, "a note"); break;
        }
        Assert.Null(MarkFile.TryRead(folder.Path));
        using (Rig rig = new(folder, time))
        {
            Assert.Equal(100 + MarkFile.SequencesAfterPowerCut, rig.Pool.LastSequence);
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
        }
        using (Rig rig = new(folder, time)) Assert.Equal(101 + MarkFile.SequencesAfterPowerCut, rig.Pool.LastSequence);
        Assert.Equal(damage == "foreign" ? 1 : 0, Directory.GetFiles(folder.Path, "*.foreign-*").Length);
    }

    [Fact]
    public void A_mark_with_one_torn_place_gives_the_one_before()
    {
        using TestFolder folder = new();
        using TestFolder torn = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            rig.Pool.Mark.Published(10, 1_000);
            rig.Pool.Mark.Published(20, 2_000);
            States.Copy(folder.Path, torn.Path, withMark: true);
        }
        byte[] page = File.ReadAllBytes(torn.File(MarkFile.Name));
        for (int at = 64; at < 64 + 128; at++)
        {
            byte[] flipped = (byte[])page.Clone();
            flipped[at] ^= 0x10;
            File.WriteAllBytes(torn.File(MarkFile.Name), flipped);
            Assert.Contains(MarkFile.TryRead(torn.Path)!.Value.PublishedSequence, (long[])[10, 20]);
        }
    }

    [Fact]
    public void Publishing_a_mark_allocates_nothing()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        rig.Pool.Mark.Published(1, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) rig.Pool.Mark.Published(i, i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory] // recorded by the database; mark: published, committed, recorded, omitted; closed, same boot -> last sequence, lost (-1 for no gap).
    [InlineData(100, 100, 100, 100, 0, true, true, 100, -1)]
    [InlineData(100, 130, 100, 100, 0, false, true, 130, 30)]
    [InlineData(120, 130, 100, 100, 0, false, true, 130, 10)] // Killed between the commit and the mark.
    [InlineData(100, 130, 125, 100, 25, false, true, 131, 5)] // 25 were left out; the gap that names them needs a place.
    [InlineData(200, 130, 100, 100, 0, false, true, 200, -1)] // A mark of something else.
    [InlineData(80, 130, 100, 100, 0, false, true, 130, 50)] // The disk has lost what was committed.
    [InlineData(80, 130, 100, 100, 0, false, false, 130 + (1L << 24), 50)] // A power cut.
    [InlineData(100, 90, 90, 90, 0, false, false, 100 + (1L << 24), 0)] // A power cut that took the mark's last pages too.
    [InlineData(100, 130, 100, 100, 0, true, false, 130, 30)] // Ended by itself, without recording the last.
    public void Where_a_start_goes_on(long recorded, long published, long committed, long markRecorded, long omitted, bool closed, bool sameBoot, long last, long lost)
    {
        RecorderMark mark = new() { PublishedSequence = published, CommittedSequence = committed, RecordedSequence = markRecorded, OmittedCount = omitted, Closed = closed, SameBoot = sameBoot };
        Continuation continuation = Continuation.Decide(recorded, mark, hasFiles: true, newestIsDamaged: false);
        Assert.Equal(last, continuation.LastSequence);
        EarlierLoss? killed = continuation.Losses.Where(each => each.Reason == GapReason.Killed).Select(each => (EarlierLoss?)each).SingleOrDefault();
        Assert.Equal(lost, killed?.Count ?? -1);
        Assert.All(continuation.Losses, each => Assert.InRange(each.At, recorded + 1, last));
        Assert.Equal(continuation.Losses.Count, continuation.Losses.Select(each => each.At).Distinct().Count());
        // Killed once more before anything was recorded: the same again.
        Continuation second = Continuation.Decide(recorded, continuation.Begin with { SameBoot = true }, hasFiles: true, newestIsDamaged: false);
        Assert.Equal(Math.Max(lost, 0), second.Losses.Where(each => each.Reason == GapReason.Killed).Sum(each => each.Count));
        Assert.True(second.LastSequence >= last);
    }
}
