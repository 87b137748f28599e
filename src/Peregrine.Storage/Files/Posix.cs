using System.Runtime.InteropServices;

namespace Peregrine.Storage.Files;

/// <summary>What .NET does not give: flushing a folder, and a lock that a child process does not inherit.</summary>
internal static partial class Posix
{
    private const int ReadOnly = 0;
    private const int ReadWrite = 0x2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;

    /// <summary>EWOULDBLOCK of Linux.</summary>
    private const int WouldBlock = 11;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronise(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    // Returns the error itself. Offsets are 64-bit on every target of ours.
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(int descriptor, long offset, long length);

    /// <summary>Makes a file whose every byte has its room on the disk. Returns why not, and leaves nothing behind then; null when it is there.</summary>
    internal static string? TryAllocate(string path, long bytes)
    {
        int descriptor = Open(path, ReadWrite | Create | CloseOnExec, 0b110_000_000);
        if (descriptor < 0) return Marshal.GetLastPInvokeErrorMessage();
        int error = Allocate(descriptor, 0, bytes);
        _ = Close(descriptor);
        if (error == 0) return null;
        File.Delete(path);
        return Marshal.GetPInvokeErrorMessage(error);
    }

    /// <summary>Makes what the file holds, or which names the folder holds, survive a power cut.</summary>
    /// <exception cref="StorageException">The disk could not promise it.</exception>
    internal static void Flush(string path)
    {
        int descriptor = Open(path, ReadOnly | CloseOnExec, 0);
        if (descriptor < 0) throw Failed("open", path);
        try
        {
            if (Synchronise(descriptor) != 0) throw Failed("flush", path);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>The folder that holds the file, flushed.</summary>
    internal static void FlushFolderOf(string path) => Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Resolve(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);

    /// <summary>The one name of a file or folder that no link is part of; the full path as it is where there is no such file.</summary>
    internal static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        nint text = Resolve(full, 0);
        if (text == 0)
        {
            // It may be about to be made: its folder is there.
            string? folder = Path.GetDirectoryName(full);
            return folder is null || folder == full ? full : Path.Combine(RealPath(folder), Path.GetFileName(full));
        }
        string resolved = Marshal.PtrToStringUTF8(text)!;
        Free(text);
        return resolved;
    }

    /// <summary>An exclusive lock on the file, held until <see cref="Unlock"/> or the process's end; null when another holds it.</summary>
    internal static int? TryLock(string path)
    {
        int descriptor = Open(path, ReadWrite | Create | CloseOnExec, 0b110_100_100);
        if (descriptor < 0) throw Failed("open", path);
        if (Lock(descriptor, Exclusive | NonBlocking) == 0) return descriptor;
        bool taken = Marshal.GetLastPInvokeError() == WouldBlock;
        StorageException? error = taken ? null : Failed("lock", path);
        _ = Close(descriptor);
        return error is null ? null : throw error;
    }

    internal static void Unlock(int descriptor) => _ = Close(descriptor);

    private static StorageException Failed(string verb, string path) => new($"Cannot {verb} {path}: {Marshal.GetLastPInvokeErrorMessage()}.");
}
