namespace Peregrine.Storage.Disk;

/// <summary>Room on a disk, in bytes: what this user may still take, and all there is.</summary>
public readonly record struct DiskSpace(long FreeBytes, long TotalBytes);

/// <summary>Says how much room there is.</summary>
public interface IDiskSpace
{
    /// <exception cref="IOException">The disk does not answer.</exception>
    DiskSpace Look(string folder);
}

/// <summary>Asks the file system (statvfs).</summary>
public sealed record FileSystemSpace : IDiskSpace
{
    public DiskSpace Look(string folder)
    {
        DriveInfo drive = new(folder);
        return new DiskSpace(drive.AvailableFreeSpace, drive.TotalSize);
    }
}
