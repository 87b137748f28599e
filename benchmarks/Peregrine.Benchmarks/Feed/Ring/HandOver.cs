using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Peregrine.Benchmarks.Feed.Ring;

/// <summary>How long the hardware takes to hand one cache line from one processor to another: the floor of everything that crosses threads.</summary>
internal static class HandOver
{
    private const int Rounds = 20_000;

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Ball
    {
        [FieldOffset(128)] public long Value;
    }

    private sealed class Court
    {
        public Ball Ball;
    }

    /// <summary>Half of a round trip: two threads take turns counting one number up.</summary>
    internal static double Nanos()
    {
        Court court = new();
        Thread other = new(() =>
        {
            Processor.Pin(toLast: true);
            Play(court, 1);
        });
        other.Start();
        Processor.Pin(toLast: false);
        Serve(court); // The other one is there now.
        long began = Stopwatch.GetTimestamp();
        Play(court, 2);
        double nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        other.Join();
        Processor.Unpin();
        return nanos / (2 * (Rounds - 1));
    }

    private static void Serve(Court court)
    {
        Volatile.Write(ref court.Ball.Value, 1);
        while (Volatile.Read(ref court.Ball.Value) != 2) { }
    }

    /// <summary>Turns a number of one's own parity into the next, so often.</summary>
    private static void Play(Court court, long first)
    {
        long last = first == 1 ? (2 * Rounds) - 1 : 2 * (Rounds - 1);
        for (long mine = first; mine <= last; mine += 2)
        {
            while (Volatile.Read(ref court.Ball.Value) != mine) { }
            Volatile.Write(ref court.Ball.Value, mine + 1);
        }
    }
}
