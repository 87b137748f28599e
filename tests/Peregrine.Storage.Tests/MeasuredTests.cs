using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Storage.Tests;

/// <summary>Figures, not promises: run with <c>-explicit only</c>.</summary>
public sealed class MeasuredTests(ITestOutputHelper output)
{
    [Theory(Explicit = true)]
    [InlineData(EventKind.Trade, 600_000)]
    [InlineData(EventKind.BookTicker, 2_000_000)]
    [InlineData(EventKind.DepthDiff, 100_000)]
    [InlineData(EventKind.Depth20, 100_000)]
    public void Rows_and_chunks_a_second(EventKind kind, int events)
    {
        using TestFolder folder = new();
        EventSourceOfChance chance = new(1, symbols: 1);
        (MarketEvent Entry, long[] Payload)[] made = [.. Enumerable.Range(0, 4_096).Select(_ => chance.Next(kind, wild: false))];
        int levels = made.Sum(each => each.Payload.Length / 2) / made.Length;
        using RotatingPool pool = RotatingPool.Open(folder.Path, TimeProvider.System);
        EventRing ring = new(1 << 13, 1 << 22);
        using Recorder recorder = new(ring.Subscribe(), pool, Rig.Table(), TimeProvider.System);
        TimeSpan spent = TimeSpan.Zero;
        TimeSpan cpu = TimeSpan.Zero;
        for (int done = 0; done < events; done += made.Length)
        {
            foreach ((MarketEvent entry, long[] payload) in made)
            {
                MarketEvent next = entry;
                next.ReceiveTimeNanos += done * 1_000_000L;
                ring.Append(in next, payload);
            }
            TimeSpan cpuBegan = Environment.CpuUsage.TotalTime;
            long began = Stopwatch.GetTimestamp();
            while (recorder.Turn())
            {
            }
            spent += Stopwatch.GetElapsedTime(began);
            cpu += Environment.CpuUsage.TotalTime - cpuBegan;
        }
        long last = Stopwatch.GetTimestamp();
        recorder.Drain();
        spent += Stopwatch.GetElapsedTime(last);
        long recorded = recorder.Recorded(kind);
        recorder.Dispose();
        pool.Dispose();
        Counter counter = new();
        Recording recording = Recording.Open(folder.Path);
        recording.Play(counter);
        counter.Events = 0;
        TimeSpan cpuRead = Environment.CpuUsage.TotalTime;
        long readBegan = Stopwatch.GetTimestamp();
        recording.Play(counter);
        TimeSpan read = Stopwatch.GetElapsedTime(readBegan);
        cpuRead = Environment.CpuUsage.TotalTime - cpuRead;
        long bytes = new DirectoryInfo(folder.Path).GetFiles("*.db").Sum(file => file.Length);
        Assert.Equal(recorded, counter.Events);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kind.Text(),-12} {levels,3} levels: write {recorded / spent.TotalSeconds / 1e3,8:F0} k/s, read {recorded / read.TotalSeconds / 1e3,8:F0} k/s, {(double)bytes / recorded,7:F1} bytes/event; processor time {cpu.TotalMicroseconds * 1000 / recorded,6:F0} ns to write, {cpuRead.TotalMicroseconds * 1000 / recorded,6:F0} ns to read"));
    }

    private sealed class Counter : IEventHandler
    {
        public long Events { get; set; }

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => Events++;
    }
}
