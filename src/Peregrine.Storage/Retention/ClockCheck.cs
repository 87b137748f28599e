using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Storage.Files;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Retention;

/// <summary>Whether the wall clock may be believed as far as deleting goes: the system's own word, and what the recordings say.</summary>
public static partial class ClockCheck
{
    /// <summary>What adjtimex answers while the clock is not synchronised.</summary>
    private const int Unsynchronised = 5;

    /// <summary>
    /// Whether the kernel says that something (timesyncd, chrony, ntpd) keeps the clock right. False where it cannot be asked.
    /// </summary>
    public static bool IsSynchronised()
    {
        if (!OperatingSystem.IsLinux()) return false;
        Span<byte> nothingToSet = stackalloc byte[512]; // More than any layout of the structure; its first field, zero, only asks.
        nothingToSet.Clear();
        try
        {
            int state = Adjust(nothingToSet);
            return state is >= 0 and not Unsynchronised;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Why the clock cannot be right, given the weekly files (oldest first); empty where nothing speaks against it.</summary>
    internal static string Contradiction(IReadOnlyList<(IsoWeek Week, string Path)> files, DateTimeOffset now, RetentionOptions options)
    {
        if (files.Count == 0) return "";
        if (files.Count > 1 && files[^1].Week != files[^2].Week)
        {
            long weeks = WeeksBetween(files[^2].Week, files[^1].Week);
            if (weeks > options.GapWeeksMax) return $"the newest file is of {files[^1].Week}, {weeks} weeks after the one before: which clock was wrong?";
        }
        for (int i = files.Count - 1; i >= 0; i--)
        {
            if (NewestEvent(files[i].Path) is not { } newest) continue;
            TimeSpan apart = now - newest;
            if (apart.Duration() <= options.ClockSlack) return "";
            return $"the clock says {now:yyyy-MM-dd HH:mm} UTC, the newest recorded event is of {newest:yyyy-MM-dd HH:mm}: {apart.Duration().TotalDays:0.#} days {(apart > TimeSpan.Zero ? "earlier" : "later")}";
        }
        return "no event is on record that the clock could be held against";
    }

    private static long WeeksBetween(IsoWeek earlier, IsoWeek later) => (later.EndNanos - earlier.EndNanos) / TimeSpan.FromDays(7).Ticks / 100;

    /// <summary>The receive time of the last event that each table has; null for a file without events or one that cannot be read.</summary>
    private static DateTimeOffset? NewestEvent(string path)
    {
        try
        {
            using Database database = Database.OpenReadOnly(path);
            SegmentFile.Recognise(database);
            long? newest = null;
            foreach (string column in RowTable.All.Select(static table => $"{table.ReceiveTimeSql} FROM {table.Name} ORDER BY seq").Append("last_time FROM chunk ORDER BY first_seq"))
            {
                using Statement select = database.Prepare($"SELECT {column} DESC LIMIT 1");
                if (select.Step()) newest = Math.Max(newest ?? long.MinValue, select.Int64(0));
            }
            return newest is { } nanos ? EpochClock.FromNanos(nanos) : null;
        }
        catch (StorageException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "adjtimex")]
    private static partial int Adjust(Span<byte> timex);
}
