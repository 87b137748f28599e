using System.Text;
using Peregrine.Common;

namespace Peregrine.Simulator.Api;

/// <summary>Checks keys, signatures and times of signed requests.</summary>
internal sealed class RequestSignature(KeyRing keys, TimeProvider time)
{
    private const long RecvWindowDefaultMicros = 5_000_000;
    private const long RecvWindowMaxMicros = 60_000_000;
    private const long AheadMaxMicros = 1_000_000;

    public KeyRing Keys => keys;

    /// <param name="apiKey">The key that the request names.</param>
    /// <param name="payload">The exact text that was signed.</param>
    /// <exception cref="ApiException">Key, time or signature is wrong.</exception>
    public ActiveKey Check(string? apiKey, RequestParameters parameters, string payload)
    {
        ActiveKey key = keys.Find(apiKey);
        parameters.Required("timestamp");
        string signature = parameters.Required("signature");
        CheckTime(parameters);
        if (!key.Verifier.IsValid(Encoding.UTF8.GetBytes(payload), signature)) throw new ApiException(-1022, "Signature for this request is not valid.");
        return key;
    }

    /// <summary>When a request was made, and how long it is good for: milliseconds (three decimals in the window) or microseconds.</summary>
    /// <exception cref="ApiException">It comes too late or too early.</exception>
    public void CheckTime(RequestParameters parameters)
    {
        string text = parameters.Required("timestamp");
        long timestamp = parameters.Integer("timestamp") ?? throw ApiException.Missing("timestamp");
        long micros = text.Length >= 15 ? timestamp : timestamp * 1_000; // Requests may use either unit.
        long window = RecvWindowDefaultMicros;
        if (parameters.Optional("recvWindow") is { } recvWindow)
        {
            int point = recvWindow.IndexOf('.', StringComparison.Ordinal);
            bool isLegal = FixedPoint.TryParse(recvWindow, out long units) && units >= 0 && (point < 0 || recvWindow.Length - point - 1 <= 3);
            if (!isLegal) throw new ApiException(-1100, "Illegal characters found in parameter 'recvWindow'; legal range is '^[0-9]{1,20}(\\.[0-9]{1,3})?$'.");
            window = units / 100_000;
            if (window > RecvWindowMaxMicros) throw new ApiException(-1131, "'recvWindow' must be less than 60000.");
        }
        long now = time.GetUnixMicros();
        if (micros >= now + AheadMaxMicros) throw new ApiException(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
        if (now - micros > window) throw new ApiException(-1021, "Timestamp for this request is outside of the recvWindow.");
    }

    /// <summary>Whether a key may do what an operation does.</summary>
    /// <exception cref="ApiException">It may not.</exception>
    public static void CheckPermission(ActiveKey key, Operation operation)
    {
        bool trades = operation.IsPlacement || operation.Name is "order.cancel" or "order.cancelReplace" or "order.test" or "order.amend.keepPriority" or "openOrders.cancelAll" or "orderList.cancel";
        if (trades ? !key.Permissions.EnableSpotAndMarginTrading : !key.Permissions.EnableReading) throw KeyRing.NotPermitted();
    }

    /// <summary>What is signed on the WebSocket API: all parameters but the signature, sorted by name.</summary>
    public static string SortedPayload(IReadOnlyDictionary<string, string> values) =>
        string.Join('&', values.Where(v => v.Key != "signature").OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}"));
}
