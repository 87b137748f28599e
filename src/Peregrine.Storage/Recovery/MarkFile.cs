using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Peregrine.Storage.Recovery;

/// <summary>
/// A page of memory that outlives the process: the file <c>recorder.mark</c> of the state directory, mapped. The thread that publishes events says how
/// far it has come, the recorder how far it has; what lies between is what kill -9 took, and the next start knows it.
/// </summary>
/// <remarks>
/// Each of the two writes to two places in turn, with a checksum, so that one of them is always whole. The page is not flushed: it survives the process,
/// not the machine. After a power cut sequences go on far enough above the last known one.
/// </remarks>
public sealed unsafe class MarkFile : IDisposable
{
    /// <summary>The file's name in the state directory.</summary>
    public const string Name = "recorder.mark";

    /// <summary>More sequences than a process publishes between what the disk has of its mark and a power cut.</summary>
    internal const long SequencesAfterPowerCut = 1L << 24;

    internal const int Size = 4096;
    private const ulong Magic = 0x31_4B_52_4D_4E_47_52_50; // "PRGNMRK1"
    private const int BootAt = 8;
    private const int ProcessAt = 16;
    private const int ClosedAt = 24;
    private const int PublishedAt = 64; // Each place has a cache line of its own.
    private const int CommittedAt = 256;
    private const int Place = 64;
    private const int PublishedFields = 3; // Each place begins with its turn: the higher one is the newer.
    private const int CommittedFields = 6;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _page;
    private long _publishedTurn;
    private long _committedTurn;
    private bool _isDisposed;

