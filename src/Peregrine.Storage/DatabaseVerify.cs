using Peregrine.Common.Events;
using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>What a thorough look at one file found.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Ok">Nothing is wrong with it.</param>
/// <param name="Problem">The first thing that is wrong; empty where nothing is.</param>
/// <param name="Events">Events that were read back.</param>
public sealed record VerifyResult(string Name, bool Ok, string Problem, long Events);

/// <summary>Reads everything back: SQLite's own integrity check, then every row and every chunk, whose events must be as many as the tables say.</summary>
public static class DatabaseVerify
{
    /// <summary>Verifies a state directory or a single file; damage is a result, not an exception.</summary>
    /// <param name="path">A state directory or a file.</param>
    /// <param name="progress">Called before each file with its path.</param>
    /// <param name="cancellation">Ends the work between events.</param>
    public static IReadOnlyList<VerifyResult> Run(string path, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        List<VerifyResult> results = [];
        foreach (string file in File.Exists(path) ? [path] : SegmentFile.List(path).Select(static found => found.Path))
        {
            progress?.Invoke(file);
            results.Add(VerifyFile(file, cancellation));
        }
        return results;
    }

    internal static VerifyResult VerifyFile(string path, CancellationToken cancellation)
    {
        string name = Path.GetFileName(path);
        SequenceChecker checker = new();
        try
        {
            long counted = Count(path, out string integrity);
            if (integrity != "ok") return new VerifyResult(name, false, integrity, 0);
            long played = Recording.Open(path).Play(checker, null, cancellation);
            if (checker.Problem.Length > 0) return new VerifyResult(name, false, checker.Problem, played);
            // A recorder may have added events between the two looks, never taken any away.
            return played >= counted ? new VerifyResult(name, true, "", played) : new VerifyResult(name, false, $"{counted} events by the tables, {played} read back.", played);
        }
        catch (StorageException error)
        {
            return new VerifyResult(name, false, error.Message, checker.Events);
        }
    }

    private static long Count(string path, out string integrity)
    {
        using Database database = Database.OpenReadOnly(path);
        SegmentFile.Recognise(database);
        integrity = SegmentFile.Check(database, quick: false, TimeProvider.System, budget: null);
        return integrity == "ok" ? DatabaseStatus.Counts(database).Sum(static entry => entry.Count) : 0;
    }

    /// <summary>No two events may have one sequence.</summary>
    private sealed class SequenceChecker : IEventHandler
    {
        private long _last = long.MinValue;

        internal long Events { get; private set; }
        internal string Problem { get; private set; } = "";

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            if (sequence <= _last && Problem.Length == 0) Problem = $"Sequence {sequence} comes after {_last}.";
            _last = sequence;
            Events++;
        }
    }
}
