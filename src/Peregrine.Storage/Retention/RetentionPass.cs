using Peregrine.Storage.Backups;
using Peregrine.Storage.Files;

namespace Peregrine.Storage.Retention;

/// <summary>One look at all files, at one instant. What it may delete it deletes as it goes, if it is to.</summary>
internal sealed class RetentionPass(
    string state, string backups, DateTimeOffset now, bool clockVerified, RetentionOptions options, Action<string, long>? progress, Pace pace, bool apply)
{
    private readonly List<RetentionEntry> _entries = [];
    private readonly DateOnly _today = DateOnly.FromDateTime(now.UtcDateTime);
    private DeletionLedger? _ledger;
    private string _ledgerProblem = "";
    private string _clockProblem = "";
    private int _left;

    internal RetentionReport Examine()
    {
        List<(IsoWeek Week, string Path)> files = [.. SegmentFile.List(state).Select(static file => (file.Week, file.Path))];
        _clockProblem = ClockCheck.Contradiction(files, now, options);
        try
        {
            _ledger = DeletionLedger.Read(state);
            _left = _ledger.Left(_today, options.DeletionsPerDayMax);
        }
        catch (IOException error)
        {
            _ledgerProblem = error.Message;
        }
        HashSet<IsoWeek> recent = [.. files.Select(static file => file.Week).Distinct().TakeLast(options.KeepWeeks)];
        foreach ((IsoWeek week, string path) in files) Judge(week, path, path == files[^1].Path, recent.Contains(week));
        if (options.KeepArchiveWeeks is { } weeks) ExamineArchives(weeks, [.. files.Select(static file => file.Week)]);
        return new RetentionReport(_entries, _clockProblem, apply);
    }

    private void Judge(IsoWeek week, string path, bool isNewest, bool isRecent)
    {
        pace.Cancellation.ThrowIfCancellationRequested();
        long bytes = 0;
        (RetentionVerdict, string) verdict;
        try
        {
            bytes = SegmentFile.Bytes(path);
            verdict = isNewest ? (RetentionVerdict.Current, "the newest week")
                : !SegmentFile.IsSealed(path) ? (RetentionVerdict.Unsealed, "it is not sealed")
                : isRecent ? (RetentionVerdict.Recent, $"one of the newest {options.KeepWeeks} weeks")
                : Forbidden() ?? Backed(path, bytes);
            if (verdict.Item1 == RetentionVerdict.Delete) Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            verdict = (RetentionVerdict.Failed, error.Message);
        }
        _entries.Add(new RetentionEntry(Path.GetFileName(path), week.ToString(), bytes, IsArchive: false, verdict.Item1, verdict.Item2));
    }

    /// <summary>Why nothing may be deleted now; null where something may.</summary>
    private (RetentionVerdict, string)? Forbidden()
    {
        if (!clockVerified) return (RetentionVerdict.ClockUnverified, "nobody vouches for the clock");
        if (_clockProblem.Length > 0) return (RetentionVerdict.ClockContradicted, _clockProblem);
        if (_ledgerProblem.Length > 0) return (RetentionVerdict.Failed, _ledgerProblem);
        return _left > 0 ? null : (RetentionVerdict.DailyLimit, $"{options.DeletionsPerDayMax} a day, and today's are used up (or the clock was set back)");
    }

    /// <summary>Reads the file and its archive whole: only if both are what one manifest says may the file go.</summary>
    private (RetentionVerdict, string) Backed(string path, long bytes)
    {
        string name = Path.GetFileName(path);
        string first = Path.Combine(backups, name + BackupJob.Extension);
        List<string> archives = [first];
        if (Directory.Exists(backups)) archives.AddRange(Directory.EnumerateFiles(backups, $"{Path.GetFileNameWithoutExtension(name)}.*{IsoWeek.Extension}{BackupJob.Extension}").Order(StringComparer.Ordinal));
        string problem = "";
        string? hash = null;
        foreach (string archive in archives.Distinct(StringComparer.Ordinal))
        {
            if (!File.Exists(archive) || BackupManifest.TryRead(archive) is not { Live: false } manifest || manifest.File != name) continue;
            hash ??= BackupJob.HashOf(path, pace, done => progress?.Invoke(name, done));
            if (manifest.Bytes != bytes || manifest.Sha256 != hash)
                problem = $"{Path.GetFileName(archive)} is the backup of another file of that name";
            else if (new FileInfo(archive).Length != manifest.ArchiveBytes || BackupJob.HashOf(archive, pace, done => progress?.Invoke(Path.GetFileName(archive), done)) != manifest.ArchiveSha256)
                problem = $"{Path.GetFileName(archive)} is damaged";
            else if (manifest.Created > now + options.ClockSlack)
                return (RetentionVerdict.ClockContradicted, $"its backup was made at {manifest.Created:yyyy-MM-dd HH:mm}, which the clock has not reached");
            else
                return (RetentionVerdict.Delete, $"{Path.GetFileName(archive)} holds it, verified");
        }
        return problem.Length > 0 ? (RetentionVerdict.BackupDiffers, problem) : (RetentionVerdict.NoBackup, $"no backup of it, with its manifest, is in {backups}");
    }

    private void Delete(params ReadOnlySpan<string> paths)
    {
        _left--;
        if (!apply) return;
        _ledger!.Count(_today);
        options.AtStep?.Invoke("counted");
        foreach (string path in paths) File.Delete(path);
        options.AtStep?.Invoke("deleted");
        Posix.FlushFolderOf(paths[0]);
    }

    /// <summary>Archives go by weeks as well, with their manifests; what has no manifest is none of ours.</summary>
    private void ExamineArchives(int keepWeeks, HashSet<IsoWeek> local)
    {
        if (!Directory.Exists(backups)) return;
        List<(IsoWeek Week, string Path, BackupManifest Manifest)> archives = [];
        foreach (string manifestPath in Directory.EnumerateFiles(backups, "crypto_*" + BackupJob.Extension + BackupManifest.Extension))
        {
            string archive = manifestPath[..^BackupManifest.Extension.Length];
            if (File.Exists(archive) && BackupManifest.TryRead(archive) is { } manifest && IsoWeek.TryParseFileName(manifest.File, out IsoWeek week)) archives.Add((week, archive, manifest));
        }
        archives.Sort(static (left, right) => left.Week == right.Week ? string.CompareOrdinal(left.Path, right.Path) : left.Week.CompareTo(right.Week));
        HashSet<IsoWeek> recent = [.. archives.Select(static archive => archive.Week).Distinct().TakeLast(keepWeeks)];
        foreach ((IsoWeek week, string path, BackupManifest manifest) in archives)
        {
            (RetentionVerdict, string) verdict;
            try
            {
                verdict = recent.Contains(week) ? (RetentionVerdict.Recent, $"one of the newest {keepWeeks} weeks in the backup folder")
                    : local.Contains(week) ? (RetentionVerdict.StillLocal, "its week still lies on the local disk")
                    : Forbidden() ?? (RetentionVerdict.Delete, "older than the weeks that are kept");
                if (verdict.Item1 == RetentionVerdict.Delete) Delete(path, BackupManifest.PathOf(path));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                verdict = (RetentionVerdict.Failed, error.Message);
            }
            _entries.Add(new RetentionEntry(Path.GetFileName(path), week.ToString(), manifest.ArchiveBytes, IsArchive: true, verdict.Item1, verdict.Item2));
        }
    }
}
