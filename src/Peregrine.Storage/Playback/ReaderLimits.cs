using Peregrine.Storage.Files;
using Peregrine.Storage.Recovery;

namespace Peregrine.Storage.Playback;

/// <summary>
/// How long our own reading may hold one moment of a file that is being recorded. While it does, the log behind that moment cannot be emptied and grows.
/// </summary>
internal static class ReaderLimits
{
    /// <summary>For work that can end its reading and go on where it was.</summary>
    internal static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(1);

    /// <summary>For a single statement that a person waits for.</summary>
    internal static readonly TimeSpan StatementMax = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether a process may be writing the file now.</summary>
    internal static bool IsLive(string path) =>
        !SegmentFile.IsSealed(path) && MarkFile.TryRead(Path.GetDirectoryName(Path.GetFullPath(path))!) is { IsLive: true };
}
