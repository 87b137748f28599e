using System.Buffers.Binary;

using Microsoft.Win32.SafeHandles;

namespace Peregrine.Kernel;

/// <summary>Reads what a <see cref="StatusBoardWriter"/> publishes, from any process, without the writer's noticing.</summary>
/// <remarks>
/// It opens the file anew each time and reads it instead of mapping it: so it finds the board of a writer that was restarted, and a file that
/// shrinks under it is a short read instead of a bus error.
/// </remarks>
public sealed class StatusBoardReader(string path)
{
    /// <summary>A writer needs microseconds for a text: one that is never seen between two texts has died in the middle of one.</summary>
    private const int TriesMax = 100;

    /// <summary>
    /// The text that is published now and its version, which differs from text to text. False where there is none: no file, no text yet,
    /// or a writer that ended in the middle of one.
    /// </summary>
    public bool TryRead(out byte[] utf8Json, out long version)
    {
        utf8Json = [];
        version = 0;
        try
        {
            using SafeFileHandle file = Open();
            Span<byte> header = stackalloc byte[StatusBoardLayout.TextAt];
            for (int tries = 0; tries < TriesMax; tries++)
            {
                if (!ReadHeader(file, header, out long before, out long length)) return false;
                if (long.IsOddInteger(before))
                {
                    Thread.Yield();
                    continue;
                }
                if (length < 0) return false;
                byte[] text = new byte[length];
                int read = RandomAccess.Read(file, text, StatusBoardLayout.TextAt);
                Interlocked.MemoryBarrier(); // All of the text is read before the second look at the version.
                if (!ReadHeader(file, header, out long after, out long lengthAfter)) return false;
                // The system copies a header in no particular order, so that one alone may pair a version with the length before it.
                if (before != after || length != lengthAfter || read != length) continue;
                utf8Json = text;
                version = before;
                return true;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Absent, or just being replaced: there is no text.
        }
        return false;
    }

    /// <summary>The version the board shows, be there a text or not; 0 without a board.</summary>
    internal long LastVersion()
    {
        try
        {
            using SafeFileHandle file = Open();
            return ReadHeader(file, stackalloc byte[StatusBoardLayout.TextAt], out long version, out _) ? version : 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private SafeFileHandle Open() => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static bool ReadHeader(SafeFileHandle file, Span<byte> header, out long version, out long length)
    {
        version = length = 0;
        if (RandomAccess.Read(file, header, 0) != header.Length || BinaryPrimitives.ReadInt64LittleEndian(header) != StatusBoardLayout.Magic) return false;
        version = BinaryPrimitives.ReadInt64LittleEndian(header[StatusBoardLayout.VersionAt..]);
        length = BinaryPrimitives.ReadInt64LittleEndian(header[StatusBoardLayout.LengthAt..]);
        return length <= BinaryPrimitives.ReadInt64LittleEndian(header[StatusBoardLayout.CapacityAt..]) && length <= RandomAccess.GetLength(file);
    }
}
