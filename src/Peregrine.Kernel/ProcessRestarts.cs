using System.Text;

namespace Peregrine.Kernel;

/// <summary>When so many ends of the process were unclean that it must not go on as before.</summary>
public sealed record ProcessRestartsOptions
{
    /// <summary>So many unclean ends within <see cref="Within"/>, and the process starts observe-only. From 1 to <see cref="MaxAllowed"/>.</summary>
    public int Max { get; init; } = 5;

    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The pause before the network is touched: the first after one unclean end, doubled with each further one.</summary>
    public Backoff Pause { get; init; } = new(First: TimeSpan.FromSeconds(1), Cap: TimeSpan.FromSeconds(60));

    /// <summary>More would not fit the file.</summary>
    public const int MaxAllowed = 64;
}

/// <summary>
/// Counts the ends of the process that were not clean (a crash, a kill, a power cut), in a file: the last level of escalation. A process that
/// comes and goes shall neither trade nor use up its share of the exchange's limits.
/// </summary>
/// <remarks>
/// The file has two slots of fixed length and is written in place, the older slot first: that needs no room on a full disk, and a torn write
/// leaves the other slot. It says of itself that the process runs until <see cref="MarkClean"/> says otherwise. A file that cannot be read
/// at all counts as one unclean end, as nobody knows better. The time of an end is the time at which the next start found it, by the wall clock:
/// no other goes on from one process to the next. One that lies in the future, because the clock was set back, counts as of now.
/// </remarks>
public sealed class ProcessRestarts
{
    public const string FileName = "process-restarts";

    private readonly string _path;
    private readonly TimeProvider _time;
    private RestartSlot _slot;

    private ProcessRestarts(string path, TimeProvider time, RestartSlot slot, ProcessRestartsOptions options, string trouble)
    {
        _path = path;
        _time = time;
        _slot = slot;
        UncleanEnds = slot.Ends.Count;
        ObserveOnly = UncleanEnds >= options.Max;
        NetworkPause = UncleanEnds == 0 ? TimeSpan.Zero : options.Pause.Bound(UncleanEnds - 1);
        Trouble = trouble;
    }

    /// <summary>Within the window, the last run's included.</summary>
    public int UncleanEnds { get; }

    /// <summary>Too many: this run must place no order.</summary>
    public bool ObserveOnly { get; }

    /// <summary>How long to wait before the network is touched; nothing after a clean end.</summary>
    public TimeSpan NetworkPause { get; }

    /// <summary>What is wrong with the file, in one line; empty when nothing is. The counts are then as good as could be read.</summary>
    public string Trouble { get; private set; }

    /// <summary>Reads how the last runs ended, and writes down that this one has begun. Never throws for a file or a disk.</summary>
    /// <param name="folder">The state directory, which must exist.</param>
    /// <exception cref="ArgumentException">The options are impossible.</exception>
    public static ProcessRestarts Begin(string folder, TimeProvider time, ProcessRestartsOptions? options = null)
    {
        options ??= new ProcessRestartsOptions();
        if (options.Max is < 1 or > ProcessRestartsOptions.MaxAllowed)
            throw new ArgumentException($"{options.Max} unclean ends were given as the limit; allowed is 1 to {ProcessRestartsOptions.MaxAllowed}.", nameof(options));
        string path = Path.Combine(folder, FileName);
        string trouble = "";
        RestartSlot last = RestartSlot.First;
        try
        {
            if (File.Exists(path) && !TryRead(path, out last))
            {
                File.Copy(path, DurableFile.NameForDamaged(path, time));
                last = RestartSlot.First with { IsRunning = true };
                trouble = $"'{path}' was damaged and is set aside; it counts as one end that was not clean";
            }
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            last = last with { IsRunning = true };
            trouble = failure.InOneLine();
        }
        DateTimeOffset now = time.GetUtcNow();
        List<DateTimeOffset> ends = [.. last.Ends.Select(end => end > now ? now : end).Where(end => now - end < options.Within)];
        if (last.IsRunning) ends.Add(now);
        if (ends.Count > ProcessRestartsOptions.MaxAllowed) ends.RemoveRange(0, ends.Count - ProcessRestartsOptions.MaxAllowed);
        var restarts = new ProcessRestarts(path, time, new RestartSlot(last.Number, IsRunning: true, ends), options, trouble);
        restarts.Write(restarts._slot);
        return restarts;
    }

    /// <summary>This run ends as it should: the count begins anew. False when that could not be written down; <see cref="Trouble"/> says why.</summary>
    public bool MarkClean() => Write(new RestartSlot(_slot.Number, IsRunning: false, []));

    private bool Write(RestartSlot slot)
    {
        slot = slot with { Number = slot.Number + 1 };
        try
        {
            if (!File.Exists(_path) || new FileInfo(_path).Length != 2 * RestartSlot.Length) Create(_path);
            using FileStream file = new(_path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Position = slot.Number % 2 * RestartSlot.Length; // The other slot is the present truth, until this one is whole.
            file.Write(slot.ToBytes());
            file.Flush(flushToDisk: true);
            _slot = slot;
            return true;
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            Trouble = failure.InOneLine();
            return false;
        }
    }

    /// <summary>Two slots without news, so that the room is there for good.</summary>
    private static void Create(string path)
    {
        byte[] room = new byte[2 * RestartSlot.Length];
        RestartSlot.First.ToBytes().CopyTo(room, 0);
        Encoding.ASCII.GetBytes(new string(' ', RestartSlot.Length - 1) + "\n").CopyTo(room, RestartSlot.Length);
        DurableFile.Replace(path, room);
    }

    private static bool TryRead(string path, out RestartSlot newest)
    {
        newest = RestartSlot.First;
        if (!File.Exists(path)) return false;
        byte[] room = new byte[2 * RestartSlot.Length];
        using (FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            if (file.Length != room.Length) return false;
            file.ReadExactly(room);
        }
        bool first = RestartSlot.TryParse(room.AsSpan(0, RestartSlot.Length), out RestartSlot one);
        bool second = RestartSlot.TryParse(room.AsSpan(RestartSlot.Length), out RestartSlot two);
        if (!first && !second) return false;
        newest = !second || (first && one.Number > two.Number) ? one : two;
        return true;
    }

    private static bool IsOfTheDisk(Exception failure) => failure is IOException or UnauthorizedAccessException or NotSupportedException;
}
