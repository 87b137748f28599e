using System.Runtime.InteropServices;

using Peregrine.Storage.Files;

namespace Peregrine.Storage.Backups;

/// <summary>Cold storage: any folder, held by one backup at a time, with the words for what may go wrong there.</summary>
internal sealed partial class BackupTarget : IDisposable
{
    /// <summary>Stays in the folder, empty; that it is there says nothing, who holds it locks it.</summary>
    internal const string LockName = ".backup.lock";

    internal const string Partial = ".partial";

    /// <summary>The copy that an archive is checked with.</summary>
    internal const string Copy = ".check";

    /// <summary>Linux's error numbers, which .NET passes on as they are.</summary>
    private const int WouldBlock = 11;

    private const int DiskFull = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaReached = 122;
    private const int FileTooLarge = 27;

    private static readonly string[] SqliteParts = ["", "-journal", "-wal", "-shm"];

    private readonly FileStream _lock;

    private BackupTarget(string folder)
    {
        Folder = folder;
        // The system lets go of the lock when the process ends, however it ends. A file system that has no locks is used without.
        _lock = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    internal string Folder { get; }

    /// <summary>Takes the folder for this backup.</summary>
    /// <param name="waiting">Called about twice a second while another backup has it.</param>
    /// <exception cref="BackupRefusal">It is not there, may not be written, or is held by another for longer than we wait.</exception>
    internal static BackupTarget Take(string folder, BackupOptions options, TimeProvider time, Action waiting, CancellationToken cancellation)
    {
        if (options.CreateTarget) Directory.CreateDirectory(folder);
        if (!Directory.Exists(folder))
            throw new BackupRefusal(BackupVerdict.TargetGone, $"The backup folder {folder} does not exist: is the disk mounted? A new one has to be made by hand.");
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new BackupTarget(folder);
            }
            catch (IOException error) when (error.HResult == WouldBlock)
            {
                // Held by another.
            }
            if (time.GetElapsedTime(began) >= options.WaitForOthers) throw new BackupRefusal(BackupVerdict.Busy, $"Another backup is writing into {folder}.");
            waiting();
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(500));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Bytes that may still be written, as far as the file system says.</summary>
    internal static long FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return long.MaxValue; // It does not say; writing will show.
        }
    }

    /// <exception cref="BackupRefusal">There is less room.</exception>
    internal void RequireRoom(long bytes)
    {
        long free = FreeBytes(Folder);
        if (free < bytes) throw new BackupRefusal(BackupVerdict.TargetFull, $"{Folder} has {free:N0} bytes free, this backup may need {bytes:N0}.");
    }

    /// <summary>Removes what backups that were cut short left in the folder. Only the holder may: nobody else is writing here.</summary>
    internal void Clean()
    {
        foreach (string path in Directory.EnumerateFiles(Folder, "crypto_*" + Partial)) Delete(path);
        foreach (string path in Directory.EnumerateFiles(Folder, "crypto_*" + Copy)) DeleteDatabase(path);
    }

    /// <summary>Makes the folder's names survive a power cut.</summary>
    internal void Flush()
    {
        try
        {
            Posix.Flush(Folder);
        }
        catch (StorageException error)
        {
            throw new IOException(error.Message, error); // The target's fault, not the database's.
        }
    }

    internal static void DeleteDatabase(string path)
    {
        foreach (string part in SqliteParts) Delete(path + part);
    }

    /// <summary>Deletes what is there; a folder that has gone takes its files with it.</summary>
    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    /// <summary>As <see cref="Delete"/>, where an error has been thrown already that says more.</summary>
    internal static void TryDelete(string path)
    {
        try
        {
            DeleteDatabase(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next attempt begins by removing it.
        }
    }

    /// <summary>What an error of the file system means for the backup; null where it is not the target's.</summary>
    internal static BackupRefusal? Translate(Exception error, string folder) => error switch
    {
        BackupRefusal refusal => refusal,
        StorageException or SourceReadException => null,
        _ when error is IOException or UnauthorizedAccessException && !Directory.Exists(folder) => new BackupRefusal(BackupVerdict.TargetGone, $"The backup folder {folder} is gone: {error.Message}"),
        UnauthorizedAccessException => new BackupRefusal(BackupVerdict.TargetReadOnly, $"{folder} may not be written: {error.Message}"),
        FileNotFoundException or DirectoryNotFoundException => new BackupRefusal(BackupVerdict.TargetGone, $"What was just written to {folder} is gone: {error.Message}"),
        IOException { HResult: DiskFull or QuotaReached or FileTooLarge } => new BackupRefusal(BackupVerdict.TargetFull, $"{folder} is full: {error.Message}"),
        IOException { HResult: ReadOnlyFileSystem } => new BackupRefusal(BackupVerdict.TargetReadOnly, $"{folder} may not be written: {error.Message}"),
        IOException => new BackupRefusal(BackupVerdict.TargetFailed, $"{folder} does not work: {error.Message}"),
        _ => null,
    };

    public void Dispose() => _lock.Dispose();

    /// <summary>Gives a file a name that is free, at once or not at all. False where the name is taken.</summary>
    internal static bool MoveToFreeName(string from, string to)
    {
        const int CurrentFolder = -100;
        const uint NoReplace = 1;
        const int Exists = 17;
        try
        {
            if (Rename(CurrentFolder, from, CurrentFolder, to, NoReplace) == 0) return true;
            if (Marshal.GetLastPInvokeError() == Exists) return false;
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library.
        }
        if (Path.Exists(to)) return false;
        File.Move(from, to, overwrite: true); // A file system that cannot do it in one step: File.Move without overwriting might copy, and be cut half way.
        return true;
    }

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(int fromFolder, string from, int toFolder, string to, uint flags);
}

/// <summary>The target refuses: an outcome of the backup, not a fault of the program.</summary>
internal sealed class BackupRefusal(BackupVerdict verdict, string sentence) : IOException(sentence)
{
    internal BackupVerdict Verdict { get; } = verdict;
}
