using System.CommandLine;
using System.Reflection;

using Peregrine.Benchmarks;

using Spectre.Console;

namespace Peregrine.App.Commands;

/// <summary><c>bench</c>: the project's own figures, side by side with their yardsticks.</summary>
internal static class BenchCommand
{
    private const int RoundsDefault = 31;

    public static Command Create()
    {
        Argument<string> room = new("room") { Description = $"what to measure: {string.Join(", ", Rooms.Names)}" };
        Option<int> rounds = new("--rounds") { Description = "how often the alternatives take turns; the medians are over so many rounds", DefaultValueFactory = _ => RoundsDefault, HelpName = "N" };
        Option<string[]> data = new("--data") { Description = "recorded raw messages to measure sizes on, the files of one session", AllowMultipleArgumentsPerToken = true, HelpName = "FILE..." };
        Option<string?> models = new("--models") { Description = "trained models for the inference room, each in the folder of its name; without it models of the same shapes are made", HelpName = "DIR" };
        Option<string?> only = new("--only") { Description = "only the benchmarks of the room whose name contains this", HelpName = "NAME" };
        Option<bool> json = Shared.Json();
        Command command = new("bench", "Measures a room of this program beside what others would use, in the same run.") { room, rounds, data, models, only, json };
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(room)!;
            IReadOnlyList<IBenchmark> benchmarks = Rooms.Of(name) ?? throw new StopException(ExitCode.WrongUsage, $"room: '{name}' is not allowed; allowed are {string.Join(", ", Rooms.Names)}.");
            if (parsed.GetValue(only) is { Length: > 0 } part)
            {
                IReadOnlyList<IBenchmark> all = benchmarks;
                benchmarks = [.. all.Where(benchmark => benchmark.Name.Contains(part, StringComparison.OrdinalIgnoreCase))];
                if (benchmarks.Count == 0) throw new StopException(ExitCode.WrongUsage, $"--only: '{part}' is not allowed; the benchmarks of {name} are {string.Join(", ", all.Select(static benchmark => benchmark.Name))}.");
            }
            if (parsed.GetValue(rounds) is not (>= 1 and <= 10_000)) throw new StopException(ExitCode.WrongUsage, $"--rounds: '{parsed.GetValue(rounds)}' is not allowed; allowed is a whole number from 1 to 10000.");
            string[] files = parsed.GetValue(data) ?? [];
            foreach (string file in files)
                if (!File.Exists(file)) throw new StopException(ExitCode.WrongUsage, $"--data: '{file}' does not exist");
            string? folder = parsed.GetValue(models);
            if (folder is not null && !Directory.Exists(folder)) throw new StopException(ExitCode.WrongUsage, $"--models: '{folder}' does not exist");
            return Run(name, benchmarks, parsed.GetValue(rounds), files, folder, parsed.GetValue(json));
        });
        return command;
    }

    private static int Run(string room, IReadOnlyList<IBenchmark> benchmarks, int rounds, string[] files, string? models, bool json)
    {
        using StopSignal stop = new(CancellationToken.None);
        string work = Directory.CreateTempSubdirectory("peregrine-bench-").FullName;
        try
        {
            BenchContext context = new()
            {
                Rounds = rounds,
                WorkFolder = work,
                DataFiles = files,
                ModelsFolder = models,
                Program = [Environment.ProcessPath!, Assembly.GetExecutingAssembly().Location],
                Time = TimeProvider.System,
                Progress = Console.Error.WriteLine,
                Cancellation = stop.Token,
            };
            List<BenchRow> rows = [];
            foreach (IBenchmark benchmark in benchmarks)
            {
                context.Progress($"bench: {benchmark.Name}…");
                rows.AddRange(benchmark.Measure(context));
            }
            BenchReport report = new(room, Machine.Describe(), rows);
            if (json) Console.WriteLine(report.ToJson());
            else BenchText.Write(AnsiConsole.Console, report);
            return ExitCode.Done;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
