using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage;

namespace Peregrine.Benchmarks.Storage;

/// <summary>A real ring, recorder and pool on a folder of their own. Events go through the ring, as in the appliance.</summary>
internal sealed class RecorderRig : IDisposable
{
    private const int Slots = 1 << 17;
    private const int Words = 1 << 21;

    private readonly IEventReader _reader;
    private bool _closed;

    internal RecorderRig(string folder, TimeProvider time, InstrumentTable? instruments = null, int slots = Slots, PoolOptions? options = null)
    {
        Folder = folder;
        Instruments = instruments ?? Table("BTCUSDT");
        Pool = RotatingPool.Open(folder, time, options);
        Ring = new EventRing(slots, Words, Pool.LastSequence + 1);
        _reader = Ring.Subscribe();
        Recorder = new Recorder(_reader, Pool, Instruments, time);
    }

    internal string Folder { get; }
    internal InstrumentTable Instruments { get; }
    internal RotatingPool Pool { get; }
    internal EventRing Ring { get; }
    internal Recorder Recorder { get; }

    /// <summary>The sequence up to which the recorder has taken events.</summary>
    internal long Position => _reader.Cursor - 1;

    internal static InstrumentTable Table(params ReadOnlySpan<string> symbols)
    {
        InstrumentTable table = new();
        foreach (string symbol in symbols) table.Add(symbol, Market.Spot);
        return table;
    }

    /// <summary>Publishes the events and takes the time that the recorder needs to have them committed.</summary>
    internal Sample Record(ReadOnlySpan<MarketEvent> events)
    {
        const int Portion = Slots / 2;
        long ticks = 0;
        long allocated = 0;
        for (int at = 0; at < events.Length; at += Portion)
        {
            ReadOnlySpan<MarketEvent> portion = events.Slice(at, Math.Min(Portion, events.Length - at));
            foreach (ref readonly MarketEvent entry in portion) Ring.Append(in entry, default);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long began = Stopwatch.GetTimestamp();
            while (Recorder.Turn())
            {
            }
            if (at + Portion >= events.Length) Recorder.Drain();
            ticks += Stopwatch.GetTimestamp() - began;
            if (at > 0) allocated += GC.GetAllocatedBytesForCurrentThread() - before; // The first portion is the warm-up.
        }
        return new Sample(Stopwatch.GetElapsedTime(0, ticks).TotalNanoseconds / events.Length, (double)allocated / Math.Max(1, events.Length - Portion));
    }

    /// <summary>Ends the recording; the file then stands alone and <see cref="Bytes"/> says what it takes.</summary>
    internal void Close()
    {
        if (_closed) return;
        _closed = true;
        Recorder.Dispose();
        Pool.Dispose();
    }

    internal long Bytes => new DirectoryInfo(Folder).GetFiles("crypto_*").Sum(static file => file.Length);

    public void Dispose() => Close();
}
