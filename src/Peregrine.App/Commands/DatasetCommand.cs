using System.CommandLine;

using Peregrine.Research.Datasets;
using Peregrine.Storage;

namespace Peregrine.App.Commands;

/// <summary><c>dataset</c>: features and labels of a recording, made by the same code that runs live.</summary>
internal static class DatasetCommand
{
    public static Command Create()
    {
        Option<string?> state = Shared.State();
        Option<string> output = new("--out") { Description = "the folder to write features.npy, labels.npy, times.npy and schema.json into", Required = true, HelpName = "DIR" };
        Option<int> horizon = new("--horizon-ms") { Description = "how far ahead the label looks", DefaultValueFactory = _ => 5_000, HelpName = "N" };
        Option<double> threshold = new("--threshold-bp") { Description = "least move that counts as up or down, basis points", DefaultValueFactory = _ => 1, HelpName = "X" };
        Option<int> interval = new("--interval-ms") { Description = "least time between two rows of a symbol", DefaultValueFactory = _ => 100, HelpName = "N" };
        Command command = new("dataset", "Writes features and labels of a recording for training (NumPy files).") { state, output, horizon, threshold, interval };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(horizon) is < 100 or > 3_600_000) throw new StopException(ExitCode.WrongUsage, $"--horizon-ms: '{parsed.GetValue(horizon)}' is not allowed; allowed are 100 to 3600000.");
            if (!(parsed.GetValue(threshold) is >= 0 and <= 1_000)) throw new StopException(ExitCode.WrongUsage, $"--threshold-bp: '{parsed.GetValue(threshold)}' is not allowed; allowed are 0 to 1000.");
            if (parsed.GetValue(interval) is < 1 or > 3_600_000) throw new StopException(ExitCode.WrongUsage, $"--interval-ms: '{parsed.GetValue(interval)}' is not allowed; allowed are 1 to 3600000.");
            string folder = Shared.ExistingState(parsed.GetValue(state));
            Recording recording = Recording.Open(folder);
            DatasetOptions options = new()
            {
                HorizonMillis = parsed.GetValue(horizon),
                ThresholdBasisPoints = parsed.GetValue(threshold),
                IntervalMillis = parsed.GetValue(interval),
                Source = string.Join(", ", recording.Files.Select(Path.GetFileName)),
            };
            string target = Path.GetFullPath(parsed.GetValue(output)!);
            DatasetBuilder builder = new(target, recording.Instruments, options);
            recording.Play(builder);
            builder.Finish();
            Console.WriteLine($"{builder.Rows:N0} rows: down {builder.Labels[0]:N0}, flat {builder.Labels[1]:N0}, up {builder.Labels[2]:N0} -> {target}");
            return ExitCode.Done;
        });
        return command;
    }
}
