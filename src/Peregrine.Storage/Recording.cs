using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Files;
using Peregrine.Storage.Playback;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>
/// A state directory (or one of its files) as one sequence of events, in the order of their arrival. The files may be live or sealed; they are only
/// read. A live file is read as it stood when its turn came.
/// </summary>
public sealed class Recording
{
    private readonly List<(string Path, long FirstSequence)> _files = [];

    private Recording(IEnumerable<string> paths)
    {
        foreach (string path in paths) Add(path);
        _files.Sort(static (left, right) => left.FirstSequence.CompareTo(right.FirstSequence));
    }

    /// <summary>The symbols of all files with their latest rules. Their numbers are those of the events that <see cref="Play"/> gives.</summary>
    public InstrumentTable Instruments { get; } = new();

    /// <summary>The files, in the order they are played.</summary>
    public IReadOnlyList<string> Files => [.. _files.Select(static file => file.Path)];

    /// <summary>The highest arrival sequence on record, 0 where there is none.</summary>
    public long LastSequence { get; private set; }

    /// <summary>Opens a state directory or a single file.</summary>
    /// <exception cref="FileNotFoundException">There is no recording there.</exception>
    /// <exception cref="StorageException">A file is damaged or no recording.</exception>
    public static Recording Open(string path)
    {
        if (File.Exists(path)) return new Recording([path]);
        List<(IsoWeek Week, string Path)> files = Directory.Exists(path) ? SegmentFile.List(path) : [];
        return files.Count > 0 ? new Recording(files.Select(static file => file.Path)) : throw new FileNotFoundException($"There is no recording (crypto_YYYY_WW.db) at {path}.");
    }

    /// <summary>Plays what the filter accepts, merged over all tables and files, and returns how many events that were.</summary>
    /// <remarks>
    /// Payload positions mean nothing outside a ring and are zero. What the handler is shown is valid until it returns. Of a file that is being recorded, no
    /// moment is held for long: the log could not be emptied meanwhile. Between two events the reading is ended and begun anew where it was.
    /// </remarks>
    /// <exception cref="StorageException">A file is damaged.</exception>
    public long Play(IEventHandler handler, RecordingFilter? filter = null, CancellationToken cancellation = default)
    {
        using FileMerger merger = new(_files, Instruments, handler, filter ?? new RecordingFilter());
        return merger.Play(cancellation);
    }

    private void Add(string path)
    {
        using Database database = Database.OpenReadOnly(path);
        SegmentFile.Recognise(database);
        FileSymbols.Read(database, Instruments);
        _files.Add((path, FirstSequenceOf(database)));
        LastSequence = Math.Max(LastSequence, database.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'"));
    }

    private static long FirstSequenceOf(Database database)
    {
        long first = long.MaxValue;
        foreach (string column in RowTable.All.Select(static table => $"seq FROM {table.Name} ORDER BY seq").Append("first_seq FROM chunk ORDER BY first_seq"))
        {
            using Statement select = database.Prepare($"SELECT {column} LIMIT 1");
            if (select.Step()) first = Math.Min(first, select.Int64(0));
        }
        return first;
    }
}
