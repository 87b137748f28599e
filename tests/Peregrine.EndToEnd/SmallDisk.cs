using System.Runtime.InteropServices;

namespace Peregrine.EndToEnd;

/// <summary>A folder that is a disk of a few megabytes, where this user may mount one.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private const string Filler = "filler";

    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    /// <summary>Null where mounting is not allowed.</summary>
    public static SmallDisk? TryMount(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        return Mount("none", path, "tmpfs", 0, FormattableString.Invariant($"size={megabytes}m")) == 0 ? new SmallDisk(path) : null;
    }

    /// <summary>Takes every byte that is free.</summary>
    public void Fill()
    {
        using FileStream file = new(Path.Combine(_path, Filler), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        for (int size = 1 << 20; size > 0; size /= 2)
        {
            byte[] block = new byte[size];
            try
            {
                while (true) file.Write(block);
            }
            catch (IOException)
            {
                // So much does not fit any more; less may.
            }
        }
    }

    public void MakeRoom() => File.Delete(Path.Combine(_path, Filler));

    public void Dispose() => _ = Unmount(_path, 2);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
