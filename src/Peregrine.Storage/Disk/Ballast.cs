using Peregrine.Storage.Files;

namespace Peregrine.Storage.Disk;

/// <summary>A file that does nothing but take room, so that there is some to give up.</summary>
internal sealed class Ballast(string folder, long bytes)
{
    /// <summary>The file's name in the state directory.</summary>
    internal const string Name = "disk.ballast";

    private readonly string _path = Path.Combine(folder, Name);

    internal long Bytes => bytes;

    /// <summary>Whether it is there in full.</summary>
    internal bool Exists => bytes > 0 && File.Exists(_path) && new FileInfo(_path).Length == bytes;

    /// <summary>Lays it aside. Returns what was in the way, null when it is there.</summary>
    internal string? Create()
    {
        try
        {
            File.Delete(_path); // Of another size.
            return Posix.TryAllocate(_path, bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    /// <summary>Gives its room up. True when there was any.</summary>
    internal bool Release()
    {
        try
        {
            bool existed = File.Exists(_path);
            File.Delete(_path);
            return existed;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // Nothing depends on it.
        }
    }
}
