using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Checks;

namespace Peregrine.Storage.Tests;

/// <summary>What the checksums of rows cost. Run with <c>-explicit only</c>.</summary>
public sealed class ChecksumCostTests(ITestOutputHelper output)
{
    [Theory(Explicit = true)]
    [InlineData(EventKind.Trade)]
    [InlineData(EventKind.OrderReport)]
    public void A_share_of_what_a_row_costs(EventKind kind)
    {
        const int Count = 200_000;
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        EventSourceOfChance chance = new(1, symbols: 1);
        (MarketEvent Entry, long[] Payload)[] events = [.. Enumerable.Range(0, 4_096).Select(_ => chance.Next(kind, wild: false))];
        TimeSpan writing = TimeSpan.Zero;
        for (int i = 0; i < Count; i += events.Length)
        {
            foreach ((MarketEvent entry, long[] payload) in events) rig.Publish(entry with { ReceiveTimeNanos = time.Nanos }, payload);
            long began = Stopwatch.GetTimestamp();
            rig.Recorder.Drain();
            writing += Stopwatch.GetElapsedTime(began);
        }
        double best = double.MaxValue;
        ulong sum = 0;
        for (int round = 0; round < 20; round++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < events.Length; i++) sum += EventSum.OfRow(i, 7, in events[i].Entry, events[i].Payload);
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / events.Length);
        }
        double row = writing.TotalNanoseconds / rig.Recorder.Recorded(kind);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind.Text()}: {row:0} ns a row, of which the checksum {best:0.0} ns: {best / row:P1} ({sum:x16})"));
        Assert.NotEqual(0UL, sum);
    }
}
