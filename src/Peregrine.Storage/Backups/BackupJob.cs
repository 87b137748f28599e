using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Backups;

/// <summary>
/// Brings a weekly database into cold storage: compressed, read back, checked, and only then given its name. May be cut at any point and run again; one that is
/// already there and whole is left as it is. The local file is only read.
/// </summary>
/// <remarks>
/// An archive has its name only once it is proved, and its manifest only once it has its name. One backup at a time writes into a target folder; others wait.
/// Half-written files are removed and made anew, never trusted.
/// </remarks>
public static class BackupJob
{
    /// <summary>The ending of an archive's name, behind the database's.</summary>
    public const string Extension = ".zst";

    /// <summary>Backs a sealed file up. Everything that can be wrong with the target is an outcome that says when to try again.</summary>
    /// <param name="sealedFile">A weekly file that the pool has sealed.</param>
    /// <param name="targetDirectory">Cold storage: any folder.</param>
    /// <param name="time">For the manifest and the pace.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="progress">Called about once per megabyte, on the thread that does the work.</param>
    /// <param name="cancellation">Ends the work with an <see cref="OperationCanceledException"/>; nothing is left behind.</param>
    /// <exception cref="StorageException">The file is live, damaged or cannot be read, or zstd is not installed: trying again is of no use.</exception>
    public static BackupOutcome Attempt(
        string sealedFile, string targetDirectory, TimeProvider time, BackupOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new BackupOptions();
        options.Require();
        ZstdNative.Require();
        string target = Path.GetFullPath(targetDirectory);
        return Guard(target, options, () => Quiet.Run("backup", options.Background, () =>
        {
            BackupSource source = BackupSource.Sealed(Path.GetFullPath(sealedFile));
            return new BackupPipeline(source, time, options, progress, cancellation).Run(target);
        }));
    }

    /// <summary>
    /// Backs up a file that is being written: SQLite makes a consistent copy of it in the target folder, which then goes the way of a sealed one under a name
    /// with its instant (<c>crypto_2026_47.live-20261118T120000000Z.db.zst</c>). Retention never counts it as a backup of the week.
    /// </summary>
    /// <param name="liveFile">A weekly file, live or sealed.</param>
    /// <inheritdoc cref="Attempt"/>
    public static BackupOutcome AttemptLive(
        string liveFile, string targetDirectory, TimeProvider time, BackupOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new BackupOptions();
        options.Require();
        ZstdNative.Require();
        string target = Path.GetFullPath(targetDirectory);
        return Guard(target, options, () => Quiet.Run("backup", options.Background, () => LiveSnapshot.BackUp(Path.GetFullPath(liveFile), target, time, options, progress, cancellation)));
    }

    /// <summary>As <see cref="Attempt"/> for callers to whom every end but a proved archive is a failure. Makes the target folder where it does not exist.</summary>
    /// <exception cref="StorageException">The file cannot be backed up, or the target refuses.</exception>
    public static BackupManifest Run(
        string sealedFile, string targetDirectory, TimeProvider time, int level = 3, Action<BackupProgress>? progress = null, CancellationToken cancellation = default)
    {
        BackupOutcome outcome = Attempt(sealedFile, targetDirectory, time, new BackupOptions { Level = level, CreateTarget = true }, progress, cancellation);
        return outcome.Manifest ?? throw new StorageException(outcome.Sentence);
    }

    /// <summary>The programs that make archives here, for the manifest.</summary>
    internal static string MadeWith => $"Peregrine {typeof(BackupJob).Assembly.GetName().Version?.ToString(3)}, SQLite {SqliteVersion.Text}, zstd {ZstdNative.Version}";

    private static BackupOutcome Guard(string target, BackupOptions options, Func<BackupOutcome> work)
    {
        try
        {
            return work();
        }
        catch (SourceReadException error)
        {
            throw new StorageException(error.Message, error);
        }
        catch (Exception error) when (BackupTarget.Translate(error, target) is { } refusal)
        {
            TimeSpan pause = BackupOutcome.PauseAfter(options.FailedBefore + 1);
            return new BackupOutcome(refusal.Verdict, refusal.Message, "", null, pause);
        }
    }

    internal static FileStream OpenForReading(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);

    /// <summary>SHA-256 of a file, read once and forgotten by the page cache.</summary>
    internal static string HashOf(string path, Pace pace, Action<long>? progress = null)
    {
        using FileStream file = OpenForReading(path);
        using System.Security.Cryptography.IncrementalHash hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        byte[] piece = GC.AllocateUninitializedArray<byte>(Piece.Size);
        long done = 0;
        while (file.Read(piece) is > 0 and int read)
        {
            pace.Count(read);
            hash.AppendData(piece, 0, read);
            done += read;
            if (done % (32L << 20) < read) Quiet.Forget(file);
            progress?.Invoke(done);
        }
        Quiet.Forget(file);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
