using System.Buffers.Binary;
using System.Globalization;

using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Files;

/// <summary>What can be said of a database file without opening it, and the steps of its life: made, opened, checked, sealed.</summary>
internal static class SegmentFile
{
    internal const string Temporary = ".new";

    /// <summary>What SQLite lays beside a database.</summary>
    internal static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    /// <summary>The weekly files of a folder, oldest first.</summary>
    internal static List<(IsoWeek Week, string Path)> List(string folder) => [.. Segments(folder).Select(static segment => (segment.Week, segment.Path))];

    /// <summary>The weekly files of a folder with their parts, oldest first.</summary>
    internal static List<Segment> Segments(string folder)
    {
        List<Segment> found = [];
        foreach (string path in Directory.EnumerateFiles(folder))
            if (IsoWeek.TryParseFileName(Path.GetFileName(path), out IsoWeek week, out int part)) found.Add(new Segment(week, part, path));
        found.Sort();
        return found;
    }

    /// <summary>
    /// The part of a week that comes after all that there are or ever were: a name is not used again, so that one that was set aside can come back.
    /// </summary>
    internal static Segment NextPart(string folder, IsoWeek week)
    {
        int last = 0;
        foreach (string path in Directory.EnumerateFileSystemEntries(folder, "crypto_*"))
        {
            string name = Path.GetFileName(path);
            int end = name.IndexOf(IsoWeek.Extension, StringComparison.Ordinal);
            if (end > 0 && IsoWeek.TryParseFileName(name[..(end + IsoWeek.Extension.Length)], out IsoWeek taken, out int part) && taken == week && !name.EndsWith(Temporary, StringComparison.Ordinal))
                last = Math.Max(last, part);
        }
        return Segment.Of(folder, week, last + 1);
    }

    /// <summary>
    /// Whether the file stands alone: not in WAL mode (bytes 18 and 19 of its header) and nothing beside it that belongs to it.
    /// </summary>
    internal static bool IsSealed(string path)
    {
        if (File.Exists(path + "-wal")) return false;
        Span<byte> header = stackalloc byte[100];
        return TryReadHeader(path, header) && header[18] == 1 && header[19] == 1;
    }

    /// <summary>Whether the header says that this is a recording, of whatever version. An empty or foreign file is none.</summary>
    internal static bool HasOurHeader(string path)
    {
        Span<byte> header = stackalloc byte[100];
        return TryReadHeader(path, header) && header.StartsWith("SQLite format 3\0"u8) && BinaryPrimitives.ReadInt32BigEndian(header[68..]) == Schema.ApplicationId;
    }

