using System.Runtime.InteropServices;

namespace Peregrine.App.Safety;

/// <summary>
/// A process that holds a secret has it in its memory, and an image of that memory would have it on the disk. From here on the system writes none, and other
/// programs of the same user cannot read it.
/// </summary>
internal static partial class MemoryDumps
{
    private const int SetDumpable = 4; // PR_SET_DUMPABLE

    /// <summary>Lasts as long as the process. Elsewhere than on Linux, and where the system refuses, nothing changes; the service's unit says LimitCORE=0 besides.</summary>
    public static void Forbid()
    {
        if (OperatingSystem.IsLinux()) _ = Control(SetDumpable, 0, 0, 0, 0);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);
}
