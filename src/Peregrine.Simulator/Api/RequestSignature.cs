using System.Security.Cryptography;
using System.Text;
using Peregrine.Common;

namespace Peregrine.Simulator.Api;

/// <summary>Checks keys, signatures and times of signed requests.</summary>
internal sealed class RequestSignature(string apiKey, string secret, TimeProvider time)
{
    private const long RecvWindowDefaultMicros = 5_000_000;
    private const long RecvWindowMaxMicros = 60_000_000;
    private const long AheadMaxMicros = 1_000_000;

    /// <summary>HMAC-SHA256 in lower-case hex.</summary>
    public static string Hmac(string secret, string payload) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(payload)));

    /// <exception cref="ApiException">The key is missing, malformed or another's.</exception>
    public void CheckKey(string? key)
    {
        if (string.IsNullOrEmpty(key)) throw new ApiException(-2014, "API-key format invalid.", 401);
        foreach (char character in key)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_')) throw new ApiException(-2014, "API-key format invalid.", 401);
        if (key != apiKey) throw new ApiException(-2015, "Invalid API-key, IP, or permissions for action.", 401);
    }

    /// <param name="payload">The exact text that was signed.</param>
    /// <exception cref="ApiException">Time or signature is wrong.</exception>
    public void Check(RequestParameters parameters, string payload)
    {
        string text = parameters.Required("timestamp");
        if (parameters.Integer("timestamp") is not { } timestamp) throw ApiException.Missing("timestamp");
        string signature = parameters.Required("signature");
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(signature.ToLowerInvariant()), Encoding.ASCII.GetBytes(Hmac(secret, payload))))
            throw new ApiException(-1022, "Signature for this request is not valid.");

        long micros = text.Length >= 15 ? timestamp : timestamp * 1_000; // Requests may use either unit.
        long window = RecvWindowDefaultMicros;
        if (parameters.Optional("recvWindow") is { } recvWindow)
        {
            window = FixedPoint.TryParse(recvWindow, out long units) ? units / 100_000 : -1;
            if (window < 0) throw new ApiException(-1100, "Illegal characters found in parameter 'recvWindow'; legal range is '^[0-9]{1,20}$'.");
            if (window > RecvWindowMaxMicros) throw new ApiException(-1131, "'recvWindow' must be less than 60000.");
        }
        long now = time.GetUnixMicros();
        if (micros >= now + AheadMaxMicros) throw new ApiException(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
        if (now - micros > window) throw new ApiException(-1021, "Timestamp for this request is outside of the recvWindow.");
    }

    /// <summary>What is signed on the WebSocket API: all parameters but the signature, sorted by name.</summary>
    public static string SortedPayload(IReadOnlyDictionary<string, string> values) =>
        string.Join('&', values.Where(v => v.Key != "signature").OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}"));
}
