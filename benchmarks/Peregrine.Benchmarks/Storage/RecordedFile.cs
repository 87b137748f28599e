using Peregrine.Common.Events;
using Peregrine.Storage;
using Peregrine.Storage.Backups;

namespace Peregrine.Benchmarks.Storage;

/// <summary>A session written down, and what that takes: by the recorder in the session's own time, or as plain rows of ten integers.</summary>
internal static class RecordedFile
{
    /// <summary>Bytes beyond those of a file without events, live and as an archive of zstd's level 3.</summary>
    internal readonly record struct Size(long Live, long Archived)
    {
        public static Size operator -(Size left, Size right) => new(left.Live - right.Live, left.Archived - right.Archived);
    }

    private const long TurnEveryNanos = 1_000_000; // As the recorder's thread does when it has nothing to do.

    /// <summary>Records the session as the appliance would have, every 250 ms a transaction, and returns the folder.</summary>
    internal static void Record(RecordedSession session, string folder, PoolOptions? options = null)
    {
        EventClock clock = new();
        if (session.Events.Length > 0) clock.Nanos = session.Events[0].ReceiveTimeNanos;
        using RecorderRig rig = new(folder, clock, session.Instruments, slots: 1 << 13, options);
        long turned = clock.Nanos;
        foreach (ref readonly MarketEvent entry in session.Events)
        {
            clock.Nanos = entry.ReceiveTimeNanos;
            rig.Ring.Append(in entry, session.PayloadOf(in entry));
            if (clock.Nanos - turned < TurnEveryNanos && rig.Ring.Published % 256 != 0) continue;
            turned = clock.Nanos;
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        if (rig.Recorder.LaggedEvents > 0) throw new InvalidOperationException("The recorder lost events, which must not be.");
    }

    /// <summary>What the recorder's file of a session takes.</summary>
    internal static Size OfRecording(RecordedSession session, BenchContext context)
    {
        string folder = context.NewFolder("recorded");
        Record(session, folder);
        string none = context.NewFolder("recorded-none");
        Record(session.Empty(), none);
        return Measure(TheFile(folder)) - Measure(TheFile(none));
    }

    /// <summary>What plain rows of ten integers take.</summary>
    internal static Size OfRows(RecordedSession session, BenchContext context)
    {
        string path = Path.Combine(context.NewFolder("rows-size"), "rows.db");
        RowTables.WriteOurs(path, TickerStream.AsRows(session.Events));
        string none = Path.Combine(context.NewFolder("rows-size-none"), "rows.db");
        RowTables.WriteOurs(none, []);
        return Measure(path) - Measure(none);
    }

    internal static string TheFile(string folder) => Directory.GetFiles(folder, "crypto_*.db").Single();

    private static Size Measure(string path)
    {
        string archive = path + ".zst";
        using (FileStream source = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
        using (FileStream target = new(archive, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            ZstdStream.Compress(source, target, level: 3, threads: 0, new Pace(0, TimeProvider.System, CancellationToken.None));
        return new Size(new FileInfo(path).Length, new FileInfo(archive).Length);
    }
}
