using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;
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
    /// <remarks>Payload positions mean nothing outside a ring and are zero. What the handler is shown is valid until it returns.</remarks>
    /// <exception cref="StorageException">A file is damaged.</exception>
    public long Play(IEventHandler handler, RecordingFilter? filter = null, CancellationToken cancellation = default)
    {
        filter ??= new RecordingFilter();
        ChunkScratch scratch = new();
        List<FilePlayer> open = [];
        try
        {
            PriorityQueue<EventSource, long> next = new();
            int unopened = 0;
            long played = 0;
            while (true)
            {
                long sequence = next.TryPeek(out _, out long first) ? first : long.MaxValue;
                foreach (FilePlayer player in open) sequence = Math.Min(sequence, player.NextChunkSequence);
                if (unopened < _files.Count && _files[unopened].FirstSequence <= sequence)
                {
                    // A file is opened when its turn comes; files of one run do not overlap.
                    if (next.Count == 0 && sequence == long.MaxValue) Close(open);
                    FilePlayer player = new(_files[unopened++].Path, Instruments, filter, scratch);
                    open.Add(player);
                    foreach (EventSource table in player.Tables()) next.Enqueue(table, table.Sequence);
                    continue;
                }
                if (sequence == long.MaxValue) return played;
                foreach (FilePlayer player in open)
                {
                    while (player.NextChunkSequence == sequence)
                    {
                        ChunkSource chunk = player.TakeChunk();
                        next.Enqueue(chunk, chunk.Sequence);
                    }
                }
                cancellation.ThrowIfCancellationRequested();
                long until = unopened < _files.Count ? _files[unopened].FirstSequence : long.MaxValue;
                foreach (FilePlayer player in open) until = Math.Min(until, player.NextChunkSequence);
                played += PlayUntil(next, until, handler, filter);
            }
        }
        finally
        {
            Close(open);
        }
    }

    private void Add(string path)
    {
        using Database database = Database.OpenReadOnly(path);
        SegmentFile.Recognise(database);
        FileSymbols.Read(database, Instruments);
        _files.Add((path, FirstSequenceOf(database)));
        LastSequence = Math.Max(LastSequence, database.QueryInt64("SELECT value FROM meta WHERE key = 'last_sequence'"));
    }

    /// <summary>Plays events below the sequence, always that with the lowest.</summary>
    private static long PlayUntil(PriorityQueue<EventSource, long> next, long until, IEventHandler handler, RecordingFilter filter)
    {
        long played = 0;
        while (next.TryPeek(out EventSource? source, out long sequence) && sequence < until)
        {
            next.Dequeue();
            // The source in hand is not in the queue: as long as it has the lowest sequence, the queue is only looked at.
            while (source.Sequence < until)
            {
                if (source.Play(handler, filter)) played++;
                if (!source.MoveNext()) break;
                source = next.EnqueueDequeue(source, source.Sequence);
            }
            if (source.Sequence >= until) next.Enqueue(source, source.Sequence);
        }
        return played;
    }

    private static void Close(List<FilePlayer> open)
    {
        foreach (FilePlayer player in open) player.Dispose();
        open.Clear();
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
