using System.CommandLine;
using System.Globalization;

using Peregrine.App.Appliance;
using Peregrine.App.Configuration;
using Peregrine.App.Safety;
using Peregrine.Binance.Rest;

namespace Peregrine.App.Commands;

/// <summary><c>run</c>: the appliance in the mode that its configuration names.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Option<string?> config = new("--config") { Description = "the configuration file (JSON, comments allowed)", HelpName = "FILE" };
        Option<string?> mode = new("--mode") { Description = "record (no orders), paper (simulated fills) or live (needs --live too)", HelpName = "MODE" };
        Option<string?> market = new("--market") { Description = "spot or usdm", HelpName = "MARKET" };
        Option<string?> symbols = new("--symbols") { Description = "symbols with commas between them", HelpName = "A,B" };
        Option<string?> exchange = new("--exchange") { Description = "a local exchange: streams, REST and WebSocket API all from this base", HelpName = "URL" };
        Option<string?> model = new("--model") { Description = "the ONNX model that the strategy asks", HelpName = "FILE" };
        Option<bool> live = new("--live") { Description = "really send orders; mode live refuses to start without it" };
        Option<string?> state = Shared.State();
        Option<double?> seconds = Shared.Seconds();
        Option<bool> json = Shared.Json();
        Command command = new("run", "Runs the appliance: record, paper or live.") { config, mode, market, symbols, exchange, model, live, state, seconds, json };
        command.SetAction(async (parsed, cancel) =>
        {
            List<KeyValuePair<string, string?>> flags = [];
            Add(flags, "mode", parsed.GetValue(mode));
            Add(flags, "market", parsed.GetValue(market));
            Add(flags, "symbols", parsed.GetValue(symbols));
            Add(flags, "exchange:url", parsed.GetValue(exchange));
            Add(flags, "model:path", parsed.GetValue(model) is { } path ? Path.GetFullPath(path) : null);
            Add(flags, "state", parsed.GetValue(state) is { } folder ? Path.GetFullPath(folder) : null);
            ApplianceOptions options = ApplianceConfiguration.Read(parsed.GetValue(config), flags);
            return await RunAsync(options, parsed.GetValue(live), parsed.GetValue(seconds), parsed.GetValue(json), cancel).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(ApplianceOptions options, bool live, double? seconds, bool json, CancellationToken cancel)
    {
        if (options.Mode == RunMode.Live && !live)
            throw new StopException(ExitCode.RefusedForSafety, "mode is live, but --live was not given: no orders without both");
        if (options.Mode == RunMode.Live && (options.ApiKey.Length == 0 || options.ApiSecret.Length == 0))
            throw new StopException(ExitCode.BadConfiguration, "exchange.apiKeyFile, exchange.apiSecretFile: mode live needs both; allowed are files that only their owner can read");
        if (options.Mode == RunMode.Live && options.Market != Common.Market.Spot)
            throw new StopException(ExitCode.BadConfiguration, "market: 'usdm' is not allowed in mode live; allowed is spot (record and paper take usdm)");

        if (options.ApiSecret.Length > 0) MemoryDumps.Forbid();
        TimeProvider time = TimeProvider.System;
        Random random = new();
        ApplianceLog log = new(Console.Error, time);
        using StopSignal stop = new(cancel);
        using StateHome home = StateHome.Open(options, log.Write, time);
        try
        {
            int code = await RunAsync(home, seconds, json, log, time, random, stop.Token).ConfigureAwait(false);
            if (code == ExitCode.Done) home.Restarts.MarkClean();
            return code;
        }
        catch (StopException)
        {
            home.Restarts.MarkClean(); // It said why and ended by itself: a wrong setting is no crash.
            throw;
        }
    }

    private static async Task<int> RunAsync(StateHome home, double? seconds, bool json, ApplianceLog log, TimeProvider time, Random random, CancellationToken stop)
    {
        ApplianceOptions options = home.Options;
        home.PauseBeforeNetwork(stop);
        if (options.Mode == RunMode.Live) await KeyGate.CheckAsync(options, home.Deadlines, time, log.Write, stop).ConfigureAwait(false);
        using BinanceRest rest = new(TraderConnections.Endpoints(options), options.Market, time, random, log.Write);
        ExchangeInfo info;
        try
        {
            info = await rest.LoadInstrumentsAsync(options.Symbols, stop).ConfigureAwait(false);
        }
        catch (UnknownSymbolException e)
        {
            throw new StopException(ExitCode.BadConfiguration, $"symbols: '{e.Symbol}' is not allowed; allowed are symbols that the exchange has");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.Write("stopped before the exchange answered");
            return ExitCode.Done;
        }

        using Appliance.Appliance appliance = new(home, info, log, time, random);
        using KillSignals signals = new(appliance.Safety, options.Mode != RunMode.Record, log.Write);
        appliance.Start();
        appliance.Wait(seconds is { } limit ? TimeSpan.FromSeconds(limit) : Timeout.InfiniteTimeSpan, stop);
        RunSummary summary = appliance.Stop();
        if (json) Console.WriteLine(summary.ToJson());
        else await Console.Error.WriteLineAsync(SummaryText.Of(summary.ToJson(), summary.State)).ConfigureAwait(false);
        if (appliance.Escalation is not { } escalation) return ExitCode.Done;
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"peregrine: gave up: {escalation}")).ConfigureAwait(false);
        return ExitCode.Failed;
    }

    private static void Add(List<KeyValuePair<string, string?>> flags, string path, string? value)
    {
        if (value is not null) flags.Add(new(path, value));
    }
}
