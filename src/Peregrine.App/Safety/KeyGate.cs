using Peregrine.App.Appliance;
using Peregrine.App.Configuration;
using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;

namespace Peregrine.App.Safety;

/// <summary>Refuses mode live with a key that may do more than trade, or of which that cannot be found out.</summary>
internal static class KeyGate
{
    /// <exception cref="StopException">The key is refused; the message says why, and what to change.</exception>
    public static async Task CheckAsync(ApplianceOptions options, ExchangeDeadlines deadlines, TimeProvider time, Action<string> log, CancellationToken stop)
    {
        KeyVerdict verdict = await KeyQuestion.UntilKnownAsync(cancel => AskAsync(options, deadlines, time, cancel), deadlines, time, log, stop).ConfigureAwait(false);
        foreach (string warning in verdict.Warnings) log($"API key: {warning}");
        if (!verdict.MayTrade) throw new StopException(ExitCode.RefusedForSafety, $"the API key is refused for mode live: {string.Join(" ", verdict.Refusals)}");
    }

    /// <summary>What the exchange says that the key may do.</summary>
    public static async Task<KeyVerdict> AskAsync(ApplianceOptions options, ExchangeDeadlines deadlines, TimeProvider time, CancellationToken stop)
    {
        using SignedRest rest = new(TraderConnections.Endpoints(options), new ApiKey(options.ApiKey, options.ApiSecret), new RateLimits(), deadlines, time);
        return await KeyPermissions.CheckAsync(rest, new KeyDemands(AllowAnyAddress: !options.NeedsIpRestriction), time, stop).ConfigureAwait(false);
    }
}
