using System.Buffers;

namespace Peregrine.Kernel;

/// <summary>
/// Remembers one-shots over the end of the process. Lines are appended and flushed to the disk; when most of them are old the file is
/// written anew, through a temporary file. What fails is counted and made up for by writing it anew later: it is never an error of the caller's.
/// </summary>
internal sealed class OneShotFile(string path, TimeProvider time)
{
    private const int BytesMax = 64 << 20; // Far beyond the history: such a file is not ours.
    private const int OldLinesMax = 1_024;

    private int _lines;
    private bool _mustRewrite = true; // The first write makes the file.
    private bool _hasFailed;
    private long _failures;

    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Something failed, and is to be tried again.</summary>
    public bool HasFailed => Volatile.Read(ref _hasFailed);

    /// <summary>
    /// What an earlier process knew, oldest first; what ran is abandoned. A file that is damaged is set aside as it is, and what can be read of
    /// it goes on. Never throws.
    /// </summary>
    public IReadOnlyList<OneShotStatus> Load(int endedMax)
    {
        List<OneShotStatus> known = [];
        try
        {
            if (!File.Exists(path)) return known;
            bool isSound = new FileInfo(path).Length <= BytesMax;
            if (isSound) isSound = OneShotLines.TryReadAll(File.ReadAllBytes(path), out known);
            if (!isSound) File.Copy(path, DurableFile.NameForDamaged(path, time));
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            CountFailure();
        }
        DateTimeOffset now = time.GetUtcNow();
        for (int i = 0; i < known.Count; i++)
            if (known[i].State == OneShotState.Running) known[i] = known[i] with { State = OneShotState.Abandoned, EndedAt = now, Error = "the process ended while it ran" };
        if (known.Count > endedMax) known.RemoveRange(0, known.Count - endedMax);
        Rewrite(known);
        return known;
    }

    /// <summary>Has these on the disk. <paramref name="all"/> gives all that are to be remembered, these included.</summary>
    public void Append(IReadOnlyList<OneShotStatus> changed, Func<IReadOnlyList<OneShotStatus>> all)
    {
        if (!_mustRewrite)
        {
            try
            {
                var lines = new ArrayBufferWriter<byte>();
                foreach (OneShotStatus status in changed) OneShotLines.Write(lines, status);
                using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0); // One that has vanished is an error.
                file.Position = file.Length;
                file.Write(lines.WrittenSpan);
                file.Flush(flushToDisk: true);
                _lines += changed.Count;
            }
            catch (Exception failure) when (IsOfTheDisk(failure))
            {
                CountFailure(); // Half a line may stand there now.
            }
        }
        if (!_mustRewrite && _lines <= OldLinesMax) return;
        IReadOnlyList<OneShotStatus> present = all();
        if (_mustRewrite || _lines > (2 * present.Count) + OldLinesMax) Rewrite(present);
    }

    private void Rewrite(IReadOnlyList<OneShotStatus> all)
    {
        try
        {
            var lines = new ArrayBufferWriter<byte>();
            foreach (OneShotStatus status in all) OneShotLines.Write(lines, status);
            DurableFile.Replace(path, lines.WrittenSpan);
            _lines = all.Count;
            _mustRewrite = false;
            Volatile.Write(ref _hasFailed, false);
        }
        catch (Exception failure) when (IsOfTheDisk(failure))
        {
            CountFailure();
        }
    }

    private void CountFailure()
    {
        Interlocked.Increment(ref _failures);
        _mustRewrite = true;
        Volatile.Write(ref _hasFailed, true);
    }

    private static bool IsOfTheDisk(Exception failure) => failure is IOException or UnauthorizedAccessException or NotSupportedException or System.Security.SecurityException;
}
