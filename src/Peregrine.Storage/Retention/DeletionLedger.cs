using System.Globalization;
using System.Text;

using Peregrine.Storage.Files;

namespace Peregrine.Storage.Retention;

/// <summary>
/// How many files were deleted on which day, kept in the state directory (<c>retention.txt</c>: the day, a blank, the number). A deletion is counted before it
/// happens: a cut in between costs a deletion, never allows one more.
/// </summary>
internal sealed class DeletionLedger
{
    internal const string FileName = "retention.txt";

    private const string Partial = ".partial";
    private const string Format = "yyyy-MM-dd";

    private readonly string _path;
    private DateOnly _day;
    private int _count;

    private DeletionLedger(string path, DateOnly day, int count)
    {
        _path = path;
        _day = day;
        _count = count;
    }

    /// <exception cref="StorageException">The file is there and cannot be understood.</exception>
    internal static DeletionLedger Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new DeletionLedger(path, DateOnly.MinValue, 0);
        string[] words = ReadShort(path).Split(' ', StringSplitOptions.TrimEntries);
        if (words.Length == 2 && DateOnly.TryParseExact(words[0], Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) &&
            int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count))
            return new DeletionLedger(path, day, count);
        throw new StorageException($"{path} does not say how many files were deleted on which day ('2026-11-18 2'); nothing is deleted until it does or is removed.");
    }

    /// <summary>How many may still go on this day. None where the ledger knows a later day: the clock was set back.</summary>
    internal int Left(DateOnly today, int dayMax) => today < _day ? 0 : today > _day ? dayMax : Math.Max(0, dayMax - _count);

    /// <summary>Counts one more, so that it survives a power cut.</summary>
    /// <exception cref="IOException">The disk refuses; nothing may be deleted.</exception>
    internal void Count(DateOnly today)
    {
        int count = today == _day ? _count + 1 : 1;
        string partial = _path + Partial;
        using (FileStream file = new(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{today.ToString(Format, CultureInfo.InvariantCulture)} {count}\n")));
            file.Flush(flushToDisk: true);
        }
        File.Move(partial, _path, overwrite: true);
        Posix.FlushFolderOf(_path);
        _day = today;
        _count = count;
    }

    private static string ReadShort(string path)
    {
        Span<byte> bytes = stackalloc byte[64];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.ASCII.GetString(bytes[..length]);
    }
}
