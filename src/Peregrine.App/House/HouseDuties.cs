using System.Globalization;

using Peregrine.App.Appliance;
using Peregrine.Kernel;
using Peregrine.Storage.Recovery;

using Peregrine.Storage.Retention;

namespace Peregrine.App.House;

/// <summary>What the housekeeper looks after, and how often.</summary>
internal static class HouseDuties
{
    /// <param name="supervisor">Runs the one-shots; asked for late, for it is made from these.</param>
    /// <param name="status">One line for the service manager.</param>
    /// <param name="model">What is asked; null where nothing is.</param>
    public static IReadOnlyList<HouseDuty> Of(
        StateHome home, Func<Supervisor> supervisor, OneShotIds ids, SystemdNotifier notifier, Func<string> status, ModelWatch? model, TimeProvider time, Action<string> log)
    {
        ModelNews news = new(model, log);
        BackupSchedule backups = new(home.Options.BackupTarget, home.Options.Backup, time, ids, log);
        return
        [
            new HouseDuty(TimeSpan.FromSeconds(2), () => backups.Look(home.Pool.SealedFiles(), supervisor())),
            new HouseDuty(TimeSpan.FromSeconds(5), () => Repair(home, supervisor(), ids, log)),
            new HouseDuty(TimeSpan.FromSeconds(10), () => notifier.Status(status())),
            new HouseDuty(TimeSpan.FromSeconds(5), news.Look),
            new HouseDuty(TimeSpan.FromHours(6), () => Retain(home, supervisor(), ids, time, log)),
        ];
    }

    /// <summary>Files that are damaged are saved from, those that the start had no time for are checked whole.</summary>
    private static void Repair(StateHome home, Supervisor supervisor, OneShotIds ids, Action<string> log)
    {
        foreach (string file in home.Pool.DamagedFiles())
        {
            if (!home.BegunSalvages.Add(file)) continue;
            supervisor.Spawn(ids.Next(), $"recover {Path.GetFileName(file)}", context =>
            {
                SalvageResult saved = Salvage.Run(file, context.Time, context.Stopping);
                log(context.Result = string.Create(
                    CultureInfo.InvariantCulture, $"{saved.Events:N0} events were saved from {file} into {saved.Target}; {saved.Lost:N0} are lost, {saved.Doubtful:N0} doubtful, {saved.Refused:N0} rows of no use"));
            });
        }
        while (home.ToCheck.TryDequeue(out string? doubtful))
        {
            string file = doubtful;
            supervisor.Spawn(ids.Next(), $"check {Path.GetFileName(file)}", context =>
            {
                SealedCheck.Run(file, context.Time, sentence => log(context.Result = sentence), context.Stopping); // One that is set aside is found above.
            });
        }
    }

    private static void Retain(StateHome home, Supervisor supervisor, OneShotIds ids, TimeProvider time, Action<string> log)
    {
        if (home.Options.RetentionKeepWeeks == 0 || home.Options.BackupTarget.Length == 0) return;
        RetentionOptions options = new()
        {
            KeepWeeks = home.Options.RetentionKeepWeeks,
            DeletionsPerDayMax = home.Options.RetentionFilesPerDay,
            BytesPerSecondMax = home.Options.Backup.BytesPerSecondMax,
        };
        supervisor.Spawn(ids.Next(), "retention", context =>
        {
            RetentionReport report = RetentionJob.Run(home.Options.StateDirectory, home.Options.BackupTarget, time, ClockCheck.IsSynchronised(), options, cancellation: context.Stopping);
            foreach (RetentionEntry entry in report.Entries.Where(static entry => entry.Verdict == RetentionVerdict.Delete)) log($"retention: {entry.Name} deleted: {entry.Reason}");
            context.Result = report.ClockProblem.Length > 0 ? $"nothing deleted: {report.ClockProblem}" : $"{report.Deletions} files deleted";
        });
    }
}
