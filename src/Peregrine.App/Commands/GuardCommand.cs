using System.CommandLine;
using System.Globalization;

using Peregrine.App.Appliance;
using Peregrine.App.Configuration;
using Peregrine.App.Safety;
using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Execution.Risk;

namespace Peregrine.App.Commands;

/// <summary>
/// <c>guard</c>: a process of its own, best with a key of its own, that cancels our open orders when the trader's heartbeat stops: spot has no dead-man switch.
/// Foreign orders are left alone. It also latches the kill switch, so that a trader that thaws does not go on.
/// </summary>
internal static class GuardCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan CancelWithin = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        Option<string?> config = new("--config") { Description = "the configuration file of the appliance (its state folder and exchange), or one with another key", HelpName = "FILE" };
        Option<string?> state = Shared.State();
        Option<string?> exchange = new("--exchange") { Description = "a local exchange", HelpName = "URL" };
        Option<double> after = new("--after") { Description = "seconds without a heartbeat", HelpName = "N", DefaultValueFactory = static _ => 8 };
        Option<double?> seconds = Shared.Seconds();
        Command command = new("guard", "Watches the trader's heartbeat and cancels our open orders when it stops.") { config, state, exchange, after, seconds };
        command.SetAction(async (parsed, cancel) =>
        {
            List<KeyValuePair<string, string?>> flags = [];
            if (parsed.GetValue(state) is { } folder) flags.Add(new("state", Path.GetFullPath(folder)));
            if (parsed.GetValue(exchange) is { } url) flags.Add(new("exchange:url", url));
            ApplianceOptions options = ApplianceConfiguration.Read(parsed.GetValue(config), flags);
            if (options.ApiKey.Length == 0 || options.ApiSecret.Length == 0)
                throw new StopException(ExitCode.BadConfiguration, "exchange.apiKeyFile, exchange.apiSecretFile: the guard needs both; allowed are files that only their owner can read");
            if (parsed.GetValue(after) is not (>= 1 and <= 3_600)) throw new StopException(ExitCode.WrongUsage, "--after: allowed are 1 to 3600 seconds");
            await WatchAsync(options, TimeSpan.FromSeconds(parsed.GetValue(after)), parsed.GetValue(seconds), cancel).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task WatchAsync(ApplianceOptions options, TimeSpan after, double? seconds, CancellationToken cancel)
    {
        MemoryDumps.Forbid();
        TimeProvider time = TimeProvider.System;
        ApplianceLog log = new(Console.Error, time);
        using StopSignal stop = new(cancel);
        Heartbeat heartbeat = new(options.StateDirectory);
        KillSwitchFile latch = new(options.StateDirectory);
        using SignedRest rest = new(
            TraderConnections.Endpoints(options), new ApiKey(options.ApiKey, options.ApiSecret), new RateLimits(),
            new ExchangeDeadlines(time, new DeadlineFile(Path.Combine(options.StateDirectory, "guard.deadlines"), log.Write)), time);
        OwnOrderCanceller canceller = new(new RestOrders(rest), time, log.Write);
        log.Write(string.Create(CultureInfo.InvariantCulture, $"guard: watching {options.StateDirectory}, acting after {after.TotalSeconds:0.#} s without a heartbeat"));
        long began = time.GetTimestamp();
        bool hasActed = false;
        while (!stop.Token.IsCancellationRequested && (seconds is not { } limit || time.GetElapsedTime(began).TotalSeconds < limit))
        {
            TimeSpan? silence = heartbeat.Read() is { } beat ? time.GetUtcNow() - beat : null;
            if (silence is null || silence < after)
            {
                if (hasActed && silence is not null) log.Write("guard: the trader beats again; it stays halted until somebody arms it");
                hasActed = false;
            }
            else if (!hasActed)
            {
                hasActed = await ActAsync(canceller, latch, silence.Value, time, log, stop.Token).ConfigureAwait(false);
            }
            try
            {
                await Task.Delay(LookEvery, time, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>True when nothing of ours is open any more; otherwise it is tried again.</summary>
    private static async Task<bool> ActAsync(OwnOrderCanceller canceller, KillSwitchFile latch, TimeSpan silence, TimeProvider time, ApplianceLog log, CancellationToken stop)
    {
        log.Write(string.Create(CultureInfo.InvariantCulture, $"guard: no heartbeat for {silence.TotalSeconds:F1} s; cancelling our open orders"));
        try
        {
            if (latch.Read().Level < KillLevel.CancelAll) latch.Write(KillLevel.CancelAll, HaltReason.Guard, time.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Write($"guard: the kill switch could not be latched: {e.Message}");
        }
        CancelOutcome outcome;
        try
        {
            outcome = await canceller.RunAsync(CancelWithin, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.Write("guard: stopped before it had seen twice that none of ours is open");
            return false;
        }
        log.Write(outcome.NoneOpen
            ? $"guard: none of ours is open, seen twice; {outcome.Canceled} of {outcome.Seen} were cancelled by us, {outcome.Foreign} of others left alone"
            : $"guard: {outcome.Left.Count} of ours may be open: {outcome.Problem}; trying again");
        return outcome.NoneOpen;
    }
}
