using System.CommandLine;

using Peregrine.Dashboards;
using Peregrine.Kernel;

namespace Peregrine.App.Commands;

/// <summary><c>dashboard</c>: the terminal dashboard of a running appliance, from another process.</summary>
internal static class DashboardCommand
{
    public static Command Create()
    {
        Option<string?> state = Shared.State();
        Option<bool> json = new("--json") { Description = "print the published snapshot once, as it is" };
        Command command = new("dashboard", "Shows a running appliance in the terminal.") { state, json };
        command.SetAction((parsed, cancel) =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            StatusBoardReader reader = new(Path.Combine(folder, Appliance.Appliance.BoardName));
            if (parsed.GetValue(json))
            {
                if (!reader.TryRead(out byte[] text, out _)) throw new StopException(ExitCode.Failed, $"no appliance has published anything in '{folder}' yet");
                using Stream output = Console.OpenStandardOutput();
                output.Write(text);
                output.WriteByte((byte)'\n');
                return Task.FromResult(ExitCode.Done);
            }
            if (Console.IsOutputRedirected) throw new StopException(ExitCode.WrongUsage, "standard output is no terminal; --json prints the snapshot");
            using StopSignal stop = new(cancel);
            TerminalScreen.Run(reader, stop.Token, TimeProvider.System);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
