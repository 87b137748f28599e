using System.CommandLine;
using System.Text.Json;

using Peregrine.Execution.Trading;
using Peregrine.Inference;
using Peregrine.Research.Replay;
using Peregrine.Storage;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

namespace Peregrine.App.Commands;

/// <summary><c>replay</c>: feeds a recording through the core again.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        Option<string?> state = Shared.State();
        Option<bool> verify = new("--verify") { Description = "exit 1 unless every decision comes out as it was recorded" };
        Option<string?> model = new("--model") { Description = "use this model in place of the one that the recording names", HelpName = "FILE" };
        Option<string?> log = new("--log") { Description = "write the decision log (bytes) to this file", HelpName = "FILE" };
        Option<bool> json = Shared.Json();
        Command command = new("replay", "Feeds a recording through the trading core again and compares the decisions.") { state, verify, model, log, json };
        command.SetAction(parsed =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            Recording recording = Recording.Open(folder);
            using FileStream? copy = parsed.GetValue(log) is { } path ? File.Create(path) : null;
            using Replayer replayer = new(recording.Instruments, setup => ModelOf(setup, parsed.GetValue(model), recording), copy);
            recording.Play(replayer);
            ReplayResult result = replayer.Finish();
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(result, ResultJson.Default.ReplayResult));
            else
            {
                Console.WriteLine($"{result.Inputs:N0} inputs of {result.Sessions} sessions replayed; {result.Identical:N0} of {result.Decisions:N0} recorded outputs came out identical.");
                Console.WriteLine($"decision log {result.LogHash}");
                if (result.FirstDifference is { } difference) Console.WriteLine($"first difference: {difference}");
            }
            bool same = result.FirstDifference is null && result.Identical == result.Decisions;
            return parsed.GetValue(verify) && !same ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static OnnxProbabilityModel? ModelOf(CoreSetup setup, string? replacement, Recording recording)
    {
        string path = replacement ?? setup.ModelPath;
        if (!setup.Trades || path.Length == 0) return null;
        if (!File.Exists(path)) throw new StopException(ExitCode.BadConfiguration, $"the recording's model '{path}' (SHA-256 {setup.ModelSha256}) does not exist; --model FILE names another place");
        try
        {
            return new OnnxProbabilityModel(path, new FeatureSet(recording.Instruments.All[0], setup.Features()));
        }
        catch (ModelException e)
        {
            throw new StopException(ExitCode.BadConfiguration, e.Message);
        }
    }
}
