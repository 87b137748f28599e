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
            if (_entries.Values.Any(static entry => entry.Running is { Status.State: OneShotState.Running })) return;
            long now = time.GetTimestamp();
            foreach (string file in sealedFiles)
            {
                if (!_entries.TryGetValue(file, out Entry? entry)) _entries.Add(file, entry = new Entry());
                if (entry.IsDone || now < entry.NotBefore) continue;
                entry.Running = supervisor.Spawn(ids.Next(), $"backup {Path.GetFileName(file)}", context => Copy(file, entry, context));
                return;
            }
        }
    }

    private void Copy(string file, Entry entry, OneShotContext context)
    {
        int failures = entry.Failures;
        BackupOutcome outcome;
        try
        {
            outcome = BackupJob.Attempt(file, target, time, options with { FailedBefore = failures }, progress => Report(context, progress), context.Stopping);
        }
        catch (Exception failure) // A damaged file, no zstd, or a person who cancelled it: whatever it is, it is not tried again at once.
        {
            Note(file, entry, failure.Message, BackupOutcome.PauseAfter(failures + 1));
            throw;
        }
        if (!outcome.IsDone)
        {
            Note(file, entry, outcome.Sentence, outcome.RetryAfter);
            throw new IOException(outcome.Sentence);
        }
        context.Result = outcome.Archive;
        lock (_gate) entry.IsDone = true;
        if (outcome.Verdict == BackupVerdict.Written) log($"backup written: {outcome.Sentence}");
    }

    private void Note(string file, Entry entry, string why, TimeSpan again)
    {
        log($"backup of {Path.GetFileName(file)}: {why}; tried again in {again.TotalMinutes:0.#} min");
        lock (_gate)
        {
            entry.Failures++;
            entry.NotBefore = time.GetTimestamp() + (long)(again.TotalSeconds * time.TimestampFrequency);
        }
    }

    internal static void Report(OneShotContext context, BackupProgress progress) =>
        context.Report(progress.TotalBytes == 0 ? 0 : (double)progress.DoneBytes / progress.TotalBytes, progress.Stage.ToString());
}
