using System.Globalization;

namespace Peregrine.Storage.Files;

/// <summary>
/// Asks the operating system whether another process has a database open for writing. Two connections that write or checkpoint one WAL file at the same
/// instant can corrupt it (see <see cref="Sqlite.SqliteVersion.HasWalResetBug"/>), and SQLite's own locks don't tell a reader from a writer.
/// </summary>
internal static class OtherWriters
{
    private const int AccessMode = 3;

    /// <summary>"process 123 (sqlite3)", or null where there is none that this user may see.</summary>
    internal static string? Of(string path)
    {
        string full = Posix.RealPath(path);
        if (!Directory.Exists("/proc/self/fd")) return null;
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id == Environment.ProcessId) continue;
            try
            {
                foreach (string descriptor in Directory.EnumerateFileSystemEntries(process + "/fd"))
                    if (new FileInfo(descriptor).LinkTarget == full && Writes(process, Path.GetFileName(descriptor))) return $"process {id} ({NameOf(process)})";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is none of ours to look into.
            }
        }
        return null;
    }

    private static bool Writes(string process, string descriptor)
    {
        foreach (string line in File.ReadLines($"{process}/fdinfo/{descriptor}"))
            if (line.StartsWith("flags:", StringComparison.Ordinal)) return (Convert.ToInt32(line[6..].Trim(), 8) & AccessMode) != 0;
        return false;
    }

    private static string NameOf(string process) => File.ReadAllText(process + "/comm").Trim();
}
