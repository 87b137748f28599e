using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.Storage;
using Peregrine.Storage.Backups;

namespace Peregrine.App.Commands;

/// <summary><c>db backup</c>: proved copies of weekly files in another folder. Only reads the state folder, so it may run beside an appliance.</summary>
internal static class DatabaseBackupCommand
{
    public static Command Create()
    {
        Option<string?> state = Shared.State();
        Option<string> target = new("--to") { Description = "the folder that keeps backups: another disk, a network folder, a stick", Required = true, HelpName = "DIR" };
        Option<bool> create = new("--create") { Description = "make that folder where it does not exist; without it a missing folder is taken for a disk that is not mounted" };
        Option<string?> file = new("--file") { Description = "only this weekly file (crypto_2026_47.db, in the state folder); without it, every sealed one", HelpName = "NAME" };
        Option<bool> live = new("--live") { Description = "back up the week that is being written (or the one that --file names): a copy of this moment, under a name with its time" };
        Option<int> level = new("--level") { Description = "zstd level, 1 to 19; 3 is right for recordings", DefaultValueFactory = _ => 3, HelpName = "N" };
        Option<int> threads = new("--threads") { Description = "zstd's worker threads, 0 to 64; 0 uses the job's own thread", HelpName = "N" };
        Option<int> rate = new("--rate") { Description = "read at most so many MiB a second; 0 is no limit", HelpName = "N" };
        Option<bool> quick = new("--quick") { Description = "believe sizes: do not hash archives again that are there already" };
        Option<bool> json = Shared.Json();
        Command command = new("backup", "Writes proved zstd copies of weekly files, with a manifest each. Works beside a running appliance; run it again after any interruption.")
        {
            state, target, create, file, live, level, threads, rate, quick, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            BackupOptions options = new()
            {
                Level = DatabaseCommand.InRange("--level", parsed.GetValue(level), BackupOptions.LevelMin, BackupOptions.LevelMax),
                Threads = DatabaseCommand.InRange("--threads", parsed.GetValue(threads), 0, BackupOptions.ThreadsMax),
                BytesPerSecondMax = (long)DatabaseCommand.InRange("--rate", parsed.GetValue(rate), 0, 1_000_000) << 20,
                CreateTarget = parsed.GetValue(create),
                RecheckExisting = !parsed.GetValue(quick),
                WaitForOthers = TimeSpan.Zero,
            };
            string folder = Shared.ExistingState(parsed.GetValue(state));
            IReadOnlyList<string> names = Choose(folder, parsed.GetValue(file), parsed.GetValue(live));
            bool isJson = parsed.GetValue(json);
            List<BackupResultJson> results = BackUp(folder, names, parsed.GetValue(target)!, parsed.GetValue(live), options, isJson, cancel);
            bool ok = results.All(result => result.Verdict is "written" or "alreadyThere");
            if (isJson) Console.WriteLine(JsonSerializer.Serialize(new BackupListJson(ok, results), DatabaseJson.Default.BackupListJson));
            else if (names.Count == 0) Console.WriteLine("nothing to do: no week is over yet; --live backs up the one that runs");
            return Task.FromResult(ok ? ExitCode.Done : ExitCode.Failed);
        });
        return command;
    }

    private static IReadOnlyList<string> Choose(string folder, string? file, bool isLive)
    {
        IReadOnlyList<DatabaseFileStatus> files = DatabaseStatus.Read(folder, verifyIntegrity: false).Files;
        if (file is not null)
        {
            string name = Path.GetFileName(file);
            DatabaseFileStatus found = files.FirstOrDefault(each => each.Name == name)
                ?? throw new StopException(ExitCode.WrongUsage, $"--file: '{name}' is not in {folder}; there are {(files.Count == 0 ? "none" : string.Join(", ", files.Select(each => each.Name)))}.");
            return found.Sealed || isLive ? [found.Name] : throw new StopException(ExitCode.WrongUsage, $"--file: '{name}' is still being written; --live backs up such a file.");
        }
        if (!isLive) return [.. files.Where(each => each.Sealed).Select(each => each.Name)];
        return files.Count > 0 ? [files[^1].Name] : throw new StopException(ExitCode.WrongUsage, $"{folder} has no recordings.");
    }

    private static List<BackupResultJson> BackUp(string folder, IReadOnlyList<string> names, string target, bool isLive, BackupOptions options, bool isJson, CancellationToken cancel)
    {
        List<BackupResultJson> results = [];
        foreach (string name in names)
        {
            BackupOutcome outcome = WorkDisplay.Run(isJson, show =>
            {
                void Progress(BackupProgress at) => show($"{name}: {Words(at.Stage)}", at.TotalBytes == 0 || at.DoneBytes == 0 ? -1 : (double)at.DoneBytes / at.TotalBytes);
                string path = Path.Combine(folder, name);
                return isLive
                    ? BackupJob.AttemptLive(path, target, TimeProvider.System, options, Progress, cancel)
                    : BackupJob.Attempt(path, target, TimeProvider.System, options, Progress, cancel);
            });
            results.Add(BackupResultJson.Of(name, outcome));
            if (!isJson) Say(name, outcome, options);
            if (!outcome.IsDone) break; // The target refuses: it would refuse the next one as well.
        }
        return results;
    }

    private static void Say(string name, BackupOutcome outcome, BackupOptions options)
    {
        if (outcome.Manifest is { } manifest)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileName(outcome.Archive)}: {manifest.ArchiveBytes:N0} of {manifest.Bytes:N0} bytes, {(outcome.Verdict == BackupVerdict.AlreadyThere ? "was there already" : "written and proved")}"));
            return;
        }
        string advice = outcome.Verdict == BackupVerdict.TargetGone && !options.CreateTarget ? " (--create makes it)" : "";
        Console.Error.WriteLine($"peregrine: {name} was not backed up; nothing is lost. {outcome.Sentence}{advice}");
    }

    /// <summary>The stage in words for a person.</summary>
    internal static string Words(BackupStage stage) => stage switch
    {
        BackupStage.Checking => "checking",
        BackupStage.Copying => "copying this moment",
        BackupStage.Compressing => "compressing",
        BackupStage.Verifying => "reading back",
        BackupStage.Waiting => "waiting for another backup",
        BackupStage.Decompressing => "decompressing",
        _ => "done",
    };
}
