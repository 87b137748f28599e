using System.Globalization;
using System.Runtime.InteropServices;

namespace Peregrine.Kernel;

/// <summary>Small files that a power cut leaves either as they were or as they shall be.</summary>
internal static partial class DurableFile
{
    /// <summary>The new content through a temporary file, fsync and rename.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".partial";
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        SyncFolderOf(path);
    }

    /// <summary>A free name beside the file for what is wrong with it: nothing that was found damaged is deleted.</summary>
    public static string NameForDamaged(string path, TimeProvider time)
    {
        string name = path + ".damaged-" + time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        string free = name;
        for (int i = 2; File.Exists(free); i++) free = $"{name}-{i}";
        return free;
    }

    /// <summary>Has the folder's entries on the disk, where the system can do that: a renamed file is only then safe.</summary>
    private static void SyncFolderOf(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        int folder = Open(Path.GetDirectoryName(Path.GetFullPath(path))!, 0); // Read-only: enough for fsync.
        if (folder < 0) return;
        int result = Sync(folder);
        _ = Close(folder);
        if (result != 0) throw new IOException($"'{Path.GetDirectoryName(path)}' could not be synchronised to the disk");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