    private static bool TryReadHeader(string path, Span<byte> header)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length;
    }

    /// <summary>Bytes of the file and what lies beside it.</summary>
    internal static long Bytes(string path) => LengthOf(path) + LengthOf(path + "-wal");

    internal static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Makes an empty file under a temporary name and gives it its own once it is whole.</summary>
    internal static void Create(string path, IsoWeek week, DateTimeOffset now, Action<string>? atStep = null)
    {
        string temporary = path + Temporary;
        Delete(temporary);
        atStep?.Invoke(PoolSteps.CreateBegins);
        using (Database database = Database.OpenReadWrite(temporary, create: true))
        {
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"""
                PRAGMA page_size = 4096;
                PRAGMA application_id = {Schema.ApplicationId};
                PRAGMA user_version = {Schema.Version};
                BEGIN;
                {Schema.Sql}
                INSERT INTO meta VALUES ('week', '{week}'), ('created', '{now:yyyy-MM-ddTHH:mm:ssZ}'), ('last_sequence', 0), ('gap_checksum', 0), ('chunk_events', 0), ('chunk_reach', 0);
                COMMIT;
                """));
            // The mode is kept in the header: who opens the file later finds it a WAL file.
            if (database.QueryText("PRAGMA journal_mode = WAL") != "wal") throw new StorageException($"{temporary}: this file system cannot do WAL.");
            atStep?.Invoke(PoolSteps.CreateWritten);
        }
        Posix.Flush(temporary);
        atStep?.Invoke(PoolSteps.CreateFlushed);
        File.Move(temporary, path, overwrite: false);
        atStep?.Invoke(PoolSteps.CreateNamed);
        Posix.FlushFolderOf(path);
        atStep?.Invoke(PoolSteps.CreateDone);
    }

    /// <summary>Removes what a start that was cut short left behind.</summary>
    internal static void RemoveUnfinished(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "crypto_*" + IsoWeek.Extension + Temporary)) Delete(path);
    }

    /// <summary>Opens the file for writing, set up for a recording.</summary>
    internal static Database OpenForWriting(string path)
    {
        Database database = Database.OpenReadWrite(path);
        try
        {
            database.Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
            Recognise(database);
            if (database.QueryText("PRAGMA journal_mode = WAL") != "wal") throw new StorageException($"{path}: this file system cannot do WAL.");
            database.Execute("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that this is one of our files, of a version that this program knows.</summary>
    internal static void Recognise(Database database)
    {
        long application = database.QueryInt64("PRAGMA application_id");
        if (application != Schema.ApplicationId) throw new StorageException($"{database.Path} is a database, but not a recording.", sqliteCode: 26);
        long version = database.QueryInt64("PRAGMA user_version");
        if (version != Schema.Version)
            throw new StorageException($"{database.Path} has format {version}, this program knows format {Schema.Version}. Keep it for the program that made it, and give this one another state folder.");
    }

    /// <summary>Refuses a file that has anything but our own tables and views: a trigger or a foreign view would run when the file is used.</summary>
    internal static void RecogniseSchema(Database database)
    {
        const string Listing = "SELECT group_concat(line, char(10)) FROM (SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY 1)";
        using Database pattern = Database.OpenMemory();
        pattern.Execute(Schema.Sql);
        if (database.QueryText(Listing) != pattern.QueryText(Listing)) throw new StorageException($"{database.Path} has other tables or views than a recording has.");
    }

    /// <summary>The first complaint of SQLite's own check, or "ok"; "unchecked" when the time was over first.</summary>
    internal static string Check(Database database, bool quick, TimeProvider time, TimeSpan? budget)
    {
        long began = time.GetTimestamp();
        if (budget is { } limit) database.InterruptWhen(() => time.GetElapsedTime(began) > limit);
        try
        {
            return database.QueryText(quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)");
        }
        catch (StorageException error) when ((error.SqliteCode & 0xFF) == 9)
        {
            return "unchecked";
        }
        catch (StorageException error) when (error.IsCorruption)
        {
            return error.Message;
        }
        finally
        {
            database.InterruptWhen(null);
        }
    }

    /// <summary>Brings all that lies in the WAL home, leaves WAL mode and closes: the file then stands alone. May be run again at any point.</summary>
    internal static void Seal(Database database, Action<string>? atStep = null)
    {
        atStep?.Invoke(PoolSteps.SealBegins);
        database.WaitAtMost(TimeSpan.FromMilliseconds(40)); // The recorder is waiting; a reader may hold the file for minutes.
        database.Checkpoint(truncate: true);
        atStep?.Invoke(PoolSteps.SealBroughtHome);
        string mode = database.QueryText("PRAGMA journal_mode = DELETE");
        if (mode != "delete") throw new StorageException($"{database.Path} cannot be sealed while someone reads it.");
        atStep?.Invoke(PoolSteps.SealLeftWal);
        database.Dispose();
        Posix.Flush(database.Path);
        Posix.FlushFolderOf(database.Path);
        atStep?.Invoke(PoolSteps.SealDone);
    }

    internal static void Delete(string path)
    {
        File.Delete(path);
        foreach (string companion in Companions) File.Delete(path + companion);
    }
}
