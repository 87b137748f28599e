using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.Storage.Retention;

namespace Peregrine.App.Commands;

/// <summary><c>db retention</c>: which weeks may leave the local disk because their backups are whole.</summary>
internal static class DatabaseRetentionCommand
{
    public static Command Create()
    {
        RetentionOptions defaults = new();
        Option<string?> state = Shared.State();
        Option<string> backups = new("--backups") { Description = "the folder that keeps the backups", Required = true, HelpName = "DIR" };
        Option<bool> apply = new("--apply") { Description = "delete; without it, only say what would go and why" };
        Option<int> keep = new("--keep-weeks") { Description = "weeks that stay in any case, the running one among them", DefaultValueFactory = _ => defaults.KeepWeeks, HelpName = "N" };
        Option<int> perDay = new("--per-day") { Description = "most files that go in a day", DefaultValueFactory = _ => defaults.DeletionsPerDayMax, HelpName = "N" };
        Option<int?> keepArchives = new("--keep-archive-weeks") { Description = "also delete backups, except those of so many newest weeks; without it no backup is ever deleted", HelpName = "N" };
        Option<bool> clock = new("--clock-is-right") { Description = "vouch for the clock yourself where nothing synchronises it; recordings that contradict it are still believed more" };
        Option<bool> json = Shared.Json();
        Command command = new("retention", "Deletes local weeks whose backup was just read again and is whole, oldest first. A dry run without --apply.")
        {
            state, backups, apply, keep, perDay, keepArchives, clock, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            RetentionOptions options = new()
            {
                KeepWeeks = DatabaseCommand.InRange("--keep-weeks", parsed.GetValue(keep), 1, 10_000),
                DeletionsPerDayMax = DatabaseCommand.InRange("--per-day", parsed.GetValue(perDay), 1, 1_000),
                KeepArchiveWeeks = parsed.GetValue(keepArchives) is { } weeks ? DatabaseCommand.InRange("--keep-archive-weeks", weeks, 1, 10_000) : null,
            };
            string folder = Shared.ExistingState(parsed.GetValue(state));
            string cold = Path.GetFullPath(parsed.GetValue(backups)!);
            bool clockVerified = parsed.GetValue(clock) || ClockCheck.IsSynchronised();
            bool isJson = parsed.GetValue(json);
            RetentionReport report = WorkDisplay.Run(isJson, show =>
            {
                void Progress(string name, long bytes) => show($"verifying {name}", -1);
                return parsed.GetValue(apply)
                    ? RetentionJob.Run(folder, cold, TimeProvider.System, clockVerified, options, Progress, cancel)
                    : RetentionJob.Plan(folder, cold, TimeProvider.System, clockVerified, options, Progress, cancel);
            });
            if (isJson) Console.WriteLine(JsonSerializer.Serialize(RetentionJson.Of(report), DatabaseJson.Default.RetentionJson));
            else Say(report, clockVerified);
            return Task.FromResult(report.Entries.Any(entry => entry.Verdict == RetentionVerdict.Failed) ? ExitCode.Failed : ExitCode.Done);
        });
        return command;
    }

    private static void Say(RetentionReport report, bool clockVerified)
    {
        foreach (RetentionEntry entry in report.Entries)
        {
            string fate = entry.Verdict != RetentionVerdict.Delete ? "stays" : report.Applied ? "deleted" : "would go";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{entry.Name}  {entry.Bytes / 1_048_576.0:F1} MiB  {fate}: {entry.Reason}"));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Deletions} files, {report.DeletedBytes / 1_048_576.0:F1} MiB {(report.Applied ? "deleted" : "would go; --apply deletes them")}"));
        if (!clockVerified) Console.WriteLine("The system clock is not synchronised, so nothing goes; --clock-is-right vouches for it.");
        if (report.ClockProblem.Length > 0) Console.WriteLine($"Nothing goes: {report.ClockProblem}.");
    }
}
