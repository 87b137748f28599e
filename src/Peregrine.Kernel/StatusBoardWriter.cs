using System.IO.MemoryMappedFiles;

namespace Peregrine.Kernel;

/// <summary>
/// Publishes one text at a time in a memory-mapped file, for other processes to read whole whenever they like. Publishing is a copy in memory:
/// no system call, no allocation, and no reader can delay it. For one thread.
/// </summary>
public sealed unsafe class StatusBoardWriter : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private long _version;

    /// <summary>Puts a fresh board, without a text, in the place of whatever board was there. Readers find it by themselves.</summary>
    /// <param name="capacityBytes">The longest text that can be published.</param>
    public StatusBoardWriter(string path, int capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityBytes);
        Capacity = capacityBytes;
        // Versions go on where the last writer stopped, so that a reader never takes a new text for one it knows.
        _version = (new StatusBoardReader(path).LastVersion() + 1) & ~1L;
        string fresh = path + ".new";
        // Readable for its owner only: the account is on it.
        using var stream = new FileStream(fresh, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = OperatingSystem.IsWindows() ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        stream.SetLength(StatusBoardLayout.TextAt + capacityBytes);
        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _file.CreateViewAccessor(); // The mapping needs the stream no longer.
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
        Field(0) = StatusBoardLayout.Magic;
        Field(StatusBoardLayout.CapacityAt) = capacityBytes;
        Field(StatusBoardLayout.VersionAt) = _version;
        Field(StatusBoardLayout.LengthAt) = -1;
        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>Bytes of the longest text.</summary>
    public int Capacity { get; }

    /// <summary>Texts that were too long and were not published.</summary>
    public long Refused { get; private set; }

    /// <summary>Makes this text the one that readers see. False, and the old text stays, when it is longer than the capacity.</summary>
    public bool Publish(ReadOnlySpan<byte> utf8Json)
    {
        if (utf8Json.Length > Capacity)
        {
            Refused++;
            return false;
        }
        Volatile.Write(ref Field(StatusBoardLayout.VersionAt), _version + 1);
        Interlocked.MemoryBarrier(); // The odd version is seen before any byte of the new text.
        Field(StatusBoardLayout.LengthAt) = utf8Json.Length;
        utf8Json.CopyTo(new Span<byte>(_start + StatusBoardLayout.TextAt, Capacity));
        _version += 2;
        Volatile.Write(ref Field(StatusBoardLayout.VersionAt), _version); // After all bytes of the text.
        return true;
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private ref long Field(int at) => ref *(long*)(_start + at);
}
