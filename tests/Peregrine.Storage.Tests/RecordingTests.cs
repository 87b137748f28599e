using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Storage.Tests;

public sealed class RecordingTests
{
    [Theory]
    [InlineData(1, 6_000, false)]
    [InlineData(2, 6_000, true)]
    public void Every_event_comes_back_bit_for_bit_in_its_order(int seed, int count, bool wild)
    {
        using TestFolder folder = new();
        List<Recorded> written = [];
        using (Rig rig = new(folder, Rig.Clock()))
        {
            EventSourceOfChance chance = new(seed, symbols: 3);
            for (int i = 0; i < count; i++)
            {
                (MarketEvent entry, long[] payload) = chance.Next(chance.Kind(), wild);
                written.Add(rig.Publish(in entry, payload));
                if (i % 64 != 0) continue;
                rig.Recorder.Turn();
                rig.Time.Advance(TimeSpan.FromMilliseconds(20));
            }
            rig.Recorder.Drain();
            Assert.Equal(0, rig.Recorder.LaggedEvents);
            foreach (EventKind kind in EventKinds.All) Assert.Equal(written.Count(each => each.Entry.Kind == kind), rig.Recorder.Recorded(kind));
        }
        Collector played = new();
        Assert.Equal(count, Recording.Open(folder.Path).Play(played));
        for (int i = 0; i < count; i++) Assert.True(written[i].Fingerprint == played.Events[i].Fingerprint, $"{written[i]}\n{written[i].Fingerprint}\n{played.Events[i].Fingerprint}");

        DatabaseStatus status = DatabaseStatus.Read(folder.Path, verifyIntegrity: true);
        Assert.All(status.Files, file => Assert.Equal("ok", file.Integrity));
        foreach (IGrouping<EventKind, Recorded> kind in written.GroupBy(each => each.Entry.Kind)) Assert.Equal(kind.Count(), status.Events[kind.Key.Text()]);
        Assert.Equal(written.Count(each => each.Entry.Symbol.Value == 2 && each.Entry.Kind == EventKind.DepthDiff), status.Symbols["ETHUSDT"]["depthDiff"]);
        Assert.All(DatabaseVerify.Run(folder.Path), result => Assert.True(result.Ok, result.Problem));
    }
}
