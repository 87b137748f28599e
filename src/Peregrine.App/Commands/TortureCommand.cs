using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.App.Torture;

namespace Peregrine.App.Commands;

/// <summary><c>torture</c>: kills the recorder at random, again and again, and counts what is lost.</summary>
internal static class TortureCommand
{
    public static Command Create()
    {
        Option<int> kills = new("--kills") { Description = "how often", DefaultValueFactory = _ => 200, HelpName = "N" };
        Option<double> rate = new("--rate") { Description = "multiplies the exchange's order flow; 8 is a little over 2,000 events a second", DefaultValueFactory = _ => 8, HelpName = "X" };
        Option<ulong> seed = new("--seed") { Description = "of the order flow and of the moments of the kills", DefaultValueFactory = _ => 1, HelpName = "N" };
        Option<string?> state = new("--state") { Description = "a folder to record into that is kept afterwards; it must be empty", HelpName = "DIR" };
        Option<bool> json = Shared.Json();
        Command command = new("torture", "Records from the built-in exchange, kills the recorder at random with SIGKILL and starts it again, and counts what was lost. Exit code 1 when a promise was broken.")
        {
            kills, rate, seed, state, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(kills) is < 1 or > 100_000) throw new StopException(ExitCode.WrongUsage, $"--kills: '{parsed.GetValue(kills)}' is not allowed; allowed are 1 to 100000");
            if (parsed.GetValue(rate) is not (> 0 and <= 1_000)) throw new StopException(ExitCode.WrongUsage, $"--rate: '{parsed.GetValue(rate)}' is not allowed; allowed is a number above 0, at most 1000");
            bool keep = parsed.GetValue(state) is not null;
            string folder = keep ? Path.GetFullPath(parsed.GetValue(state)!) : Directory.CreateTempSubdirectory("peregrine-torture-").FullName;
            Directory.CreateDirectory(folder);
            if (Directory.EnumerateFileSystemEntries(folder).Any()) throw new StopException(ExitCode.WrongUsage, $"--state: '{folder}' is not empty; a torture begins with nothing");
            using StopSignal stop = new(cancel);
            try
            {
                TortureRun run = new(folder, parsed.GetValue(kills), parsed.GetValue(rate), parsed.GetValue(seed), TimeProvider.System, Console.Error.WriteLine);
                TortureResult result = await run.RunAsync(stop.Token).ConfigureAwait(false);
                Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(result, TortureJson.Default.TortureResult) : TextOf(result));
                return result.Passed ? ExitCode.Done : ExitCode.Failed;
            }
            finally
            {
                if (!keep) Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static string TextOf(TortureResult result) => string.Create(CultureInfo.InvariantCulture, $"""
        {(result.Passed ? "Every promise was kept" : "A PROMISE WAS BROKEN")} over {result.Kills:N0} kills and {result.Events:N0} events ({result.EventsPerSecond:N0} a second, seed {result.Seed}).
          corrupt files                 {result.Corrupt}
          confirmed events lost         {result.AcknowledgedLost}
          on record twice               {result.Duplicates}
          most lost by one kill         {result.UnacknowledgedLostMax} events that were not confirmed yet, {result.BatchMillisMax:F0} ms of them (a batch is 250 ms)
          losses that the recording names itself  {result.LossesOnRecord}; kills without any loss {result.KillsWithoutLoss}
          longest way back to recording {result.ResumeMillisMax:F0} ms from the start of the process
        """);
}
