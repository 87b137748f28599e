using System.Diagnostics;

using Peregrine.Common.Events;
using Peregrine.Storage;

namespace Peregrine.Benchmarks.Storage;

/// <summary>Plays a whole recording and takes the time.</summary>
internal sealed class Playing : IEventHandler
{
    private long _sum;

    internal static Sample Of(string folder)
    {
        Playing handler = new();
        Recording recording = Recording.Open(folder);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long began = Stopwatch.GetTimestamp();
        long played = recording.Play(handler);
        double nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        return new Sample(nanos / played, (double)(GC.GetAllocatedBytesForCurrentThread() - before) / played);
    }

    /// <summary>Touches every field, as the reader in C does.</summary>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        _sum += sequence + entry.ExchangeTimeMicros + entry.ReceiveTimeNanos + entry.Symbol.Value + (long)entry.Flags;
        _sum += entry.Trade.Id + entry.Trade.Price.Raw + entry.Trade.Quantity.Raw + entry.Trade.FirstTradeId + entry.Trade.LastTradeId;
        foreach (long word in payload) _sum += word;
    }
}
