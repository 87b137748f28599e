using Peregrine.Common;
using Peregrine.Simulator.Limits;

namespace Peregrine.Simulator.Api;

/// <summary>Lets requests through by weight, or refuses them in the exchange's words. REST and the WebSocket API share the weight.</summary>
internal static class WeightGuard
{
    /// <exception cref="ApiException">Too much weight was used, and for how long that is so.</exception>
    public static void Admit(LimitKeeper limits, int weight, TimeProvider time)
    {
        (int status, int retryAfter) = limits.Admit(weight);
        if (status == 200) return;
        string message = status == 429
            ? $"Too much request weight used; current limit is {limits.Present.WeightPerMinute} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
            : $"Way too much request weight used; IP banned until {(time.GetUnixMicros() / 1_000) + (retryAfter * 1_000L)}. Please use WebSocket Streams for live updates to avoid bans.";
        throw new ApiException(-1003, message, status) { RetryAfter = retryAfter };
    }
}
