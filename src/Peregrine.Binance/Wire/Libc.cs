using System.Runtime.InteropServices;

namespace Peregrine.Binance.Wire;

/// <summary>The system calls that .NET has no way to, or none without allocating or without its event loop.</summary>
internal static partial class Libc
{
    public const short PollIn = 1;
    public const short PollOut = 4;
    public const int EventFdNonBlocking = 0x800;
    public const int GetFlags = 3;
    public const int SetFlags = 4;
    public const int NonBlocking = 0x800;
    public const int InProgress = 115;
    public const int DoNotWait = 0x40;

    /// <summary>Bytes are given and stay where they are.</summary>
    public const int Peek = 0x2;

    /// <summary>For TCP on Linux: bytes are taken and given to nobody; there need be no buffer.</summary>
    public const int Discard = 0x20;
    public const int Interrupted = 4;
    public const int TryAgain = 11;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        /// <summary>A negative one is passed over by the kernel.</summary>
        public int Descriptor;

        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    public static unsafe partial int Poll(PollEntry* entries, nuint count, int timeoutMillis);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    public static unsafe partial nint Read(int descriptor, void* buffer, nuint bytes);

    [LibraryImport("libc", EntryPoint = "write")]
    public static unsafe partial nint Write(int descriptor, void* buffer, nuint bytes);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static unsafe partial nint Receive(int descriptor, byte* buffer, nuint bytes, int flags);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static unsafe partial int Connect(int descriptor, byte* address, uint bytes);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    public static partial int Fcntl(int descriptor, int command, int value);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);
}
