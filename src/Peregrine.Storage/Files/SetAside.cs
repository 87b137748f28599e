using System.Globalization;

namespace Peregrine.Storage.Files;

/// <summary>Files that cannot be used keep existing under another name, with all that belongs to them. Nothing is ever deleted.</summary>
internal static class SetAside
{
    private const string Corrupt = ".corrupt-";
    private const string Foreign = ".foreign-";

    /// <summary>Moves a damaged database out of the way with its log. Returns its new name.</summary>
    internal static string Move(string path, DateTimeOffset now, Action<string>? atStep = null)
    {
        atStep?.Invoke(PoolSteps.SetAsideBegins);
        string aside = Unused(path + Corrupt, now);
        // The database goes first. Without it nobody opens the log, and the next start brings the log after it; the other way round the next start would
        // find a database without its log, which may look whole and is not.
        File.Move(path, aside, overwrite: false);
        Posix.FlushFolderOf(path);
        atStep?.Invoke(PoolSteps.SetAsideNamed);
        MoveCompanions(path, aside, atStep);
        Posix.FlushFolderOf(path);
        atStep?.Invoke(PoolSteps.SetAsideDone);
        return aside;
    }

    /// <summary>Finishes what a process that ended meanwhile had begun: logs follow their database.</summary>
    internal static void Finish(string folder)
    {
        foreach (string aside in Files(folder))
        {
            string path = OriginalOf(aside);
            if (!File.Exists(path)) MoveCompanions(path, aside, atStep: null);
        }
    }

    /// <summary>Databases that were set aside, oldest first.</summary>
    internal static IReadOnlyList<string> Files(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "crypto_*" + IsoWeek.Extension + Corrupt + "*")
            .Where(static path => Path.GetFileName(path)[(Path.GetFileName(path).IndexOf(Corrupt, StringComparison.Ordinal) + Corrupt.Length)..].All(char.IsAsciiLetterOrDigit))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The name that the file had before it was set aside.</summary>
    internal static string OriginalOf(string aside)
    {
        string name = Path.GetFileName(aside);
        int end = name.IndexOf(Corrupt, StringComparison.Ordinal);
        return end < 0 ? throw new StorageException($"{aside} is not the name of a file that was set aside (crypto_YYYY_WW.db{Corrupt}TIME).") : Path.Combine(Path.GetDirectoryName(aside)!, name[..end]);
    }

    /// <summary>Moves out of the way what has a name of ours and is something else: a folder, or the file of another program.</summary>
    internal static string MoveForeign(string path, DateTimeOffset now)
    {
        string aside = Unused(path + Foreign, now);
        if (Directory.Exists(path)) Directory.Move(path, aside);
        else File.Move(path, aside, overwrite: false);
        return aside;
    }

    private static void MoveCompanions(string path, string aside, Action<string>? atStep)
    {
        foreach (string companion in SegmentFile.Companions)
        {
            if (!File.Exists(path + companion) || File.Exists(aside + companion)) continue;
            File.Move(path + companion, aside + companion, overwrite: false);
            atStep?.Invoke(PoolSteps.SetAsideCompanion);
        }
    }

    private static string Unused(string prefix, DateTimeOffset now)
    {
        while (true)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{prefix}{now:yyyyMMddTHHmmssfff}Z");
            if (!Path.Exists(path)) return path;
            now = now.AddMilliseconds(1);
        }
    }
}
