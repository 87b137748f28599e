using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;

using Peregrine.Common;
using Peregrine.Simulator;

namespace Peregrine.App.Commands;

/// <summary><c>exchange</c>: the built-in exchange as a server on loopback, speaking Binance's protocol.</summary>
internal static class ExchangeCommand
{
    /// <summary>A client of another process, on a busy machine, may take its time to fetch a snapshot.</summary>
    private static readonly TimeSpan SnapshotWait = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        Option<bool> synthetic = new("--synthetic") { Description = "order flow from a seeded generator in front of a real matching engine (the default)" };
        Option<ulong> seed = new("--seed") { Description = "the same seed gives the same order flow", DefaultValueFactory = _ => 1, HelpName = "N" };
        Option<double> rate = new("--rate") { Description = "multiplies the order flow", DefaultValueFactory = _ => 1, HelpName = "X" };
        Option<string[]> replay = new("--replay") { Description = "play recorded raw messages, several files as one session", AllowMultipleArgumentsPerToken = true, HelpName = "FILE..." };
        Option<string> speed = new("--speed") { Description = "of a replay: a factor on the recorded timing, or max for no pauses", DefaultValueFactory = _ => "1", HelpName = "X" };
        Option<bool> once = new("--once") { Description = "end when the replay is over and its subscribers have everything" };
        Option<string> market = new("--market") { Description = "spot or usdm", DefaultValueFactory = _ => "spot", HelpName = "MARKET" };
        Option<string?> symbols = new("--symbols") { Description = "symbols with commas between them, or how many to make up; without it, those of the source", HelpName = "A,B|N" };
        Option<int> port = new("--port") { Description = "the port on loopback, 0 for any free one", DefaultValueFactory = _ => 0, HelpName = "N" };
        Command command = new("exchange", "Runs the built-in exchange on loopback. Prints {\"url\":\"…\"} on one line once it listens.") { synthetic, seed, rate, replay, speed, once, market, symbols, port, Shared.Json() };
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(synthetic) && parsed.GetValue(replay) is { Length: > 0 }) throw new StopException(ExitCode.WrongUsage, "--synthetic and --replay exclude each other.");
            if (!MarketText.TryParse(parsed.GetValue(market), out _)) throw new StopException(ExitCode.WrongUsage, $"--market: '{parsed.GetValue(market)}' is not allowed; allowed are spot and usdm.");
            if (!TryParseSpeed(parsed.GetValue(speed), out _)) throw new StopException(ExitCode.WrongUsage, $"--speed: '{parsed.GetValue(speed)}' is not allowed; allowed are a number above 0, and max.");
            if (parsed.GetValue(rate) is not (> 0 and <= 10_000)) throw new StopException(ExitCode.WrongUsage, $"--rate: '{parsed.GetValue(rate)}' is not allowed; allowed is a number above 0, at most 10000.");
            if (parsed.GetValue(port) is < 0 or > 65_535) throw new StopException(ExitCode.WrongUsage, $"--port: '{parsed.GetValue(port)}' is not allowed; allowed are 0 to 65535.");
            _ = MarketText.TryParse(parsed.GetValue(market), out Market market_);
            _ = TryParseSpeed(parsed.GetValue(speed), out double factor);
            string[] files = parsed.GetValue(replay) ?? [];
            foreach (string file in files)
                if (!File.Exists(file)) throw new StopException(ExitCode.WrongUsage, $"--replay: '{file}' does not exist");
            IReadOnlyList<string>? names = parsed.GetValue(symbols)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (names is [var count] && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                if (number is < 1 or > 679) throw new StopException(ExitCode.WrongUsage, $"--symbols: '{count}' is not allowed; allowed are names, and numbers from 1 to 679.");
                if (files.Length > 0) throw new StopException(ExitCode.WrongUsage, "--symbols: a recording has its own symbols; allowed are names out of it.");
                names = ExchangeOptions.MadeUpSymbols(number);
            }
            ExchangeOptions options = new()
            {
                Port = parsed.GetValue(port),
                SnapshotWait = SnapshotWait,
                Market = market_,
                Symbols = names,
                Source = files.Length > 0 ? new ReplaySource(files) { Speed = factor, Once = parsed.GetValue(once) } : new SyntheticSource(parsed.GetValue(seed), parsed.GetValue(rate)),
            };
            return await RunAsync(options, cancel).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(ExchangeOptions options, CancellationToken cancel)
    {
        using StopSignal stop = new(cancel);
        await using ExchangeServer server = await ExchangeServer.StartAsync(options, Console.Error, stop.Token).ConfigureAwait(false);
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, string> { ["url"] = server.Url }, ResultJson.Default.DictionaryStringString));
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = stop.Token.Register(stopped.SetResult);
        Task ended = await Task.WhenAny(server.Completion, stopped.Task).ConfigureAwait(false);
        await ended.ConfigureAwait(false);
        return ExitCode.Done;
    }

    private static bool TryParseSpeed(string? text, out double speed)
    {
        if (text == "max")
        {
            speed = ReplaySource.Max;
            return true;
        }
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out speed) && speed > 0;
    }
}
