using Peregrine.Kernel;
using Peregrine.Storage.Backups;

namespace Peregrine.App.House;

/// <summary>
/// Which sealed week is copied to cold storage next, one at a time, and when one that failed is tried again. Belongs to the appliance, not to an incarnation
/// of the housekeeper: what failed stays known.
/// </summary>
internal sealed class BackupSchedule(string target, BackupOptions options, TimeProvider time, OneShotIds ids, Action<string> log)
{
    private sealed class Entry
    {
        public OneShot? Running;
        public bool IsDone;
        public int Failures;
        public long NotBefore;
    }

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Starts the next backup that is due, unless one runs.</summary>
    /// <param name="sealedFiles">Oldest first.</param>
    public void Look(IReadOnlyList<string> sealedFiles, Supervisor supervisor)
    {
        if (target.Length == 0) return;
        lock (_gate)
        {
            long now = time.GetTimestamp();
            foreach (string file in sealedFiles)
            {
                if (!_entries.TryGetValue(file, out Entry? entry)) _entries.Add(file, entry = new Entry());
                if (entry.IsDone) continue;
                if (entry.Running is { Status.State: OneShotState.Running }) return;
                if (now < entry.NotBefore) continue;
                entry.Running = supervisor.Spawn(ids.Next(), $"backup {Path.GetFileName(file)}", context => Copy(file, entry, context));
                return;
            }
        }
    }

    private void Copy(string file, Entry entry, OneShotContext context)
    {
        int failures = entry.Failures;
        TimeSpan again;
        try
        {
            BackupOutcome outcome = BackupJob.Attempt(file, target, time, options with { FailedBefore = failures }, progress => Report(context, progress), context.Stopping);
            context.Result = outcome.Archive;
            if (outcome.IsDone)
            {
                lock (_gate) entry.IsDone = true;
                if (outcome.Verdict == BackupVerdict.Written) log($"backup written: {outcome.Sentence}");
                return;
            }
            again = outcome.RetryAfter;
            log($"backup of {Path.GetFileName(file)}: {outcome.Sentence}; tried again in {again.TotalMinutes:0.#} min");
            Note(entry, again);
            throw new IOException(outcome.Sentence);
        }
        catch (Exception failure) when (failure is not (IOException or OperationCanceledException))
        {
            again = BackupOutcome.PauseAfter(failures + 1);
            log($"backup of {Path.GetFileName(file)} failed: {failure.Message}; tried again in {again.TotalMinutes:0.#} min");
            Note(entry, again);
            throw;
        }
    }

    private void Note(Entry entry, TimeSpan again)
    {
        lock (_gate)
        {
            entry.Failures++;
            entry.NotBefore = time.GetTimestamp() + (long)(again.TotalSeconds * time.TimestampFrequency);
        }
    }

    internal static void Report(OneShotContext context, BackupProgress progress) =>
        context.Report(progress.TotalBytes == 0 ? 0 : (double)progress.DoneBytes / progress.TotalBytes, progress.Stage.ToString());
}
