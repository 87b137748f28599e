using System.Runtime.InteropServices;

namespace Peregrine.Inference.Tests;

/// <summary>Processor time of the calling thread: what else the machine does does not count.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpu = 3;

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanos;
    }

    public static double Seconds
    {
        get
        {
            _ = GetTime(ThreadCpu, out TimeSpec time);
            return time.Seconds + (time.Nanos / 1e9);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);
}
