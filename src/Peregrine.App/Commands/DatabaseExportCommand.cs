using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.Common.Events;
using Peregrine.Storage;

namespace Peregrine.App.Commands;

/// <summary><c>db export</c>: one kind of event as a table for other programs.</summary>
internal static class DatabaseExportCommand
{
    private static string Kinds => string.Join(", ", EventKinds.All.ToArray().Select(one => one.Text()));

    public static Command Create()
    {
        Option<string?> state = Shared.State();
        Option<string> kind = new("--kind") { Description = "what to export: " + Kinds, Required = true, HelpName = "KIND" };
        Option<string?> symbol = new("--symbol") { Description = "only this symbol", HelpName = "S" };
        Option<DateTimeOffset?> from = new("--from") { Description = "from this receive time on (UTC)", HelpName = "TIME" };
        Option<DateTimeOffset?> to = new("--to") { Description = "before this receive time (UTC)", HelpName = "TIME" };
        Option<bool> levels = new("--levels") { Description = "depth kinds: one row for each level rather than for each event" };
        Option<string?> output = new("--out") { Description = "the file to write, replaced when the new one is whole; without it, CSV on standard output", HelpName = "FILE" };
        Option<string?> format = new("--format") { Description = "csv, or npy for a structured NumPy array; without it, the ending of --out decides", HelpName = "csv|npy" };
        Option<bool> floats = new("--floats") { Description = "npy: prices and quantities as float64; without it they are exact int64 in units of 1e-8" };
        Option<bool> json = Shared.Json();
        Command command = new("export", "Turns one kind of event into a table: CSV with exact decimals, or a NumPy array with the same columns.")
        {
            state, kind, symbol, from, to, levels, output, format, floats, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            if (!EventKinds.TryParse(parsed.GetValue(kind) ?? "", out EventKind what)) throw new StopException(ExitCode.WrongUsage, $"--kind: '{parsed.GetValue(kind)}' is not allowed; allowed are {Kinds}.");
            string? path = parsed.GetValue(output);
            ExportFormat form = FormatOf(parsed.GetValue(format), path, parsed.GetValue(floats));
            bool isJson = parsed.GetValue(json);
            if (path is null && form != ExportFormat.Csv) throw new StopException(ExitCode.WrongUsage, "--format npy needs --out FILE: the header is written last, which standard output does not allow.");
            if (path is null && isJson) throw new StopException(ExitCode.WrongUsage, "--json needs --out FILE: standard output has the rows otherwise.");
            string folder = Shared.ExistingState(parsed.GetValue(state));
            ExportSelection selection = new(what, parsed.GetValue(symbol), parsed.GetValue(from), parsed.GetValue(to), parsed.GetValue(levels) ? DepthExport.Levels : DepthExport.Events);
            ExportResult result;
            try
            {
                result = path is null
                    ? ToStandardOutput(folder, selection, cancel)
                    : WorkDisplay.Run(isJson, show => DatabaseExport.ToFile(folder, selection, path, form, done => show($"exporting {what.Text()}", done), cancel));
            }
            catch (Exception e) when (e is ArgumentException or FileNotFoundException)
            {
                throw new StopException(ExitCode.WrongUsage, e.Message);
            }
            if (isJson)
                Console.WriteLine(JsonSerializer.Serialize(new ExportJson(Path.GetFullPath(path!), form == ExportFormat.Csv ? "csv" : "npy", result.Events, result.Rows, result.Unknown), DatabaseJson.Default.ExportJson));
            Say(result, isJson);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static void Say(ExportResult result, bool isJson)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (!isJson) Console.Error.WriteLine(string.Create(culture, $"{result.Events:N0} events, {result.Rows:N0} rows"));
        if (!isJson && result.Unknown > 0) Console.Error.WriteLine(string.Create(culture, $"{result.Unknown:N0} events have no row: their payload has a shape that this program does not know"));
    }

    private static ExportResult ToStandardOutput(string folder, ExportSelection selection, CancellationToken cancel)
    {
        using StreamWriter writer = new(Console.OpenStandardOutput(), bufferSize: 65_536);
        return DatabaseExport.Write(folder, selection.Kind, selection.Symbol, selection.From, selection.To, writer, selection.Depth, cancel);
    }

    private static ExportFormat FormatOf(string? format, string? path, bool floats)
    {
        bool isNpy = format switch
        {
            "npy" => true,
            "csv" => false,
            null => path is not null && path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase),
            _ => throw new StopException(ExitCode.WrongUsage, $"--format: '{format}' is not allowed; allowed are csv, npy."),
        };
        if (floats && !isNpy) throw new StopException(ExitCode.WrongUsage, "--floats is for npy: CSV has exact decimals.");
        return !isNpy ? ExportFormat.Csv : floats ? ExportFormat.NpyFloats : ExportFormat.Npy;
    }
}
