using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Binance.Orders;

/// <summary>
/// Signs requests with HMAC-SHA256, over the exact bytes that are sent. REST values are percent-encoded before they are signed, those of the WebSocket API
/// never are; there the parameters are sorted by name. One thread; nothing is allocated by <see cref="Sign"/>.
/// </summary>
public sealed class RequestSigner : IDisposable
{
    /// <summary>Characters of a signature: 32 bytes in hexadecimal.</summary>
    public const int SignatureLength = 64;

    private readonly IncrementalHash _hash;

    public RequestSigner(ReadOnlySpan<byte> secret) => _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);

    /// <summary>Writes the signature of the payload, 64 lower-case characters.</summary>
    public void Sign(ReadOnlySpan<byte> payload, Span<byte> signature)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.AppendData(payload);
        _ = _hash.GetHashAndReset(hash);
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        for (int i = 0; i < hash.Length; i++)
        {
            signature[2 * i] = digits[hash[i] >> 4];
            signature[(2 * i) + 1] = digits[hash[i] & 15];
        }
    }

    /// <summary>The query string of a REST call with its signature behind it. Cold code.</summary>
    public string SignQuery(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        string query = string.Join('&', parameters.Select(parameter => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(parameter.Value)}"));
        Span<byte> signature = stackalloc byte[SignatureLength];
        Sign(Encoding.UTF8.GetBytes(query), signature);
        return $"{query}{(query.Length == 0 ? "" : "&")}signature={Encoding.ASCII.GetString(signature)}";
    }

    /// <summary>What the WebSocket API wants signed: all parameters but the signature, sorted by name, as they are. Cold code.</summary>
    public static string SocketPayload(IEnumerable<KeyValuePair<string, string>> parameters) =>
        string.Join('&', parameters.Where(parameter => parameter.Key != "signature").OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
            .Select(parameter => $"{parameter.Key}={parameter.Value}"));

    public void Dispose() => _hash.Dispose();
}
