using Peregrine.Common.Events;
using Peregrine.Storage.Checks;
using Peregrine.Storage.Files;
using Peregrine.Storage.Playback;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>What a thorough look at one file found.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Ok">Nothing is wrong with it.</param>
/// <param name="Problem">The first thing that is wrong; empty where nothing is.</param>
/// <param name="Events">Events that were read back.</param>
public sealed record VerifyResult(string Name, bool Ok, string Problem, long Events)
{
    /// <summary>What could not be looked at; empty where everything was.</summary>
    public string Remark { get; init; } = "";
}

/// <summary>
/// Reads everything back: SQLite's own integrity check, then every row and every chunk against the checksums that were written with them. A file that is being
/// recorded is read in short pieces.
/// </summary>
public static class DatabaseVerify
{
    /// <summary>Verifies a state directory or a single file; damage is a result, not an exception.</summary>
    /// <param name="path">A state directory or a file.</param>
    /// <param name="progress">Called before each file with its path.</param>
    /// <param name="events">Called now and then with the events of the file that were read back so far, and how many it has.</param>
    /// <param name="cancellation">Ends the work between events.</param>
    public static IReadOnlyList<VerifyResult> Run(string path, Action<string>? progress = null, Action<long, long>? events = null, CancellationToken cancellation = default)
    {
        List<VerifyResult> results = [];
        foreach (string file in File.Exists(path) ? [path] : SegmentFile.List(path).Select(static found => found.Path))
        {
            progress?.Invoke(file);
            results.Add(VerifyFile(file, events, cancellation));
        }
        return results;
    }

    internal static VerifyResult VerifyFile(string path, CancellationToken cancellation) => VerifyFile(path, null, cancellation);

    private static VerifyResult VerifyFile(string path, Action<long, long>? events, CancellationToken cancellation)
    {
        string name = Path.GetFileName(path);
        SegmentVerifier? verifier = null;
        try
        {
            bool isLive = ReaderLimits.IsLive(path);
            using Database database = Database.OpenReadOnly(path);
            SegmentFile.Recognise(database);
            SegmentFile.RecogniseSchema(database);
            string integrity = SegmentFile.Check(database, quick: false, TimeProvider.System, isLive ? ReaderLimits.ReadMax : null);
            string remark = integrity == "unchecked" ? "being recorded and too large for SQLite's own check meanwhile" : "";
            if (integrity is not ("ok" or "unchecked")) return new VerifyResult(name, false, integrity, 0);
            verifier = new SegmentVerifier(database, events);
            verifier.Run(cancellation);
            return new VerifyResult(name, verifier.Problem.Length == 0, verifier.Problem, verifier.Events) { Remark = remark };
        }
        catch (StorageException error)
        {
            return new VerifyResult(name, false, error.Message, verifier?.Events ?? 0);
        }
    }
}
