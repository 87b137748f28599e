using System.CommandLine;
using System.Text.Json;

using Peregrine.App.Control;
using Peregrine.Dashboards;
using Peregrine.Kernel;

using Spectre.Console;

namespace Peregrine.App.Commands;

/// <summary><c>actors</c>: the supervisor's tree of a running appliance, and the few things that a person may ask of it.</summary>
internal static class ActorsCommand
{
    private const int FrameMillis = 500;
    private const int PlainWidth = 160;

    public static Command Create()
    {
        Option<string?> state = Shared.State();
        state.Recursive = true;
        Option<bool> json = Shared.Json();
        json.Recursive = true;
        Option<bool> watch = new("--watch") { Description = "draw it anew twice a second, until Ctrl-C" };
        Command command = new("actors", "Shows what runs: state, restarts, mailboxes, progress and errors of each actor, and the one-shots.") { state, json, watch };
        command.SetAction((parsed, cancel) => Task.FromResult(Show(parsed.GetValue(state), parsed.GetValue(json), parsed.GetValue(watch), cancel)));

        Argument<string> name = new("NAME") { Description = "of an actor, as the tree shows it: recorder, or memory/recorder" };
        Command restart = new("restart", "Lets an actor crash and come back, as if it had failed: its siblings go on.") { name };
        restart.SetAction((parsed, cancel) => AskAsync(parsed.GetValue(state), parsed.GetValue(json), new ControlRequest { Do = "restart", Actor = parsed.GetValue(name)! }, cancel));
        command.Add(restart);

        Command backup = new("backup", "Has the appliance copy its live file to cold storage now, as a one-shot; prints the one-shot's id.");
        backup.SetAction((parsed, cancel) => AskAsync(parsed.GetValue(state), parsed.GetValue(json), new ControlRequest { Do = "backup" }, cancel));
        command.Add(backup);

        Command check = new("check", "Has the appliance check its sealed files whole, as a one-shot; prints the one-shot's id.");
        check.SetAction((parsed, cancel) => AskAsync(parsed.GetValue(state), parsed.GetValue(json), new ControlRequest { Do = "check" }, cancel));
        command.Add(check);

        Argument<string> id = new("ID") { Description = "of a running one-shot, or its beginning" };
        Command stop = new("cancel", "Asks a one-shot to end.") { id };
        stop.SetAction((parsed, cancel) => AskAsync(parsed.GetValue(state), parsed.GetValue(json), new ControlRequest { Do = "cancel", Id = parsed.GetValue(id)! }, cancel));
        command.Add(stop);
        return command;
    }

    private static int Show(string? state, bool json, bool watch, CancellationToken cancel)
    {
        string folder = Shared.ExistingState(state);
        StatusBoardReader board = new(Path.Combine(folder, Appliance.Appliance.BoardName));
        if (!TryRead(board, out byte[] text, out ApplianceSnapshot snapshot)) throw new StopException(ExitCode.Failed, $"no appliance has published anything in '{folder}' yet");
        if (json)
        {
            using JsonDocument whole = JsonDocument.Parse(text);
            using Stream output = Console.OpenStandardOutput();
            using (Utf8JsonWriter writer = new(output))
            {
                writer.WriteStartObject();
                foreach (string part in (string[])["time", "mode", "state", "actors", "oneShots", "deadLetters"])
                {
                    if (!whole.RootElement.TryGetProperty(part, out JsonElement element)) continue;
                    writer.WritePropertyName(part);
                    element.WriteTo(writer);
                }
                writer.WriteEndObject();
            }
            output.WriteByte((byte)'\n');
            return ExitCode.Done;
        }
        if (Console.IsOutputRedirected)
        {
            // For another program: plain text, as wide as it takes.
            IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(Console.Out) });
            plain.Profile.Width = PlainWidth;
            ActorTree.Print(snapshot, plain, Staleness(snapshot, TimeProvider.System));
            return ExitCode.Done;
        }
        if (!watch)
        {
            ActorTree.Print(snapshot, AnsiConsole.Console, Staleness(snapshot, TimeProvider.System));
            return ExitCode.Done;
        }
        using StopSignal stop = new(cancel);
        AnsiConsole.Console.AlternateScreen(() =>
        {
            do
            {
                if (TryRead(board, out _, out snapshot))
                {
                    AnsiConsole.Console.Clear(home: true);
                    ActorTree.Print(snapshot, AnsiConsole.Console, Staleness(snapshot, TimeProvider.System));
                }
            }
            while (!stop.Token.WaitHandle.WaitOne(FrameMillis));
        });
        return ExitCode.Done;
    }

    private static bool TryRead(StatusBoardReader board, out byte[] text, out ApplianceSnapshot snapshot)
    {
        snapshot = new ApplianceSnapshot();
        return board.TryRead(out text, out _) && ApplianceSnapshot.TryParse(text, out snapshot);
    }

    /// <summary>The board of an appliance that ended stays: its last words must not be taken for its state.</summary>
    private static string? Staleness(ApplianceSnapshot snapshot, TimeProvider time)
    {
        TimeSpan age = time.GetUtcNow() - snapshot.Time;
        return age > TimeSpan.FromSeconds(3) ? $"NOT RUNNING, as of {snapshot.Time:yyyy-MM-dd HH:mm:ss}Z" : null;
    }

    private static async Task<int> AskAsync(string? state, bool json, ControlRequest request, CancellationToken cancel)
    {
        ControlAnswer answer = await ControlClient.AskAsync(Shared.ExistingState(state), request, cancel).ConfigureAwait(false);
        if (json) Console.WriteLine(JsonSerializer.Serialize(answer, ControlJson.Default.ControlAnswer));
        else if (answer.Ok) Console.WriteLine(answer.Text);
        return answer.Ok ? ExitCode.Done : throw new StopException(ExitCode.Failed, answer.Text);
    }
}
