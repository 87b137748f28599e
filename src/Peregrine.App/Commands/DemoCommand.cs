using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.App.Appliance;
using Peregrine.Dashboards;
using Peregrine.Kernel;

namespace Peregrine.App.Commands;

/// <summary><c>demo</c>: the whole appliance against the built-in exchange, each in a process of its own, and this one is the screen.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(20);

    public static Command Create()
    {
        Option<double?> seconds = Shared.Seconds();
        Option<ulong> seed = new("--seed") { Description = "of the exchange's order flow", DefaultValueFactory = _ => 7, HelpName = "N" };
        Option<string> symbols = new("--symbols") { Description = "symbols to trade", DefaultValueFactory = _ => "BTCUSDT,ETHUSDT,SOLUSDT", HelpName = "A,B" };
        Option<string?> model = new("--model") { Description = "another model than the one that ships", HelpName = "FILE" };
        Option<string?> state = Shared.State();
        Option<bool> json = Shared.Json();
        Command command = new("demo", "Runs the whole appliance against the built-in exchange: no keys, no network. Ends after --seconds, or with Ctrl-C.") { seconds, seed, symbols, model, state, json };
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetValue(seconds), parsed.GetValue(seed), parsed.GetValue(symbols)!, parsed.GetValue(model), parsed.GetValue(state), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(double? seconds, ulong seed, string symbols, string? model, string? state, bool json, CancellationToken cancel)
    {
        bool keep = state is not null;
        string folder = state is null ? Directory.CreateTempSubdirectory("peregrine-demo-").FullName : Path.GetFullPath(state);
        Directory.CreateDirectory(folder);
        using StopSignal stop = new(cancel);
        bool screen = !json && !Console.IsOutputRedirected;
        Action<string>? errors = screen ? _ => { } : line => Console.Error.WriteLine(line); // The screen shows the appliance's own last lines.
        try
        {
            using ChildProgram exchange = ChildProgram.Start(
                ["exchange", "--synthetic", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--symbols", symbols, "--port", "0"], [], errors);
            string url = await UrlOfAsync(exchange, stop.Token).ConfigureAwait(false);
            using ChildProgram appliance = ChildProgram.Start(Arguments(url, symbols, model, folder, seconds), Keys(), errors);
            Task<string> result = appliance.ReadToEndAsync(CancellationToken.None);
            await ShowAsync(appliance, folder, screen, stop.Token).ConfigureAwait(false);

            appliance.Terminate();
            using CancellationTokenSource patience = new(StopWithin);
            await appliance.WaitAsync(patience.Token).ConfigureAwait(false);
            string summary = (await result.ConfigureAwait(false)).Trim();
            exchange.Terminate();
            await exchange.WaitAsync(patience.Token).ConfigureAwait(false);
            if (appliance.ExitCode != ExitCode.Done || summary.Length == 0)
                throw new StopException(appliance.ExitCode == ExitCode.Done ? ExitCode.Failed : appliance.ExitCode, "the appliance of the demo ended with an error");
            if (json) Console.WriteLine(summary);
            else Console.WriteLine(SummaryText.Of(summary, keep ? folder : null));
            return ExitCode.Done;
        }
        finally
        {
            if (!keep) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Draws until the appliance ended or we are told to stop.</summary>
    private static async Task ShowAsync(ChildProgram appliance, string folder, bool screen, CancellationToken stop)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
#pragma warning disable CA2025 // It is awaited before either is disposed.
        Task ended = EndAsync(appliance, over);
#pragma warning restore CA2025
        if (screen) TerminalScreen.Run(new StatusBoardReader(Path.Combine(folder, Appliance.Appliance.BoardName)), over.Token, TimeProvider.System);
        await ended.ConfigureAwait(false);
    }

    private static async Task EndAsync(ChildProgram appliance, CancellationTokenSource over)
    {
        try
        {
            await appliance.WaitAsync(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return; // We were told to stop.
        }
        await over.CancelAsync().ConfigureAwait(false);
    }

    private static List<string> Arguments(string url, string symbols, string? model, string folder, double? seconds)
    {
        List<string> arguments =
        [
            "run", "--mode", "live", "--live", "--exchange", url, "--symbols", symbols, "--state", folder, "--json",
            "--model", model is null ? Path.Combine(AppContext.BaseDirectory, "models", "demo.onnx") : Path.GetFullPath(model),
        ];
        if (seconds is { } limit) arguments.AddRange(["--seconds", limit.ToString(CultureInfo.InvariantCulture)]);
        return arguments;
    }

    /// <summary>The built-in exchange's own keys: public, and of no use anywhere else.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Keys()
    {
        Simulator.ExchangeOptions exchange = new();
        return [new("PEREGRINE__EXCHANGE__APIKEY", exchange.ApiKey), new("PEREGRINE__EXCHANGE__APISECRET", exchange.Secret)];
    }

    private static async Task<string> UrlOfAsync(ChildProgram exchange, CancellationToken cancel)
    {
        string line = await exchange.ReadLineAsync(cancel).ConfigureAwait(false) ?? throw new StopException(ExitCode.Failed, "the built-in exchange did not start");
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("url").GetString()!;
    }
}
