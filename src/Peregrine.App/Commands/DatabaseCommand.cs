using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.Storage;

namespace Peregrine.App.Commands;

/// <summary><c>db</c>: the recordings of a state folder.</summary>
internal static class DatabaseCommand
{
    /// <summary>So much is checked in a second or two, which nobody minds; a month of recordings takes minutes.</summary>
    private const long QuickCheckBytesMax = 512L << 20;

    public static Command Create() => new("db", "Looks after recordings: status, verify, export, backup, restore, retention.")
    {
        Status(), Verify(), DatabaseExportCommand.Create(), DatabaseBackupCommand.Create(), DatabaseRestoreCommand.Create(), DatabaseRetentionCommand.Create(),
    };

    /// <exception cref="StopException">The value is outside of what is allowed.</exception>
    internal static int InRange(string option, int value, int min, int max) =>
        value >= min && value <= max ? value : throw new StopException(ExitCode.WrongUsage, $"{option}: '{value}' is not allowed; allowed are {min} to {max}.");

    private static Command Status()
    {
        Option<string?> state = Shared.State();
        Option<bool> check = new("--check") { Description = "run SQLite's integrity check on each file, however large; without it, only on folders up to 512 MiB" };
        Option<bool> json = Shared.Json();
        Command command = new("status", "Counts events by kind, symbol and file.") { state, check, json };
        command.SetAction(parsed =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            bool isQuick = Directory.EnumerateFiles(folder, "crypto_*.db").Sum(file => new FileInfo(file).Length) <= QuickCheckBytesMax;
            DatabaseStatus status = DatabaseStatus.Read(folder, parsed.GetValue(check) || isQuick);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(status.ToJson());
                return ExitCode.Done;
            }
            CultureInfo culture = CultureInfo.InvariantCulture;
            foreach (DatabaseFileStatus file in status.Files)
                Console.WriteLine(string.Create(culture, $"{file.Name}  {file.Week}  {file.Bytes / 1_048_576.0:F1} MiB  {(file.Sealed ? "sealed" : "current")}  {file.Integrity}"));
            if (status.Files.Count == 0) Console.WriteLine("no recordings");
            foreach ((string kind, long count) in status.Events) Console.WriteLine(string.Create(culture, $"  {kind,-14}{count,14:N0}"));
            foreach ((string symbol, IReadOnlyDictionary<string, long> kinds) in status.Symbols)
                Console.WriteLine($"  {symbol}: {string.Join(", ", kinds.Select(kind => string.Create(culture, $"{kind.Key} {kind.Value:N0}")))}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Verify()
    {
        Option<string?> state = Shared.State();
        Option<string?> one = new("--file") { Description = "only this database file, wherever it lies; without it, every weekly file of the state folder", HelpName = "FILE" };
        Option<bool> json = Shared.Json();
        Command command = new("verify", "Checks every file: SQLite's integrity check, and every chunk decoded.") { state, one, json };
        command.SetAction((parsed, cancel) =>
        {
            string path = parsed.GetValue(one) is not { } file ? Shared.ExistingState(parsed.GetValue(state))
                : File.Exists(file) ? Path.GetFullPath(file) : throw new StopException(ExitCode.WrongUsage, $"--file: there is no '{file}'.");
            bool isJson = parsed.GetValue(json);
            long all = File.Exists(path) ? new FileInfo(path).Length : Directory.EnumerateFiles(path, "crypto_*.db").Sum(each => new FileInfo(each).Length);
            long before = 0, length = 0;
            string name = "";
            IReadOnlyList<VerifyResult> results = WorkDisplay.Run(isJson, show => DatabaseVerify.Run(
                path,
                each =>
                {
                    before += length;
                    length = new FileInfo(each).Length;
                    show(name = $"verifying {Path.GetFileName(each)}", all == 0 ? -1 : (double)before / all);
                },
                (done, events) => show(name, all == 0 || events == 0 ? -1 : (before + (length * (double)done / events)) / all),
                cancel));
            bool ok = results.All(result => result.Ok);
            if (isJson) Console.WriteLine(JsonSerializer.Serialize(new VerifyListJson(ok, [.. results.Select(result => new VerifyJson(result.Name, result.Ok, result.Problem, result.Events))]), DatabaseJson.Default.VerifyListJson));
            else foreach (VerifyResult result in results) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Name}: {(result.Ok ? "ok" : result.Problem)}, {result.Events:N0} events"));
            return Task.FromResult(ok ? ExitCode.Done : ExitCode.Failed);
        });
        return command;
    }
}
