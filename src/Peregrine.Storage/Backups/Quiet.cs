using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Peregrine.Storage.Backups;

/// <summary>Keeps long work out of the way of the threads that record and trade. Where the system refuses, the work is done all the same.</summary>
internal static partial class Quiet
{
    private const int LowestPriority = 19;
    private const int WhichProcess = 0;

    private const int IoWhichProcess = 1;
    private const int IoClassIdle = 3;
    private const int IoClassShift = 13;

    private const int NoLongerNeeded = 4;

    /// <summary>
    /// Runs the work on a thread of its own that has the lowest priority for processor and disk, and waits for its end. Threads that it starts (zstd's
    /// workers) inherit both. A thread may not raise its priority again, which is why the caller's own is left alone.
    /// </summary>
    internal static T Run<T>(string name, bool isBackground, Func<T> work)
    {
        if (!isBackground) return work();
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                LowerThisThread();
                result = work();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error); // Thrown again where it is waited for.
            }
        }) { IsBackground = true, Name = name };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    private static void LowerThisThread()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetPriority(WhichProcess, 0, LowestPriority); // On Linux this is the calling thread alone.
            nint number = RuntimeInformation.ProcessArchitecture switch
            {
                Architecture.X64 => 251,
                Architecture.X86 => 289,
                Architecture.Arm => 314,
                Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 30,
                _ => -1,
            };
            if (number > 0) _ = SystemCall(number, IoWhichProcess, 0, IoClassIdle << IoClassShift);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library without these names: only the courtesy is lost.
        }
    }

    /// <summary>Drops the file's clean pages from the page cache, so that what was read once does not push out what the recorder needs.</summary>
    internal static void Forget(FileStream file)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return;
        try
        {
            _ = Advise((int)file.SafeFileHandle.DangerousGetHandle(), 0, 0, NoLongerNeeded);
        }
        catch (EntryPointNotFoundException)
        {
            // As above.
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int nice);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int descriptor, long offset, long length, int advice);
}
