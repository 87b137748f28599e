using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;

using Peregrine.App.Control;
using Peregrine.App.Safety;
using Peregrine.Execution.Risk;

namespace Peregrine.App.Commands;

/// <summary><c>kill</c>, <c>arm</c> and <c>reconcile</c>: what a person tells the trader. A kill works without the appliance's help, too.</summary>
internal static class TradingCommands
{
    /// <summary>How long a latch that could not be written is tried again, where nobody listens either.</summary>
    private static readonly TimeSpan LatchPatience = TimeSpan.FromSeconds(5);

    public static IEnumerable<Command> Create() => [Kill(), Arm(), Reconcile()];

    private static Command Kill()
    {
        Argument<string> level = new("LEVEL")
        {
            Description = "reduceOnly (only orders toward zero), halt (no new orders), cancelAll (and cancel what is open), flatten (and close positions)",
            DefaultValueFactory = static _ => "cancelAll",
        };
        level.AcceptOnlyFromAmong("reduceOnly", "halt", "cancelAll", "flatten");
        Option<string?> symbol = Symbol();
        Option<int?> strategy = Strategy();
        Option<string?> state = Shared.State();
        Option<bool> json = Shared.Json();
        Command command = new("kill", "Stops trading at a level that stays latched, over restarts too, until `arm`.") { level, symbol, strategy, state, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            string wanted = parsed.GetValue(level)!;
            bool isWhole = parsed.GetValue(symbol) is null && parsed.GetValue(strategy) is null;
            KillSwitchFile file = new(folder);
            string trouble = isWhole ? Latch(file, wanted) : ""; // First what needs nobody's help.
            ControlRequest request = new() { Do = "kill", Level = wanted, Symbol = parsed.GetValue(symbol) ?? "", Strategy = parsed.GetValue(strategy) ?? 0 };
            try
            {
                ControlAnswer answer = await ControlClient.AskAsync(folder, request, cancel).ConfigureAwait(false);
                return Say(answer with { Text = answer.Text + trouble }, parsed.GetValue(json));
            }
            catch (StopException e) when (isWhole)
            {
                // A full disk has room again soon: the appliance gives its ballast up for that.
                long began = Stopwatch.GetTimestamp();
                while (trouble.Length > 0 && Stopwatch.GetElapsedTime(began) < LatchPatience)
                {
                    await Task.Delay(100, cancel).ConfigureAwait(false);
                    trouble = Latch(file, wanted);
                }
                if (trouble.Length > 0) throw new StopException(ExitCode.Failed, e.Message + trouble);
                return Say(new ControlAnswer(true, $"{wanted} is latched in {Path.Combine(folder, KillSwitchFile.Name)}: a running appliance finds it there within a second, the next start obeys it ({e.Message})"), parsed.GetValue(json));
            }
        });
        return command;
    }

    /// <summary>Writes the level down where it outlives everything. A folder that refuses must not keep the running appliance from being told.</summary>
    /// <returns>What is wrong, for the end of a sentence; empty when all is well.</returns>
    private static string Latch(KillSwitchFile file, string wanted)
    {
        try
        {
            if (KillSwitchFile.TryParse(wanted, out KillLevel level) && level > file.Read().Level) file.Write(level, HaltReason.Operator, TimeProvider.System.GetUtcNow());
            return "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"; it could not be latched, and a restart would forget it: {e.Message}";
        }
    }

    private static Command Arm()
    {
        Option<string?> symbol = Symbol();
        Option<int?> strategy = Strategy();
        Option<string?> state = Shared.State();
        Option<bool> json = Shared.Json();
        Command command = new("arm", "Lets trading go on after `kill`, a loss limit or a halt. Only a person does that.") { symbol, strategy, state, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            ControlRequest request = new() { Do = "arm", Symbol = parsed.GetValue(symbol) ?? "", Strategy = parsed.GetValue(strategy) ?? 0 };
            try
            {
                return Say(await ControlClient.AskAsync(folder, request, cancel).ConfigureAwait(false), parsed.GetValue(json));
            }
            catch (StopException e) when (request is { Symbol.Length: 0, Strategy: 0 })
            {
                new KillSwitchFile(folder).Clear(TimeProvider.System.GetUtcNow());
                return Say(new ControlAnswer(true, $"nothing is latched any more; the next start may trade ({e.Message})"), parsed.GetValue(json));
            }
        });
        return command;
    }

    private static Command Reconcile()
    {
        Option<bool> accept = new("--accept") { Description = "take what the account holds for right, after a person looked: from then on it is what our ledger expects" };
        Option<string?> state = Shared.State();
        Option<bool> json = Shared.Json();
        Command command = new("reconcile", "Compares the account with our ledger now.") { accept, state, json };
        command.SetAction(async (parsed, cancel) =>
            Say(await ControlClient.AskAsync(Shared.ExistingState(parsed.GetValue(state)), new ControlRequest { Do = "reconcile", Accept = parsed.GetValue(accept) }, cancel).ConfigureAwait(false), parsed.GetValue(json)));
        return command;
    }

    private static Option<string?> Symbol() => new("--symbol") { Description = "only this symbol", HelpName = "SYMBOL" };

    private static Option<int?> Strategy() => new("--strategy") { Description = "only this strategy", HelpName = "N" };

    private static int Say(ControlAnswer answer, bool json)
    {
        if (json) Console.WriteLine(JsonSerializer.Serialize(answer, ControlJson.Default.ControlAnswer));
        else if (answer.Ok) Console.WriteLine(answer.Text);
        return answer.Ok ? ExitCode.Done : throw new StopException(ExitCode.Failed, answer.Text);
    }
}