    private MarkFile(MemoryMappedFile? file)
    {
        _file = file;
        if (file is null)
        {
            _page = (byte*)NativeMemory.AllocZeroed(Size);
            return;
        }
        _view = file.CreateViewAccessor(0, Size);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _page);
    }

    /// <summary>Whether what is written survives the process; not where the disk had no room for one page.</summary>
    public bool IsKept => _file is not null;

    /// <summary>
    /// The publishing thread: everything up to this event is published. Call it before anything outside the process can learn of the event; once for each
    /// turn is enough. Two stores and a checksum; allocates nothing, waits for nobody.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Published(long sequence, long receiveTimeNanos)
    {
        long turn = ++_publishedTurn;
        long* place = (long*)(_page + PublishedAt + ((turn & 1) * Place));
        place[0] = turn;
        place[1] = sequence;
        place[2] = receiveTimeNanos;
        Volatile.Write(ref place[PublishedFields], Check(place, PublishedFields));
    }

    /// <summary>The recorder: everything up to <paramref name="sequence"/> is accounted for, everything up to <paramref name="recorded"/> by the database alone.</summary>
    internal void Committed(long sequence, long recorded, long receiveTimeNanos, long omittedCount, long skipped = 0)
    {
        long turn = ++_committedTurn;
        long* place = (long*)(_page + CommittedAt + ((turn & 1) * Place));
        place[0] = turn;
        place[1] = sequence;
        place[2] = recorded;
        place[3] = receiveTimeNanos;
        place[4] = omittedCount;
        place[5] = skipped;
        Volatile.Write(ref place[CommittedFields], Check(place, CommittedFields));
    }

    /// <summary>What the mark of a state directory says, also while its process lives; null where there is none, or none that is whole.</summary>
    public static RecorderMark? TryRead(string stateDirectory)
    {
        try
        {
            byte[] page = new byte[Size];
            using FileStream file = new(Path.Combine(stateDirectory, Name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length != Size || file.ReadAtLeast(page, Size, throwOnEndOfStream: false) != Size) return null;
            fixed (byte* start = page) return Read(start);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The mark as it stands in this process.</summary>
    public RecorderMark Current => Read(_page) ?? default;

    /// <summary>Begins a mark of this process over whatever there was, which is to be read first. The folder must be locked.</summary>
    internal static MarkFile Begin(string folder, Action<string> report)
    {
        string path = Path.Combine(folder, Name);
        MarkFile mark;
        try
        {
            // Written, not only made longer: a page without room on the disk would end the process when it is touched.
            if (!File.Exists(path) || new FileInfo(path).Length != Size) File.WriteAllBytes(path, new byte[Size]);
            mark = new MarkFile(MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, Size));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            report($"{path} cannot be kept ({error.Message}): what a killed process loses will not be known.");
            mark = new MarkFile(file: null);
        }
        return mark;
    }

    /// <summary>Makes the page this process's own. What the one before left open stays open until it is committed.</summary>
    internal void Restart(in RecorderMark begin)
    {
        Unsafe.WriteUnaligned(_page, 0UL); // Not a mark until it is whole again.
        new Span<byte>(_page + PublishedAt, Size - PublishedAt).Clear();
        Unsafe.WriteUnaligned(_page + BootAt, BootHash());
        Unsafe.WriteUnaligned(_page + ProcessAt, (long)Environment.ProcessId);
        Unsafe.WriteUnaligned(_page + ClosedAt, 0L);
        Published(begin.PublishedSequence, begin.PublishedTimeNanos);
        Committed(begin.CommittedSequence, begin.RecordedSequence, begin.CommittedTimeNanos, begin.OmittedCount, begin.SkippedCount);
        Volatile.Write(ref *(ulong*)_page, Magic);
    }

    /// <summary>Says that the process ended by itself.</summary>
    internal void Close() => Volatile.Write(ref *(long*)(_page + ClosedAt), 1L);

    private static RecorderMark? Read(byte* page)
    {
        if (Volatile.Read(ref *(ulong*)page) != Magic) return null;
        long* published = stackalloc long[PublishedFields];
        long* committed = stackalloc long[CommittedFields];
        bool hasPublished = Newer(page + PublishedAt, PublishedFields, published);
        if (!Newer(page + CommittedAt, CommittedFields, committed)) return null;
        return new RecorderMark
        {
            PublishedSequence = hasPublished ? Math.Max(published[1], committed[1]) : committed[1],
            PublishedTimeNanos = hasPublished && published[1] >= committed[1] ? published[2] : committed[3],
            CommittedSequence = committed[1],
            RecordedSequence = committed[2],
            CommittedTimeNanos = committed[3],
            OmittedCount = committed[4],
            SkippedCount = committed[5],
            ProcessId = (int)*(long*)(page + ProcessAt),
            Closed = *(long*)(page + ClosedAt) != 0,
            SameBoot = *(ulong*)(page + BootAt) == BootHash(),
        };
    }

    /// <summary>The newer of two places that is whole, copied out.</summary>
    private static bool Newer(byte* places, int fields, long* newer)
    {
        bool found = false;
        long* copy = stackalloc long[fields + 1];
        for (int i = 0; i < 2; i++)
        {
            long* place = (long*)(places + (i * Place));
            copy[fields] = Volatile.Read(ref place[fields]);
            for (int field = 0; field < fields; field++) copy[field] = place[field];
            if (copy[fields] != Check(copy, fields) || (found && copy[0] < newer[0])) continue;
            for (int field = 0; field < fields; field++) newer[field] = copy[field];
            found = true;
        }
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Check(long* place, int fields)
    {
        ulong check = 0x9E3779B97F4A7C15; // A page of zeros is no mark.
        for (int i = 0; i < fields; i++) check = (BitOperations.RotateLeft(check, 23) ^ (ulong)place[i]) * 0xD6E8FEB86659FD93;
        return (long)check;
    }

    private static ulong BootHash()
    {
        const string Source = "/proc/sys/kernel/random/boot_id";
        if (!File.Exists(Source)) return 0;
        ulong hash = 0xCBF29CE484222325;
        foreach (byte each in Encoding.ASCII.GetBytes(File.ReadAllText(Source))) hash = (hash ^ each) * 0x100000001B3;
        return hash;
    }

    /// <summary>Lets go of the file. The page stays mapped: a thread that publishes late must not fall through it.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _view?.Dispose(); // The pointer that was taken keeps the memory.
        _file?.Dispose();
    }
}
