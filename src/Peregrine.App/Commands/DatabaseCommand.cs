using System.CommandLine;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage;
using Peregrine.Storage.Backups;

namespace Peregrine.App.Commands;

/// <summary><c>db</c>: the recordings of a state folder.</summary>
internal static class DatabaseCommand
{
    /// <summary>So much is checked in a second or two, which nobody minds; a month of recordings takes minutes.</summary>
    private const long QuickCheckBytesMax = 512L << 20;

    public static Command Create() => new("db", "Looks after recordings: status, verify, export, backup, restore.") { Status(), Verify(), Export(), Backup(), RestoreOne() };

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
        Command command = new("verify", "Checks every file: SQLite's integrity check, and every chunk decoded.") { state };
        command.SetAction(parsed =>
        {
            bool ok = true;
            foreach (VerifyResult result in DatabaseVerify.Run(Shared.ExistingState(parsed.GetValue(state))))
            {
                ok &= result.Ok;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Name}: {(result.Ok ? "ok" : result.Problem)}, {result.Events:N0} events"));
            }
            return ok ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static Command Export()
    {
        Option<string?> state = Shared.State();
        Option<string> kind = new("--kind") { Description = "what to export: " + string.Join(", ", EventKinds.All.ToArray().Select(one => one.Text())), Required = true, HelpName = "KIND" };
        Option<string?> symbol = new("--symbol") { Description = "only this symbol", HelpName = "S" };
        Option<DateTimeOffset?> from = new("--from") { Description = "from this receive time on (UTC)", HelpName = "TIME" };
        Option<DateTimeOffset?> to = new("--to") { Description = "before this receive time (UTC)", HelpName = "TIME" };
        Option<bool> levels = new("--levels") { Description = "depth kinds: one row for each level rather than for each event" };
        Option<string?> output = new("--out") { Description = "the file to write; without it, standard output", HelpName = "FILE" };
        Command command = new("export", "Turns one kind of event into CSV rows with exact decimals.") { state, kind, symbol, from, to, levels, output };
        command.SetAction(parsed =>
        {
            if (!EventKinds.TryParse(parsed.GetValue(kind) ?? "", out _)) throw new StopException(ExitCode.WrongUsage, $"--kind: '{parsed.GetValue(kind)}' is not allowed; allowed are {string.Join(", ", EventKinds.All.ToArray().Select(one => one.Text()))}.");
            _ = EventKinds.TryParse(parsed.GetValue(kind)!, out EventKind what);
            string folder = Shared.ExistingState(parsed.GetValue(state));
            using TextWriter writer = parsed.GetValue(output) is { } path ? new StreamWriter(path) : new StreamWriter(Console.OpenStandardOutput(), bufferSize: 65_536);
            try
            {
                ExportResult result = DatabaseExport.Write(
                    folder, what, parsed.GetValue(symbol), parsed.GetValue(from), parsed.GetValue(to), writer, parsed.GetValue(levels) ? DepthExport.Levels : DepthExport.Events);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Events:N0} events, {result.Rows:N0} rows"));
            }
            catch (Exception e) when (e is ArgumentException or FileNotFoundException)
            {
                throw new StopException(ExitCode.WrongUsage, e.Message);
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Backup()
    {
        Option<string?> state = Shared.State();
        Option<string> target = new("--to") { Description = "the folder that keeps backups", Required = true, HelpName = "DIR" };
        Option<int> level = new("--level") { Description = "zstd level, 1 to 19", DefaultValueFactory = _ => 3, HelpName = "N" };
        Command command = new("backup", "Writes a verified zstd copy of every sealed file.") { state, target, level };
        command.SetAction((parsed, cancel) =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            string to = Path.GetFullPath(parsed.GetValue(target)!);
            int made = 0;
            foreach (DatabaseFileStatus file in DatabaseStatus.Read(folder, verifyIntegrity: false).Files.Where(file => file.Sealed))
            {
                BackupManifest manifest = BackupJob.Run(Path.Combine(folder, file.Name), to, TimeProvider.System, parsed.GetValue(level), progress: null, cancel);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{manifest.Archive}: {manifest.ArchiveBytes:N0} of {manifest.Bytes:N0} bytes"));
                made++;
            }
            if (made == 0) Console.WriteLine("nothing to do: no week is over yet, and a week that runs is not backed up");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command RestoreOne()
    {
        Argument<string> archive = new("archive") { Description = "a .db.zst file with its manifest beside it" };
        Option<string> target = new("--to") { Description = "the file to write; it must not exist", Required = true, HelpName = "FILE" };
        Command command = new("restore", "Restores one backup under a new name.") { archive, target };
        command.SetAction((parsed, cancel) =>
        {
            Restore.Run(Path.GetFullPath(parsed.GetValue(archive)!), Path.GetFullPath(parsed.GetValue(target)!), null, null, cancel);
            Console.WriteLine($"restored to {parsed.GetValue(target)}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
