using System.Runtime.InteropServices;

namespace Peregrine.Benchmarks.Feed;

/// <summary>Processor time, and which processor a thread runs on.</summary>
internal static unsafe partial class Processor
{
    private const int ProcessCpu = 2;
    private const int ThreadCpu = 3;

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanos;
    }

    /// <summary>Processor time that all threads of this process have used, nanoseconds.</summary>
    internal static long ProcessNanos => Clock(ProcessCpu);

    /// <summary>Processor time that the calling thread has used, nanoseconds.</summary>
    internal static long ThreadNanos => Clock(ThreadCpu);

    /// <summary>Keeps the calling thread on one processor, the first for sending, the last for receiving; on a machine with one it does nothing.</summary>
    internal static void Pin(bool toLast)
    {
        ulong mask = 1UL << (toLast ? Math.Min(Environment.ProcessorCount, 64) - 1 : 0);
        if (Environment.ProcessorCount > 1) _ = SetAffinity(0, sizeof(ulong), &mask);
    }

    /// <summary>Lets the calling thread run wherever it likes again.</summary>
    internal static void Unpin()
    {
        ulong mask = ulong.MaxValue;
        _ = SetAffinity(0, sizeof(ulong), &mask);
    }

    private static long Clock(int clock)
    {
        TimeSpec time;
        _ = GetTime(clock, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanos;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, TimeSpec* time);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint bytes, ulong* mask);
}
