using System.Runtime.InteropServices;

namespace Peregrine.Kernel;

/// <summary>Binds threads to processors.</summary>
public static partial class CpuAffinity
{
    /// <summary>Bits of the kernel's cpu_set_t.</summary>
    private const int Processors = 1_024;

    /// <summary>Binds the calling thread to one processor. False where the system has no such processor or does not allow it: a wish, not a need.</summary>
    public static unsafe bool TryPin(int core)
    {
        if (core is < 0 or >= Processors || !OperatingSystem.IsLinux()) return false;
        byte* set = stackalloc byte[Processors / 8];
        new Span<byte>(set, Processors / 8).Clear();
        set[core / 8] |= (byte)(1 << (core % 8));
        try
        {
            return SetAffinity(0, Processors / 8, set) == 0; // Thread 0 is the caller.
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static unsafe partial int SetAffinity(int thread, nint bytes, byte* set);
}
