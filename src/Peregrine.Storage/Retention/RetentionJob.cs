using Peregrine.Storage.Backups;
using Peregrine.Storage.Files;

namespace Peregrine.Storage.Retention;

/// <summary>
/// Makes room on the local disk: deletes weekly files whose backup was read again just now and is whole, oldest first. Never the running week, never an
/// unsealed file, never more than a few in a day, and nothing at all while the clock is in doubt.
/// </summary>
public static class RetentionJob
{
    private const string LockName = ".retention.lock";

    /// <summary>Says what <see cref="Run"/> would do, and why, and does nothing. Reads as much as a run does.</summary>
    /// <inheritdoc cref="Run"/>
    public static RetentionReport Plan(
        string stateDirectory, string backupDirectory, TimeProvider time, bool clockVerified, RetentionOptions? options = null,
        Action<string, long>? progress = null, CancellationToken cancellation = default) =>
        Examine(stateDirectory, backupDirectory, time, clockVerified, options, progress, apply: false, cancellation);

    /// <summary>Deletes what may go.</summary>
    /// <param name="stateDirectory">Where the weekly files lie.</param>
    /// <param name="backupDirectory">Where their backups lie. It may be gone: then nothing is deleted.</param>
    /// <param name="time">The wall clock; what it says is held against the recordings.</param>
    /// <param name="clockVerified">Whether someone vouches for the clock (<see cref="ClockCheck.IsSynchronised"/>, the exchange's time); without it nothing is deleted.</param>
    /// <param name="options">What may go, and how fast.</param>
    /// <param name="progress">Called with a file's name and the bytes of it (or of its backup) that were read so far.</param>
    /// <param name="cancellation">Ends the work between files or while one is read.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such state directory.</exception>
    /// <exception cref="StorageException">Another retention is at work there.</exception>
    public static RetentionReport Run(
        string stateDirectory, string backupDirectory, TimeProvider time, bool clockVerified, RetentionOptions? options = null,
        Action<string, long>? progress = null, CancellationToken cancellation = default)
    {
        string folder = Path.GetFullPath(stateDirectory);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no state directory {folder}.");
        int held = Posix.TryLock(Path.Combine(folder, LockName)) ?? throw new StorageException($"Another retention is at work in {folder}.");
        try
        {
            return Examine(folder, backupDirectory, time, clockVerified, options, progress, apply: true, cancellation);
        }
        finally
        {
            Posix.Unlock(held);
        }
    }

    private static RetentionReport Examine(
        string stateDirectory, string backupDirectory, TimeProvider time, bool clockVerified, RetentionOptions? options, Action<string, long>? progress, bool apply,
        CancellationToken cancellation)
    {
        options ??= new RetentionOptions();
        options.Require();
        string state = Path.GetFullPath(stateDirectory);
        return Quiet.Run("retention", options.Background, () =>
        {
            Pace pace = new(options.BytesPerSecondMax, time, cancellation);
            return new RetentionPass(state, Path.GetFullPath(backupDirectory), time.GetUtcNow(), clockVerified, options, progress, pace, apply).Examine();
        });
    }
}
