using System.Runtime.InteropServices;

namespace Peregrine.Storage.Tests;

/// <summary>A disk of a few megabytes, where this user may mount one.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private readonly TestFolder _folder = new();

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);

    private SmallDisk()
    {
    }

    public string Path => _folder.Path;

    /// <summary>Null where mounting is not allowed.</summary>
    public static SmallDisk? TryMount(int megabytes)
    {
        SmallDisk disk = new();
        if (Mount("none", disk.Path, "tmpfs", 0, FormattableString.Invariant($"size={megabytes}m")) == 0) return disk;
        disk._folder.Dispose();
        return null;
    }

    public void Dispose()
    {
        _ = Unmount(Path, 2);
        _folder.Dispose();
    }
}
