namespace Peregrine.Storage.Files;

/// <summary>Keeps a state directory to one process: two would write one database.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private int? _descriptor;

    private DirectoryLock(int descriptor) => _descriptor = descriptor;

    /// <exception cref="StorageException">Another instance holds the directory.</exception>
    internal static DirectoryLock Take(string folder)
    {
        string path = Path.Combine(folder, ".lock");
        return Posix.TryLock(path) is { } descriptor
            ? new DirectoryLock(descriptor)
            : throw new StorageException(
                $"The state directory {folder} is in use by another instance (it holds {path}). Stop that one, or give this one a directory of its own with --state.");
    }

    public void Dispose()
    {
        if (_descriptor is { } descriptor) Posix.Unlock(descriptor);
        _descriptor = null;
    }
}
